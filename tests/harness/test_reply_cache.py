"""lm-eval's response cache, its seed and its choice of samples reach the noise as they should."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lm_eval
import pytest
from tiny_checkpoints import write_dream
from tiny_data import tiny_data_directory

import apd.harness as harness
from apd.harness.models import DecoderLM

TASK = "mini_gsm"


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tiny_data_directory(tmp_path_factory.mktemp("data")) as path:
        yield path


@pytest.fixture(scope="module")
def tasks() -> Any:
    return harness.task_manager(include_defaults=False)


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of prompts of every call that decodes."""
    counted: list[int] = []
    decode = DecoderLM._decode

    def count(self: DecoderLM, batch: Any, prompts: Any, seeds: Any) -> list[str]:
        counted.extend([len(prompts)] if prompts else [])
        return decode(self, batch, prompts, seeds)

    monkeypatch.setattr(DecoderLM, "_decode", count)
    return counted


def run(tasks: Any, model: str = "apd", *, task: str = TASK, args: str = "", **options: Any) -> Any:
    """Evaluate at temperature 1, so that noise decides; lm-eval's row number and replies."""
    results = lm_eval.simple_evaluate(
        model=model,
        model_args=f"max_new_tokens=6,temperature=1.0{args}",
        tasks=[task],
        task_manager=tasks,
        device="cpu",
        apply_chat_template=True,
        bootstrap_iters=0,
        **{"limit": 3, **options} if "samples" not in options else options,
    )
    return [sample["resps"] for sample in results["samples"][task]], results


def replies(*arguments: Any, **options: Any) -> list[Any]:
    return run(*arguments, **options)[0]


def test_the_same_command_decodes_nothing_again(tasks, tmp_path: Path, decodes: list[int]) -> None:
    cache = str(tmp_path / "cache")
    first = replies(tasks, use_cache=cache)
    assert len(decodes) == 3
    assert replies(tasks, use_cache=cache) == first == replies(tasks)
    assert len(decodes) == 6  # those of the run without a cache
    replies(tasks, use_cache=cache, limit=5)
    assert len(decodes) == 8


@pytest.mark.parametrize(
    "other",
    [
        {"model": "dream-left-to-right"},
        {"args": ",mixture_weight=0.9"},
        {"args": ",seed=4"},
        {"args": ",top_p=0.5"},
        {"torch_random_seed": 4},
        {"gen_kwargs": "max_gen_toks=5,top_p=0.4"},
        {"batch_size": 2},
    ],
    ids=str,
)
def test_no_other_decoder_s_reply_is_returned(
    tasks, tmp_path: Path, decodes: list[int], other: dict[str, Any]
) -> None:
    cache = str(tmp_path / "cache")
    replies(tasks, use_cache=cache)
    del decodes[:]
    found = replies(tasks, use_cache=cache, **other)
    assert sum(decodes) == 3
    assert found == replies(tasks, **other)


def test_other_weights_are_another_model(tasks, tmp_path: Path, decodes: list[int]) -> None:
    cache = str(tmp_path / "cache")
    before = replies(tasks, use_cache=cache)
    other = write_dream(tmp_path / "other", seed=9)
    found = replies(tasks, use_cache=cache, args=f",dllm_path={other}")
    assert len(decodes) == 6
    assert found != before


def test_scores_are_cached_by_the_way_of_scoring(tasks, tmp_path: Path, monkeypatch) -> None:
    task, cache = "mini_gpqa_multiple_choice", str(tmp_path / "cache")
    passes: list[int] = []
    score = DecoderLM.score

    def count(self: DecoderLM, passages: Any) -> Any:
        passes.append(len(passages))
        return score(self, passages)

    monkeypatch.setattr(DecoderLM, "score", count)
    common: dict[str, Any] = {"task": task, "limit": 1, "use_cache": cache}
    exact = replies(tasks, "dream-left-to-right", **common)
    assert sum(passes) == 4
    assert replies(tasks, "dream-left-to-right", **common) == exact
    assert sum(passes) == 4
    bound = replies(
        tasks, "dream-left-to-right", args=",likelihood=bound,likelihood_samples=3", **common
    )
    assert sum(passes) == 8
    assert bound != exact


def test_lm_eval_s_seed_is_the_noise_s(tasks) -> None:
    plain = replies(tasks)
    assert replies(tasks, torch_random_seed=7) == replies(tasks, args=",seed=7") != plain
    assert replies(tasks, torch_random_seed=7, args=",seed=0") == plain  # model_args first
    assert replies(tasks, args=",seed=0") == plain
    assert run(tasks, torch_random_seed=7)[1]["config"]["seed"] == 7


def test_chosen_samples_keep_their_noise(tasks) -> None:
    assert replies(tasks, samples={TASK: [1, 2]}) == replies(tasks)[1:]
