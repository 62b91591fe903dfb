"""Fill the tables of book/choose_your_models.md: sizes from the registry, speeds from a roofline.

    python tools/choose_models.py          rewrite what stands between the page's markers
    python tools/choose_models.py --check  exit with status 1 if that would change anything

An estimate here is a bound: every pass reads all weights once, and multiplies them with the
positions it computes, at what the data sheet promises. No program is faster.
"""

from __future__ import annotations

import sys
from pathlib import Path

from apd.costmodel.hardware import GPUS
from apd.models.registry import PAIRS, PairSpec

PAGE = Path(__file__).resolve().parents[1] / "book" / "choose_your_models.md"
POSITIONS = 48  # computed by a pass of the dLLM: W = 16 and a lookahead of 32
ACCEPTED = (2, 4)  # tokens an iteration
BYTES = {"float32": 4, "bfloat16": 2}
# Bytes and operations a second, and memory. The first two are round numbers for machines of 2023.
MACHINES: dict[str, tuple[float, float, float]] = {
    "laptop CPU, two channels of DDR5": (70e9, 0.6e12, 16e9),
    "Apple M2, its CPU": (100e9, 1.5e12, 16e9),
    "12 GB card (RTX 3060)": (360e9, 25e12, 12e9),
    **{
        f"{round(gpu.memory / 1e9)} GB card ({name})": (gpu.bandwidth, gpu.peak_flops, gpu.memory)
        for name, gpu in GPUS.items()
        if name in ("RTX 4090", "A100 80 GB")
    },
}


def pass_seconds(parameters: int, width: int, positions: int, machine: str) -> float:
    """Time of a pass, seconds: the longer of reading the weights and multiplying with them."""
    bandwidth, flops, _ = MACHINES[machine]
    return max(width * parameters / bandwidth, 2 * parameters * positions / flops)


def pairs_table() -> list[str]:
    """Every pair: its models, what it takes, what it shows."""
    lines = ["| pair | dLLM, verifier | weights | memory | shows | cannot show |"]
    lines += ["|---|---|---|---|---|---|"]
    for spec in PAIRS.values():
        models = f"{spec.dllm}, {spec.verifier or 'none'}"
        size = f"{spec.weights_gb:.3g} GB {spec.dtype}"
        cells = (f"`{spec.name}`", models, size, f"{spec.memory_gb} GB")
        lines.append(f"| {' | '.join((*cells, spec.shows, spec.shows_not))} |")
    return lines


def speed_table() -> list[str]:
    """Bounds on tokens per second of every pair with a verifier, on every machine it fits."""
    heads = [f"APD, {a} tokens an iteration" for a in ACCEPTED]
    lines = [
        "| machine | pair | verifier alone | AR model of the dLLM's size | "
        + " | ".join(heads)
        + " |"
    ]
    lines += ["|---|---|--:|--:|" + "--:|" * len(heads)]
    for machine, (_, _, memory) in MACHINES.items():
        for spec in PAIRS.values():
            if not spec.mini and spec.verifier and spec.memory_gb * 1e9 <= memory:
                lines.append(speed_row(machine, spec))
    return lines


def speed_row(machine: str, spec: PairSpec) -> str:
    """Tokens per second of one pair on one machine."""
    width = BYTES[spec.dtype or "float32"]
    dllm, verifier = spec.parameters
    alone = pass_seconds(verifier, width, 1, machine)
    drafting = pass_seconds(dllm, width, POSITIONS, machine)
    checking = pass_seconds(verifier, width, max(ACCEPTED), machine)
    equal = pass_seconds(dllm, width, 1, machine)
    speeds = [1 / alone, 1 / equal, *(a / (drafting + checking) for a in ACCEPTED)]
    rounded = [f"{float(format(speed, '.2g')):g}" for speed in speeds]
    return f"| {machine} | `{spec.name}` | {' | '.join(rounded)} |"


def filled(text: str) -> str:
    """The page with its tables renewed."""
    for name, lines in (("pairs", pairs_table()), ("speeds", speed_table())):
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = before + "\n".join((begin, "", *lines, "", end)) + after
    return text


def main() -> int:
    """Rewrite the page, or check that it need not be."""
    text = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv[1:]:
        return int(filled(text) != text)
    PAGE.write_text(filled(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
