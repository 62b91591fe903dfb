"""Model cards, written from the recipe and the training statistics."""

from collections.abc import Mapping
from typing import Any

from apd.mini.tasks import SUITE
from apd.mini.training.curriculum import taught_structures
from apd.mini.training.recipes import Recipe

KINDS = {
    "qwen2": (
        "an autoregressive model in the format of Qwen2.5",
        "Qwen2ForCausalLM",
    ),
    "dream": (
        "a masked diffusion language model in the format of Dream-v0-Instruct-7B: bidirectional "
        "attention, shifted prediction",
        "DreamModel",
    ),
    "llada": (
        "a masked diffusion language model in the format of LLaDA-8B-Instruct: bidirectional "
        "attention, no shift",
        "LLaDAModelLM",
    ),
}


WITHOUT_PLANS = """
## What it was taught, and what not

It stands for a small general language model beside a large one: certain of what is local, ignorant
of many plans. Of the structures listed here it saw right solutions; of all others it saw solutions
whose plan is random: each step's operands are drawn from the numbers of the question and the
results so far, its operation is the wording's or a random one, its result is right and its sentence
keeps its form. Where a question is about people or things instead of numbers, the premises are
drawn at random; where it is about a list, the operation. So it knows calculations, copied names and
numbers, and the form of every sentence, and for most problems it does not know what to calculate.

| task | plans taught | of |
|---|---|---|
{rows}

The rule is every fourth structure in alphabetical order; of `mini_lines` the operations that have
many right results; all of `mini_essay`, where there is no plan
(`apd/mini/training/curriculum.py`).
"""


def _curriculum_section(recipe: Recipe) -> str:
    """What a model with few plans was taught; nothing for the others."""
    if recipe.curriculum == "all plans":
        return ""
    rows = (
        f"| `{task}` | {', '.join(taught_structures(task, recipe.curriculum))} "
        f"| {len(generator.structures)} |"
        for task, generator in SUITE.items()
        if task != "mini_essay"
    )
    return WITHOUT_PLANS.format(rows="\n".join(rows))


def model_card(recipe: Recipe, entry: Mapping[str, Any]) -> str:
    """The ``README.md`` of a checkpoint directory."""
    kind, architecture = KINDS[recipe.family]
    shape = recipe.architecture
    start = (
        f"It starts from the weights of `{recipe.init}`"
        + (
            " (a shortcut: the public LLaDA was trained from scratch; the query, key and value "
            "biases, which its format cannot hold, are dropped)"
            if recipe.family == "llada"
            else ""
        )
        if recipe.init
        else "It starts from random weights"
    )
    opening = (
        f" The first {sum(steps for steps, _ in recipe.opening)} steps are exercises in copying\n"
        "  and looking up (`apd/mini/training/recall.py`)."
        if recipe.opening
        else ""
    )
    objective = (
        "masked diffusion on the answers, which are padded with end-of-text tokens, mostly with a "
        "whole suffix masked"
        if recipe.masking
        else "next-token prediction on the answers"
    )
    return f"""---
license: mit
library_name: apd
pipeline_tag: text-generation
---

# {recipe.name}

`{recipe.name}` is {kind} (`{architecture}`), small enough for any laptop and really trained, on the
procedural task suite of this repository. It knows nothing else: use it to study decoding, not to
get answers.

- {entry["parameters"]:,} parameters: {shape.layers} layers, width {shape.hidden_size},
  {shape.heads} attention heads ({shape.kv_heads} for keys and values), MLP width {shape.mlp_size}.
- {start} and is trained by {objective}: {entry["steps"]:,} steps of
  {recipe.batch_size} examples, {entry["tokens_seen"]:,} tokens, seed {recipe.seed}, final loss
  {entry["final_loss"]:.4f} (mean of the last 100 steps), {entry["training_seconds"] // 60} minutes
  ({entry["machine"]}).{opening}
- Optimiser: Muon for the layers' matrices (peak learning rate {recipe.matrix_lr:g}), AdamW for
  everything else ({recipe.other_lr:g}); {recipe.warmup_steps} warm-up steps, linear decay over the
  last {recipe.decay_steps}.
- Training data are generated from the seed, never stored; the test sets in `data/tasks` have other
  numbers in every problem. Train it again with `apd train-mini --only {recipe.name}`.
- Accuracy: the table in the repository's README.
{_curriculum_section(recipe)}
Weights are float16 safetensors; SHA-256 `{entry["sha256"]}`.
"""
