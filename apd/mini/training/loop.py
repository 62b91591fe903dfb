"""The training loop: Muon for the matrices, AdamW for the rest, resumable at any step."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from apd.errors import ApdError
from apd.mini.lexicon import NAMES
from apd.mini.tokenizer import MASK, token_id
from apd.mini.training.batches import training_batch
from apd.mini.training.networks import hidden_states
from apd.mini.training.objectives import (
    autoregressive_targets,
    masked_targets,
    weighted_cross_entropy,
)
from apd.mini.training.recipes import Recipe

SAVE_EVERY = 100
CURVE_EVERY = 50
WIDTHS = 32
Report = Callable[[int, float], None]


def learning_rate_factor(step: int, recipe: Recipe) -> float:
    """Linear warm-up, constant, linear decay to zero; in [0, 1]."""
    rising = (step + 1) / recipe.warmup_steps
    falling = (recipe.steps - step) / recipe.decay_steps
    return max(min(rising, 1.0, falling), 0.0)


def make_optimizers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon (orthogonalised momentum) on hidden matrices, AdamW on embeddings, head and vectors."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        hidden = parameter.ndim == 2 and not any(w in name for w in ("embed_tokens", "lm_head"))
        (matrices if hidden else others).append(parameter)
    return [
        torch.optim.Muon(
            matrices, lr=recipe.matrix_lr, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=recipe.other_lr, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def hard_token_ids(tokenizer: PreTrainedTokenizerBase) -> Tensor:
    """(H,) ids of digits, choice letters and names: what an answer has to work out."""
    worked_out = [*"0123456789ABCD", *NAMES, *(f" {name}" for name in NAMES)]
    return torch.tensor([tokenizer(word)["input_ids"] for word in worked_out]).squeeze(1)


def loss_of_step(
    network: nn.Module,
    states: Callable[[Tensor], Tensor],
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    step: int,
    device: torch.device,
) -> tuple[Tensor, int]:
    """The recipe's objective on the batch of ``step`` (scalar), and how many tokens were fed."""
    diffusion = recipe.masking is not None
    batch = training_batch(
        tokenizer, recipe.shares_at(step), recipe.seed, step, recipe.batch_size,
        windows=diffusion, curriculum=recipe.curriculum,
    )  # fmt: skip
    if recipe.masking is not None:
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        mask_id = token_id(tokenizer, MASK)
        inputs, weights = masked_targets(
            batch, mask_id, hard_token_ids(tokenizer), recipe.masking, generator
        )
    else:
        inputs, weights = autoregressive_targets(batch)
    with torch.autocast(device.type, torch.bfloat16):
        hidden = states(inputs.to(device))
        loss = weighted_cross_entropy(
            hidden,
            network.get_submodule("lm_head"),
            batch.tokens.to(device),
            weights.to(device),
            shifted=recipe.family != "llada",
        )
    return loss, inputs.numel()


def train(
    network: nn.Module,
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    state_path: Path,
    report: Report,
    *,
    device: torch.device,
    compiled: bool = True,
) -> dict[str, Any]:
    """Train in place, resuming from ``state_path`` when it holds a state of the same recipe.

    Returns:
        Statistics for the manifest: steps, tokens seen, final loss (mean of the last 100 steps),
        training seconds, and the curve: (step, mean loss of the last 50 steps, seconds) points.
    """
    network.to(device).train()
    optimizers = make_optimizers(network, recipe)
    progress = _resume(state_path, recipe, network, optimizers)
    states: Callable[[Tensor], Tensor] = lambda ids: hidden_states(network, ids)  # noqa: E731
    if compiled:
        # One compiled pass for every width a batch can have; the default limit is fewer.
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, WIDTHS)
        states = torch.compile(states, dynamic=False)
    while progress["step"] < recipe.steps:
        started = time.perf_counter()
        step = progress["step"]
        loss, tokens = loss_of_step(network, states, recipe, tokenizer, step, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        _optimizer_step(optimizers, recipe, learning_rate_factor(step, recipe))
        progress["step"] = step + 1
        progress["losses"] = [*progress["losses"][-99:], loss.item()]
        progress["tokens"] += tokens
        progress["seconds"] += time.perf_counter() - started
        if (step + 1) % CURVE_EVERY == 0:
            mean = sum(progress["losses"][-CURVE_EVERY:]) / CURVE_EVERY
            progress["curve"].append([step + 1, round(mean, 4), round(progress["seconds"])])
        report(step + 1, loss.item())
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == recipe.steps:
            _save(state_path, recipe, network, optimizers, progress)
    losses = progress["losses"]
    return {
        "steps": progress["step"],
        "examples_seen": progress["step"] * recipe.batch_size,
        "tokens_seen": progress["tokens"],
        "final_loss": sum(losses) / max(len(losses), 1),
        "training_seconds": round(progress["seconds"]),
        "curve": progress["curve"],
    }


def _optimizer_step(
    optimizers: Iterable[torch.optim.Optimizer], recipe: Recipe, factor: float
) -> None:
    for optimizer, peak in zip(optimizers, (recipe.matrix_lr, recipe.other_lr), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = peak * factor
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def _save(
    path: Path,
    recipe: Recipe,
    network: nn.Module,
    optimizers: Iterable[torch.optim.Optimizer],
    progress: dict[str, Any],
) -> None:
    """Write the whole training state, atomically, so that a killed run resumes from it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "recipe": asdict(recipe),
        "network": network.state_dict(),
        "optimizers": [o.state_dict() for o in optimizers],
        "progress": progress,
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def _resume(
    path: Path,
    recipe: Recipe,
    network: nn.Module,
    optimizers: Iterable[torch.optim.Optimizer],
) -> dict[str, Any]:
    if not path.is_file():
        return {"step": 0, "losses": [], "tokens": 0, "seconds": 0.0, "curve": []}
    state = torch.load(path, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ApdError(f"{path} was made by another recipe: delete it or give another --work-dir")
    network.load_state_dict(state["network"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    return state["progress"]
