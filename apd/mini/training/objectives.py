"""The two training objectives: next-token prediction, and masked diffusion with clean prefixes."""

import torch
from torch import Tensor

from apd.mini.training.batches import Batch
from apd.mini.training.recipes import MaskingRecipe


def autoregressive_targets(batch: Batch) -> tuple[Tensor, Tensor]:
    """Weights and inputs of next-token prediction on the responses.

    Returns:
        inputs: (B, T), the clean tokens; weights: (B, T), 1 on response tokens, else 0.
    """
    position = torch.arange(batch.tokens.shape[1])
    in_response = (position >= batch.response_start[:, None]) & (
        position < batch.response_end[:, None]
    )
    return batch.tokens, in_response.float()


def masked_targets(
    batch: Batch,
    mask_token_id: int,
    hard_token_ids: Tensor,
    recipe: MaskingRecipe,
    generator: torch.Generator,
    choice_ids: Tensor,
) -> tuple[Tensor, Tensor]:
    """Corrupt a batch: ``(inputs, weights)``, both (B, T); weight 0 where nothing is masked.

    ``hard_token_ids`` (H,) are the tokens at which ``hard_share`` of the suffixes begin, and
    ``choice_ids`` (C,) the choices of a question, for ``choice_share``.
    """
    B, T = batch.tokens.shape
    position = torch.arange(T).expand(B, T)
    start, end = batch.response_start[:, None], batch.response_end[:, None]
    in_answer = position >= start

    uniform = torch.rand(B, 1, generator=generator)
    frontier = start + (uniform * (end - start + 1)).long()
    hard = in_answer & (position < end) & torch.isin(batch.tokens, hard_token_ids)
    ticket = torch.rand(B, T, generator=generator).masked_fill(~hard, -1.0)
    at_hard = torch.rand(B, 1, generator=generator) < recipe.hard_share
    at_hard &= hard.any(dim=1, keepdim=True)
    frontier = torch.where(at_hard, ticket.argmax(dim=1, keepdim=True), frontier)
    if recipe.choice_share:
        choice = in_answer & (position < end) & torch.isin(batch.tokens, choice_ids)
        at_choice = torch.rand(B, 1, generator=generator) < recipe.choice_share
        at_choice &= choice.any(dim=1, keepdim=True)
        last = torch.where(choice, position, -1).amax(dim=1, keepdim=True)
        frontier = torch.where(at_choice, last, frontier)
    suffix = position >= frontier
    rate = torch.rand(B, 1, generator=generator)
    scattered = in_answer & (torch.rand(B, T, generator=generator) < rate)
    is_suffix = torch.rand(B, 1, generator=generator) < recipe.suffix_share
    masked = torch.where(is_suffix, suffix, scattered)

    floor = torch.where(position < end, recipe.floor, recipe.padding)
    by_distance = torch.maximum(recipe.decay ** (position - frontier).clamp(min=0).float(), floor)
    by_distance = torch.where(position < end, by_distance, by_distance.clamp(max=0.25))
    even = torch.where(position < end, 0.15, recipe.padding)
    weights = torch.where(is_suffix, by_distance, even) * masked
    return batch.tokens.masked_fill(masked, mask_token_id), weights
