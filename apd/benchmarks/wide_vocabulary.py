"""The mini bodies with a real vocabulary: where sorting, noise and output layers dominate.

The trained rows of embedding and output layer stay; random rows are added up to the size of a real
vocabulary, as tokens that may be sampled. They are scaled so that they seldom win, so acceptance
stays realistic; the texts mean nothing all the same. For timing only.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from apd.errors import ApdError
from apd.models import Pair, load_pair
from apd.models.checkpoint import read_tensors, write_checkpoint
from apd.models.files import read_json
from apd.models.locations import find_checkpoint
from apd.models.registry import pair_spec

LABEL = "timing only: random head"
ROW_SCALE = 0.1  # of the trained output rows' size


@contextmanager
def wide_models(pair: str, vocabulary: int) -> Iterator[Pair]:
    """The pair's bodies with `vocabulary` rows, its files in a temporary folder while in use.

    Raises:
        ApdError: the pair has no verifier, or a larger vocabulary already.
    """
    spec = pair_spec(pair)
    if spec.verifier is None:
        raise ApdError(f"pair {pair!r} has no verifier, so no APD to time; use mini")
    with tempfile.TemporaryDirectory(prefix="apd-wide-") as folder:
        dllm, verifier = Path(folder) / "dllm", Path(folder) / "verifier"
        widen_checkpoint(find_checkpoint(spec.dllm), dllm, vocabulary)
        widen_checkpoint(find_checkpoint(spec.verifier), verifier, vocabulary)
        yield load_pair(pair, device="cpu", dtype="float32", dllm=dllm, verifier=verifier)


def widen_checkpoint(source: Path, target: Path, vocabulary: int, seed: int = 0) -> None:
    """Write a copy of a checkpoint with random rows added to embedding and output layer.

    Args:
        source, target: checkpoint directories.
        vocabulary: rows afterwards, at least as many as before.
        seed: of the random rows.

    Raises:
        ApdError: the checkpoint has more rows already.
    """
    config = read_json(source / "config.json")
    known = config["vocab_size"]
    if vocabulary < known:
        raise ApdError(f"vocabulary={vocabulary}: {source.name} has {known} rows already; use more")
    tensors = read_tensors(source)
    generator = torch.Generator().manual_seed(seed)
    for name, scale in (("model.embed_tokens.weight", 1.0), ("lm_head.weight", ROW_SCALE)):
        rows = tensors[name]
        added = torch.randn(vocabulary - known, rows.shape[1], generator=generator)
        added *= scale * rows.float().square().mean().sqrt()
        tensors[name] = torch.cat([rows, added.to(rows.dtype)])
    write_checkpoint(target, config | {"vocab_size": vocabulary}, tensors)
    for path in source.iterdir():
        if path.name.startswith(("tokenizer", "chat_template")):
            shutil.copy(path, target / path.name)
    widen_tokenizer(target / "tokenizer.json", known, vocabulary)


def widen_tokenizer(path: Path, known: int, vocabulary: int) -> None:
    """Name the added rows, so that they count as tokens."""
    content: dict[str, Any] = read_json(path)
    words = content["model"]["vocab"]
    words.update({f"<row {token}>": token for token in range(known, vocabulary)})
    path.write_text(json.dumps(content), encoding="utf-8")
