"""Every family's forward pass written out from its published names: no transformers, no package.

The loaded checkpoints, in the public layouts with random weights, have to agree with it, whichever
pass computes them, with and without keys and values kept.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from public_layouts import CONFIGS, reduced_tokenizer, write_reduced
from safetensors.torch import load_file
from tiny_checkpoints import random_ids

from apd.models.diffusion import MaskedDiffusionLM, load_diffusion
from apd.models.lean import LeanDecoder
from apd.models.plain import PlainDecoder
from apd.models.registry import PAIRS
from apd.models.verifier import CausalVerifier, load_verifier

TO_ROUNDING = {"atol": 1e-5, "rtol": 1e-5}
DRAFTERS = sorted({s.dllm: s for s in PAIRS.values() if "/" in s.dllm})
VERIFIERS = sorted(CONFIGS.keys() - set(DRAFTERS))
SPECS = {spec.dllm: spec for spec in PAIRS.values()}

Tensors = dict[str, torch.Tensor]


def rms(x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
    return x / (x.square().mean(-1, keepdim=True) + epsilon).sqrt() * weight


def rotate(x: torch.Tensor, theta: float) -> torch.Tensor:
    """(T, heads, d): dimension pairs (i, i + d / 2) turn with the position."""
    d = x.shape[-1]
    turns = theta ** -(torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.arange(len(x), dtype=torch.float64)[:, None, None] * turns
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)


def attend(q, k, v, causal: bool) -> torch.Tensor:
    """(T, H, d), (T, G, d), (T, G, d) -> (T, H d)."""
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    scores = torch.einsum("qhd,khd->hqk", q, k) / q.shape[-1] ** 0.5
    if causal:
        future = torch.ones(len(q), len(q)).triu(1).bool()
        scores = scores.masked_fill(future, -torch.inf)
    return torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).flatten(1)


def qwen(w: Tensors, c: dict[str, Any], ids: torch.Tensor, causal: bool) -> torch.Tensor:
    """Qwen2 (biases), Qwen3 (norms of heads), Dream; (T,) -> (T, V)."""
    d = c.get("head_dim", c["hidden_size"] // c["num_attention_heads"])
    epsilon, x = c["rms_norm_eps"], w["model.embed_tokens.weight"][ids]
    for n in range(c["num_hidden_layers"]):
        p = f"model.layers.{n}."
        y = rms(x, w[p + "input_layernorm.weight"], epsilon)
        heads = {}
        for kind in "qkv":
            z = y @ w[f"{p}self_attn.{kind}_proj.weight"].T
            z = z + w.get(f"{p}self_attn.{kind}_proj.bias", torch.zeros(1))
            heads[kind] = z.view(len(ids), -1, d)
            if f"{p}self_attn.{kind}_norm.weight" in w:
                heads[kind] = rms(heads[kind], w[f"{p}self_attn.{kind}_norm.weight"], epsilon)
        q, k = (rotate(heads[kind], c["rope_theta"]) for kind in "qk")
        x = x + attend(q, k, heads["v"], causal) @ w[p + "self_attn.o_proj.weight"].T
        y = rms(x, w[p + "post_attention_layernorm.weight"], epsilon)
        gate, up = (y @ w[f"{p}mlp.{part}_proj.weight"].T for part in ("gate", "up"))
        x = x + (F.silu(gate) * up) @ w[p + "mlp.down_proj.weight"].T
    x = rms(x, w["model.norm.weight"], epsilon)
    return x @ w.get("lm_head.weight", w["model.embed_tokens.weight"]).T


def llada(w: Tensors, c: dict[str, Any], ids: torch.Tensor, causal: bool) -> torch.Tensor:
    top, epsilon, d = "model.transformer.", c["rms_norm_eps"], c["d_model"] // c["n_heads"]
    x = w[top + "wte.weight"][ids]
    for n in range(c["n_layers"]):
        b = {part: w[f"{top}blocks.{n}.{part}.weight"] for part in LLADA_BLOCK}
        y = rms(x, b["attn_norm"], epsilon)
        q, k, v = ((y @ b[f"{kind}_proj"].T).view(len(ids), -1, d) for kind in "qkv")
        q, k = (rotate(z, c["rope_theta"]) for z in (q, k))
        x = x + attend(q, k, v, causal) @ b["attn_out"].T
        y = rms(x, b["ff_norm"], epsilon)
        x = x + (F.silu(y @ b["ff_proj"].T) * (y @ b["up_proj"].T)) @ b["ff_out"].T
    return rms(x, w[top + "ln_f.weight"], epsilon) @ w[top + "ff_out.weight"].T


LLADA_BLOCK = ("attn_norm", "q_proj", "k_proj", "v_proj", "attn_out")
LLADA_BLOCK += ("ff_norm", "ff_proj", "up_proj", "ff_out")


def gpt2(w: Tensors, c: dict[str, Any], ids: torch.Tensor, causal: bool) -> torch.Tensor:
    """GPT-2 and DiffuGPT, whatever comes before their names."""
    w = {name.removeprefix("transformer.").removeprefix("denoise_model."): w[name] for name in w}
    embedding = w["embed_tokens.weight"] if "embed_tokens.weight" in w else w["wte.weight"]

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        x = x - x.mean(-1, keepdim=True)
        variance = x.square().mean(-1, keepdim=True)
        x = x / (variance + c["layer_norm_epsilon"]).sqrt()
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def times(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    x = embedding[ids] + w["wpe.weight"][: len(ids)]
    for n in range(c["n_layer"]):
        joined = times(norm(x, f"h.{n}.ln_1"), f"h.{n}.attn.c_attn")
        q, k, v = (z.view(len(ids), c["n_head"], -1) for z in joined.chunk(3, dim=-1))
        x = x + times(attend(q, k, v, causal), f"h.{n}.attn.c_proj")
        y = times(norm(x, f"h.{n}.ln_2"), f"h.{n}.mlp.c_fc")
        y = 0.5 * y * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (y + 0.044715 * y**3)))
        x = x + times(y, f"h.{n}.mlp.c_proj")
    return norm(x, "ln_f") @ w.get("lm_head.weight", embedding).T


def by_hand(directory: Path, ids: torch.Tensor, causal: bool) -> torch.Tensor:
    """(T, V) outputs in float64, from the files alone."""
    weights = {k: v.double() for k, v in load_file(directory / "model.safetensors").items()}
    config = json.loads((directory / "config.json").read_text())
    forward = {"llada": llada, "gpt2": gpt2}.get(config["model_type"], qwen)
    return forward(weights, config, ids, causal).float()


def canvas(name: str, dllm: MaskedDiffusionLM) -> torch.Tensor:
    """(20,) long: text, and masks in the middle and at the end."""
    tokens = random_ids(20, seed=len(name))
    tokens[7:9] = tokens[14:] = dllm.mask_token_id
    return tokens


def load_drafter(directory: Path, name: str, dtype=torch.float32) -> MaskedDiffusionLM:
    spec = SPECS[name]
    options = {"mask_token": spec.mask_token, "shifted": spec.shifted}
    return load_diffusion(directory, "cpu", dtype, **options)


def with_plain_pass(lm: Any, causal: bool) -> Any:
    lm.inference = PlainDecoder(lm.model, causal=causal)
    return lm


def is_shifted(name: str) -> bool:
    return not name.startswith(("dllm-hub/", "GSAI-ML/"))


@pytest.mark.parametrize("plain", [False, True], ids=["chosen", "plain"])
@pytest.mark.parametrize("name", DRAFTERS)
def test_a_dllms_logits(tmp_path: Path, name: str, plain: bool):
    lm = load_drafter(write_reduced(tmp_path, name), name)
    if plain:
        lm = with_plain_pass(lm, causal=False)
    tokens = canvas(name, lm)
    outputs = by_hand(tmp_path, tokens, causal=False)
    expected = torch.cat([outputs[:1], outputs[:-1]]) if is_shifted(name) else outputs
    assert expected.abs().mean() > 0.1
    torch.testing.assert_close(lm.canvas_logits(tokens), expected, **TO_ROUNDING)
    window = lm.window(None).logits(tokens, 14, 20)
    torch.testing.assert_close(window, expected[14:], **TO_ROUNDING)


@pytest.mark.parametrize("name", DRAFTERS)
def test_the_mask_is_the_published_one(tmp_path: Path, name: str):
    lm = load_drafter(write_reduced(tmp_path, name), name)
    tokenizer = reduced_tokenizer(name)
    known = {"diffusionfamily/diffugpt-s": 10541}
    assert lm.mask_token_id == known.get(name, tokenizer.mask_token_id)
    assert lm.mask_token_id in lm.forbidden_token_ids


@pytest.mark.parametrize("plain", [False, True], ids=["chosen", "plain"])
@pytest.mark.parametrize("name", VERIFIERS)
def test_a_verifiers_logits(tmp_path: Path, name: str, plain: bool):
    lm = load_verifier(write_reduced(tmp_path, name), "cpu", torch.float32)
    if plain:
        lm = with_plain_pass(lm, causal=True)
    tokens = random_ids(20)
    expected = by_hand(tmp_path, tokens, causal=True)
    torch.testing.assert_close(lm.scorer().logits(tokens, 1, 21), expected, **TO_ROUNDING)
    scorer = lm.scorer()
    for start, stop in ((3, 9), (6, 7), (6, 15), (15, 21)):  # a draft, a rollback, longer drafts
        part = scorer.logits(tokens, start, stop)
        torch.testing.assert_close(part, expected[start - 1 : stop - 1], **TO_ROUNDING)


PASSES = [(6, 14), (7, 15), (10, 18), (11, 18), (16, 18), (17, 18)]


@pytest.mark.parametrize("kv_window", [None, 1, 3, 18])
@pytest.mark.parametrize("name", DRAFTERS)
def test_decoding_cannot_tell_the_two_passes_apart(tmp_path: Path, name: str, kv_window):
    """With W, keys and values of decoded tokens are those of the last time: in both passes."""
    directory = write_reduced(tmp_path, name)
    lms = load_drafter(directory, name), with_plain_pass(load_drafter(directory, name), False)
    windows = [lm.window(kv_window) for lm in lms]
    for start, stop in PASSES:
        tokens = random_ids(18, seed=5)
        tokens[start:] = lms[0].mask_token_id
        one, other = (window.logits(tokens, start, stop) for window in windows)
        torch.testing.assert_close(one, other, **TO_ROUNDING)
    if kv_window == 18:
        full = lms[1].window(None).logits(tokens, start, stop)
        torch.testing.assert_close(one, full, **TO_ROUNDING)


@pytest.mark.parametrize("name", [*DRAFTERS, *VERIFIERS])
def test_which_pass_is_chosen(tmp_path: Path, name: str):
    load = load_drafter if name in DRAFTERS else lambda directory, _: load_verifier(directory)
    lm = load(write_reduced(tmp_path, name), name)
    is_gpt2 = CONFIGS[name]["model_type"] == "gpt2"
    assert isinstance(lm.inference, PlainDecoder if is_gpt2 else LeanDecoder)


@pytest.mark.parametrize("name", [*DRAFTERS, *VERIFIERS])
def test_bf16_is_within_its_rounding(tmp_path: Path, name: str):
    """A bfloat16 model is off by what eight bits of mantissa through two layers explain."""
    directory = write_reduced(tmp_path, name)
    tokens = random_ids(20)
    if name in DRAFTERS:
        logits = load_drafter(directory, name, torch.bfloat16).canvas_logits(tokens)
        outputs = by_hand(directory, tokens, causal=False)
        expected = torch.cat([outputs[:1], outputs[:-1]]) if is_shifted(name) else outputs
    else:
        lm: CausalVerifier = load_verifier(directory, "cpu", torch.bfloat16)
        logits, expected = lm.scorer().logits(tokens, 1, 21), by_hand(directory, tokens, True)
    assert logits.dtype == torch.float32
    off = (logits - expected).norm() / expected.norm()
    assert 2**-12 < off < 2**-5
