"""The comparison of all decoders as tables and as a picture, from its stored rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from apd import plots
from apd.decoding.registry import decoder
from apd.display.markup import Html
from apd.display.sortable import TableCell, number, sortable_table
from apd.statistics.aup_curves import AupSettings, aup_table, forwards
from apd.statistics.equal_accuracy import ONE_TOKEN
from apd.statistics.estimates import difference
from apd.statistics.report import plus_minus
from apd.statistics.summary import per_problem, ratio_of_sums, summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "nothing"
# What a user has to have, or to choose, before a decoder runs on a dLLM.
NEEDS: Mapping[str, str] = {
    "apd": "a small autoregressive model with the dLLM's tokens; R",
    "apd_variant": "a small autoregressive model with the dLLM's tokens; R and more",
    "left_to_right": "K",
    "low_confidence": "a number of steps",
    "autoregressive": "an autoregressive model instead",
    "fast_dllm": "a threshold; a block length",
    "fast_dllm_factor": "a factor; a block length",
    "eb_sampler": "a bound in nats; a block length",
    "klass": "two thresholds; a block length",
    "wino": "two thresholds; a block length; a pass with a shadow",
    "self_speculative": "a device with room for K + 1 canvases a pass",
    "speculative": "a large and a small autoregressive model instead",
    "speculative_dllm": "a large autoregressive model, which the dLLM drafts for",
    "poe_bridge": "a large autoregressive model beside the dLLM; R, N",
}
_NAN = float("nan")


def label_of(algorithm: str, model: str, large: str | None) -> str:
    """A decoder's name in tables and legends; of the baselines, which."""
    small = algorithm == "autoregressive" and model != large
    return plots.method_style("autoregressive_small" if small else algorithm).label


def setting_of(algorithm: str, configuration: str) -> str:
    """A configuration's id in words, without the decoder: "R = 0.6, W = 16"; "usual" if it is bare.

    What an id leaves out has the decoder's usual value.
    """
    _, named, knobs = configuration.partition(algorithm)
    parts = re.split(r"-(?=[A-Za-z])", knobs.strip("-"))
    words = ", ".join(re.sub(r"^([A-Za-z_]+)(?=\d)", r"\1 = ", part) for part in parts)
    return words or ("usual" if named else configuration)


def method_table(table: pd.DataFrame, task: str, large: str | None) -> pd.DataFrame:
    """Every configuration of one task with its means and standard errors over problems.

    Returns:
        Columns configuration, algorithm, model, label; and with a column of standard errors each:
        accuracy, tokens_per_forward (of the dLLM, or of the autoregressive model that decodes),
        tokens_per_forward_all (with those of the second model), throughput_tok_s, latency_s, gap
        (accuracy above K = 1 on the same problems).
    """
    rows = table[table["task"] == task]
    summary = summarise(rows).set_index(["configuration", "metric"])
    runs = {name: run for name, run in rows.groupby("configuration", sort=False)}
    right = {
        name: per_problem(run).set_axis(run["problem_id"])["accuracy"] for name, run in runs.items()
    }
    found = []
    for name, run in runs.items():
        first = run.iloc[0]
        entry: dict[str, Any] = {
            "configuration": name,
            "algorithm": first["algorithm"],
            "model": first["model"],
            "label": label_of(first["algorithm"], first["model"], large),
        }
        for metric in ("accuracy", "throughput_tok_s", "latency_s"):
            known = (name, metric) in summary.index
            mean, stderr = summary.loc[(name, metric), ["mean", "stderr"]] if known else (_NAN,) * 2
            entry |= {metric: mean, f"{metric}_stderr": stderr}
        for column, both in (("tokens_per_forward", False), ("tokens_per_forward_all", True)):
            passes = forwards(run, count_verifier=both).astype(float)
            ratio, stderr = ratio_of_sums(run["generated_tokens"].astype(float), passes)
            entry |= {column: ratio, f"{column}_stderr": stderr}
        if ONE_TOKEN in right:
            gap = difference(right[name], right[ONE_TOKEN])
            entry |= {"gap": gap.value, "gap_stderr": gap.stderr}
        found.append(entry)
    return pd.DataFrame(found)


def configurations_table(methods: pd.DataFrame, caption: str) -> Html:
    """Every configuration in a row of a sortable table, folded under its caption."""
    shown = {
        "accuracy": ("accuracy", 3),
        "tokens/forward": ("tokens_per_forward", 2),
        "with the second model's": ("tokens_per_forward_all", 2),
        "tokens/s": ("throughput_tok_s", 0),
        "latency (s)": ("latency_s", 3),
    }
    rows: list[list[TableCell | str]] = [
        [
            f"{row['label']}: {setting_of(row['algorithm'], row['configuration'])}",
            *(number(row[name], digits, row[f"{name}_stderr"]) for name, digits in shown.values()),
        ]
        for _, row in methods.iterrows()
    ]
    table = sortable_table(["decoder and setting", *shown], rows, "")
    return Html(f"<details><summary>{escape(caption)}</summary>{table}</details>")


