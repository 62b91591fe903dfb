"""How a decode ends, and both ways of counting its tokens."""

import json
from collections.abc import Iterator
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
    OnIteration,
    ShouldStop,
    adaptive,
    any_order,
    autoregressive,
    left_to_right,
)

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


def all_decoders(
    on_iteration: OnIteration | None = None, should_stop: ShouldStop | None = None
) -> Iterator[DecodeResult]:
    """One result of every decoder, all watched alike."""
    watch = (on_iteration, should_stop)
    dllm, verifier = consistent_pair(5, ends=())
    prompt = toy_prompt(5)
    new: dict[str, Any] = {"max_new_tokens": 12, "temperature": 1.0}
    yield adaptive(dllm, verifier, prompt, AdaptiveConfig(max_lookahead=3, **new), *watch)
    yield left_to_right(dllm, prompt, LeftToRightConfig(**new), *watch)
    yield any_order(dllm, prompt, AnyOrderConfig(order="random", **new), *watch)
    yield autoregressive(verifier, prompt, AutoregressiveConfig(**new), *watch)


def test_callback_sees_every_iteration_and_its_time_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Iteration] = []
    clock = {"now_s": 0.0}

    def ticking_clock() -> float:
        clock["now_s"] += 0.001
        return clock["now_s"]

    def slow_display(iteration: Iteration) -> None:
        seen.append(iteration)
        clock["now_s"] += 100.0

    monkeypatch.setattr("time.perf_counter", ticking_clock)

    for result in all_decoders(on_iteration=slow_display):
        assert tuple(seen) == result.iterations
        spent = sum(i.dllm_s + i.verifier_s + i.rest_s for i in seen)
        assert min(t for i in seen for t in (i.dllm_s, i.verifier_s, i.rest_s)) >= 0
        assert 0 < spent <= result.wall_s < 1
        seen.clear()


def test_a_stop_request_returns_what_there_is() -> None:
    for full, stopped in zip(all_decoders(), stopped_after(2), strict=True):
        assert len(stopped.iterations) == 2
        assert stopped.generated_tokens_reference == sum(
            len(i.accepted) for i in full.iterations[:2]
        )
        assert stopped.tokens == full.tokens[: len(stopped.tokens)]
        assert not stopped.finished


def stopped_after(iterations: int) -> Iterator[DecodeResult]:
    polls = {"count": 0}

    def should_stop() -> bool:
        polls["count"] += 1
        return polls["count"] > iterations

    for result in all_decoders(should_stop=should_stop):
        yield result
        polls["count"] = 0


def test_a_stopped_random_order_keeps_the_tokens_before_the_first_gap() -> None:
    dllm, _ = consistent_pair(5, ends=())
    prompt = toy_prompt(5)
    for steps in range(13):
        polls = iter([False] * steps + [True])
        config = AnyOrderConfig(order="random", max_new_tokens=12)
        result = any_order(dllm, prompt, config, should_stop=polls.__next__)
        filled = {i for step in result.iterations for i in step.positions}
        gapless = next(k for k in range(13) if len(prompt) + k not in filled)
        assert len(result.tokens) == gapless
        assert result.generated_tokens_reference == steps


def test_nothing_decoded_has_no_rates() -> None:
    dllm, verifier = scripted(0)
    result = adaptive(dllm, verifier, PROMPT, AdaptiveConfig(**NEW), should_stop=lambda: True)
    assert (result.tokens, result.iterations, result.text) == ((), (), "")
    assert result.tokens_per_iteration == result.tokens_per_iteration_reference == 0.0
    assert result.throughput == 0.0


def test_times_add_up_and_the_dict_survives_json() -> None:
    for result in all_decoders():
        assert result.latency_s == result.wall_s > 0
        assert result.dllm_s == sum(i.dllm_s for i in result.iterations)
        assert result.verifier_s == sum(i.verifier_s for i in result.iterations)
        assert result.throughput == pytest.approx(result.generated_tokens / result.wall_s)
        as_dict = result.to_dict()
        assert json.loads(json.dumps(as_dict)) == as_dict
        assert as_dict["iterations"][1]["accepted"] == list(result.iterations[1].accepted)
        assert as_dict["throughput"] == result.throughput
        assert as_dict["generated_tokens_reference"] == result.generated_tokens_reference
