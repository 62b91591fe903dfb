"""Passes by ONNX Runtime: the lean pass's numbers, whatever is asked of it."""

import pytest
import torch
from tiny_checkpoints import random_ids, shape, tiny_dream, tiny_llada, tiny_qwen
from transformers import Qwen3Config, Qwen3ForCausalLM

from apd.errors import ApdError
from apd.models import load_ar, load_pair, onnx_pass
from apd.models.lean import LeanDecoder
from apd.models.onnx_pass import OnnxDecoder, run_by
from apd.models.plain import PlainDecoder
from apd.models.segments import Rows, Segment

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def tiny_qwen3() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(Qwen3Config(**shape(head_dim=8))).eval()
    for layer in model.model.layers:
        for norm in (layer.self_attn.q_norm, layer.self_attn.k_norm):
            torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
    return model


BUILDERS = {
    "dream": (tiny_dream, False),
    "llada": (tiny_llada, False),
    "qwen": (tiny_qwen, True),
    "qwen3": (tiny_qwen3, True),
}


@pytest.fixture(params=BUILDERS)
def both(request) -> tuple[LeanDecoder, OnnxDecoder]:
    """The lean pass through a tiny model, and ONNX Runtime's."""
    builder, causal = BUILDERS[request.param]
    lean = LeanDecoder(builder(), causal=causal)
    return lean, OnnxDecoder(lean)


def assert_equal(actual, expected):
    torch.testing.assert_close(actual, expected, atol=2e-5, rtol=2e-5)


@torch.no_grad()
def test_equals_the_lean_pass_over_a_sequence_computed_in_parts(both):
    spans = ((0, 9), (5, 14), (14, 15), (3, 20))
    rows = ((0, 9), (2, 5), (0, 1), (10, 17))
    tokens, found = random_ids(20), []
    for inference in both:
        cache, logits = inference.new_cache(), []
        for (first, stop), (start, end) in zip(spans, rows, strict=True):
            (computed,) = inference.run([Segment(tokens[first:stop], first, cache)])
            assert cache.stop == stop
            logits.append(inference.logits([Rows(computed, start, end)]))
        found.append(torch.cat(logits))
    assert_equal(found[1], found[0])


@torch.no_grad()
def test_rows_may_be_asked_for_in_parts(both):
    _, runtime = both
    (computed,) = runtime.run([Segment(random_ids(13), 0, runtime.new_cache())])
    whole = runtime.logits([Rows(computed, 0, 13)])
    parts = [runtime.logits([Rows(computed, i, j)]) for i, j in ((0, 1), (1, 6), (6, 13))]
    assert_equal(torch.cat(parts), whole)


@torch.no_grad()
def test_a_pass_may_go_on_in_torch_and_back(both):
    lean, runtime = both
    tokens, found = random_ids(16), []
    for first, second in ((lean, lean), (runtime, lean), (lean, runtime)):
        cache = first.new_cache()
        (computed,) = first.run([Segment(tokens[:10], 0, cache)])
        logits = [second.logits([Rows(computed, 4, 10)])]
        (computed,) = second.run([Segment(tokens[10:], 10, cache)])
        logits.append(first.logits([Rows(computed, 0, 6)]))
        found.append(torch.cat(logits))
    assert_equal(found[1], found[0])
    assert_equal(found[2], found[0])


@torch.no_grad()
def test_several_sequences_are_run_one_by_one_with_one_thread_and_by_torch_with_more(both):
    lean, runtime = both
    tokens = [random_ids(n, seed=n) for n in (16, 19)]
    found = {}
    for threads in (1, 2):
        runtime._threads = threads
        found[threads] = run_all(runtime, [Segment(ids, 0, runtime.new_cache()) for ids in tokens])
    expected = run_all(lean, [Segment(ids, 0, lean.new_cache()) for ids in tokens])
    assert_equal(found[1], expected)
    assert torch.equal(found[2], expected)
    alone = [run_all(runtime, [Segment(ids, 0, runtime.new_cache())]) for ids in tokens]
    assert torch.equal(found[1], torch.cat(alone))


@torch.no_grad()
def test_several_short_sequences_are_left_to_torch(both):
    lean, runtime = both
    runtime._threads = 1
    tokens = [random_ids(n, seed=n) for n in (15, 19)]
    found, expected = (
        run_all(each, [Segment(ids, 0, each.new_cache()) for ids in tokens])
        for each in (runtime, lean)
    )
    assert torch.equal(found, expected)


@torch.no_grad()
def test_partial_sight_is_left_to_torch(both):
    if both[0].causal:
        pytest.skip("only a model that sees both ways is shown a part")
    tokens, sight = random_ids(9), torch.ones(9, 9, dtype=torch.bool).tril()
    expected, found = (
        run_all(each, [Segment(tokens, 0, each.new_cache(), rotated_as=3, sight=sight)])
        for each in both
    )
    assert torch.equal(found, expected)


def run_all(inference, segments):
    """Rows 1..3 of every segment, computed together."""
    return inference.logits([Rows(computed, 1, 4) for computed in inference.run(segments)])


def test_positions_beyond_the_table_are_left_to_torch(both, monkeypatch):
    runtime = both[1]
    monkeypatch.setattr(onnx_pass, "LONGEST", 6)
    monkeypatch.setattr(runtime, "_layers", None)
    (computed,) = runtime.run([Segment(random_ids(7), 0, runtime.new_cache())])
    assert computed.states.shape[0] == 7


SETTINGS = {
    "apd": {"mixture_weight": 0.7, "kv_window": 8, "max_lookahead": 50},
    "left_to_right": {"tokens_per_step": 2, "kv_window": 16},
    "autoregressive": {},
    "fast_dllm": {"cache": "dual"},
    "wino": {},
}


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_decoders_write_the_same_text(algorithm):
    settings = SETTINGS[algorithm] | {"max_new_tokens": 64}
    texts = [
        load_pair("mini", device="cpu", baselines=True, engine=engine).decode(
            "There are 3 boxes with 12 pens each. How many pens are there?", algorithm, **settings
        )
        for engine in ("torch", "onnxruntime")
    ]
    assert texts[0].tokens == texts[1].tokens


def test_a_model_alone_runs_in_it_too():
    model = load_ar("mini-qwen-small", device="cpu", engine="onnxruntime")
    assert isinstance(model.inference, OnnxDecoder)


def test_an_engine_that_is_not_there_says_so(monkeypatch):
    with pytest.raises(ApdError, match="no engine 'tpu'; choose one of torch, onnxruntime"):
        load_pair("mini", engine="tpu")
    monkeypatch.setattr(onnx_pass.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ApdError, match=r"needs onnx: run `pip install 'apd\[onnxruntime\]'`"):
        load_pair("mini", engine="onnxruntime")


def test_models_that_it_cannot_run_are_named_with_the_reason(monkeypatch):
    plain = PlainDecoder(tiny_qwen(), causal=True)
    with pytest.raises(ApdError, match=r"cannot run small: it takes transformers' own pass"):
        run_by("onnxruntime", "small", plain)
    with pytest.raises(ApdError, match=r"it is bfloat16 on cpu, and only float32 on the CPU"):
        load_pair("mini", dtype="bfloat16", device="cpu", engine="onnxruntime")
    monkeypatch.setattr(onnx_pass, "BLOCKED_BYTES", 2**10)
    with pytest.raises(ApdError, match=r"weights of .* GiB exceed"):
        run_by("onnxruntime", "small", LeanDecoder(tiny_qwen(), causal=True))
    assert run_by("torch", "small", plain) is plain
