"""Write the models of a pair for a page: ONNX graphs, tokenizer, and what a decoder must know.

Everything is made from checkpoints when the book is built, and never committed. Weights that
float16 holds without loss, as the shipped ones, are stored in it; a browser's CPU computes in
float32 and widens them when the page loads.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.models.locations import find_checkpoint
from apd.models.registry import pair_spec

if TYPE_CHECKING:
    from apd.models.pairs import Pair

TOKENIZER = "tokenizer.json"
MANIFEST = "manifest.json"


def export_pair(name: str, target: Path) -> Path:
    """Write every model of a pair into `target`, with a manifest; return the manifest's path.

    Nothing is written when what is there was made from the same checkpoints by the same code.

    Args:
        name: of a registered pair, loaded in float32.
        target: created if it is missing; files of the same name are replaced.

    Raises:
        ApdError: no such pair, its checkpoints are missing, or the packages that export are.
    """
    from apd.models.pairs import load_pair

    manifest, source = target / MANIFEST, fingerprint(name)
    if manifest.is_file():
        written = json.loads(manifest.read_text(encoding="utf-8"))
        if written.get("made_from") == source:
            return manifest
    target.mkdir(parents=True, exist_ok=True)
    pair = load_pair(name, device="cpu", dtype="float32", baselines=True)
    shutil.copyfile(find_checkpoint(pair_spec(name).dllm) / TOKENIZER, target / TOKENIZER)
    content = {"made_from": source, "pair": name, **describe(pair, target)}
    manifest.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return manifest


def fingerprint(name: str) -> str:
    """Hash of everything that decides what `export_pair` writes: checkpoints and this code."""
    spec = pair_spec(name)
    named = (spec.dllm, spec.verifier, *spec.baselines)
    folders = [find_checkpoint(model) for model in dict.fromkeys(named) if model]
    files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
    files += sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(
        b"".join(hashlib.sha256(f.read_bytes()).digest() for f in files)
    ).hexdigest()


def describe(pair: Pair, target: Path) -> dict[str, Any]:
    """Write the graphs of a loaded pair; the manifest's account of models and conversation.

    A baseline that is the verifier itself is written once.
    """
    from apd.models.chat import control_tokens
    from apd.web.conversation import conversation_pieces

    models: dict[str, Any] = {"dllm": _export("dllm", pair.dllm, False, target)}
    if pair.verifier is not None:
        models["verifier"] = _export("verifier", pair.verifier, True, target)
    for name, model in pair.baselines.items():
        same = model is pair.verifier
        models[name] = models["verifier"] if same else _export(name, model, True, target)
    return {
        "models": models,
        "baselines": list(pair.baselines),
        "tokenizer": _file(target / TOKENIZER),
        "conversation": conversation_pieces(pair),
        "control_tokens": control_tokens(pair.tokenizer),
    }


def _export(role: str, served: Any, causal: bool, target: Path) -> dict[str, Any]:
    """Write one model; what its decoder needs to know of it."""
    from apd.web.graph import write_graph
    from apd.web.segment_pass import SegmentPass

    graph = SegmentPass(served.model, causal=causal).eval()
    path = target / f"{role}.onnx"
    write_graph(graph, path)
    described = _file(path) | {
        "causal": causal,
        "layers": len(graph.layers),
        "kv_heads": graph.kv_heads,
        "head_dim": graph.head_dim,
        "longest": graph.longest,
        "vocab_size": served.vocab_size,
        "end_token_ids": sorted(served.end_token_ids),
        "forbidden_token_ids": served.forbidden_token_ids.tolist(),
    }
    if causal:
        return described
    shift = {"prediction_offset": served.model.prediction_offset}
    return described | shift | {"mask_token_id": served.mask_token_id}


def _file(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"file": path.name, "bytes": len(content), "sha256": digest}
