"""What the demo shows: a decode as it happens, the measurements, and both as a file."""

from __future__ import annotations

import io
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from apd.decoding import AdaptiveConfig, DecodeResult, Stream
from apd.display import NEUTRAL, ON_DARK, ON_LIGHT, Palette, coloured_text, segments, visible
from apd.errors import ApdError
from apd.models.pairs import Pair

FRAME_S = 1 / 30
LINES_KEPT_FREE = 4
PALETTES = {".svg": ON_DARK, ".html": ON_LIGHT, ".txt": NEUTRAL}
WIDTH = 100
FONT_DOWNLOADS = re.compile(r"@font-face \{.*?\}\s*", flags=re.DOTALL)
ROWS: tuple[tuple[str, Callable[[DecodeResult], str]], ...] = (
    ("Latency", lambda result: f"{result.latency_s:.2f} s"),
    ("Throughput", lambda result: f"{result.throughput:.1f} tok/s"),
    ("Generated tokens", lambda result: f"{result.generated_tokens}"),
    ("Iterations", lambda result: f"{len(result.iterations)}"),
    ("Tokens per iteration", lambda result: f"{result.tokens_per_iteration:.2f}"),
    ("Forward passes: dLLM", lambda result: f"{result.dllm_forwards}"),
    ("Forward passes: AR model", lambda result: f"{result.verifier_forwards}"),
    ("Time in the dLLM", lambda result: f"{result.dllm_s:.2f} s"),
    ("Time in the AR model", lambda result: f"{result.verifier_s:.2f} s"),
    ("Time in the rest", lambda result: f"{rest_s(result):.2f} s"),
)


def rest_s(result: DecodeResult) -> float:
    """Seconds outside the models: sampling, mixing, bookkeeping."""
    return max(0.0, result.wall_s - result.dllm_s - result.verifier_s)


def coloured(result: DecodeResult, palette: Palette = NEUTRAL, marks: bool = False) -> Text:
    """The text so far, coloured by iteration."""
    return coloured_text(segments(result, result.models[0].detokenize), palette, marks)


def show(
    title: str, decode: Stream, console: Console, *, marks: bool, delay_s: float
) -> DecodeResult:
    """Decode, live where the console is a terminal, and print the final text."""
    console.print(Text(visible(title), style="bold"))
    if console.is_terminal and not console.is_dumb_terminal:
        # Drawn between iterations, off the clock; a drawing thread would disturb the timings.
        with Live(console=console, auto_refresh=False, transient=True) as live:
            draw_live(live, decode, marks=marks, delay_s=delay_s)
    result = decode.finish()
    console.print(coloured(result, marks=marks), soft_wrap=not console.is_terminal)
    console.print()
    return result


def draw_live(live: Live, decode: Stream, *, marks: bool, delay_s: float) -> None:
    """Draw a decode as it goes, thirty times a second at most unless every iteration is watched."""
    drawn_at = -FRAME_S
    for _ in decode:
        now = time.monotonic()
        if delay_s or now - drawn_at >= FRAME_S:
            live.update(frame(decode.result, live.console, marks=marks), refresh=True)
            drawn_at = now
        time.sleep(delay_s)


def frame(result: DecodeResult, console: Console, *, marks: bool) -> Group:
    """The newest lines of the text that fit on the screen, and how fast it grows."""
    lines = coloured(result, marks=marks).wrap(console, console.width)
    newest = Text("\n").join(lines[-max(1, console.height - LINES_KEPT_FREE) :])
    status = (
        f"iteration {len(result.iterations)}, {result.generated_tokens} tokens, "
        f"{result.tokens_per_iteration:.1f} per iteration, {result.throughput:.0f} tok/s"
    )
    return Group(newest, Text(status, style="dim"))


