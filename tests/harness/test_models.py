"""The decoders as lm-eval models, on random models of every type: replies, scores, errors."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import lm_eval
import pytest
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model
from tiny_data import DATASETS, tiny_data_directory

import apd.harness as harness
from apd.decoding import LeftToRightConfig, left_to_right
from apd.errors import ApdError
from apd.harness.diffusion_bound import diffusion_bound
from apd.harness.likelihood import Passage, left_to_right_log_likelihood
from apd.harness.names import model_names
from apd.harness.requests import request_seeds
from apd.harness.settings import request_settings
from apd.runs.decode import decode, problem_seed
from apd.tasks import load_task

MODEL_NAMES = model_names()
SHORT = "max_new_tokens=6"
BY_TYPE = {"Dream": "dream-confidence", "llada": "llada-confidence", "Qwen2": "qwen"}


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tiny_data_directory(tmp_path_factory.mktemp("data")) as path:
        yield path


@pytest.fixture(scope="module")
def tasks():
    return harness.task_manager(DATASETS, include_defaults=False)


def make(name: str, **settings):
    return get_model(name)(device="cpu", **{"max_new_tokens": 6, **settings})


def generation(prompt: str, *, problem: int = 0, repeats: int = 1, **kwargs) -> Instance:
    metadata = ("task", problem, repeats)
    return Instance("generate_until", {}, (prompt, kwargs), 0, metadata=metadata)


def scoring(context: str, text: str) -> Instance:
    return Instance("loglikelihood", {}, (context, text), 0, metadata=("task", 0, 1))


def evaluate(model: str, names: list[str], tasks, arguments: str = SHORT, **options):
    return lm_eval.simple_evaluate(
        model=model,
        model_args=arguments,
        tasks=names,
        task_manager=tasks,
        device="cpu",
        apply_chat_template=True,
        **{"confirm_run_unsafe_code": True, "limit": 1, "bootstrap_iters": 0, **options},
    )


@pytest.mark.parametrize("name", list(MODEL_NAMES))
def test_every_registered_name_replies_as_its_decoder_does(name: str) -> None:
    lm = make(name, seed=3)
    assert lm.configuration.algorithm == MODEL_NAMES[name].algorithm
    prompt = "2 + 3 is"
    (reply,) = lm.generate_until([generation(prompt, problem=4, until=[])])
    expected = decode(lm.pair, lm.configuration, lm._prompt_ids(prompt), problem_seed(3, 4))
    assert reply == expected.text


def test_names_cover_every_algorithm_of_both_families() -> None:
    algorithms = ("left_to_right", "random", "entropy", "margin", "low_confidence")
    for family in ("Dream", "llada"):
        found = {m.algorithm for m in MODEL_NAMES.values() if m.family == family}
        assert found >= set(algorithms)
    assert MODEL_NAMES["llada-confidence"].algorithm == "low_confidence"
    assert MODEL_NAMES["dream-confidence"].algorithm == "confidence"


@pytest.mark.parametrize("kind", list(BY_TYPE))
def test_the_public_four_run_for_every_model_type(kind: str, tasks) -> None:
    names = ["gsm8k", "gpqa_main_generative_n_shot", "hendrycks_math", "humaneval_instruct"]
    results = evaluate(BY_TYPE[kind], names, tasks)
    found = {name: results["results"][name] for name in names}
    assert found["gsm8k"]["exact_match,flexible-extract"] in (0, 1)
    assert found["gsm8k"]["exact_match,strict-match"] in (0, 1)
    assert found["gpqa_main_generative_n_shot"]["exact_match,flexible-extract"] in (0, 1)
    assert 0 <= found["hendrycks_math"]["exact_match,flexible-extract"] <= 1
    assert found["humaneval_instruct"]["pass@1,create_test"] in (0, 1)
    assert len([n for n in results["samples"] if n.startswith("hendrycks_math_")]) == 7


def test_lm_eval_and_our_experiments_give_the_same_replies_and_verdicts(tasks) -> None:
    names = ("mini_gsm", "mini_lines", "gsm8k", "humaneval_instruct")
    arguments = "pair=mini,mixture_weight=0.5,max_new_tokens=12,seed=5,max_length=1024"
    results = evaluate("apd", list(names), tasks, arguments, limit=2)
    lm = make("apd", mixture_weight=0.5, max_new_tokens=12)
    lm.renders = True  # below it encodes conversations that the run has rendered
    for name in names:
        task = load_task(name, DATASETS)
        samples = [s for s in results["samples"][name] if s["filter"] != "strict-match"]
        assert len(samples) == 2
        for sample in samples:
            problem = sample["doc_id"]
            prompt = task.prompt_ids(lm.pair, problem)
            assert prompt.tolist() == lm.tok_encode(sample["arguments"][0][0])
            result = decode(lm.pair, lm.configuration, prompt, problem_seed(5, problem))
            reply = sample["resps"][0][0]
            assert result.text.startswith(reply)  # lm-eval's is cut at stop strings
            answered, *beside = sample["metrics"]
            verdicts = task.verdicts(task.rows[problem], result.text)
            assert bool(sample[answered]) == verdicts["accuracy"]
            assert beside == [name for name in verdicts if name != "accuracy"]
            assert [bool(sample[name]) for name in beside] == [verdicts[name] for name in beside]


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ("dream-left-to-right", "likelihood=left_to_right"),
        ("llada-left-to-right", "likelihood=bound,likelihood_samples=3"),
        ("qwen", "model=mini-qwen-small"),
    ],
)
def test_multiple_choice_tasks_run(model: str, arguments: str, tasks) -> None:
    results = evaluate(model, ["mini_gpqa_multiple_choice"], tasks, arguments, limit=2)
    assert results["results"]["mini_gpqa_multiple_choice"]["acc,none"] in (0, 0.5, 1)
    for sample in results["samples"]["mini_gpqa_multiple_choice"]:
        assert len(sample["filtered_resps"]) == 4
        assert all(score < 0 for score, _ in sample["filtered_resps"])
        best = max(range(4), key=lambda i: sample["filtered_resps"][i][0])
        assert sample["acc"] == ("ABCD"[best] == sample["target"][1])


def test_scores_are_those_of_the_likelihood_modules() -> None:
    pairs = [("the cat", " sat down"), ("", "a word"), ("1 + 1 =", " 2")]
    requests = [scoring(*pair) for pair in pairs]
    lm = make("dream-left-to-right", batch_size=4)
    encoded = [(lm.tok_encode(c) or [lm.prefix_token_id], lm.tok_encode(t)) for c, t in pairs]
    passages = [Passage(tuple(c), tuple(t)) for c, t in encoded]
    exact = left_to_right_log_likelihood(lm.pair.dllm, passages)
    for found, expected in zip(lm.loglikelihood(requests), exact, strict=True):
        assert found[0] == pytest.approx(expected.value, abs=1e-3)
        assert found[1] == expected.greedy
    bounded = make("dream-left-to-right", likelihood="bound", likelihood_samples=8, seed=2)
    bounds = diffusion_bound(lm.pair.dllm, passages, samples=8, seed=2)
    for found, bound, expected in zip(bounded.loglikelihood(requests), bounds, exact, strict=True):
        assert found == (pytest.approx(bound.value, abs=1e-3), expected.greedy)


@pytest.mark.parametrize("name", ["qwen", "llada-random"])
def test_rolling_scores_count_every_token_once(name: str) -> None:
    text = "one two three four"
    request = Instance("loglikelihood_rolling", {}, (text,), 0, metadata=("task", 0, 1))
    whole = make(name)
    ids = whole.tok_encode(text)
    (expected,) = whole.score([Passage((whole.prefix_token_id,), tuple(ids))])
    assert whole.loglikelihood_rolling([request]) == [pytest.approx(expected.value, abs=1e-3)]
    windows = make(name, max_length=8)
    first, second = tuple(ids[:7]), tuple(ids[7:14])
    parts = [Passage((windows.prefix_token_id,), first), Passage(first[-1:], second)]
    assert 14 < len(ids) < 21
    (found,) = windows.loglikelihood_rolling([request])
    total = sum(score.value for score in windows.score(parts))
    last = ids[-8:]  # the last window keeps its full context
    scored = len(ids) - 14
    tail = Passage(tuple(last[:-scored]), tuple(last[-scored:]))
    assert found == pytest.approx(total + windows.score([tail])[0].value, abs=1e-3)


def test_replies_stop_before_a_stop_string_and_decode_no_further() -> None:
    lm = make("dream-left-to-right", max_new_tokens=12, temperature=1.0)
    (whole,) = lm.generate_until([generation("a b c", until=[])])
    middle = next(character for character in whole[3:] if character.isascii())
    (cut,) = lm.generate_until([generation("a b c", until=[middle])])
    assert cut == whole[: whole.index(middle)]
    together = make("dream-left-to-right", max_new_tokens=12, temperature=1.0, batch_size=2)
    requests = [generation("a b c", until=[middle]), generation("d", problem=1, until=[middle])]
    assert together.generate_until(requests)[0] == cut


def test_a_request_s_settings_give_way_to_the_model_s() -> None:
    greedy = {"do_sample": False, "temperature": 0.0, "max_gen_toks": 3, "until": "stop"}
    asked = {"temperature": 0.0, "max_new_tokens": 3}
    assert request_settings(greedy) == (asked, ("stop",))
    assert request_settings({"temperature": 1, "top_p": 0.5}) == (
        {"temperature": 1.0, "top_p": 0.5},
        (),
    )
    with pytest.raises(ApdError, match="'num_beams'"):
        request_settings({"num_beams": 4})
    lm = get_model("dream-left-to-right")(device="cpu", max_new_tokens=6, temperature=1.0)
    plain = lm.generate_until([generation("x", until=[])])
    assert lm.generate_until([generation("x", **greedy)]) == plain
    free = get_model("dream-left-to-right")(device="cpu")
    config = LeftToRightConfig(temperature=0, max_new_tokens=3)
    expected = left_to_right(free.pair.dllm, free._prompt_ids("x"), config).text
    assert free.generate_until([generation("x", **greedy)]) == [expected] != plain


def test_repetitions_differ_and_padding_copies_do_not() -> None:
    first, second = generation("x", repeats=2), generation("y", problem=1, repeats=2)
    seeds = request_seeds([first, first, second, second, second, second], seed=0)
    assert len(set(seeds)) == 4
    assert seeds[4:] == seeds[2:4]
    assert seeds[0] == problem_seed(0, 0)
    unnumbered = Instance("generate_until", {}, ("x", {}), 0)
    assert request_seeds([unnumbered], 0) == request_seeds([unnumbered], 0)


def test_results_note_the_whole_configuration(tasks) -> None:
    results = evaluate("dream-entropy", ["mini_essay"], tasks, f"{SHORT},num_steps=3,seed=7")
    noted = results["config"]
    assert noted["algorithm"] == "entropy" and noted["seed"] == 7
    assert noted["decoder"]["num_steps"] == 3
    assert results["results"]["mini_essay"]["reply_words,none"] >= 0
    json.dumps(noted["decoder"])


def test_code_is_run_on_request_only(tasks) -> None:
    with pytest.raises(ValueError, match="confirm_run_unsafe_code"):
        evaluate("apd", ["mini_humaneval"], tasks, confirm_run_unsafe_code=False)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("apd", {"pair": "maxi"}, "unknown pair"),
        ("apd", {"pair": "mini-llada"}, "no verifier"),
        ("apd", {"tokens_per_step": 2}, "'tokens_per_step' is unknown to apd"),
        ("apd", {"mixture_weight": 1.5}, "mixture_weight=1.5"),
        ("apd", {"likelihood": "exact"}, "likelihood='exact'"),
        ("apd", {"batch_size": "auto"}, "batch size 'auto'"),
        ("dream-entropy", {"pair": "mini-llada"}, "takes a Dream model"),
        ("llada-entropy", {"pair": "mini"}, "takes a llada model"),
        ("qwen", {"model": "mini-dream"}, "no autoregressive model"),
        ("qwen", {"pair": "mini-llada"}, "no autoregressive model"),
    ],
)
def test_bad_arguments_are_answered_in_one_line(name: str, arguments, message: str) -> None:
    with pytest.raises((ApdError, ValueError), match=message) as caught:
        make(name, **arguments)
    assert "\n" not in str(caught.value)


def test_none_can_be_spelt_in_an_argument_string() -> None:
    arguments = f"kv_window=none,max_lookahead=4,{SHORT}"
    lm = get_model("apd").create_from_arg_string(arguments, {"device": "cpu", "batch_size": 1})
    assert lm.configuration.decoder.kv_window is None
    assert lm.configuration.decoder.max_lookahead == 4 == lm.likelihood_config.max_lookahead


def test_a_checkpoint_without_chat_template_is_refused_by_name(models: Path) -> None:
    lm = make("qwen")
    lm.tokenizer.chat_template = None
    with pytest.raises(ApdError, match="no chat template"):
        lm.apply_chat_template([{"role": "user", "content": "x"}])


def test_a_missing_data_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ApdError, match="does not exist"):
        harness.task_manager(tmp_path / "nowhere")


def test_the_command_line_is_lm_eval_s_with_our_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    import lm_eval.__main__

    from apd.harness.__main__ import main

    seen: list[list[str]] = []
    monkeypatch.setattr(lm_eval.__main__, "cli_evaluate", lambda: seen.append(list(sys.argv)))
    monkeypatch.setattr(sys, "argv", ["apd", "--model", "apd", "--tasks", "gsm8k"])
    assert main() == 0
    assert seen[0][-2:] == ["--include_path", str(harness.TASKS_DIR)]

    def refuse() -> None:
        raise ApdError("unknown pair")

    monkeypatch.setattr(lm_eval.__main__, "cli_evaluate", refuse)
    assert main() == 2


def test_generation_arguments_out_of_range_are_one_line() -> None:
    lm = make("apd")
    with pytest.raises(ApdError, match=r"top_p=0.*--gen_kwargs") as caught:
        lm.generate_until([generation("x", until=[], top_p=0)])
    assert "\n" not in str(caught.value)


def test_a_long_prompt_is_cut_on_the_left(caplog: pytest.LogCaptureFixture) -> None:
    lm = make("dream-left-to-right", max_length=20)
    text = "one two three four five six"
    whole = lm.tok_encode(text)
    assert len(whole) > 20
    assert lm._prompt_ids(text, 6).tolist() == whole[-14:]
    (reply,) = lm.generate_until([generation(text, until=[])])
    assert "cut on the left to 14" in caplog.text
    expected = decode(lm.pair, lm.configuration, lm._prompt_ids(text, 6), problem_seed(0, 0))
    assert reply == expected.text
    with pytest.raises(ApdError, match="20 new tokens leave no room for a prompt in 20 positions"):
        lm._prompt_ids(text, 20)
