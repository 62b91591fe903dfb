"""The cost model against the throughputs that the paper published.

Three points fix the three constants of the machine that the paper used; every other published
throughput of left-to-right, autoregressive and adaptive decoding is then a prediction.
``python -m apd.paper.speeds`` prints them.

What the paper does not publish has to be assumed, and is named here: the lengths of the prompts,
and of the texts where they do not follow from a published count or latency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apd.costmodel import ARCHITECTURES, Machine, Workload, throughput
from apd.costmodel.calibration import calibrate
from apd.errors import ApdError
from apd.paper.published import paper_name
from apd.paper.settings import CAREFUL, FAST
from apd.paths import data_dir

try:
    import pandas as pd
except ImportError as error:
    raise ApdError(
        f"the published points are read with pandas ({error}): run `pip install 'apd[eval]'`"
    ) from error

PROMPT_TOKENS = {"GSM8K": 80, "MATH": 125, "GPQA": 240, "single_prompt_sheep": 75}
"""Mean prompt lengths, chat template and instructions included: estimates. A sample of GSM8K's test
questions has 222 characters on average at 4.0 characters per token, and 25 tokens surround it; the
others are scaled from typical lengths of their questions and their longer instructions."""
CANVAS = {"GSM8K": 256, "MATH": 512, "GPQA": 256, "single_prompt_sheep": 256}
ASSUMED_GENERATED = {"GSM8K": 118.0, "MATH": 300.0}
"""Generated tokens where neither a count nor a latency is published: GSM8K's is the count at
K = 1, MATH's lies between those of the two APD settings."""
FITTED = {
    "bandwidth": ("table1", "Qwen2.5 7B", "autoregressive"),
    "host_s_per_layer": ("fig5", "Qwen2.5 0.5B", "autoregressive"),
    "flops": ("table1", "Dream 7B", "left_to_right"),
}
"""Which GSM8K throughput fixes which constant."""
POINT = ["source", "model", "algorithm", "task", "parameter", "value"]


def published_throughputs() -> pd.DataFrame:
    """One row for every published throughput that the model covers.

    Columns: those of `POINT`, `published` and `stderr` (tokens/s), `workload`, and `role`:
    "fitted", "repeated" (the configuration of a fitted point, measured again), "predicted" (left to
    right and autoregressive) or "predicted APD". Figure 1's APD point is left out: its tokens per
    iteration are not published.
    """
    csv = pd.read_csv(data_dir() / "paper_reference.csv", keep_default_na=False)
    rows = csv[(csv["metric"] == "throughput_tok_s") & csv["task"].isin(PROMPT_TOKENS)]
    family = rows["algorithm"].str.split("_R").str[0]
    covered = family.isin(["left_to_right", "autoregressive"])
    covered |= (family == "apd") & (rows["source"] != "fig1")
    rows = rows[covered].reset_index(drop=True)
    table = rows[POINT].copy()
    table["published"] = rows["mean"].astype(float)
    table["stderr"] = pd.to_numeric(rows["stderr"])
    table["workload"] = [_workload(row, csv) for row in rows.to_dict("records")]
    table["role"] = [_role(row) for row in rows.to_dict("records")]
    return table


def calibrated_machine(table: pd.DataFrame | None = None) -> Machine:
    """The machine that reproduces the points named in `FITTED`."""
    table = published_throughputs() if table is None else table
    points = {}
    for name, (source, model, algorithm) in FITTED.items():
        fitted = table[(table["role"] == "fitted") & (table["source"] == source)]
        fitted = fitted[(fitted["model"] == model) & (fitted["algorithm"] == algorithm)]
        (row,) = fitted.to_dict("records")
        points[name] = (row["workload"], row["published"])
    return calibrate(points)


