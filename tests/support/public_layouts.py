"""Every registered checkpoint in its published layout: full-size without content, or tiny.

``published_configs.json`` holds what the checkpoints' ``config.json`` say. The names and shapes of
their tensors are written out here, without the package and without transformers. A full-size file
is a header and a hole on the disk, so even 15 GB cost nothing to write or to map into memory.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tiny_checkpoints import VOCABULARY, tiny_tokenizer

from apd.models.registry import PAIRS

Shapes = dict[str, tuple[int, ...]]

CONTENT = json.loads((Path(__file__).parent / "published_configs.json").read_text())
CONFIGS: dict[str, dict[str, Any]] = {name: row["config"] for name, row in CONTENT.items()}
PARAMETERS: dict[str, int] = {name: row["parameters"] for name, row in CONTENT.items()}
SEPARATE_HEAD = ("dllm-hub/",)  # stored although the configuration calls it tied
DIFFUGPT_ROWS = {"diffusionfamily/diffugpt-m": 1}  # more than GPT-2 has, for the mask
WITHOUT_PREFIX = ("openai-community/",)  # `h.0...` instead of `transformer.h.0...`
WITHOUT_TEMPLATE = ("diffusionfamily/", "distilbert/", "openai-community/", "fredzzp/")

END, TURN = "<|endoftext|>", ("<|im_start|>", "<|im_end|>")
SPECIAL: dict[str, tuple[str, ...]] = {
    "gpt2": (END,),
    "qwen": (END, *TURN),
    "llada": ("<|startoftext|>", END, "<|eot_id|>", "<|mdm_mask|>"),
}
MASKS = {
    "Dream-org/": "<|mask|>",
    "apple/": "<|mask|>",
    "dllm-hub/": "<|mask|>",
    "fredzzp/": "<M>",
    "diffusionfamily/diffugpt-m": "[MASK]",
}


def stored_shapes(name: str, config: dict[str, Any]) -> Shapes:
    """Names and shapes of the tensors in the files of ``name``, at the sizes of ``config``."""
    if config["model_type"] == "llada":
        return llada_shapes(config)
    if config["model_type"] == "gpt2":
        return gpt2_shapes(name, config)
    return qwen_shapes(name, config)


def qwen_shapes(name: str, config: dict[str, Any]) -> Shapes:
    """Qwen2, Qwen3, Dream and the like."""
    D, F, V = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    H, G = config["num_attention_heads"], config["num_key_value_heads"]
    d = config.get("head_dim", D // H)
    shapes: Shapes = {"model.embed_tokens.weight": (V, D), "model.norm.weight": (D,)}
    if not config["tie_word_embeddings"] or name.startswith(SEPARATE_HEAD):
        shapes["lm_head.weight"] = (V, D)
    for n in range(config["num_hidden_layers"]):
        layer = f"model.layers.{n}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            shapes[f"{layer}{norm}.weight"] = (D,)
        for kind, heads in (("q", H), ("k", G), ("v", G)):
            shapes[f"{layer}self_attn.{kind}_proj.weight"] = (heads * d, D)
            if "qwen3" not in config["model_type"]:
                shapes[f"{layer}self_attn.{kind}_proj.bias"] = (heads * d,)
            elif kind != "v":
                shapes[f"{layer}self_attn.{kind}_norm.weight"] = (d,)
        shapes[f"{layer}self_attn.o_proj.weight"] = (D, H * d)
        shapes[f"{layer}mlp.gate_proj.weight"] = shapes[f"{layer}mlp.up_proj.weight"] = (F, D)
        shapes[f"{layer}mlp.down_proj.weight"] = (D, F)
    return shapes


def llada_shapes(config: dict[str, Any]) -> Shapes:
    """LLaDA."""
    D, F, V = config["d_model"], config["mlp_hidden_size"], config["embedding_size"]
    top = "model.transformer."
    shapes: Shapes = {f"{top}wte.weight": (V, D), f"{top}ln_f.weight": (D,)}
    shapes[f"{top}ff_out.weight"] = (V, D)
    keys = config["n_kv_heads"] * D // config["n_heads"]
    square, wide = (D, D), (F, D)
    block = {"attn_norm": (D,), "ff_norm": (D,), "q_proj": square, "k_proj": (keys, D)}
    block |= {"v_proj": (keys, D), "attn_out": square, "ff_proj": wide, "up_proj": wide}
    block |= {"ff_out": (D, F)}
    for n in range(config["n_layers"]):
        shapes |= {f"{top}blocks.{n}.{part}.weight": shape for part, shape in block.items()}
    return shapes


def gpt2_shapes(name: str, config: dict[str, Any]) -> Shapes:
    """GPT-2 and DiffuGPT; the matrices of the blocks are stored inputs first."""
    D, V, P = config["n_embd"], config["vocab_size"], config["n_positions"]
    draft = name.startswith("diffusionfamily/")
    prefix = "" if name.startswith(WITHOUT_PREFIX) else "transformer."
    top = "denoise_model." if draft else prefix
    V += DIFFUGPT_ROWS.get(name, 0)
    shapes: Shapes = {("embed_tokens" if draft else f"{top}wte") + ".weight": (V, D)}
    if draft:
        shapes["lm_head.weight"] = (V, D)
    shapes[f"{top}wpe.weight"] = (P, D)
    blocks = {"attn.c_attn": (D, 3 * D), "attn.c_proj": (D, D)}
    blocks |= {"mlp.c_fc": (D, 4 * D), "mlp.c_proj": (4 * D, D)}
    norms = [f"{top}ln_f"]
    for n in range(config["n_layer"]):
        norms += [f"{top}h.{n}.ln_1", f"{top}h.{n}.ln_2"]
        for part, shape in blocks.items():
            shapes[f"{top}h.{n}.{part}.weight"] = shape
            shapes[f"{top}h.{n}.{part}.bias"] = shape[1:]
    for norm in norms:
        shapes[f"{norm}.weight"] = shapes[f"{norm}.bias"] = (D,)
    return shapes


def write_full_size(
    directory: Path, name: str, shards: int = 1, without: Sequence[str] = ()
) -> Path:
    """The checkpoint ``name`` at full size: its configuration, and headers with a hole behind."""
    config = CONFIGS[name]
    shapes = {n: s for n, s in stored_shapes(name, config).items() if n not in without}
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config))
    separate = name.startswith(SEPARATE_HEAD)
    names = sorted(shapes, key=lambda n: (separate and n == "lm_head.weight", n))
    if shards == 1:
        write_hole(directory / "model.safetensors", {n: shapes[n] for n in names}, last=separate)
        return directory
    files = {
        n: f"model-{1 + i * shards // len(names):05d}.safetensors" for i, n in enumerate(names)
    }
    for file in set(files.values()):
        part = {n: shapes[n] for n in names if files[n] == file}
        write_hole(directory / file, part, last=separate)
    index = {"metadata": {}, "weight_map": files}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    return directory


def write_hole(path: Path, shapes: Shapes, *, last: bool) -> None:
    """A safetensors file of bfloat16 zeros that takes no room on the disk.

    Args:
        last: make its last number a one, so that the last tensor differs from all others.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
        if last:
            file.seek(-2, 2)
            file.write(b"\x80\x3f")


