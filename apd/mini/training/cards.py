"""Model cards, written from the recipe and the training statistics."""

from collections.abc import Mapping
from typing import Any

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
  {entry["final_loss"]:.4f} (mean of the last 100 steps).
- Optimiser: Muon for the layers' matrices (peak learning rate {recipe.matrix_lr:g}), AdamW for
  everything else ({recipe.other_lr:g}); {recipe.warmup_steps} warm-up steps, linear decay over the
  last {recipe.decay_steps}.
- Training data are generated from the seed, never stored; the test sets in `data/tasks` have other
  numbers in every problem. Train it again with `apd train-mini --only {recipe.name}`.
- Accuracy: the table in the repository's README.

Weights are float16 safetensors; SHA-256 `{entry["sha256"]}`.
"""
