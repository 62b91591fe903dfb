"""What the steps of a recipe are fed, drawn by worker processes ahead of the training loop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from transformers import PreTrainedTokenizerBase

from apd.mini.lexicon import NAMES
from apd.mini.multiple_choice import LETTERS
from apd.mini.tokenizer import MASK, token_id
from apd.mini.training.batches import BATCHES_A_CHUNK, training_batch
from apd.mini.training.objectives import autoregressive_targets, masked_targets
from apd.mini.training.recipes import Recipe


@dataclass(frozen=True)
class StepInputs:
    """One step: what the network reads, and which of its states predict what, how heavily.

    Attributes:
        inputs: (B, T) long, the tokens fed.
        states: (N,) long, indices into the B * T flattened hidden states.
        targets: (N,) long, the token that each of them predicts.
        weights: (N,), positive.
    """

    inputs: Tensor
    states: Tensor
    targets: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> "StepInputs":
        tensors = (self.inputs, self.states, self.targets, self.weights)
        return StepInputs(*(tensor.to(device, non_blocking=True) for tensor in tensors))

    def pin_memory(self) -> "StepInputs":
        tensors = (self.inputs, self.states, self.targets, self.weights)
        return StepInputs(*(tensor.pin_memory() for tensor in tensors))


CHOICES = tuple(f" ({letter})" for letter in LETTERS)


def hard_token_ids(tokenizer: PreTrainedTokenizerBase) -> Tensor:
    """(H,) ids of digits, choices and names: what an answer has to work out."""
    worked_out = (*"0123456789", *CHOICES, *NAMES, *(f" {name}" for name in NAMES))
    return _ids(tokenizer, worked_out)


def _ids(tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> Tensor:
    """(N,) ids of words that are a token each."""
    return torch.tensor([tokenizer(word)["input_ids"] for word in words]).squeeze(1)


def inputs_of_step(
    recipe: Recipe, tokenizer: PreTrainedTokenizerBase, hard_tokens: Tensor, step: int
) -> StepInputs:
    """The batch of ``step`` under the recipe's objective: a pure function of recipe and step."""
    batch = training_batch(
        tokenizer, recipe.shares_at(step), recipe.seed, step, recipe.batch_size,
        windows=recipe.masking is not None, taught_every=recipe.taught_every,
    )  # fmt: skip
    if recipe.masking is None:
        inputs, weights = autoregressive_targets(batch)
    else:
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        mask_id = token_id(tokenizer, MASK)
        choices = _ids(tokenizer, CHOICES)
        inputs, weights = masked_targets(
            batch, mask_id, hard_tokens, recipe.masking, generator, choices
        )
    # The state at i - 1 predicts token i (autoregressive models, Dream), or the state at i (LLaDA).
    shift = 0 if recipe.family == "llada" else 1
    weights[:, :shift] = 0.0
    chosen = weights.flatten().nonzero().squeeze(1)
    return StepInputs(
        inputs, chosen - shift, batch.tokens.flatten()[chosen], weights.flatten()[chosen]
    )


class ChunksOfSteps(Dataset[list[StepInputs]]):
    """Chunk c: the inputs of the steps whose examples are drawn together."""

    def __init__(self, recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> None:
        self.recipe, self.tokenizer = recipe, tokenizer
        self.hard_tokens = hard_token_ids(tokenizer)

    def __getitem__(self, chunk: int) -> list[StepInputs]:
        first = chunk * BATCHES_A_CHUNK
        last = min(first + BATCHES_A_CHUNK, self.recipe.steps)
        return [
            inputs_of_step(self.recipe, self.tokenizer, self.hard_tokens, step)
            for step in range(first, last)
        ]


def inputs_from(
    step: int, recipe: Recipe, tokenizer: PreTrainedTokenizerBase, workers: int, pinned: bool
) -> Iterator[StepInputs]:
    """The inputs of ``step`` and all later ones, in order, whatever the number of workers.

    Args:
        workers: processes that draw ahead; with 0 the caller draws, when asked.
        pinned: whether the tensors are to be copied to a GPU (page-locked memory).
    """
    first, skipped = divmod(step, BATCHES_A_CHUNK)
    loader = DataLoader(
        ChunksOfSteps(recipe, tokenizer),
        batch_size=None,
        sampler=range(first, -(-recipe.steps // BATCHES_A_CHUNK)),
        num_workers=workers,
        pin_memory=pinned,
        prefetch_factor=4 if workers else None,
    )
    for chunk in loader:
        yield from chunk[skipped:]
        skipped = 0
