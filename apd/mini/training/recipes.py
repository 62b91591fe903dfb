"""The four mini models: architecture, where the weights start, objective, and budget.

Each is trained in several recipes, one going on where the other ended: large batches, for a
GPU, then small ones, whose many steps a CPU has time for.
"""

from dataclasses import dataclass, field
from typing import Literal

from apd.mini.tasks import TRAIN_SHARES
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
    on, not what is the right prediction in it. ``choice_share`` of the answers to multiple choice
    questions are masked from the choice's letter on, in a late stage: otherwise the letter is one
    token in thirty, too rare to learn how it is looked up.
    """

    suffix_share: float = 0.85
    hard_share: float = 0.5
    choice_share: float = 0.0
    decay: float = 0.8
    floor: float = 0.08
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

    ``init`` names the recipe whose weights it starts from (None: random); learning rates are peak
    values of a schedule with linear warm-up, a constant stretch and a linear decay to zero over
    the last ``decay_steps``. ``masking`` is None for autoregressive models. ``shares`` are the
    tasks' shares of the examples; one structure in ``taught_every`` has its plan taught
    (:mod:`apd.mini.training.curriculum`). The ``opening`` is what comes before: (steps, shares) of
    exercises in copying (:mod:`apd.mini.training.recall`), in whole chunks of batches. What
    ``ships`` is exported; the rest is what others start from.
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
    taught_every: int = 1
    opening: tuple[tuple[int, dict[str, float]], ...] = ()
    ships: bool = True

    def shares_at(self, step: int) -> dict[str, float]:
        """The shares of the examples of ``step``."""
        for steps, shares in self.opening:
            if step < steps:
                return shares
            step -= steps
        return self.shares


COPYING_FIRST = ((304, {REPEAT: 1.0}), (600, {RECALL: 1.0}))
WITH_RECALL = {RECALL: 0.06} | {task: 0.94 * share for task, share in TRAIN_SHARES.items()}
MANY_CHOICES = {  # of the stage in which masked diffusion learns to look up a choice's letter
    task: 0.6 if task == "mini_gpqa" else (1 - 0.6) * share / (1 - TRAIN_SHARES["mini_gpqa"])
    for task, share in TRAIN_SHARES.items()
}
LARGE = Architecture(hidden_size=256, layers=4, heads=4, kv_heads=2, mlp_size=704)
SMALL = Architecture(hidden_size=128, layers=3, heads=4, kv_heads=2, mlp_size=352)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="mini-qwen-large-start", family="qwen2", architecture=LARGE, init=None,
            steps=1800, batch_size=256, matrix_lr=2e-3, other_lr=3e-3, seed=1, decay_steps=700,
            opening=COPYING_FIRST, shares=WITH_RECALL, ships=False,
        ),
        Recipe(
            name="mini-qwen-large", family="qwen2", architecture=LARGE,
            init="mini-qwen-large-start", steps=6000, batch_size=32, matrix_lr=1.5e-3,
            other_lr=2e-3, seed=101, decay_steps=3600, shares=WITH_RECALL,
        ),
        Recipe(
            name="mini-qwen-small-start", family="qwen2", architecture=SMALL, init=None,
            steps=1700, batch_size=256, matrix_lr=2e-3, other_lr=3e-3, seed=2, decay_steps=600,
            opening=COPYING_FIRST, shares=WITH_RECALL, taught_every=2, ships=False,
        ),
        Recipe(
            name="mini-qwen-small", family="qwen2", architecture=SMALL,
            init="mini-qwen-small-start", steps=6000, batch_size=32, matrix_lr=1.5e-3,
            other_lr=2e-3, seed=102, decay_steps=3600, shares=WITH_RECALL, taught_every=2,
        ),
        Recipe(
            name="mini-dream-start", family="dream", architecture=LARGE,
            init="mini-qwen-large-start", steps=2600, batch_size=512, matrix_lr=1.5e-3,
            other_lr=1.5e-3, seed=3, decay_steps=1000, masking=MaskingRecipe(), ships=False,
        ),
        Recipe(
            name="mini-dream-second", family="dream", architecture=LARGE, init="mini-dream-start",
            steps=2400, batch_size=64, matrix_lr=4e-4, other_lr=5e-4, seed=103, decay_steps=1440,
            masking=MaskingRecipe(), ships=False,
        ),
        Recipe(
            name="mini-dream-third", family="dream", architecture=LARGE, init="mini-dream-second",
            steps=1600, batch_size=64, matrix_lr=4e-4, other_lr=1e-3, seed=103, decay_steps=960,
            masking=MaskingRecipe(choice_share=0.8), shares=MANY_CHOICES, ships=False,
        ),
        Recipe(
            name="mini-dream", family="dream", architecture=LARGE, init="mini-dream-third",
            steps=1400, batch_size=64, matrix_lr=4e-4, other_lr=5e-4, seed=203, decay_steps=840,
            masking=MaskingRecipe(choice_share=0.3),
        ),
        Recipe(
            name="mini-llada-start", family="llada", architecture=LARGE,
            init="mini-qwen-large-start", steps=3000, batch_size=512, matrix_lr=1.5e-3,
            other_lr=1.5e-3, seed=4, decay_steps=1200, masking=MaskingRecipe(), ships=False,
        ),
        Recipe(
            name="mini-llada-second", family="llada", architecture=LARGE, init="mini-llada-start",
            steps=1800, batch_size=64, matrix_lr=4e-4, other_lr=1e-3, seed=104, decay_steps=1080,
            masking=MaskingRecipe(choice_share=0.8), shares=MANY_CHOICES, ships=False,
        ),
        Recipe(
            name="mini-llada", family="llada", architecture=LARGE, init="mini-llada-second",
            steps=1400, batch_size=64, matrix_lr=4e-4, other_lr=5e-4, seed=204, decay_steps=840,
            masking=MaskingRecipe(choice_share=0.3),
        ),
    )
}  # fmt: skip
"""In the order in which they are trained."""
