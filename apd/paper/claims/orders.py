"""Claims of Table 1 and Figure 2: decoding orders, and a fixed number of tokens per step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import pandas as pd

from apd.paper import settings
from apd.paper.claims.claim import Claim, Finding, Published
from apd.paper.claims.evidence import Evidence
from apd.paper.claims.numbers import (
    ACCURACY,
    SPEED,
    gap_error,
    ours,
    paper,
    paper_curve,
    paper_loss,
    trend,
)
from apd.paper.grids import TOKENS_PER_STEP
from apd.paper.published import DREAM, LLADA, QWEN_LARGE
from apd.paper.scale import GSM
from apd.statistics.estimates import difference, ratio

# (order in the paper, its steps) -> ours, per dLLM; the paper's confidence order for LLaDA is
# called low_confidence by its code and here.
ORDERS = {
    DREAM: (("random", 256), ("entropy", 128), ("entropy", 256)),
    LLADA: (("random", 256), ("low_confidence", 128), ("low_confidence", 256)),
}


def _order(e: Evidence, model: str, order: tuple[str, int], metric: str) -> pd.Series:
    scale = e.llada if model == LLADA else e.dream
    name, steps = order
    configuration = settings.any_order(scale, GSM, name, steps)
    return e.values("tab1", GSM, configuration, metric, llada=model == LLADA)


def _fixed(e: Evidence, model: str, k: int, metric: str, artefact: str = "fig2") -> pd.Series:
    scale = e.llada if model == LLADA else e.dream
    configuration = settings.left_to_right(scale, GSM, k)
    return e.values(artefact, GSM, configuration, metric, llada=model == LLADA)


def _paper_orders(metric: str, model: str) -> Sequence[Published]:
    named = [(n.replace("low_", ""), steps) for n, steps in ORDERS[model]]
    which = {"model": model, "algorithm": "left_to_right"}
    return [
        paper("left to right", "table1", metric, **which),
        *(
            paper(f"{n}, {steps} steps", "table1", metric, model=model, algorithm=n,
                  steps=str(steps))
            for n, steps in named
        ),
    ]  # fmt: skip


def _named(e: Evidence, model: str, order: tuple[str, int]) -> str:
    """ "entropy in 64 steps": the steps as they are here."""
    scale = e.llada if model == LLADA else e.dream
    return f"{order[0].replace('low_', '')} in {scale.length(order[1])} steps"


def _best(model: str, e: Evidence) -> list[Finding]:
    left_to_right = _fixed(e, model, 1, ACCURACY, "tab1")
    return [
        Finding(
            f"accuracy, left to right minus {_named(e, model, order)}",
            difference(left_to_right, _order(e, model, order, ACCURACY)),
            above=0,
        )
        for order in ORDERS[model]
    ]


def _why_not_best(model: str, e: Evidence) -> str:
    parts = [("left to right", _fixed(e, model, 1, ACCURACY, "tab1"))]
    parts += [(_named(e, model, o), _order(e, model, o, ACCURACY)) for o in ORDERS[model]]
    return (
        f"Accuracies here: {ours(parts)}. An order that is chosen by the model's own certainty can "
        "win where an answer is short and its certain tokens, such as the words between the "
        "numbers, say little about the uncertain ones; the paper's answers are three times as long."
    )


def _random_is_worst(e: Evidence) -> list[Finding]:
    random = _order(e, DREAM, ("random", 256), ACCURACY)
    return [
        Finding(
            f"accuracy, {_named(e, DREAM, ('entropy', steps))} minus random",
            difference(_order(e, DREAM, ("entropy", steps), ACCURACY), random),
            above=0,
        )
        for steps in (128, 256)
    ]


def _fewer_steps(e: Evidence) -> list[Finding]:
    half, whole = (
        {m: _order(e, DREAM, ("entropy", steps), m) for m in (ACCURACY, SPEED)}
        for steps in (128, 256)
    )
    return [
        Finding(
            "accuracy, all steps minus half", difference(whole[ACCURACY], half[ACCURACY]), above=0
        ),
        Finding("speed, half the steps over all", ratio(half[SPEED], whole[SPEED]), above=1),
    ]


def _baseline(e: Evidence, metric: str) -> pd.Series:
    configuration = settings.baseline(e.dream, GSM, e.dream.baselines[0])
    return e.values("tab1", GSM, configuration, metric)


def _slower_than_ar(e: Evidence) -> list[Finding]:
    speed = ratio(_fixed(e, DREAM, 1, SPEED, "tab1"), _baseline(e, SPEED))
    return [Finding("speed, K = 1 over the autoregressive model", speed, below=1)]


def _near_ar(e: Evidence) -> list[Finding]:
    gap = difference(_baseline(e, ACCURACY), _fixed(e, DREAM, 1, ACCURACY, "tab1"))
    margin = paper_loss(_paper_ar(ACCURACY))
    return [Finding("accuracy, autoregressive minus K = 1", gap, below=margin)]


def _paper_ar(metric: str) -> tuple[Published, Published]:
    ar = paper("Qwen2.5 7B", "table1", metric, model=QWEN_LARGE)
    dream = paper("Dream, K = 1", "table1", metric, model=DREAM, algorithm="left_to_right")
    return ar, dream


def _falls_with_k(model: str, e: Evidence) -> list[Finding]:
    columns = {float(k): _fixed(e, model, k, ACCURACY) for k in TOKENS_PER_STEP}
    curve = paper_curve("fig2", ACCURACY, "K", model=model)
    first_step = difference(columns[1.0], columns[2.0])
    return [
        trend("accuracy per additional token a step, slope", columns, curve, rises=False),
        Finding("accuracy, K = 1 minus K = 2", first_step, above=-gap_error(curve[:2])),
    ]


def _linear_in_k(model: str, e: Evidence) -> list[Finding]:
    one, margin = _fixed(e, model, 1, SPEED), _paper_bend(model)
    return [
        Finding(f"speed, K = {k} over K = 1", ratio(_fixed(e, model, k, SPEED), one),
                above=k * (1 - margin), below=k * (1 + margin), digits=2)
        for k in (2, 4, 8)
    ]  # fmt: skip


def _paper_bend(model: str) -> float:
    """How far the paper's curve is from proportional to K, at most, and one standard error."""
    one, *others = paper_curve("fig2", SPEED, "K", model=model)
    bends = []
    for k, number in zip(TOKENS_PER_STEP[1:], others, strict=True):
        share = number.mean / (k * one.mean)
        error = share * math.hypot(number.stderr / number.mean, one.stderr / one.mean)
        bends.append(abs(share - 1) + error)
    return max(bends)


