"""How a decode ends, and both ways of counting its tokens."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import torch
from toy_models import ScriptedAutoregressive, ScriptedDiffusion, consistent_pair, toy_prompt

from apd.decoding import (
    AdaptiveConfig,
    AnyOrderConfig,
    AutoregressiveConfig,
    DecodeResult,
    Iteration,
    LeftToRightConfig,
    Stream,
    adaptive,
    any_order,
    autoregressive,
    left_to_right,
)
from apd.decoding.adaptive import adaptive_steps
from apd.decoding.any_order import any_order_steps
from apd.decoding.autoregressive import autoregressive_steps
from apd.decoding.left_to_right import left_to_right_steps

torch.set_num_threads(1)
PROMPT = torch.tensor([1, 2])
#         prompt | text       | end | padding
SCRIPT = (1, 2, 3, 4, 5, 4, 3, 0, 0, 0, 0, 0)
NEW: dict[str, Any] = {"max_new_tokens": 10, "temperature": 1.0}


def scripted(*end_ids: int) -> tuple[ScriptedDiffusion, ScriptedAutoregressive]:
    dllm = ScriptedDiffusion(8, frozenset(end_ids), script=SCRIPT)
    return dllm, ScriptedAutoregressive(8, frozenset(end_ids), script=SCRIPT)


def figures(result: DecodeResult) -> tuple[int, int, int]:
    reference = result.generated_tokens_reference
    return result.generated_tokens, reference, len(result.iterations)


@pytest.mark.parametrize(
    ("lookahead", "expected"), [(None, (6, 10, 1)), (4, (6, 8, 2)), (3, (6, 6, 2)), (1, (6, 6, 6))]
)
def test_adaptive_ends_at_the_first_end_token(
    lookahead: int | None, expected: tuple[int, int, int]
) -> None:
    result = adaptive(*scripted(0), PROMPT, AdaptiveConfig(max_lookahead=lookahead, **NEW))
    assert figures(result) == expected
    assert result.tokens == (3, 4, 5, 4, 3, 0)
    assert result.text == "3 4 5 4 3"
    assert result.finished
    assert result.tokens_per_iteration == expected[0] / expected[2]
    assert result.tokens_per_iteration_reference == expected[1] / expected[2]


@pytest.mark.parametrize(("k", "expected"), [(1, (6, 6, 6)), (4, (6, 8, 2)), (10, (6, 10, 1))])
def test_left_to_right_ends_at_the_first_end_token(k: int, expected: tuple[int, int, int]) -> None:
    result = left_to_right(scripted(0)[0], PROMPT, LeftToRightConfig(tokens_per_step=k, **NEW))
    assert figures(result) == expected
    assert result.tokens == (3, 4, 5, 4, 3, 0)
    assert result.finished


def test_any_order_counts_to_the_first_end_token_of_the_whole_canvas() -> None:
    result = any_order(scripted(0)[0], PROMPT, AnyOrderConfig(num_steps=5, **NEW))
    assert figures(result) == (6, 10, 5)
    assert result.finished


def test_autoregressive_ends_at_the_end_token() -> None:
    result = autoregressive(scripted(0)[1], PROMPT, AutoregressiveConfig(**NEW))
    assert figures(result) == (6, 6, 6)
    assert result.finished


def test_every_end_token_ends_and_those_in_the_prompt_do_not() -> None:
    result = adaptive(*scripted(5, 0), PROMPT, AdaptiveConfig(**NEW))
    assert result.tokens == (3, 4, 5)
    result = adaptive(*scripted(1, 2), PROMPT, AdaptiveConfig(**NEW))
    assert figures(result) == (10, 10, 1)
    assert not result.finished


def test_the_verifiers_end_tokens_do_not_end_a_decode() -> None:
    dllm, verifier = scripted(0)
    verifier.end_token_ids = frozenset({4})
    assert adaptive(dllm, verifier, PROMPT, AdaptiveConfig(**NEW)).tokens[-1] == 0


def all_streams() -> Iterator[Stream]:
    """One decode of every decoder."""
    dllm, verifier = consistent_pair(5, ends=())
    prompt = toy_prompt(5)
    new: dict[str, Any] = {"max_new_tokens": 12, "temperature": 1.0}
    adaptive_config = AdaptiveConfig(max_lookahead=3, **new)
    yield Stream(adaptive_steps, (dllm, verifier), prompt, adaptive_config)
    yield Stream(left_to_right_steps, (dllm,), prompt, LeftToRightConfig(**new))
    yield Stream(any_order_steps, (dllm,), prompt, AnyOrderConfig(order="random", **new))
    yield Stream(autoregressive_steps, (verifier,), prompt, AutoregressiveConfig(**new))


def all_results() -> Iterator[DecodeResult]:
    dllm, verifier = consistent_pair(5, ends=())
    prompt = toy_prompt(5)
    new: dict[str, Any] = {"max_new_tokens": 12, "temperature": 1.0}
    yield adaptive(dllm, verifier, prompt, AdaptiveConfig(max_lookahead=3, **new))
    yield left_to_right(dllm, prompt, LeftToRightConfig(**new))
    yield any_order(dllm, prompt, AnyOrderConfig(order="random", **new))
    yield autoregressive(verifier, prompt, AutoregressiveConfig(**new))


def test_a_stream_yields_every_iteration_and_what_is_done_between_is_not_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = {"now_s": 0.0}

    def ticking_clock() -> float:
        clock["now_s"] += 0.001
        return clock["now_s"]

    monkeypatch.setattr("time.perf_counter", ticking_clock)

    for stream in all_streams():
        clock["now_s"] += 100.0
        seen: list[Iteration] = []
        for iteration in stream:
            seen.append(iteration)
            clock["now_s"] += 100.0
        result = stream.result
        assert tuple(seen) == result.iterations and seen
        assert min(t for i in seen for t in (i.dllm_s, i.verifier_s, i.rest_s)) >= 0
        spent = sum(i.dllm_s + i.verifier_s + i.rest_s for i in seen)
        assert 0 < spent < 1
        assert result.wall_s == pytest.approx(spent)


def test_a_stream_decodes_what_the_plain_functions_decode() -> None:
    for stream, plain in zip(all_streams(), all_results(), strict=True):
        result = stream.finish()
        assert result.tokens == plain.tokens
        assert [i.accepted for i in result.iterations] == [i.accepted for i in plain.iterations]
        assert result.config == plain.config


def test_breaking_off_leaves_what_there_is_and_the_decode_can_go_on() -> None:
    for stream, full in zip(all_streams(), all_results(), strict=True):
        for iteration in stream:
            if iteration.index == 1:
                break
        stopped = stream.result
        assert len(stopped.iterations) == 2
        assert stopped.generated_tokens_reference == sum(
            len(i.accepted) for i in full.iterations[:2]
        )
        assert stopped.tokens == full.tokens[: len(stopped.tokens)]
        assert not stopped.finished
        assert stream.finish().tokens == full.tokens
        assert list(stream) == []


def test_the_models_run_only_while_an_iteration_is_waited_for() -> None:
    dllm, verifier = consistent_pair(5, ends=())
    config = AdaptiveConfig(max_new_tokens=12, max_lookahead=2, verify_chunk=2)
    stream = Stream(adaptive_steps, (dllm, verifier), toy_prompt(5), config)
    assert verifier.scored == []
    next(stream)
    assert len(verifier.scored) == 1
    assert stream.result.iterations and len(verifier.scored) == 1


def test_gradients_are_as_the_caller_had_them_between_iterations() -> None:
    for stream in all_streams():
        for _ in stream:
            assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_a_stopped_random_order_keeps_the_tokens_before_the_first_gap() -> None:
    dllm, _ = consistent_pair(5, ends=())
    prompt = toy_prompt(5)
    for steps in range(13):
        config = AnyOrderConfig(order="random", max_new_tokens=12)
        stream = Stream(any_order_steps, (dllm,), prompt, config)
        assert len(list(islice(stream, steps))) == steps
        result = stream.result
        filled = {i for step in result.iterations for i in step.positions}
        gapless = next(k for k in range(13) if len(prompt) + k not in filled)
        assert len(result.tokens) == gapless
        assert result.generated_tokens_reference == steps


def test_nothing_decoded_has_no_rates() -> None:
    result = Stream(adaptive_steps, scripted(0), PROMPT, AdaptiveConfig(**NEW)).result
    assert (result.tokens, result.iterations, result.text) == ((), (), "")
    assert result.tokens_per_iteration == result.tokens_per_iteration_reference == 0.0
    assert result.throughput == 0.0


def test_times_add_up_and_the_dict_survives_json() -> None:
    for result in all_results():
        assert result.latency_s == result.wall_s > 0
        assert result.dllm_s == sum(i.dllm_s for i in result.iterations)
        assert result.verifier_s == sum(i.verifier_s for i in result.iterations)
        assert result.throughput == pytest.approx(result.generated_tokens / result.wall_s)
        as_dict = result.to_dict()
        assert json.loads(json.dumps(as_dict)) == as_dict
        assert as_dict["iterations"][1]["accepted"] == list(result.iterations[1].accepted)
        assert as_dict["throughput"] == result.throughput
        assert as_dict["generated_tokens_reference"] == result.generated_tokens_reference