def predictions(prompt_factor: float = 1.0) -> pd.DataFrame:
    """`published_throughputs` with `predicted` (tokens/s) and `error`, predicted / published - 1.

    Args:
        prompt_factor: multiplies the assumed prompt lengths before anything is fitted, to see how
            much depends on them.
    """
    table = published_throughputs()
    works = [replace(work, prompt=prompt_factor * work.prompt) for work in table["workload"]]
    table["workload"] = works
    machine = calibrated_machine(table)
    table["predicted"] = [throughput(work, machine) for work in works]
    table["error"] = table["predicted"] / table["published"] - 1
    return table


def median_error(table: pd.DataFrame, role: str = "predicted") -> float:
    """Median absolute relative error of the rows of one role."""
    return float(table.loc[table["role"] == role, "error"].abs().median())


def _workload(row: Mapping[str, Any], csv: pd.DataFrame) -> Workload:
    adaptive = row["algorithm"].startswith("apd")
    knobs: dict[str, int | None] = {"W": None, "M": None}
    accepted = 1.0
    if adaptive:
        for setting in (CAREFUL, FAST):
            if row["algorithm"] == paper_name(setting):
                knobs |= {"W": setting[1], "M": setting[2]}
        accepted = _tokens_per_iteration(row, csv)
    elif row["parameter"] in knobs and row["value"] != "None":
        knobs[row["parameter"]] = int(row["value"])
    elif row["parameter"] == "K":
        accepted = float(row["value"])
    return Workload(
        model=ARCHITECTURES[row["model"]],
        verifier=ARCHITECTURES["Qwen2.5 0.5B"] if adaptive else None,
        prompt=PROMPT_TOKENS[row["task"]],
        canvas=CANVAS[row["task"]],
        generated=_generated(row, csv),
        tokens_per_iteration=accepted,
        kv_window=knobs["W"],
        max_lookahead=knobs["M"],
        autoregressive=row["algorithm"] == "autoregressive",
    )


def _tokens_per_iteration(row: Mapping[str, Any], csv: pd.DataFrame) -> float:
    """Published tokens per iteration of an APD point; Figure 5's are in Table 2."""
    source = "table2" if row["source"] == "fig5" else row["source"]
    same = csv[(csv["metric"] == "tokens_per_iteration") & (csv["source"] == source)]
    (accepted,) = same.loc[(same["task"] == row["task"]) & (same["value"] == row["value"]), "mean"]
    return float(accepted)


def _generated(row: Mapping[str, Any], csv: pd.DataFrame) -> float:
    """Generated tokens: published, or throughput times published latency, or assumed."""
    same = csv[(csv[POINT] == pd.Series({key: row[key] for key in POINT})).all(axis=1)]
    counts = same.loc[same["metric"] == "generated_tokens", "mean"]
    latencies = same.loc[same["metric"] == "latency_s", "mean"]
    if len(counts):
        return float(counts.iloc[0])
    if len(latencies):
        return float(latencies.iloc[0]) * float(row["mean"])
    return ASSUMED_GENERATED[row["task"]]


def _role(row: Mapping[str, Any]) -> str:
    if row["algorithm"].startswith("apd"):
        return "predicted APD"
    configuration = (row["source"], row["model"], row["algorithm"])
    whole = row["value"] in ("", "None") or (row["parameter"], row["value"]) == ("K", "1")
    if row["task"] != "GSM8K" or not whole:
        return "predicted"
    if configuration in FITTED.values():
        return "fitted"
    repeated = configuration[1:] in [point[1:] for point in FITTED.values()]
    return "repeated" if repeated else "predicted"


def main() -> int:
    """Print the constants, the predictions and their errors."""
    table = predictions()
    machine = calibrated_machine(table)
    print(
        f"effective {machine.flops / 1e12:.1f} TFLOP/s, {machine.bandwidth / 1e9:.0f} GB/s, "
        f"{machine.host_s_per_layer * 1e3:.2f} ms per layer on the host\n"
    )
    shown = table[[*POINT, "published", "predicted", "error", "role"]]
    print(shown.round({"predicted": 2, "error": 3}).to_string(index=False))
    for role in ("predicted", "predicted APD"):
        print(f"median absolute error, {role}: {median_error(table, role):.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
