"""The picture that is shown where a page of the book is shared: a decode, coloured as in the book.

    python tools/social_picture.py social.png

1200 × 630 pixels, drawn from a decode made for it, so nothing is stored.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

SIZE = (1200, 630)
DPI = 100
PROMPT = "Uma is 8 years older than Jose, who is 5. How old is Uma in 2 years?"
TITLE = "Adaptive Parallel Decoding"
SUBTITLE = "of diffusion language models: derived, demonstrated, reproduced"
POINTS = 30
WIDTH = POINTS / 72 * DPI * 0.602  # of a character, in DejaVu Sans Mono
LINE = 64
COLUMNS = 42  # characters of a line of the picture


def main(arguments: list[str]) -> int:
    """Draw into the named file."""
    draw(Path(arguments[0]))
    return 0


def draw(target: Path) -> None:
    """Decode with the mini pair and draw: title, prompt, and a colour for each iteration."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    from apd.display.palette import ON_DARK

    figure = Figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI, facecolor="#14181f")
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, SIZE[0]), ylim=(SIZE[1], 0))
    axes.text(70, 110, TITLE, color="white", fontsize=38, fontweight="bold", va="center")
    axes.text(70, 165, SUBTITLE, color="#b8c0cc", fontsize=19, va="center")
    axes.text(70, 245, PROMPT, color="#8b95a3", fontsize=16, va="center")
    left, top = 0, 330
    for text, iteration in pieces():
        for part in text.splitlines(keepends=True):
            if left + len(part.rstrip("\n")) > COLUMNS:
                left, top = 0, top + LINE
            place = (70 + left * WIDTH, top)
            colour = ON_DARK.colour(iteration)
            axes.text(
                *place,
                part.rstrip("\n"),
                color=colour,
                fontsize=POINTS,
                family="monospace",
                va="center",
            )
            left += len(part)
            if part.endswith("\n"):
                left, top = 0, top + LINE
        if top > SIZE[1] - 40:
            break
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=DPI, facecolor=figure.get_facecolor(), metadata={"Software": None})


def pieces() -> list[tuple[str, int]]:
    """The reply in pieces, each with the iteration that accepted it."""
    from apd import AdaptiveConfig, adaptive, load_pair

    pair = load_pair("mini")
    assert pair.verifier is not None
    config = AdaptiveConfig(mixture_weight=0.6, max_new_tokens=96)
    result = adaptive(pair.dllm, pair.verifier, pair.encode_chat(PROMPT), config)
    return [(pair.dllm.detokenize(step.accepted), step.index) for step in result.iterations]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