def _why_not_linear(model: str, e: Evidence) -> str:
    tokens = _fixed(e, model, 8, "generated_tokens").mean()
    padded = (_fixed(e, model, k, "throughput_reference_tok_s") for k in (8, 1))
    seconds = {k: (_fixed(e, model, k, "latency_s") / _fixed(e, model, k, "iterations")).mean()
               for k in (1, 8)}  # fmt: skip
    return (
        f"An answer has {tokens:.0f} tokens here, and a group in which it ends is a whole step all "
        "the same. With the padding in that group counted, as the paper's code does, K = 8 is "
        f"{ratio(*padded).value:.2f} times as fast as K = 1. A pass takes "
        f"{1000 * seconds[8]:.1f} ms at K = 8, {1000 * seconds[1]:.1f} ms at K = 1."
    )


CLAIMS = [
    *(
        Claim(
            id=f"left-to-right-best-{short}",
            short=f"left to right is the most accurate order ({name})",
            statement=f"One token at a time from left to right is the most accurate order for "
            f"{name} on grade-school maths, ahead of random and certainty-based orders",
            where="Section 5, Table 1",
            published=partial(_paper_orders, ACCURACY, model),
            findings=partial(_best, model),
            explain=partial(_why_not_best, model),
        )
        for short, name, model in (("dream", "Dream", DREAM), ("llada", "LLaDA", LLADA))
    ),
    Claim(
        id="random-worst",
        short="random order is the worst",
        statement="Random order is the least accurate for Dream",
        where="Table 1",
        published=partial(_paper_orders, ACCURACY, DREAM),
        findings=_random_is_worst,
        explain=partial(_why_not_best, DREAM),
    ),
    Claim(
        id="fewer-steps",
        short="half the steps: faster, less accurate",
        statement="Half as many steps of entropy order are faster and less accurate",
        where="Table 1",
        published=lambda: [*_paper_orders(ACCURACY, DREAM)[2:], *_paper_orders(SPEED, DREAM)[2:]],
        findings=_fewer_steps,
        explain=lambda e: (
            "Two tokens a step cost little where the two least uncertain positions are far apart, "
            "which certainty-based orders tend to choose."
        ),
    ),
    Claim(
        id="dllm-slower-than-ar",
        short="K = 1 is slower than AR",
        statement="Decoded one token at a time, the dLLM is slower than the autoregressive model "
        "of its size",
        where="Section 1, Table 1",
        published=lambda: _paper_ar(SPEED),
        findings=_slower_than_ar,
        explain=lambda e: "A pass over the whole canvas costs no more here than a cached one.",
    ),
    Claim(
        id="dllm-near-ar",
        short="K = 1 is nearly as accurate as AR",
        statement="Decoded one token at a time, the dLLM is nearly as accurate as the "
        "autoregressive model of its size",
        where="Section 5, Table 1",
        published=lambda: _paper_ar(ACCURACY),
        findings=_near_ar,
        explain=lambda e: (
            "The small dLLM was trained further from the autoregressive model for a short time "
            "only, with a harder objective, and has not caught up with it."
        ),
    ),
    *(
        Claim(
            id=f"accuracy-falls-with-k-{short}",
            short=f"accuracy falls with K ({name})",
            statement=f"Accuracy falls as K grows ({name}, left to right)",
            where="Section 3, Figure 2",
            published=partial(paper_curve, "fig2", ACCURACY, "K", model=model),
            findings=partial(_falls_with_k, model),
            explain=lambda e: (
                "The tokens of a group depend on each other too little in these answers."
            ),
        )
        for short, name, model in (("dream", "Dream", DREAM), ("llada", "LLaDA", LLADA))
    ),
    *(
        Claim(
            id=f"speed-linear-in-k-{short}",
            short=f"speed is linear in K ({name})",
            statement=f"Throughput rises linearly with K ({name}, left to right)",
            where="Section 3, Figure 2",
            published=partial(paper_curve, "fig2", SPEED, "K", model=model),
            findings=partial(_linear_in_k, model),
            explain=partial(_why_not_linear, model),
        )
        for short, name, model in (("dream", "Dream", DREAM), ("llada", "LLaDA", LLADA))
    ),
]
