"""The KV window: which positions are recomputed, and with which keys and values."""

import pytest
import torch
from concatenated_cache import Concatenated
from tiny_checkpoints import MASK, random_ids, tiny_dream, tiny_llada, tiny_tokenizer

from apd.models.diffusion import MaskedDiffusionLM
from apd.models.kv_cache import KeyValueCache
from apd.models.kv_window import first_recomputed

# A decode of 18 positions, 6 of them prompt: (frontier t, end of the lookahead).
PASSES = [(6, 14), (7, 15), (10, 18), (11, 18), (16, 18), (17, 18)]


@pytest.fixture(params=[tiny_dream, tiny_llada], ids=["dream", "llada"])
def dllm(request: pytest.FixtureRequest) -> MaskedDiffusionLM:
    return MaskedDiffusionLM(request.param(), tiny_tokenizer(), frozenset({0}))


def canvas(frontier: int) -> torch.Tensor:
    tokens = random_ids(18, seed=5)
    tokens[frontier:] = MASK
    return tokens


def decode(dllm: MaskedDiffusionLM, kv_window: int | None) -> list[torch.Tensor]:
    window = dllm.window(kv_window)
    return [window.logits(canvas(start), start, stop) for start, stop in PASSES]


@pytest.mark.parametrize(
    ("start", "accepted", "kv_window", "first"),
    [(10, 1, 1, 9), (10, 3, 1, 7), (10, 3, 16, 0), (10, 1, 4, 6), (1, 1, 1, 0)],
)
def test_the_rule(start, accepted, kv_window, first):
    assert first_recomputed(start, accepted, kv_window) == first


@pytest.mark.parametrize("kv_window", [18, 100])
def test_a_window_as_long_as_the_sequence_changes_no_bit(dllm, kv_window):
    for windowed, full in zip(decode(dllm, kv_window), decode(dllm, None), strict=True):
        assert torch.equal(windowed, full)


def test_a_short_window_approximates(dllm):
    windowed, full = decode(dllm, 1), decode(dllm, None)
    assert torch.equal(windowed[0], full[0])  # the first pass recomputes everything
    assert any(not torch.allclose(w, f, atol=1e-3) for w, f in zip(windowed, full, strict=True))


@pytest.mark.parametrize("kv_window", [1, 2, 5])
def test_positions_recomputed(dllm, kv_window, monkeypatch):
    computed = []
    run = dllm.inference.run

    def spy(segments):
        (segment,) = segments
        computed.append((segment.first, segment.first + len(segment.tokens)))
        return run(segments)

    monkeypatch.setattr(dllm.inference, "run", spy)
    shapes = [logits.shape for logits in decode(dllm, kv_window)]
    assert shapes == [(stop - start, dllm.vocab_size) for start, stop in PASSES]
    expected, previous = [(0, PASSES[0][1])], PASSES[0][0]
    for start, stop in PASSES[1:]:
        accepted = start - previous
        expected.append((max(0, start - kv_window - accepted + 1), stop))
        previous = start
    assert computed == expected


@pytest.mark.parametrize("kv_window", [1, 3])
def test_keys_and_values_are_those_of_the_last_time_a_position_was_computed(dllm, kv_window):
    cache, previous, offset = Concatenated(), None, dllm.model.prediction_offset
    for (start, stop), logits in zip(PASSES, decode(dllm, kv_window), strict=True):
        first = 0 if previous is None else max(0, start - kv_window - (start - previous) + 1)
        previous = start
        cache.kept = first
        hidden = dllm.model.hidden_states(
            canvas(start)[None, first:stop],
            position_ids=torch.arange(first, stop)[None],
            cache=cache,
        )[0]
        expected = dllm.model.lm_head(hidden[start - offset - first : stop - offset - first])
        torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)


def fresh_cache() -> KeyValueCache:
    return KeyValueCache(layers=2, heads=2, head_dim=4, like=torch.zeros(0))


def test_the_cache_is_written_in_place_and_read_as_views():
    cache = fresh_cache()
    cache.reserve(5)
    cache.open(0, 3)
    keys = torch.randn(3, 2, 4)
    cache.write(1, keys, 2 * keys)
    seen_keys, seen_values = cache.read(1, 3)
    assert torch.equal(seen_keys, keys.transpose(0, 1))
    assert torch.equal(seen_values, 2 * keys.transpose(0, 1))
    cache.open(2, 5)
    new = torch.randn(3, 2, 4)
    cache.write(1, new, new)
    again, _ = cache.read(1, 5)
    assert torch.equal(again, torch.cat([keys[:2], new]).transpose(0, 1))
    assert again.data_ptr() == seen_keys.data_ptr()


def test_the_cache_grows_and_keeps_what_it_holds():
    cache = fresh_cache()
    cache.open(0, 3)
    keys = torch.randn(3, 2, 4)
    cache.write(0, keys, keys)
    cache.open(3, 8)
    new = torch.randn(5, 2, 4)
    cache.write(0, new, new)
    assert torch.equal(cache.read(0, 8)[0], torch.cat([keys, new]).transpose(0, 1))
    assert cache.nbytes == 2 * 2 * 2 * cache.capacity * 4 * 4  # float32


def test_the_cache_leaves_no_gap():
    cache = fresh_cache()
    with pytest.raises(ValueError, match="gap"):
        cache.open(2, 4)
    with pytest.raises(ValueError, match="start < stop"):
        cache.open(0, 0)


@pytest.mark.parametrize("kv_window", [0, -1])
def test_a_window_below_one_is_refused(dllm, kv_window):
    with pytest.raises(ValueError, match=f"kv_window={kv_window} is out of range"):
        dllm.window(kv_window)


def test_a_step_back_recomputes_everything(dllm):
    window = dllm.window(1)
    for start in (10, 11):
        window.logits(canvas(start), start, 18)
    assert torch.equal(window.logits(canvas(6), 6, 14), decode(dllm, None)[0])
