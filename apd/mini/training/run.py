"""Training the tokenizer and all four models in order, resumable, each written when done."""

import argparse
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from apd.errors import ApdError
from apd.mini.tokenizer import save_tokenizer
from apd.mini.training.export import export
from apd.mini.training.loop import statistics_of, train
from apd.mini.training.networks import build_network, start_from
from apd.mini.training.recipes import RECIPES, Recipe
from apd.models.placement import choose_device
from apd.paths import data_dir

WORKERS_BESIDE_A_GPU = 5
"""Processes that draw examples: a core draws some 5,000 a second, a GPU trains on more."""


def train_models(arguments: argparse.Namespace) -> int:
    """Train what the arguments ask for, writing each model as soon as it is done.

    Raises:
        ApdError: a setting is out of range, or a starting model is missing or unfinished.
    """
    if arguments.workers is not None and arguments.workers < 0:
        raise ApdError(f"--workers {arguments.workers}: must be at least 0 (0: no processes)")
    if arguments.threads is not None:
        if arguments.threads < 1:
            raise ApdError(f"--threads {arguments.threads}: must be at least 1")
        torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    work: Path = arguments.work_dir
    models = arguments.output or data_dir() / "models"
    console = Console(stderr=True)
    tokenizer = _tokenizer(work)
    for recipe in RECIPES.values():
        if arguments.only and recipe.name not in arguments.only:
            continue
        network = build_network(recipe, tokenizer)
        if recipe.init:
            left_out = start_from(network, _trained(RECIPES[recipe.init], tokenizer, work))
            if left_out:
                console.print(f"{recipe.name}: {len(left_out)} tensors of {recipe.init} left out")
        compiled = not arguments.no_compile
        workers = arguments.workers
        if workers is None:
            workers = WORKERS_BESIDE_A_GPU if device.type == "cuda" else 0
        statistics = _train_with_progress(
            network, recipe, tokenizer, work, device, compiled, workers, console
        )
        if recipe.ships:
            before = _statistics_before(recipe, work)
            written = export(network, recipe, statistics, before, tokenizer, models)
            console.print(f"wrote {written}")
    return 0


def _tokenizer(work: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of this work directory, trained if it is not there yet."""
    folder = work / "tokenizer"
    if (folder / "tokenizer.json").is_file():
        return AutoTokenizer.from_pretrained(folder)
    return save_tokenizer(folder)


def _state_path(recipe: Recipe, work: Path) -> Path:
    return work / f"{recipe.name}.pt"


def _state(recipe: Recipe, work: Path) -> dict[str, Any]:
    path = _state_path(recipe, work)
    if not path.is_file():
        raise ApdError(f"{path} is missing: train {recipe.name} first (apd train-mini)")
    return torch.load(path, weights_only=True, map_location="cpu")


def _statistics_before(recipe: Recipe, work: Path) -> list[dict[str, Any]]:
    """Recipe and statistics of every training that ``recipe`` goes on from, the first one first."""
    if recipe.init is None:
        return []
    earlier = RECIPES[recipe.init]
    state = _state(earlier, work)
    entry = {"recipe": state["recipe"], **statistics_of(state["progress"], earlier)}
    return [*_statistics_before(earlier, work), entry]


def _trained(recipe: Recipe, tokenizer: PreTrainedTokenizerBase, work: Path) -> nn.Module:
    """The finished network of ``recipe`` from its training state."""
    state = _state(recipe, work)
    if state["progress"]["step"] < recipe.steps:
        raise ApdError(
            f"{recipe.name} stopped at step {state['progress']['step']} of {recipe.steps}: "
            f"finish it with `apd train-mini --only {recipe.name}`"
        )
    network = build_network(recipe, tokenizer)
    network.load_state_dict(state["network"])
    return network


def _train_with_progress(
    network: nn.Module,
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    work: Path,
    device: torch.device,
    compiled: bool,
    workers: int,
    console: Console,
) -> dict[str, Any]:
    """Train with a bar that shows the loss and the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} loss {task.fields[loss]:.4f}"),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(recipe.name, total=recipe.steps, loss=float("nan"))
        return train(
            network,
            recipe,
            tokenizer,
            _state_path(recipe, work),
            lambda step, loss: progress.update(bar, completed=step, loss=loss),
            device=device,
            compiled=compiled,
            workers=workers,
        )
