"""The training loop: Muon for the matrices, AdamW for the rest, resumable at any step."""

import os
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerBase

from apd.errors import ApdError
from apd.mini.training.examples import StepInputs, inputs_from
from apd.mini.training.networks import hidden_states
from apd.mini.training.recipes import Recipe

SAVE_EVERY = 500
CURVE_EVERY = 100
READ_EVERY = 10
"""Losses are read from the device together: reading one waits for it."""
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
        torch.optim.AdamW(
            others, lr=recipe.other_lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True
        ),
    ]


def loss_of(
    network: nn.Module, states: Callable[[Tensor], Tensor], step: StepInputs, device: torch.device
) -> Tensor:
    """Weighted mean of -log p(target), a scalar; the head is applied where a state counts."""
    with torch.autocast(device.type, torch.bfloat16):
        counted = states(step.inputs).flatten(0, 1).index_select(0, step.states)  # (N, D)
        logits = network.get_submodule("lm_head")(counted).float()
        losses = F.cross_entropy(logits, step.targets, reduction="none")
    return (losses * step.weights).sum() / step.weights.sum()


def train(
    network: nn.Module,
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    state_path: Path,
    report: Report,
    *,
    device: torch.device,
    compiled: bool = True,
    workers: int = 0,
) -> dict[str, Any]:
    """Train in place, resuming from ``state_path`` when it holds a state of the same recipe.

    Args:
        report: called every 10 steps with the number of steps done and the last loss.
        workers: processes that draw examples ahead; 0: none, drawn when needed.

    Returns:
        Statistics for the manifest: steps, tokens seen, final loss (mean of the last 100 steps),
        training seconds, the machine, and the curve: (step, mean loss of the last 100 steps,
        seconds) points.
    """
    network.to(device).train()
    optimizers = make_optimizers(network, recipe)
    progress = _resume(state_path, recipe, network, optimizers)
    progress["machine"] = machine(device)
    states: Callable[[Tensor], Tensor] = lambda ids: hidden_states(network, ids)  # noqa: E731
    if compiled:
        # One compiled pass for every width a batch can have; the default limit is fewer.
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, WIDTHS)
        states = torch.compile(states, dynamic=False)
    started = time.perf_counter()
    pending: list[Tensor] = []
    for inputs in inputs_from(
        progress["step"], recipe, tokenizer, workers, pinned=device.type == "cuda"
    ):
        step = progress["step"]
        loss = loss_of(network, states, inputs.to(device), device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        _optimizer_step(optimizers, recipe, learning_rate_factor(step, recipe))
        pending.append(loss.detach())
        progress["step"] = step + 1
        progress["tokens"] += inputs.inputs.numel()
        if (step + 1) % READ_EVERY == 0 or step + 1 == recipe.steps:
            progress["losses"] = [*progress["losses"], *torch.stack(pending).tolist()][-100:]
            pending.clear()
            progress["seconds"] += time.perf_counter() - started
            started = time.perf_counter()
            report(step + 1, progress["losses"][-1])
        if (step + 1) % CURVE_EVERY == 0:
            mean = sum(progress["losses"][-CURVE_EVERY:]) / CURVE_EVERY
            progress["curve"].append([step + 1, round(mean, 4), round(progress["seconds"])])
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == recipe.steps:
            _save(state_path, recipe, network, optimizers, progress)
    return statistics_of(progress, recipe)


def statistics_of(progress: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    """What the manifest tells of a training: see :func:`train`."""
    losses = progress["losses"]
    return {
        "steps": progress["step"],
        "examples_seen": progress["step"] * recipe.batch_size,
        "tokens_seen": progress["tokens"],
        "final_loss": sum(losses) / max(len(losses), 1),
        "training_seconds": round(progress["seconds"]),
        "curve": progress["curve"],
        "machine": progress["machine"],
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
        return {
            "step": 0, "losses": [], "tokens": 0, "seconds": 0.0, "curve": [], "machine": "",
        }  # fmt: skip
    state = torch.load(path, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ApdError(f"{path} was made by another recipe: delete it or give another --work-dir")
    network.load_state_dict(state["network"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    return state["progress"]


def machine(device: torch.device) -> str:
    """The GPU, or the processor and how many of its threads torch uses."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    threads = torch.get_num_threads()
    return f"{names[0] if names else platform.machine()}, {threads} thread{'s' * (threads > 1)}"
