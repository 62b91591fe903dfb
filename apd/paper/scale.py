"""How large the paper's grids are on each pair: its tasks, its canvas, and M and W in proportion.

The mini models answer in about a third of the tokens that Dream takes, on a canvas of half the
length. So every length of the paper (canvas, M, W, number of steps) is multiplied by the ratio of
the canvases, rounded down, and at least 1; quantities without a length (K, R, temperature, top-p)
stay. One table of the paper's values serves every pair, and a value on ours always has a
counterpart in the paper to be drawn beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apd.errors import ApdError
from apd.models.registry import pair_spec

PAPER_CANVAS = 256  # tokens behind the prompt for GSM8K, GPQA and HumanEval (Section 5)
GSM, GPQA, MATH, HUMANEVAL, LINES, ESSAY, PROMPT = (
    "GSM8K",
    "GPQA",
    "MATH",
    "HumanEval",
    "waiting_line",
    "persuasive_writing",
    "single_prompt_sheep",
)


def scaled(tokens: int, canvas: int) -> int:
    """One of the paper's lengths in proportion to a canvas of so many tokens; at least 1."""
    return max(1, tokens * canvas // PAPER_CANVAS)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A pair's own version of the paper's setting.

    Attributes:
        pair: name of the pair.
        dllm: "dream" or "llada": which rows of the paper's tables it stands for.
        tasks: the paper's name of a task -> ours.
        canvas: tokens behind the prompt.
        math_canvas: the same for MATH.
        autoregressive_tokens: most tokens of an autoregressive baseline.
        baselines: the autoregressive models, large one first; empty if the pair has none.
        problems: only so many problems a task, or None for all.
    """

    pair: str
    dllm: str
    tasks: Mapping[str, str] = field(hash=False)
    canvas: int
    math_canvas: int
    autoregressive_tokens: int
    baselines: tuple[str, ...] = ()
    problems: int | None = None

    def length(self, tokens: int | None) -> int | None:
        """One of the paper's lengths (M, W, a number of steps) on this pair; None stays None."""
        return None if tokens is None else scaled(tokens, self.canvas)

    def canvas_of(self, task: str) -> int:
        """Tokens behind the prompt for one of the paper's tasks."""
        return self.math_canvas if task == MATH else self.canvas


_MINI = {
    GSM: "mini_gsm",
    GPQA: "mini_gpqa",
    MATH: "mini_math",
    HUMANEVAL: "mini_humaneval",
    LINES: "mini_lines",
    ESSAY: "mini_essay",
    PROMPT: "figure_1",
}
_PUBLIC = {
    GSM: "gsm8k",
    GPQA: "gpqa_main_generative_n_shot",
    MATH: "hendrycks_math",
    HUMANEVAL: "humaneval_instruct",
    LINES: "mini_lines",
    ESSAY: "mini_essay",
    PROMPT: "figure_1",
}


def _scale(pair: str, dllm: str, tasks: Mapping[str, str], problems: int | None = None) -> Scale:
    """The scale of a registered pair, whose models and canvases the registry knows."""
    spec = pair_spec(pair)
    return Scale(
        pair=pair,
        dllm=dllm,
        tasks=tasks,
        canvas=spec.canvas,
        math_canvas=spec.math_canvas,
        autoregressive_tokens=spec.autoregressive_tokens,
        baselines=tuple(name.rsplit("/", 1)[-1] for name in spec.baselines),
        problems=problems,
    )


SCALES: Mapping[str, Scale] = {
    scale.pair: scale
    for scale in (
        _scale("mini", "dream", _MINI),
        _scale("mini-llada", "llada", _MINI),
        _scale("dream-7b", "dream", _PUBLIC, problems=500),
        _scale("llada-8b", "llada", _PUBLIC, problems=500),
    )
}
FAMILIES = (("mini", "mini-llada"), ("dream-7b", "llada-8b"))  # Dream's half and LLaDA's half


def scale_of(pair: str) -> Scale:
    """The scale of a pair. Raises ApdError for a pair without one."""
    if pair not in SCALES:
        raise ApdError(f"no experiments for pair {pair!r}; choose one of {', '.join(SCALES)}")
    return SCALES[pair]


def family(pair: str) -> tuple[str, str]:
    """The two pairs that share the figures `pair` belongs to: Dream's half and LLaDA's half."""
    scale_of(pair)
    return next(members for members in FAMILIES if pair in members)
