"""The four mini models: architecture, where the weights start, objective, and budget."""

from dataclasses import dataclass, field
from typing import Literal

from apd.mini.tasks import TRAIN_SHARES
from apd.mini.training.curriculum import Curriculum
from apd.mini.training.recall import RECALL, REPEAT

Family = Literal["qwen2", "dream", "llada"]


@dataclass(frozen=True)
class MaskingRecipe:
    """How masked-diffusion examples are made and weighted.

    Most examples mask a whole suffix of the answer, as left-to-right and APD decoding meet it; the
    rest mask a random subset, so that any-order decoding works too. The d-th masked token after
    the clean prefix weighs ``decay ** d`` (at least ``floor`` inside the answer, ``padding`` in
    the end-of-text filling): Dream's context-adaptive idea that tokens beside clean context matter
    most. ``hard_share`` of the suffixes begin at a digit, a choice letter or a name, the tokens
    that have to be worked out, the others anywhere: this changes how often a context is trained
    on, not what is the right prediction in it.
    """

    suffix_share: float = 0.85
    hard_share: float = 0.5
    decay: float = 0.7
    floor: float = 0.05
    padding: float = 0.01


@dataclass(frozen=True)
class Architecture:
    """Width, depth, attention heads and MLP width of a decoder-style transformer."""

    hidden_size: int
    layers: int
    heads: int
    kv_heads: int
    mlp_size: int


@dataclass(frozen=True)
class Recipe:
    """How one mini model is trained.

    ``init`` names the model whose weights it starts from (None: random); learning rates are peak
    values of a schedule with linear warm-up, a constant stretch and a linear decay to zero over
    the last ``decay_steps``. ``masking`` is None for autoregressive models. ``shares`` are the
    tasks' shares of the examples; ``curriculum`` says which structures' plans they teach. The
    ``opening`` is what comes before: (steps, shares) of exercises in copying
    (:mod:`apd.mini.training.recall`), in whole chunks of batches.
    """

    name: str
    family: Family
    architecture: Architecture
    init: str | None
    steps: int
    batch_size: int
    matrix_lr: float
    other_lr: float
    seed: int
    decay_steps: int
    warmup_steps: int = 100
    masking: MaskingRecipe | None = None
    shares: dict[str, float] = field(default_factory=lambda: dict(TRAIN_SHARES))
    curriculum: Curriculum = "all plans"
    opening: tuple[tuple[int, dict[str, float]], ...] = ()

    def shares_at(self, step: int) -> dict[str, float]:
        """The shares of the examples of ``step``."""
        for steps, shares in self.opening:
            if step < steps:
                return shares
            step -= steps
        return self.shares


COPYING_FIRST = ((304, {REPEAT: 1.0}), (600, {RECALL: 1.0}))
WITH_RECALL = {RECALL: 0.06} | {task: 0.94 * share for task, share in TRAIN_SHARES.items()}
LARGE = Architecture(hidden_size=256, layers=4, heads=4, kv_heads=2, mlp_size=704)
SMALL = Architecture(hidden_size=128, layers=3, heads=4, kv_heads=2, mlp_size=352)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="mini-qwen-large", family="qwen2", architecture=LARGE, init=None,
            steps=7000, batch_size=32, matrix_lr=2e-3, other_lr=3e-3, seed=1, decay_steps=2400,
            opening=COPYING_FIRST, shares=WITH_RECALL,
        ),
        Recipe(
            name="mini-qwen-small", family="qwen2", architecture=SMALL, init=None,
            steps=6000, batch_size=32, matrix_lr=2e-3, other_lr=3e-3, seed=2, decay_steps=2000,
            opening=COPYING_FIRST, shares=WITH_RECALL, curriculum="few plans",
        ),
        Recipe(
            name="mini-dream", family="dream", architecture=LARGE, init="mini-qwen-large",
            steps=8000, batch_size=64, matrix_lr=1.5e-3, other_lr=1.5e-3, seed=3, decay_steps=3000,
            masking=MaskingRecipe(),
        ),
        Recipe(
            name="mini-llada", family="llada", architecture=LARGE, init="mini-qwen-large",
            steps=5000, batch_size=64, matrix_lr=1.5e-3, other_lr=1.5e-3, seed=4, decay_steps=2000,
            masking=MaskingRecipe(),
        ),
    )
}  # fmt: skip