def recommended(methods: pd.DataFrame) -> pd.DataFrame:
    """One setting of every decoder: the fastest that is as accurate as K = 1, if there is one.

    As accurate means within two paired standard errors, or better. Of a decoder without such a
    setting it is the most accurate one; ``equal`` says which. Speed is tokens per second.
    """
    as_good = methods["gap"] >= -2 * methods["gap_stderr"] - 1e-12
    chosen = []
    for _, of_label in methods.groupby("label", sort=False):
        good = of_label[as_good[of_label.index]]
        column = "throughput_tok_s" if len(good) else "accuracy"
        chosen.append((good if len(good) else of_label)[column].idxmax())
    return methods.loc[chosen].assign(equal=as_good[chosen])


def summary_table(table: pd.DataFrame, task: str, large: str | None, caption: str) -> Html:
    """A decoder a row: its recommended setting, and AUP over all its settings."""
    methods = method_table(table, task, large)
    curves = aup_table(table[table["task"] == task], AupSettings())
    aup = {
        label_of(row.algorithm, row.model, large): (row.aup, row.stderr)
        for row in curves.itertuples()
    }
    rows: list[list[TableCell | str]] = []
    for _, row in recommended(methods).iterrows():
        gap = plus_minus(row["gap"], row["gap_stderr"], 3)
        rows.append(
            [
                row["label"],
                setting_of(row["algorithm"], row["configuration"]),
                number(row["accuracy"], 3, row["accuracy_stderr"]),
                TableCell(gap if row["equal"] else f"{gap}, loses", row["gap"]),
                number(row["tokens_per_forward"], 2, row["tokens_per_forward_stderr"]),
                number(row["throughput_tok_s"], 0, row["throughput_tok_s_stderr"]),
                number(aup[row["label"]][0], 0, aup[row["label"]][1]),
            ]
        )
    numbers = ["accuracy", "above K = 1", "tokens/forward", "tokens/s", "AUP"]
    return sortable_table(["decoder", "setting", *numbers], rows, caption)


def overview_table(methods: Mapping[str, pd.DataFrame], caption: str) -> Html:
    """A decoder a row, a task a column: its speed at the accuracy of K = 1, or what it loses.

    Args:
        methods: task -> `method_table`.
    """
    chosen = {task: recommended(table).set_index("label") for task, table in methods.items()}
    one_token = {
        task: table.set_index("configuration").loc[ONE_TOKEN, "throughput_tok_s"]
        for task, table in methods.items()
    }
    labels = dict.fromkeys(label for table in chosen.values() for label in table.index)
    rows: list[list[TableCell | str]] = []
    for label in labels:
        known = {task: table.loc[label] for task, table in chosen.items() if label in table.index}
        first = next(iter(known.values()))
        cells: list[TableCell | str] = []
        for task in methods:
            if task not in known:
                cells.append("–")
                continue
            row = known[task]
            speed = row["throughput_tok_s"] / one_token[task]
            lost = f"loses {-row['gap']:.2f} ± {row['gap_stderr']:.2f}"
            cells.append(TableCell(f"{speed:.1f} times" if row["equal"] else lost,
                                   speed if row["equal"] else row["gap"]))  # fmt: skip
        rows.append([label, NEEDS.get(first["algorithm"], NOTHING), *cells])
    return sortable_table(["decoder", "needs", *methods], rows, caption)


def needs_table() -> Html:
    """What every compared decoder needs; there without any measurement."""
    rows = [[decoder(name).look.label, need] for name, need in NEEDS.items()]
    return sortable_table(["decoder", "needs"], rows, "What each decoder needs")


def pareto(ax: Axes, methods: pd.DataFrame, x: str) -> None:
    """Accuracy against a column, a curve a decoder, with the frontier of all of them behind."""
    for label, of_label in methods.groupby("label", sort=False):
        ordered = of_label.sort_values(x)
        algorithm = ordered["algorithm"].iloc[0]
        small = label == plots.method_style("autoregressive_small").label
        errors = {"xerr": ordered[f"{x}_stderr"], "linewidth": 0.8, "markersize": 6.5}
        plots.curve(
            ax, ordered[x], ordered["accuracy"], ordered["accuracy_stderr"],
            "autoregressive_small" if small else algorithm, label=str(label), **errors,
        )  # fmt: skip
    best = frontier(methods, x)
    ax.plot(best[x], best["accuracy"], color=plots.INK, linewidth=5, alpha=0.25, zorder=0)
    ax.set_xscale("log")


def frontier(methods: pd.DataFrame, x: str) -> pd.DataFrame:
    """The configurations that none beats in both accuracy and column `x`, from slow to fast."""
    ordered = methods.dropna(subset=[x]).sort_values([x, "accuracy"], ascending=False)
    best_so_far = ordered["accuracy"].cummax().shift(fill_value=-1.0)
    return ordered[ordered["accuracy"] > best_so_far].iloc[::-1]
