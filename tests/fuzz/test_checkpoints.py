"""Checkpoints whose files are not as they should be: refused in one line, or read as transformers
reads them."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from fuzz_cases import SCALARS, cases, changed, edits_of, same_or_refused
from hypothesis import strategies as st
from tiny_checkpoints import random_ids, write_dream, write_llada, write_qwen
from transformers import Qwen2ForCausalLM
from transformers.utils import logging

from apd.decoding import CanvasRequest, JointRequest
from apd.models.pairs import load_ar
from apd.models.placement import choose_device

CPU = choose_device("cpu")
IDS = random_ids(9)
WRITERS: dict[str, Callable[[Path], Path]] = {
    "qwen": write_qwen,
    "dream": write_dream,
    "llada": write_llada,
}
# Spellings of the same values that versions of transformers have written, and ways to contradict.
KNOWN = {
    "rope_theta": [10_000.0, 500_000.0, 1_000_000, "1e6"],
    "rope_scaling": [None, {"type": "default"}, {"type": "yarn", "factor": 4.0}, {"factor": 2.0},
                     {"rope_type": "linear", "factor": 2.0}],
    "rope_parameters": [{"rope_type": "default"}, {"rope_type": "default", "rope_theta": 500_000.0},
                        {"rope_type": "yarn", "factor": 4.0}, {}, None],
    "num_key_value_heads": [1, 2, 4, 3, 0],
    "num_attention_heads": [2, 4, 8, 5],
    "hidden_act": ["silu", "gelu", "relu", None],
    "rms_norm_eps": [1e-6, 1e-5, 0, "1e-6"],
    "tie_word_embeddings": [True, False, 1, None],
    "head_dim": [8, 16, None, 4],
    "sliding_window": [None, 4, 4096],
    "use_sliding_window": [True, False],
    "max_window_layers": [0, 1, 2],
    "layer_types": [None, ["full_attention"] * 2, ["sliding_attention"] * 2, ["full_attention"]],
    "attention_bias": [True, False],
    "attention_dropout": [0.0, 0.5],
    "torch_dtype": ["float32", "bfloat16", "float99", None],
    "dtype": ["float32", "float16", "int8"],
    "vocab_size": [1, 100, 264, 268, 10_000],
    "max_position_embeddings": [1, 256, 100_000, None],
    "quantization_config": [{"quant_method": "gptq"}, {}, None],
    "model_type": ["qwen2", "Dream", "llada", "llama", "", None],
    "architectures": [[], ["Qwen2ForCausalLM"], ["Other"], None],
    "eos_token_id": [0, 260, [260, 261], -1, 10_000, "x", None],
    "mask_token_id": [0, 263, 10_000, -1, None, "x"],
    "auto_map": [{"AutoModel": "evil.Evil"}],
    "partial_rotary_factor": [1.0, 0.5],
    "logit_scale": [2.0],
}  # fmt: skip


@cache
def original(kind: str) -> Path:
    import tempfile

    return WRITERS[kind](Path(tempfile.mkdtemp()) / kind)


@st.composite
def edits(draw: st.DrawFn, kind: str) -> list[Any]:
    config = json.loads((original(kind) / "config.json").read_text())
    known = draw(
        st.lists(st.sampled_from(sorted(KNOWN)), max_size=2, unique=True).map(
            lambda names: [((name,), "set", draw(st.sampled_from(KNOWN[name]))) for name in names]
        )
    )
    return known or draw(edits_of(config))


def copy_of(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(original(kind), tmp_path_factory.mktemp("case") / kind))


def joint(directory: Path) -> torch.Tensor:
    """(8, V) logits of our pass behind each of the first tokens."""
    model = load_ar(directory, device="cpu", dtype="float32")
    with torch.inference_mode():
        return model.joints([JointRequest(model, model.scorer(), IDS, 1, len(IDS))])[0]


def theirs(directory: Path) -> torch.Tensor | None:
    """The same of transformers' own model; None where it does not load."""
    logging.set_verbosity(logging.CRITICAL)
    try:
        model = Qwen2ForCausalLM.from_pretrained(
            directory, dtype=torch.float32, local_files_only=True, attn_implementation="eager"
        ).eval()
        with torch.inference_mode():
            return model(IDS[None]).logits[0, :-1]
    except Exception:
        return None
    finally:
        logging.set_verbosity_warning()