def reduced_config(name: str, width: int = 32) -> dict[str, Any]:
    """The published configuration with small sizes, and the ids of the tests' vocabulary."""
    config = dict(CONFIGS[name])
    tokenizer = reduced_tokenizer(name)
    end = tokenizer.convert_tokens_to_ids(END)
    ids = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end}
    config |= {key: value for key, value in ids.items() if key in config}
    if "mask_token_id" in config:
        config["mask_token_id"] = tokenizer.mask_token_id
    rows = len(tokenizer) + 4  # the last four stand for no token
    if config["model_type"] == "gpt2":
        rows = len(VOCABULARY) + 1 if name != "diffusionfamily/diffugpt-s" else 10_600
        return config | {"n_embd": width, "n_layer": 2, "n_head": 4, "vocab_size": rows}
    if config["model_type"] == "llada":
        small = {"d_model": width, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4}
        small |= {"mlp_hidden_size": width * 3 // 2, "embedding_size": rows, "vocab_size": rows}
        return config | small
    small = {"hidden_size": width, "num_hidden_layers": 2, "num_attention_heads": 4}
    small |= {"num_key_value_heads": 2, "intermediate_size": width * 3 // 2, "vocab_size": rows}
    small |= {"head_dim": 16} if "head_dim" in config else {}
    small |= {"layer_types": ["full_attention"] * 2} if "layer_types" in config else {}
    return config | small


def reduced_tokenizer(name: str) -> Any:
    """The tests' tokenizer with the special tokens of ``name``, its mask among them if it has one.

    Autoregressive models know no mask; DiffuGPT-s has made an ordinary token its mask.
    """
    kind = CONFIGS[name]["model_type"]
    special = SPECIAL.get(kind, SPECIAL["qwen"])
    mask = next((token for start, token in MASKS.items() if name.startswith(start)), None)
    tokenizer = tiny_tokenizer((*special, mask) if mask else special)
    tokenizer.eos_token = tokenizer.pad_token = END
    if mask is None and kind != "llada":
        tokenizer.mask_token = None
    if name.startswith(WITHOUT_TEMPLATE):
        tokenizer.chat_template = None
    return tokenizer


def write_reduced(directory: Path, name: str, seed: int = 0, width: int = 32) -> Path:
    """The checkpoint ``name`` with small sizes and random weights, every file as published."""
    directory.mkdir(parents=True, exist_ok=True)
    config = reduced_config(name, width)
    (directory / "config.json").write_text(json.dumps(config))
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for tensor, shape in stored_shapes(name, config).items():
        is_norm = "norm" in tensor or "ln_" in tensor
        values = torch.randn(shape, generator=generator) * (0.1 if is_norm else 0.3)
        tensors[tensor] = values + 1 if is_norm and tensor.endswith("weight") else values
    if name.startswith("diffusionfamily/"):
        tensors["lm_head.weight"] = tensors["embed_tokens.weight"].clone()
    if name == "openai-community/gpt2":  # masks, stored as early versions did
        for n in range(config["n_layer"]):
            tensors[f"h.{n}.attn.bias"] = torch.ones(1, 1, 8, 8).tril()
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    tokenizer = reduced_tokenizer(name)
    tokenizer.save_pretrained(directory)
    if name.startswith("fredzzp/"):
        only_in_added_tokens(directory, "<M>", tokenizer.convert_tokens_to_ids("<M>"))
    return directory


def only_in_added_tokens(directory: Path, token: str, token_id: int) -> None:
    """Take a token out of every tokenizer file but ``added_tokens.json``."""
    path = directory / "tokenizer.json"
    content = json.loads(path.read_text())
    content["added_tokens"] = [row for row in content["added_tokens"] if row["content"] != token]
    path.write_text(json.dumps(content))
    path = directory / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    for field in ("mask_token", "added_tokens_decoder", "extra_special_tokens"):
        settings.pop(field, None)
    path.write_text(json.dumps(settings))
    (directory / "added_tokens.json").write_text(json.dumps({token: token_id}))


def write_reduced_pair(directory: Path, pair: str, seed: int = 0) -> dict[str, Path]:
    """Directories of a registered pair's models, tiny: "dllm", "verifier", baselines by name.

    They are named as on the hub, so that what is registered about them is found.
    """
    spec, written = PAIRS[pair], {}
    named = {"dllm": spec.dllm, "verifier": spec.verifier} | {b: b for b in spec.baselines}
    for number, (role, name) in enumerate(named.items()):
        if name is not None:
            place = directory / name.rsplit("/", 1)[-1]
            written[role] = write_reduced(place, name, seed + number)
    return written


def write_cached(hub: Path, name: str, seed: int = 0) -> Path:
    """A tiny checkpoint as the hub cache keeps it: links to blobs, in a snapshot of a revision."""
    place = hub / f"models--{name.replace('/', '--')}"
    blobs = write_reduced(place / "blobs", name, seed)
    snapshot = place / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    for blob in blobs.iterdir():
        (snapshot / blob.name).symlink_to(Path("../../blobs") / blob.name)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("0123abc")
    return snapshot


def write_cached_pair(hub: Path, pair: str) -> None:
    """All models of a registered pair, tiny, so that it loads by its name and nothing else."""
    spec = PAIRS[pair]
    names = dict.fromkeys(n for n in (spec.dllm, spec.verifier, *spec.baselines) if n)
    for seed, name in enumerate(names):
        write_cached(hub, name, seed)
