"""Segments as HTML, for notebooks and pages, in light and dark themes."""

from __future__ import annotations

from html import escape

from apd.display.palette import NEUTRAL, ON_DARK, ON_LIGHT, Palette
from apd.display.segments import Decoded, Detokenize, Segment, segments
from apd.display.untrusted import visible

LIGHT_THEMES = ('html[data-theme="light"]', 'body[data-jp-theme-light="true"]')
DARK_THEMES = ('html[data-theme="dark"]', 'body[data-jp-theme-light="false"]')
LAYOUT = """\
.apd-decode { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; margin: 0.5em 0;
  padding: 0.6em 0.8em; border: 1px solid #80808080; border-radius: 0.3em;
  background: transparent; font-family: ui-monospace, Menlo, Consolas, monospace; }
.apd-decode span { border-left: 2px solid currentcolor; padding-left: 1px; }"""


def coloured_html(result: Decoded, detokenize: Detokenize, label: str = "Decoded text") -> str:
    """The output as one HTML block, coloured by iteration.

    The number of the iteration and of its tokens is each part's title, and a bar opens each part,
    so that nothing is said by colour alone. Colours are CSS variables that follow the theme of the
    page (Jupyter Book's and JupyterLab's); on any other page, or where styles are stripped, the
    inline values read on light and dark backgrounds alike.

    Args:
        result: a finished decode, by any decoder.
        detokenize: token ids to text, e.g. `pair.dllm.detokenize`.
        label: says to screen readers what the block is.
    """
    parts = segments(result, detokenize)
    count = len(result.iterations)
    summary = visible(f"{label}: {len(result.tokens)} tokens in {count} iterations")
    body = "".join(_span(part) for part in parts if part.text)
    return (
        f"<style>\n{stylesheet()}\n</style>\n"
        f'<pre class="apd-decode" role="group" aria-label="{escape(summary)}">{body}</pre>'
    )


def stylesheet() -> str:
    """CSS of the blocks: their layout, and the colour variables of light and dark themes."""
    return "\n".join(
        [LAYOUT]
        + [f"{theme} {{ {_variables(ON_LIGHT)} }}" for theme in LIGHT_THEMES]
        + [f"{theme} {{ {_variables(ON_DARK)} }}" for theme in DARK_THEMES]
    )


def _variables(palette: Palette) -> str:
    return " ".join(f"--apd-colour-{i}: {colour};" for i, colour in enumerate(palette.colours))


def _span(part: Segment) -> str:
    index = part.iteration % len(NEUTRAL.colours)
    tokens = "1 token" if part.tokens == 1 else f"{part.tokens} tokens"
    return (
        f'<span class="apd-colour-{index}" title="iteration {part.iteration + 1}, {tokens}"'
        f' style="color: var(--apd-colour-{index}, {NEUTRAL.colour(index)})">'
        f"{escape(part.visible_text)}</span>"
    )