@cases("configs of checkpoints, compared with transformers", 90, edits("qwen"))
def test_a_qwen2_config_is_read_as_transformers_reads_it(
    tmp_path_factory: pytest.TempPathFactory, edit: list[Any]
) -> None:
    directory = copy_of("qwen", tmp_path_factory)
    path = directory / "config.json"
    path.write_text(json.dumps(changed(json.loads(path.read_text()), edit)))
    found = same_or_refused(lambda: joint(directory))
    if found is None:
        return
    expected = theirs(directory)
    if expected is not None:
        width = min(found.shape[-1], expected.shape[-1])
        found, expected = found[:, :width], expected[:, :width]
        note = f"{edit}: " + "{}"
        torch.testing.assert_close(
            found, expected, atol=2e-4, rtol=2e-4, equal_nan=True, msg=note.format
        )


@cases("configs of checkpoints", 60, st.sampled_from(["dream", "llada"]), st.data())
def test_a_dllm_config_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, given: st.DataObject
) -> None:
    from apd.models.diffusion import load_diffusion

    directory = copy_of(kind, tmp_path_factory)
    path = directory / "config.json"
    edit = given.draw(edits(kind))
    path.write_text(json.dumps(changed(json.loads(path.read_text()), edit)))

    def decode() -> torch.Tensor:
        dllm = load_diffusion(directory, CPU, torch.float32)
        tokens = torch.cat((IDS, torch.full((3,), dllm.mask_token_id)))
        with torch.inference_mode():
            return dllm.canvases([CanvasRequest(dllm, tokens, range(9, 12))])[0]

    found = same_or_refused(decode)
    assert found is None or found.shape[0] == 3


@st.composite
def damaged_headers(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """What happens to the head of a safetensors file."""
    how = draw(st.sampled_from(["flip", "cut", "length", "edit", "append", "empty"]))
    if how == "flip":
        place, bit = draw(st.integers(0, 600)), draw(st.integers(0, 7))
        return lambda b: b[:place] + bytes([b[place] ^ (1 << bit)]) + b[place + 1 :]
    if how == "cut":
        share = draw(st.floats(0, 1, exclude_max=True))
        return lambda b: b[: int(len(b) * share)]
    if how == "length":
        length = draw(st.sampled_from([0, 1, 2**31, 2**63, 2**64 - 1, 100]))
        return lambda b: length.to_bytes(8, "little") + b[8:]
    if how == "append":
        return lambda b: b + b"\x00" * 8
    if how == "empty":
        return lambda b: b""
    field = draw(st.sampled_from(["dtype", "shape", "data_offsets", "name"]))
    value = draw(
        st.one_of(SCALARS, st.sampled_from(["I32", "F16", "BF16", "F64", [0, 4], [1], [4, 0]]))
    )
    index = draw(st.integers(0, 30))

    def edit(content: bytes) -> bytes:
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        names = sorted(name for name in header if name != "__metadata__")
        name = names[index % len(names)]
        if field == "name":
            header[str(value)] = header.pop(name)
        else:
            header[name][field] = value
        packed = json.dumps(header).encode()
        return len(packed).to_bytes(8, "little") + packed + content[8 + size :]

    return edit


@cases("safetensors headers", 80, damaged_headers())
def test_a_damaged_safetensors_file_is_refused_or_the_same(
    tmp_path_factory: pytest.TempPathFactory, damage: Callable[[bytes], bytes]
) -> None:
    directory = copy_of("qwen", tmp_path_factory)
    path = directory / "model.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    found = same_or_refused(lambda: joint(directory))
    if found is not None:
        expected = theirs(directory)
        torch.testing.assert_close(found, joint(original("qwen")) if expected is None else expected,
                                   atol=2e-4, rtol=2e-4)  # fmt: skip


TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


@cases("tokenizer files", 60, st.sampled_from(TOKENIZER_FILES), st.data())
def test_tokenizer_files_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, given: st.DataObject
) -> None:
    from apd.models.pairs import load_pair

    dllm, verifier = (copy_of(kind, tmp_path_factory) for kind in ("dream", "qwen"))
    path = dllm / name
    text = path.read_text() if path.exists() else ""
    if name.endswith(".json") and given.draw(st.booleans()):
        document = json.loads(text)
        path.write_text(json.dumps(changed(document, given.draw(edits_of(document)))))
    else:
        cut = given.draw(st.integers(0, len(text)))
        path.write_text(text[:cut] + given.draw(st.text(max_size=6)))

    def encode() -> Any:
        pair = load_pair("mini", device="cpu", dllm=dllm, verifier=verifier)
        return pair.encode_chat("two words")

    found = same_or_refused(encode)
    assert found is None or found.dim() == 1
