"""The exported graphs compute the package's logits, with and without cached keys and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from apd.models.pairs import Pair
from apd.web.export import export_pair

runtime = pytest.importorskip("onnxruntime", reason="onnxruntime comes with the dev extra")

CLOSE = 1e-3


@pytest.fixture(scope="module")
def manifest(exported: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((exported / "manifest.json").read_text(encoding="utf-8"))
    return content


def run(exported: Path, described: dict[str, Any], tokens: torch.Tensor, cuts: list[int]) -> Any:
    """Logits of all positions, computed stretch by stretch between the cuts."""
    session = runtime.InferenceSession(str(exported / described["file"]))
    shape = (described["layers"], described["kv_heads"], 0, described["head_dim"])
    keys = values = np.zeros(shape, dtype=np.float32)
    logits = []
    for start, stop in zip([0, *cuts], [*cuts, len(tokens)], strict=True):
        given = {
            "tokens": tokens[start:stop].numpy(),
            "positions": np.arange(start, stop),
            "past_keys": keys,
            "past_values": values,
        }
        rows, new_keys, new_values = session.run(None, given)
        keys, values = (np.concatenate(p, 2) for p in ((keys, new_keys), (values, new_values)))
        logits.append(rows)
    return torch.from_numpy(np.concatenate(logits))


def text(pair: Pair, masks: int) -> torch.Tensor:
    prompt = pair.encode_chat("Ben is 19 years old and Elsa is 4 years older. How old is Elsa?")
    return torch.cat([prompt, torch.full((masks,), pair.dllm.mask_token_id)])


def test_the_dllm_s_logits(mini_pair: Pair, exported: Path, manifest: dict[str, Any]) -> None:
    tokens = text(mini_pair, masks=20)
    whole = run(exported, manifest["models"]["dllm"], tokens, cuts=[])
    expected = mini_pair.dllm.canvas_logits(tokens)
    offset = manifest["models"]["dllm"]["prediction_offset"]
    torch.testing.assert_close(whole[:-offset], expected[offset:], atol=CLOSE, rtol=0)


@pytest.mark.parametrize("name", ["verifier", "mini-qwen-large"])
def test_causal_logits(
    mini_pair: Pair, exported: Path, manifest: dict[str, Any], name: str
) -> None:
    model = mini_pair.verifier if name == "verifier" else mini_pair.baselines[name]
    tokens = text(mini_pair, masks=0)
    expected = model.scorer().logits(tokens, 1, len(tokens) + 1)
    for cuts in ([], [5, 6, len(tokens) - 1]):
        found = run(exported, manifest["models"][name], tokens, cuts)
        torch.testing.assert_close(found, expected, atol=CLOSE, rtol=0)


def test_the_dllm_s_cached_logits(
    mini_pair: Pair, exported: Path, manifest: dict[str, Any]
) -> None:
    """What W leaves unchanged is read from the cache: both sides compute the second pass alone."""
    tokens = text(mini_pair, masks=12)
    start, window = len(tokens) - 12, mini_pair.dllm.window(2)
    window.logits(tokens, start, len(tokens))
    tokens[start : start + 3] = torch.tensor([20, 21, 22])
    expected = window.logits(tokens, start + 3, len(tokens))
    first = start + 3 - 2 - 3 + 1
    described = manifest["models"]["dllm"]
    session = runtime.InferenceSession(str(exported / described["file"]))
    shape = (described["layers"], described["kv_heads"], 0, described["head_dim"])
    nothing = np.zeros(shape, dtype=np.float32)
    before = text(mini_pair, masks=12)
    _, keys, values = session.run(
        None,
        {
            "tokens": before.numpy(),
            "positions": np.arange(len(before)),
            "past_keys": nothing,
            "past_values": nothing,
        },
    )
    given = {
        "tokens": tokens[first:].numpy(),
        "positions": np.arange(first, len(tokens)),
        "past_keys": keys[:, :, :first],
        "past_values": values[:, :, :first],
    }
    rows = torch.from_numpy(session.run(["logits"], given)[0])
    found = rows[start + 3 - first - 1 : -1]
    torch.testing.assert_close(found, expected, atol=CLOSE, rtol=0)


def test_every_file_has_its_checksum(exported: Path, manifest: dict[str, Any]) -> None:
    import hashlib

    described = [manifest["tokenizer"], *manifest["models"].values()]
    for entry in described:
        content = (exported / entry["file"]).read_bytes()
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_the_same_checkpoints_are_not_exported_again(exported: Path) -> None:
    before = (exported / "dllm.onnx").stat().st_mtime_ns
    export_pair("mini", exported)
    assert (exported / "dllm.onnx").stat().st_mtime_ns == before
