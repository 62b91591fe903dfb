"""Static companions of the explorers: what a reader sees without scripts, or on paper.

Each figure is drawn from an explorer's own state, with the package's functions rather than the
front end's. Matplotlib is imported when a figure is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from apd import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from apd.widgets.coupling import CouplingExplorer
    from apd.widgets.lookahead import LookaheadExplorer
    from apd.widgets.marginals import MarginalsExplorer
    from apd.widgets.staleness import StalenessExplorer
    from apd.widgets.stepper import ApdStepper
    from apd.widgets.weights import WeightsExplorer


def coupling_figure(explorer: CouplingExplorer, draws: int = 400) -> Figure:
    """The running agreement rate of the explorer's laws and noise, against the closed form."""
    import torch

    from apd.coupling import agreement_probability, gumbel_max, gumbel_noise
    from apd.mixture import mixture_log_probs

    weights = torch.tensor([explorer.draft_weights, explorer.verifier_weights], dtype=torch.float64)
    draft, verifier = weights / weights.sum(-1, keepdim=True)
    log_target = mixture_log_probs(draft.log(), verifier.log(), explorer.mixture_weight)
    noise = gumbel_noise(explorer.seed, torch.arange(draws), torch.arange(len(draft)))
    agree = (gumbel_max(draft.log(), noise) == gumbel_max(log_target, noise)).double().numpy()
    count = np.arange(1, draws + 1)
    rate = agree.cumsum() / count
    error = np.sqrt(rate * (1 - rate) / count)

    figure, ax = plots.panels()
    colour = plots.method_style("gumbel").colour
    ax.plot(count, rate, color=colour, label="agreed so far, ± s.e.")
    ax.fill_between(count, rate - error, rate + error, color=colour, alpha=0.2, linewidth=0)
    exact = float(agreement_probability(draft, log_target.exp()))
    ax.axhline(exact, color=plots.INK, linestyle="--", label="closed form")
    ax.set_ylim(0, 1)
    ax.set_xlabel("draws")
    ax.set_ylabel(plots.AXES["agreement"])
    ax.legend(loc="lower right")
    return figure


def marginals_figure(explorer: MarginalsExplorer) -> Figure:
    """The exact probability of a string that the language lacks, against the group size."""
    figure, ax = plots.panels()
    looks = zip(explorer.languages, ("-", "--", ":"), ("s", "o", "^"), strict=False)
    for language, line, marker in looks:
        sizes = range(1, language["length"] + 1)
        style = {"linestyle": line, "marker": marker, "label": language["name"]}
        plots.curve(ax, sizes, language["incoherent"], None, "left_to_right", **style)
    ax.set_xticks(range(1, max(language["length"] for language in explorer.languages) + 1))
    ax.set(xlabel="tokens in a group, k", ylabel="P(incoherent string)")
    plots.legend_above(figure, ax)
    return figure


def stepper_figure(stepper: ApdStepper) -> Figure:
    """Tokens decoded after each iteration, for every R of the grid at the stepper's W and M."""
    figure, ax = plots.panels()
    grid = stepper.recording["grid"]["weight"]
    lines = ["-", "--", "-.", ":"]
    for decode in stepper.recording["decodes"]:
        place = (stepper.prompt, stepper.window, stepper.lookahead)
        if (decode["prompt"], decode["window"], decode["lookahead"]) != place:
            continue
        tokens = np.cumsum([0, *(iteration["tokens"] for iteration in decode["iterations"])])
        index = decode["weight"]
        look = {"color": plots.method_style("adaptive").colour, "linestyle": lines[index % 4]}
        ax.plot(range(len(tokens)), tokens, label=f"R = {grid[index]}", **look)
    ax.set_xlabel("iterations")
    ax.set_ylabel(plots.AXES["generated_tokens"])
    ax.legend()
    return figure


def staleness_figure(explorer: StalenessExplorer) -> Figure:
    """The drift of values over layers and distances, for tokens of the answer and of the prompt."""
    recording = explorer.recording
    figure, axes = plots.panels(2)
    tables = {
        origin: np.array(measures["value_drift"], dtype=float)
        for origin, measures in recording["origins"].items()
    }
    top = max(np.nanmax(table) for table in tables.values())
    edges = (0.5, len(recording["distances"]) + 0.5, recording["layers"] - 0.5, -0.5)
    for ax, (origin, table) in zip(axes, tables.items(), strict=True):
        look = {"aspect": "auto", "cmap": "cividis", "extent": edges}
        image = ax.imshow(100 * table, vmin=0, vmax=100 * top, **look)
        ax.axvline(explorer.kv_window + 0.5, color="white", linewidth=1.5)
        ax.set_title(f"tokens of the {origin}")
        ax.set_xlabel("distance behind the frontier (tokens)")
        ax.set_yticks(range(recording["layers"]))
        ax.grid(False)
    axes[0].set_ylabel("layer")
    figure.colorbar(image, ax=axes, label="change until complete (%)")
    return figure


def lookahead_figure(explorer: LookaheadExplorer) -> Figure:
    """End-token probabilities before anything is decoded, and lengths of answers, against M."""
    recording = explorer.recording
    figure, (left, right) = plots.panels(2)
    names = ["all" if m is None else str(m) for m in recording["lookaheads"]]
    for place, line in zip(_spread(len(names)), ("-", "--", ":"), strict=False):
        profile = [value for value in recording["profiles"][place][0] if value is not None]
        label = f"M = {names[place]}"
        ahead = range(1, len(profile) + 1)
        colour = plots.method_style("adaptive").colour
        marker = "o" if len(profile) == 1 else None
        left.plot(ahead, profile, color=colour, linestyle=line, marker=marker, label=label)
    left.set_xscale("log")
    left.set_xlabel("positions ahead of the frontier")
    left.set_ylabel("probability of an end token")
    left.legend()
    lengths = np.array(recording["lengths"], dtype=float)  # (M, prompts)
    error = lengths.std(axis=1, ddof=1) / np.sqrt(lengths.shape[1])
    plots.curve(right, range(len(names)), lengths.mean(axis=1), error, "adaptive")
    right.set_xticks(range(len(names)), names)
    right.set_ylim(bottom=0)
    plots.label_axes(right, "max_lookahead", "generated_tokens")
    return figure


def weights_figure(explorer: WeightsExplorer) -> Figure:
    """Tokens per iteration of the recorded prompts at each R, and accuracy over the test set."""
    recording, measured = explorer.recording, explorer.measured
    weights = recording["weights"]
    figure, (left, right) = plots.panels(2)
    lines = zip(recording["prompts"], recording["decodes"], ("-", "--", ":"), strict=False)
    for prompt, decodes, line in lines:
        lengths = [[step["tokens"] for step in decode["iterations"]] for decode in decodes]
        rates = [sum(steps) / len(steps) for steps in lengths]
        look = {"label": prompt["name"], "linestyle": line}
        plots.curve(left, weights, rates, None, "adaptive", **look)
    plots.label_axes(left, "mixture_weight", "tokens_per_iteration")
    left.set_ylim(bottom=0)
    left.legend()
    means, errors = zip(*measured["accuracy"], strict=True)
    plots.curve(right, weights, means, errors, "adaptive")
    right.axhline(measured["one_by_one"], color=plots.INK, linestyle="--", label="K = 1")
    plots.label_axes(right, "mixture_weight", "accuracy")
    right.set_ylim(0, 1)
    right.legend()
    return figure


def _spread(count: int) -> list[int]:
    """Up to three places: near the start, the middle, the end."""
    return sorted({count // 4, count // 2, count - 1})