@dataclass(frozen=True)
class Report:
    """Everything the demo has to say.

    Attributes:
        rounds: by title, APD's result, then the baseline's if any: the decodes shown, then those
            that were only timed.
    """

    prompt: str
    system: str
    pair: Pair
    config: AdaptiveConfig
    rounds: Sequence[Mapping[str, DecodeResult]]

    @property
    def shown(self) -> dict[str, DecodeResult]:
        """Of each decoder the run whose latency is the median; all wrote the same text."""
        runs = {title: [each[title] for each in self.rounds] for title in self.rounds[0]}
        return {
            title: sorted(results, key=lambda result: result.latency_s)[len(results) // 2]
            for title, results in runs.items()
        }

    @property
    def speedups(self) -> list[float]:
        """APD's throughput over the baseline's in every round, the slowest first."""
        pairs = [[result.throughput for result in each.values()] for each in self.rounds]
        return sorted(apd / others[0] for apd, *others in pairs if others and others[0])

    @property
    def speedup(self) -> float | None:
        """The median of the rounds."""
        return median(self.speedups) if self.speedups else None

    @property
    def settings(self) -> str:
        """R, W, M and the rest in one line."""
        config = self.config
        return (
            f"R = {config.mixture_weight}, W = {config.kv_window}, M = {config.max_lookahead}, "
            f"T = {config.temperature}, top-p = {config.top_p}, seed {config.seed}, "
            f"{config.acceptance} acceptance, {config.noise} noise"
        )

    def table(self) -> Group:
        """The measurements, one column a decoder, and under what settings they were made."""
        timing = f"Timed on {self.pair.dllm.device} after a warm-up{self._comparison()}"
        table = Table()
        table.add_column("")
        for title in self.shown:
            table.add_column(Text(visible(title)), justify="right")
        for name, value in ROWS:
            table.add_row(name, *(value(result) for result in self.shown.values()))
        return Group(table, Text(f"{self.settings}. {timing}.", style="dim"))

    def _comparison(self) -> str:
        """How many times as fast APD is, and how much that varied."""
        if not (ratios := self.speedups):
            return ""
        faster = f"APD is {self.speedup:.1f} times as fast"
        if len(ratios) == 1:
            return f"; {faster} in this one run"
        spread = f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
        return f", {len(ratios)} times in turn (medians above); {faster} ({spread})"

    def to_json(self) -> str:
        """One JSON object with both traces, in ASCII: it can be printed anywhere."""
        apd, *others = (result.to_dict() for result in self.shown.values())
        name = next(iter(self.pair.baselines), None)
        content: dict[str, Any] = {
            "prompt": self.prompt,
            "system": self.system,
            "pair": self.pair.name,
            "device": str(self.pair.dllm.device),
            "config": asdict(self.config),
            "apd": apd,
            "baseline": {"name": name} | others[0] if others else None,
            "speedup": self.speedup,
            "speedups": self.speedups,
        }
        return json.dumps(content, allow_nan=False, indent=2)


def check_target(path: Path) -> None:
    """Refuse, before anything is decoded, a file that could not be written.

    Raises:
        ApdError: unknown extension, missing directory, a name too long, or no permission.
    """
    shown = f"--save {path}"
    if path.suffix.lower() not in PALETTES:
        raise ApdError(f"{shown}: the name must end in {', '.join(PALETTES)}")
    if not path.parent.is_dir():
        raise ApdError(f"{shown}: there is no directory {path.parent}; create it first")
    target = path
    try:
        path.stat()
    except FileNotFoundError:
        target = path.parent
    except OSError as error:
        raise ApdError(f"{shown}: {error.strerror}; choose another name") from None
    if path.is_dir() or not os.access(target, os.W_OK):
        raise ApdError(f"{shown}: it cannot be written; choose another place")


def save(report: Report, path: Path, marks: bool) -> None:
    """Write the prompt, the coloured texts and the table.

    Raises:
        ApdError: the file cannot be written.
    """
    extension = path.suffix.lower()
    console = Console(
        record=True, file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="truecolor"
    )
    console.print(Text(f"{visible(report.prompt)}\n"))
    for title, result in report.shown.items():
        console.print(Text(visible(title), style="bold"))
        console.print(coloured(result, PALETTES[extension], marks), end="\n\n")
    console.print(report.table())
    if extension == ".svg":
        # The file loads nothing from elsewhere: readers' own monospaced fonts do.
        content = FONT_DOWNLOADS.sub("", console.export_svg(title="apd demo"))
    elif extension == ".html":
        content = console.export_html(inline_styles=True)
    else:
        content = console.export_text()
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ApdError(f"--save {path}: {error.strerror}; choose another place") from None
