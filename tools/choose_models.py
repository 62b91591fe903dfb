"""The tables of book/choose_your_models.md: sizes from the registry, speeds from a roofline, what
quantised weights cost from the stored measurement.

An estimated speed is a bound: every pass reads all weights once, and multiplies them with the
positions it computes, at what the data sheet promises. No program is faster.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from apd.costmodel.hardware import GPUS
from apd.models.registry import PAIRS, PairSpec
from apd.paths import data_dir
from apd.statistics.report import machine_name

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


def pairs_tables() -> str:
    """Every pair: what it shows, then its models and what they take."""
    from write_tables import markdown_table

    shows = [("pair", "shows", "cannot show")]
    takes = [("pair", "dLLM, verifier", "weights", "memory")]
    for spec in PAIRS.values():
        name, models = f"`{spec.name}`", f"{spec.dllm}, {spec.verifier or 'none'}"
        shows.append((name, spec.shows, spec.shows_not))
        weights = f"{spec.weights_gb:.3g} GB {spec.dtype}"
        takes.append((name, models, weights, f"{spec.memory_gb} GB"))
    return f"{markdown_table(shows, 3)}\n\n{markdown_table(takes, 4)}"


def speed_table() -> str:
    """Bounds on tokens per second of every pair with a verifier, on every machine it fits.

    Pairs with the same bounds on a machine share a row.
    """
    from write_tables import markdown_table

    heads = [f"APD, {a} tokens an iteration" for a in ACCEPTED]
    rows = [["pair", "verifier alone", "AR model of the dLLM's size", *heads]]
    for machine, (_, _, memory) in MACHINES.items():
        pairs: dict[tuple[str, ...], list[str]] = {}
        for spec in PAIRS.values():
            if not spec.mini and spec.verifier and spec.memory_gb * 1e9 <= memory:
                pairs.setdefault(speeds(machine, spec), []).append(f"`{spec.name}`")
        rows.append([f"**{machine}**", *[""] * (len(rows[0]) - 1)])
        rows += [[", ".join(names), *found] for found, names in pairs.items()]
    return markdown_table(rows, 1)


def speeds(machine: str, spec: PairSpec) -> tuple[str, ...]:
    """Tokens per second of one pair on one machine."""
    width = BYTES[spec.dtype or "float32"]
    dllm, verifier = spec.parameters
    alone = pass_seconds(verifier, width, 1, machine)
    drafting = pass_seconds(dllm, width, POSITIONS, machine)
    checking = pass_seconds(verifier, width, max(ACCEPTED), machine)
    equal = pass_seconds(dllm, width, 1, machine)
    found = [1 / alone, 1 / equal, *(a / (drafting + checking) for a in ACCEPTED)]
    return tuple(f"{float(format(speed, '.2g')):g}" for speed in found)


WEIGHTS = {"float32": "float32", "int8": "int8", "int4": "int4 (NF4)"}
QUANTISED = (
    "linear weights of the dLLM",
    "bytes of the dLLM",
    "same most likely token",
    "mean total variation",
    "same answers token for token",
    "right",
    "tokens an iteration",
)


def quantised_table() -> str:
    """What eight and four bits cost, with the run that measured it."""
    from write_tables import markdown_table

    stored = json.loads((data_dir() / "quantised_weights.json").read_text(encoding="utf-8"))
    rows = [[WEIGHTS[name], *quantised_row(row)] for name, row in stored["weights"].items()]
    settings, run = stored["settings"], stored["provenance"]
    problems = len(stored["weights"]["float32"]["right"])
    models = ", ".join(f"{model['name']} {model['version']}" for model in stored["models"])
    about = (
        f"{problems} problems of `{stored['task']}`, R = {settings['mixture_weight']}, "
        f"T = {settings['temperature']}, the same noise; laws at the {stored['masks']} masked "
        f"positions after each prompt. {models}; {machine_name(run['machine'])}, "
        f"{run['ended'][:10]}, torch {run['packages']['torch']}."
    )
    return "\n\n".join((about, markdown_table([QUANTISED, *rows], 1), verdicts(stored["weights"])))


def quantised_row(row: dict[str, Any]) -> tuple[str, ...]:
    """The numbers of one kind of weights."""
    return (
        f"{row['bytes']:,}",
        f"{row['same_most_likely']:.3f}",
        f"{row['total_variation']:.3f}",
        str(sum(row["same_tokens"])),
        str(sum(row["right"])),
        f"{row['tokens_per_iteration']:.2f}",
    )


def verdicts(weights: dict[str, dict[str, Any]]) -> str:
    """In words: texts that come out otherwise, and whether right answers tell the kinds apart."""
    whole = weights["float32"]
    sentences = []
    for name, words in (("int8", "Eight bits"), ("int4", "Four bits")):
        changed = weights[name]["same_tokens"].count(False)
        gain = np.subtract(weights[name]["right"], whole["right"], dtype=float)
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        within = "within" if abs(gain.mean()) <= 2 * error else "beyond"
        sentences.append(
            f"{words} change {changed} of {len(gain)} texts; the share of right answers moves "
            f"by {gain.mean():+.3f} ± {error:.3f}, {within} two standard errors of none."
        )
    return " ".join(sentences)
