"""Trained networks as shipped checkpoints: official format, tokenizer, model card, manifest."""

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from apd.mini.training.cards import model_card
from apd.mini.training.recipes import Family, Recipe
from apd.models.dream import save_dream_checkpoint
from apd.models.files import WEIGHTS
from apd.models.llada import save_llada_checkpoint
from apd.models.verifier import save_qwen2_checkpoint

SAVERS: Mapping[Family, Any] = {
    "qwen2": save_qwen2_checkpoint,
    "dream": save_dream_checkpoint,
    "llada": save_llada_checkpoint,
}
MANIFEST = "manifest.json"
PRECISION = torch.float16
"""As small as bfloat16 and three bits more precise; the weights are far inside its range."""


def export(
    network: nn.Module,
    recipe: Recipe,
    statistics: Mapping[str, Any],
    before: Sequence[Mapping[str, Any]],
    tokenizer: PreTrainedTokenizerBase,
    models: Path,
) -> Path:
    """Write ``models/<name>/`` and the model's entry of ``models/manifest.json``.

    Args:
        statistics: what :func:`apd.mini.training.loop.train` returned.
        before: recipe and statistics of the trainings it went on from, the first one first.
        models: the directory of all shipped models.

    Returns:
        The checkpoint's directory.
    """
    directory = models / recipe.name
    SAVERS[recipe.family](network, directory, PRECISION)
    tokenizer.save_pretrained(directory)
    parameters = sum(p.numel() for p in network.parameters())
    entry = {
        "sha256": sha256_of(directory / WEIGHTS),
        "parameters": parameters,
        **statistics,
        "recipe": asdict(recipe),
        "before": list(before),
        "commit": current_commit(),
        "torch": torch.__version__,
    }
    manifest = read_manifest(models) | {recipe.name: entry}
    (models / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    (directory / "README.md").write_text(model_card(recipe, entry), encoding="utf-8")
    return directory


def read_manifest(models: Path) -> dict[str, Any]:
    """The manifest's entries by model name; empty if there is none yet."""
    path = models / MANIFEST
    return json.loads(path.read_text()) if path.is_file() else {}


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def current_commit() -> str:
    """The commit of the training code, or ``unknown`` outside a git checkout."""
    git = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return git.stdout.strip() if git.returncode == 0 else "unknown"
