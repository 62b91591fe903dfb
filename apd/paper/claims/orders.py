"""Claims of Table 1 and Figure 2: decoding orders, and a fixed number of tokens per step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from apd.paper import settings
from apd.paper.claims.claim import Claim, Finding, Published
from apd.paper.claims.evidence import Evidence
from apd.paper.claims.numbers import ACCURACY, SPEED, ours, paper, paper_curve
from apd.paper.grids import TOKENS_PER_STEP
from apd.paper.published import DREAM, LLADA, QWEN_LARGE
from apd.paper.scale import GSM
from apd.statistics.estimates import difference, ratio, slope

# (order in the paper, its steps) -> ours, per dLLM; the paper's confidence order for LLaDA is
# called low_confidence by its code and here.
ORDERS = {
    DREAM: (("random", 256), ("entropy", 128), ("entropy", 256)),
    LLADA: (("random", 256), ("low_confidence", 128), ("low_confidence", 256)),
}
NEARLY_LINEAR = (0.85, 1.15)  # speed at K = 8, relative to 8 times that at K = 1


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
    named = [(n.replace("low_", ""), steps) for n, steps in ORDERS[model]] + [
        ("left_to_right", 256)
    ]
    return [
        paper(f"{n}, {steps} steps", "table1", metric, model=model, algorithm=n, steps=str(steps))
        for n, steps in named
    ]


def _best(model: str, e: Evidence) -> list[Finding]:
    left_to_right = _fixed(e, model, 1, ACCURACY, "tab1")
    return [
        Finding(
            f"accuracy, left to right minus {name} in {steps} steps",
            difference(left_to_right, _order(e, model, (name, steps), ACCURACY)),
            above=0,
        )
        for name, steps in ORDERS[model]
    ]


def _why_not_best(model: str, e: Evidence) -> str:
    parts = [("left to right", _fixed(e, model, 1, ACCURACY, "tab1"))]
    parts += [(f"{n} in {s} steps", _order(e, model, (n, s), ACCURACY)) for n, s in ORDERS[model]]
    return (
        f"Accuracies here: {ours(parts)}. An order that is chosen by the model's own certainty can "
        "win where an answer is short and its certain tokens, such as the words between the "
        "numbers, say little about the uncertain ones; the paper's answers are three times as long."
    )


def _random_is_worst(e: Evidence) -> list[Finding]:
    random = _order(e, DREAM, ("random", 256), ACCURACY)
    return [
        Finding(
            f"accuracy, entropy in {steps} steps minus random",
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
        Finding("accuracy, all steps minus half", difference(whole[ACCURACY], half[ACCURACY]), 0),
        Finding("speed, half the steps over all", ratio(half[SPEED], whole[SPEED]), 1),
    ]


def _baseline(e: Evidence, metric: str) -> pd.Series:
    configuration = settings.baseline(e.dream, GSM, e.dream.baselines[0])
    return e.values("tab1", GSM, configuration, metric)


def _slower_than_ar(e: Evidence) -> list[Finding]:
    speed = ratio(_fixed(e, DREAM, 1, SPEED, "tab1"), _baseline(e, SPEED))
    return [Finding("speed, K = 1 over the autoregressive model", speed, below=1)]


def _near_ar(e: Evidence) -> list[Finding]:
    gap = difference(_baseline(e, ACCURACY), _fixed(e, DREAM, 1, ACCURACY, "tab1"))
    return [Finding("accuracy, autoregressive minus K = 1", gap, below=_ar_margin())]


def _ar_margin() -> float:
    """The paper's gap between the two, and one standard error of each."""
    (_, ar), (_, dream) = _paper_ar(ACCURACY)
    return ar.mean - dream.mean + ar.stderr + dream.stderr


def _paper_ar(metric: str) -> list[tuple[str, Published]]:
    ar = paper("Qwen2.5 7B", "table1", metric, model=QWEN_LARGE)
    dream = paper("Dream, K = 1", "table1", metric, model=DREAM, algorithm="left_to_right")
    return [("ar", ar), ("dream", dream)]


def _falls_with_k(model: str, e: Evidence) -> list[Finding]:
    columns = {float(k): _fixed(e, model, k, ACCURACY) for k in TOKENS_PER_STEP}
    ends = difference(columns[1.0], columns[2.0])
    return [
        Finding("accuracy lost per additional token a step, slope", slope(columns), below=0),
        Finding("accuracy, K = 1 minus K = 2", ends, above=-0.03),
    ]


def _linear_in_k(model: str, e: Evidence) -> list[Finding]:
    one = _fixed(e, model, 1, SPEED)
    low, high = NEARLY_LINEAR
    return [
        Finding(f"speed, K = {k} over K = 1", ratio(_fixed(e, model, k, SPEED), one), k * low,
                k * high, 2)
        for k in (2, 4, 8)
    ]  # fmt: skip


def _why_not_linear(model: str, e: Evidence) -> str:
    tokens = _fixed(e, model, 8, "generated_tokens").mean()
    seconds = {k: (_fixed(e, model, k, "latency_s") / _fixed(e, model, k, "iterations")).mean()
               for k in (1, 8)}  # fmt: skip
    return (
        f"An answer has {tokens:.0f} tokens here, so the last, partly wasted group of a K = 8 "
        f"decode weighs more than in the paper's, and a pass takes {1000 * seconds[8]:.1f} ms at "
        f"K = 8 against {1000 * seconds[1]:.1f} ms at K = 1."
    )


CLAIMS = [
    *(
        Claim(
            id=f"left-to-right-best-{short}",
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
        statement="Random order is the least accurate for Dream",
        where="Table 1",
        published=partial(_paper_orders, ACCURACY, DREAM),
        findings=_random_is_worst,
        explain=partial(_why_not_best, DREAM),
    ),
    Claim(
        id="fewer-steps",
        statement="Half as many steps of entropy order are faster and less accurate",
        where="Table 1",
        published=lambda: [*_paper_orders(ACCURACY, DREAM)[1:3], *_paper_orders(SPEED, DREAM)[1:3]],
        findings=_fewer_steps,
        explain=lambda e: (
            "Two tokens a step cost little where the two least uncertain positions are far apart, "
            "which certainty-based orders tend to choose."
        ),
    ),
    Claim(
        id="dllm-slower-than-ar",
        statement="Decoded one token at a time, the dLLM is slower than the autoregressive model "
        "of its size",
        where="Section 1, Table 1",
        published=lambda: [number for _, number in _paper_ar(SPEED)],
        findings=_slower_than_ar,
        explain=lambda e: "A pass over the whole canvas costs no more here than a cached one.",
    ),
    Claim(
        id="dllm-near-ar",
        statement="Decoded one token at a time, the dLLM is nearly as accurate as the "
        "autoregressive model of its size",
        where="Section 5, Table 1",
        published=lambda: [number for _, number in _paper_ar(ACCURACY)],
        findings=_near_ar,
        explain=lambda e: (
            "The small dLLM was trained further from the autoregressive model for a short time "
            "only, with a harder objective, and has not caught up with it."
        ),
    ),
    *(
        Claim(
            id=f"accuracy-falls-with-k-{short}",
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
            statement=f"Throughput rises linearly with K ({name}, left to right)",
            where="Section 3, Figure 2",
            published=partial(paper_curve, "fig2", SPEED, "K", model=model),
            findings=partial(_linear_in_k, model),
            explain=partial(_why_not_linear, model),
        )
        for short, name, model in (("dream", "Dream", DREAM), ("llada", "LLaDA", LLADA))
    ),
]
