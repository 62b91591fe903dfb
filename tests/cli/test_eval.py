"""`apd eval` from the arguments to the printed table, on tiny random checkpoints."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from tiny_checkpoints import write_mini_models
from tiny_data import DATASETS

from apd.cli.eval_request import build_experiment
from apd.cli.main import build_parser, main
from apd.runs import models as experiment_models
from apd.runs.table import read_results
from apd.statistics.summary import TIMED
from apd.tasks.judging.grammar import language_tool

ROWS = {
    "mini_gsm": [{"question": f"{n} and {n}?", "answer": f"{n} + {n} = {2 * n}.\n#### {2 * n}",
                  "entities": []} for n in range(2, 6)],
    "mini_humaneval": [{
        "task_id": "mini_humaneval/0",
        "prompt": 'def same(x):\n    """Return x."""\n',
        "canonical_solution": "    return x\n",
        "test": "def check(candidate):\n    assert candidate(1) == 1\n",
        "entry_point": "same",
        "entities": [],
    }],
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with tiny models and short tasks."""
    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("data")
    write_mini_models(directory / "models")
    (directory / "tasks").mkdir()
    for task, rows in ROWS.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (directory / "tasks" / f"{task}.jsonl").write_text(lines)
    return directory


@pytest.fixture(autouse=True)
def _in_data(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("APD_DATA_DIR", str(data))
    monkeypatch.chdir(tmp_path)


def experiment(*words: str) -> Any:
    return build_experiment(build_parser(["eval"]).parse_args(["eval", *words]))


def test_checkpoints_without_a_pair_have_a_name_that_tells_runs_apart(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = data / "models"
    paths = ["--dllm-path", str(models / "mini-dream")]
    paths += ["--verifier-path", str(models / "mini-qwen-small")]
    assert experiment(*paths).pair == "mini-dream"
    assert experiment(*paths, "--mask-token", "<|mask|>").pair == "mini-dream-mask_mask"
    assert experiment(*paths, "--no-shifted").pair == "mini-dream-shift_False"
    assert experiment(*paths, "--quantize", "int8").pair == "mini-dream-int8"
    assert experiment("--quantize", "int4").pair == "mini-int4"
    assert experiment("--pair", "mini", *paths).pair == "mini"
    assert evaluate(*paths, "--no-shifted", "--limit", "1") == 0
    assert evaluate("--mask-token", "x") == 2
    assert "give it with --dllm-path and without --pair" in capsys.readouterr().err


def decoder(*words: str) -> Any:
    return experiment(*words).cells[0].configuration.decoder


def evaluate(*words: str) -> int:
    """The exit status of `apd eval`, errors printed as a user sees them."""
    return main(["eval", "--max-new-tokens", "8", "--device", "cpu", *words])


def test_the_table_shows_means_with_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--mixture-weight", "0.5") == 0
    out = capsys.readouterr().out
    shown = dict(re.findall(r"│ +([\w /(),]+?) +│ +(.+?) +│", out))
    for heading in ("accuracy", "latency (s)", "iterations", "most tokens in one iteration"):
        assert re.fullmatch(r"\d+\.\d+ ± \d+\.\d+", shown[heading]), (heading, out)
    for heading in ("tok/s", "tokens per iteration", "generated tokens"):  # by either counting rule
        assert len(re.findall(rf"│ {heading} +│ +\d+\.\d+ ± \d+\.\d+ │", out)) == 2, (heading, out)
    assert len(re.findall(r"share of the latency", out)) == 2


def test_json_is_one_object_and_the_table_is_stored(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--algorithm", "left-to-right", "--tokens-per-step", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["configuration"]["id"] == "left_to_right-K2-length8"
    assert found["configuration"]["tokens_per_step"] == 2
    assert found["problems"] == 4
    assert found["batch_size"] == 1
    assert set(found["metrics"]["accuracy"]) == {"mean", "stderr", "n"}
    assert found["most_tokens_in_one_iteration"] <= 2
    path = Path(found["table"])
    table, provenance = read_results(path.parent, path.stem)
    assert path.parts[:2] == ("results", "mini")
    assert len(table) == 4
    assert json.loads(Path(found["provenance"]).read_text()) == provenance
    assert set(provenance["models"]["dllm"]["files"]) >= {"config.json", "model.safetensors"}


@pytest.mark.parametrize(
    "words",
    [
        ("--model", "mini-qwen-large"),
        ("--algorithm", "entropy", "--num-steps", "4"),
        ("--pair", "mini-llada", "--algorithm", "low-confidence", "--block-length", "4"),
        ("--kv-window", "4", "--max-lookahead", "none", "--acceptance", "greedy"),
        ("--task", "mini_humaneval", "--allow-code-execution", "--log-replies"),
    ],
)
def test_every_kind_of_decoder_runs(words: tuple[str, ...]) -> None:
    assert evaluate(*words, "--limit", "1", "--output", "here") == 0
    assert list(Path("here").glob("*/*.parquet"))
    assert bool(list(Path("here").glob("*/*.replies.jsonl"))) == ("--log-replies" in words)


def test_the_sample_log_has_prompts_and_replies(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--limit", "2", "--log_samples", "--tag", "logged") == 0
    (path,) = Path("results/mini").glob("*-logged.replies.jsonl")
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["prompt"] for entry in entries] == ["2 and 2?", "3 and 3?"]
    assert all(isinstance(entry["text"], str) for entry in entries)


def test_a_finished_evaluation_is_shown_again_and_not_run_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--algorithm", "left_to_right", "--limit", "2", "--json")
    assert evaluate(*words) == 0
    first = capsys.readouterr()
    assert "measured already" not in first.err
    with monkeypatch.context() as patch:
        patch.setattr(experiment_models, "load_models", lambda *a, **k: pytest.fail("ran again"))
        assert evaluate(*words) == 0
        again = capsys.readouterr()
        assert again.out == first.out
        assert "measured already" in again.err
    for changed in (("--restart",), ("--log-replies",)):
        assert evaluate(*words, *changed) == 0
        assert "measured already" not in capsys.readouterr().err


@pytest.mark.parametrize("algorithm", ["apd", "left_to_right", "entropy", "autoregressive"])
def test_batches_give_the_rows_of_single_decodes_without_speed(
    algorithm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tables, metrics = [], []
    for size in ("1", "3"):  # four problems: a batch of three, and one
        assert evaluate("--algorithm", algorithm, "--batch-size", size, "--json") == 0
        found = json.loads(capsys.readouterr().out)
        path = Path(found["table"])
        tables.append(read_results(path.parent, path.stem)[0])
        metrics.append(set(found["metrics"]))
    single, batched = tables
    assert (batched["batch_size"] == 3).all()
    same = ["problem_id", "correct", "prompt_tokens", "generated_tokens", "iterations"]
    pd.testing.assert_frame_equal(batched[same], single[same])
    assert metrics[0] - metrics[1] == set(TIMED)


def test_an_autoregressive_run_loads_its_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import apd.models.pairs as pairs

    loaded: list[str] = []
    load_ar = pairs.load_ar
    monkeypatch.setattr(pairs, "load_pair", lambda *a, **k: pytest.fail("loaded the whole pair"))

    def noting(name: str, **options: Any) -> Any:
        loaded.append(str(name))
        return load_ar(name, **options)

    monkeypatch.setattr(pairs, "load_ar", noting)
    assert evaluate("--model", "mini-qwen-small", "--limit", "1") == 0
    assert loaded == ["mini-qwen-small"]


def test_a_baseline_may_lie_anywhere(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data / "models" / "mini-qwen-small"
    words = ("--model", "mini-qwen-large", "--baseline-path", str(path), "--limit", "1", "--json")
    assert evaluate(*words) == 0
    note = json.loads(Path(json.loads(capsys.readouterr().out)["provenance"]).read_text())
    assert note["models"]["mini-qwen-large"]["name"] == "mini-qwen-small"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task", "gsm9k"), "unknown task 'gsm9k'"),
        (("--pair", "maxi"), "unknown pair 'maxi'"),
        (("--algorithm", "beam"), "unknown algorithm 'beam'; choose one of apd"),
        (("--mixture-weight", "1.5"), "mixture_weight=1.5 is not allowed"),
        (("--mixture-weight", "-0.1"), "mixture_weight=-0.1 is not allowed"),
        (("--tokens-per-step", "4"), "--tokens-per-step does not apply to algorithm apd"),
        (("--algorithm", "entropy", "--mixture-weight", "1"), "--mixture-weight does not apply"),
        (("--pair", "mini-llada"), "'mini-llada' has no verifier"),
        (("--model", "mini-qwen-huge"), "no autoregressive model 'mini-qwen-huge'"),
        (("--pair", "mini-llada", "--algorithm", "autoregressive"), "no autoregressive model"),
        (("--algorithm", "autoregressive", "--model", "dllm"), "cannot run"),
        (("--algorithm", "apd", "--model", "mini-qwen-small"), "cannot run"),
        (("--task", "mini_humaneval"), "add --allow-code-execution"),
        (("--data-dir", "nowhere"), "--data-dir nowhere is not a directory"),
        (("--data-dir", "."), "--data-dir does not apply to mini_gsm"),
        (("--dllm-path", "x", "--model", "mini-qwen-large"), "--dllm-path does not apply"),
        (("--limit", "0"), "limit is 0: use 1 or more"),
        (("--seed", "-1"), "seed is -1"),
        (("--batch-size", "0"), "batch size is 0"),
        (("--temperature", "-1"), "temperature=-1"),
        (("--acceptance", "often"), "acceptance='often'"),
        (("--output", "file"), "cannot write to file/mini"),
        (("--tag", "a/b"), "--tag 'a/b' is not allowed"),
        (("--device", "cuda:99"), "cuda:99"),
        (("--dtype", "int8"), "dtype='int8'"),
        (("--baseline-path", "x"), "choose exactly one"),
        (("--model-alias", "gpt2"), "unknown model alias 'gpt2'; choose one of dream"),
        (("--model-alias", "dream", "--pair", "mini-llada"), "is not of pair 'mini-llada'"),
        (("--model-alias", "qwen7b", "--pair", "mini", "--model", "dllm"), "leave --model out"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_two(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("x")
    assert evaluate(*words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if not line.startswith("note: ")]
    assert len(lines) == 1
    assert lines[0].startswith("apd: error: ")
    assert message in lines[0]


def test_an_output_without_permission_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert evaluate() == 2
    error = "apd: error: cannot write to results/mini: Permission denied; give another --output\n"
    assert capsys.readouterr().err == error


def test_a_damaged_journal_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--limit", "1")
    assert evaluate(*words) == 0
    (journal,) = Path("results/mini/cells").glob("*.journal.jsonl")
    journal.write_text('{"body": {}}\n{"body": {}}\n')
    assert evaluate(*words) == 0  # the table is there
    next(Path("results/mini").glob("*.parquet")).unlink()
    capsys.readouterr()
    assert evaluate(*words) == 2
    assert "damaged at line 1" in capsys.readouterr().err
    assert evaluate(*words, "--restart") == 0


def wall_times() -> list[float]:
    (path,) = Path("results/mini").glob("*.parquet")
    return list(read_results(path.parent, path.stem)[0]["wall_s"])


def test_a_finished_table_is_extended_and_never_made_shorter(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate("--limit", "2") == 0
    two = wall_times()
    assert evaluate("--limit", "4") == 0
    four = wall_times()
    assert len(four) == 4 and four[:2] == two  # the first two are not decoded again
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(experiment_models, "load_models", lambda *a, **k: pytest.fail("ran again"))
        assert evaluate("--limit", "1", "--json") == 0
        shown = capsys.readouterr()
        assert json.loads(shown.out)["problems"] == 1
        assert json.loads(shown.out)["metrics"]["latency_s"]["mean"] == four[0]
        assert "measured already" in shown.err
        assert evaluate("--limit", "1") == 0
        assert "first 1 of 4 problems; mean" in capsys.readouterr().out
        assert evaluate("--limit", "1", "--log-replies") == 0
        (replies,) = Path("results/mini").glob("*.replies.jsonl")
        assert len(replies.read_text().splitlines()) == 4
    assert wall_times() == four
    assert evaluate("--limit", "1", "--restart") == 0
    assert len(wall_times()) == 1


def test_other_weights_or_another_device_never_cost_a_longer_table(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate("--limit", "2") == 0
    two, other = wall_times(), str(data / "models" / "mini-qwen-large")
    capsys.readouterr()
    assert evaluate("--limit", "1", "--verifier-path", other) == 2
    assert "has more problems than --limit 1 asks for" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr("apd.models.placement.choose_device", lambda name: torch.device("meta"))
        assert evaluate("--limit", "4") == 2
    assert "was measured on cpu, not meta: give another --output" in capsys.readouterr().err
    assert wall_times() == two


def test_weights_are_read_once_for_their_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    original = experiment_models.hash_checkpoint

    def counting(name: str, directory: Path) -> Any:
        hashed.append(name)
        return original(name, directory)

    monkeypatch.setattr(experiment_models, "hash_checkpoint", counting)
    assert evaluate("--limit", "1") == 0
    assert sorted(hashed) == ["mini-dream", "mini-qwen-small"]


def test_defaults_follow_pair_task_and_model() -> None:
    assert decoder().max_new_tokens == 128
    assert decoder("--pair", "dream-7b", "--task", "gsm8k").max_new_tokens == 256
    assert decoder("--pair", "dream-7b", "--task", "hendrycks_math").max_new_tokens == 512
    assert experiment().artefact == "eval-mini_gsm-apd-R0.7-seed0"
    assert decoder("--kv-window", "none").kv_window is None
    large = experiment("--pair", "dream-7b", "--algorithm", "autoregressive").cells[0].configuration
    assert large.model == "Qwen2.5-7B-Instruct"
    assert large.decoder.max_new_tokens == 16384


def test_runs_that_may_lie_in_one_directory_have_names_of_their_own() -> None:
    changes: list[tuple[str, ...]] = [
        (), ("--seed", "1"), ("--tag", "x"), ("--dtype", "bfloat16"), ("--mixture-weight", "0.5"),
        ("--temperature", "0"), ("--task", "mini_math"), ("--algorithm", "left_to_right"),
    ]  # fmt: skip
    assert len({experiment(*words).artefact for words in changes}) == len(changes)


def test_dashes_and_underscores_are_both_understood() -> None:
    dashes = "--mixture-weight 0.3 --kv-window 8 --max-lookahead 9 --max-new-tokens 16 --top-p 1"
    assert experiment(*dashes.split()) == experiment(
        *(re.sub(r"(?<=\w)-(?=\w)", "_", word) for word in dashes.split())
    )
    assert experiment("--alg", "left-to-right") == experiment("--algorithm", "left_to_right")


def test_a_task_of_parallelbench_is_read_from_a_checkout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, checkout = "parallelbench_puzzles_latin_square_n4", str(DATASETS / "ParallelBench")
    assert decoder("--task", name).max_new_tokens == 64
    assert decoder("--task", "parallelbench_waiting_line_copy").max_new_tokens == 32
    words = ("--task", name, "--data-dir", checkout, "--max-new-tokens", "8", "--log-replies")
    assert evaluate(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["problems"] == 2
    (log,) = Path("results").rglob("*.replies.jsonl")
    entry = json.loads(log.read_text().splitlines()[0])
    assert entry["prompt"] == "A Latin square of size 4 of [A, K, 7, Z], as CSV only."
    assert entry["examples"][0][1].splitlines()[0] == "M,N,1,P"


def test_what_judging_needs_is_asked_for_before_anything_is_decoded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "language_tool_python", None)
    language_tool.cache_clear()
    name = "parallelbench_text_writing_paraphrasing"
    assert evaluate("--task", name, "--data-dir", str(DATASETS)) == 2
    said = capsys.readouterr().err
    assert "pip install language_tool_python" in said and len(said.splitlines()) == 1
