"""Model cards, written from the recipe and the training statistics."""

from collections.abc import Mapping, Sequence
from typing import Any

from apd.mini.tasks import SUITE
from apd.mini.training.curriculum import taught_structures
from apd.mini.training.recipes import Family, Recipe

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

FROM_ANOTHER: Mapping[Family, str] = {
    "dream": "mini-qwen-large-start",
    "llada": "mini-qwen-large-start",
}
"""Where masked diffusion begins: an autoregressive model, as Dream did."""
ORDINALS = {2: "second", 3: "third", 4: "fourth"}

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

The rule is every {ordinal} structure in alphabetical order; of `mini_lines` the operations that
have many right results; all of `mini_essay`, where there is no plan
(`apd/mini/training/curriculum.py`).
"""


def _curriculum_section(recipe: Recipe) -> str:
    """What a model with few plans was taught; nothing for the others."""
    if recipe.taught_every == 1:
        return ""
    rows = (
        f"| `{task}` | {', '.join(taught_structures(task, recipe.taught_every))} "
        f"| {len(generator.structures)} |"
        for task, generator in SUITE.items()
        if task != "mini_essay"
    )
    ordinal = ORDINALS.get(recipe.taught_every, f"{recipe.taught_every}th")
    return WITHOUT_PLANS.format(rows="\n".join(rows), ordinal=ordinal)


def _table_of(stages: Sequence[Mapping[str, Any]]) -> str:
    """The stages of a training, a row each; the loss is the mean of the last 100 steps."""
    rows = [
        "  | recipe | steps | examples a step | tokens | peak rates | loss | time | machine |",
        "  |---|--:|--:|--:|---|--:|--:|---|",
    ]
    for stage in stages:
        recipe = stage["recipe"]
        minutes = max(round(stage["training_seconds"] / 60), 1)
        rows.append(
            f"  | `{recipe['name']}` | {stage['steps']:,} | {recipe['batch_size']} "
            f"| {stage['tokens_seen']:,} | {recipe['matrix_lr']:g}, {recipe['other_lr']:g} "
            f"| {stage['final_loss']:.4f} | {minutes} min | {stage['machine']} |"
        )
    rows += [f"\n  `{s['recipe']['name']}` ran {s['note']}." for s in stages if "note" in s]
    opening = stages[0]["recipe"]["opening"]
    if opening:
        copying = sum(steps for steps, _ in opening)
        rows.append(
            f"\n  The first {copying:,} steps are exercises in copying and looking up\n"
            "  (`apd/mini/training/recall.py`)."
        )
    return "\n".join(rows)


def model_card(recipe: Recipe, entry: Mapping[str, Any]) -> str:
    """The ``README.md`` of a checkpoint directory."""
    kind, architecture = KINDS[recipe.family]
    shape = recipe.architecture
    stages = [*entry["before"], entry]
    start = (
        f"It starts from the weights of `{FROM_ANOTHER[recipe.family]}`"
        + (
            " (a shortcut: the public LLaDA was trained from scratch; the query, key and value "
            "biases, which its format cannot hold, are dropped)"
            if recipe.family == "llada"
            else ""
        )
        if recipe.family in FROM_ANOTHER
        else "It starts from random weights"
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
- {start} and is trained by {objective}, in {len(stages)} stages:
{_table_of(stages)}
- Optimiser: Muon for the layers' matrices, AdamW for everything else; {recipe.warmup_steps} warm-up
  steps and a linear decay to zero in every stage.
- Training data are generated from the seed, never stored; the test sets in `data/tasks` have other
  numbers in every problem. Train it again with `apd train-mini --only {recipe.name}`.
- Accuracy: the table in the repository's README.
{_curriculum_section(recipe)}
Weights are float16 safetensors; SHA-256 `{entry["sha256"]}`.
"""
