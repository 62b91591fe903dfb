"""The registry: what one row gives a decoder, and what a name or a row that is wrong is told."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from experiment_toys import (
    APD,
    MODELS,
    SAMPLING,
    ToyPair,
    interrupted_after,
    toy_experiment,
    toy_task,
)
from tiny_data import tiny_data_directory
from toy_decoder import LATER, STRIDE, StrideConfig

from apd import plots
from apd.cli.main import main
from apd.decoding import AdaptiveConfig, SamplingConfig, adaptive
from apd.decoding.configuration import Configuration, configure
from apd.decoding.decoder import Decoder
from apd.decoding.reference import DEVIATIONS
from apd.decoding.registry import (
    FIRST_COLUMNS,
    decoder,
    decoders,
    register,
    registered,
    spelt,
    stored_settings,
    usual_decoder,
)
from apd.decoding.setting import setting
from apd.errors import ApdError
from apd.paper import gpu_hours
from apd.paper.cost import cost_of, seconds_of
from apd.paper.scale import scale_of
from apd.runs.cells import CellStore
from apd.runs.columns import columns
from apd.runs.decode import decode, decode_problems, problem_seed
from apd.runs.description import as_before
from apd.runs.grid import Cell, Experiment
from apd.runs.run import run_experiment
from apd.runs.table import read_results

TIMES = ["wall_s", "dllm_s", "verifier_s"]


@pytest.fixture
def stride() -> Iterator[Decoder]:
    """The toy decoder, known for one test."""
    torch.set_num_threads(1)
    with registered(STRIDE) as row:
        yield row


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """Tiny models and the mini suite, for one test."""
    with tiny_data_directory(tmp_path / "data") as path:
        yield path


def run_toys(directory: Path, *configurations: Configuration, **options: Any) -> pd.DataFrame:
    """Run on the toy models and read the table back, without its timings."""
    cells = tuple(Cell("odd", each) for each in configurations)
    experiment = Experiment(artefact="toys", pair="mini-toy", cells=cells)
    run_experiment(experiment, ToyPair(), MODELS, directory, task_loader=toy_task, **options)
    return read_results(directory, "toys")[0].drop(columns=TIMES)


# What a row gives


def test_the_command_line(
    data: Path, stride: Decoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("eval", "--algorithm", "stride", "--stride", "3", "--backwards", "--limit", "3",
             "--max-new-tokens", "8", "--device", "cpu", "--output", str(tmp_path))  # fmt: skip
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["configuration"]["id"] == "stride-length8-S3-backwardsTrue"
    path = Path(found["table"])
    table, _ = read_results(path.parent, path.stem)
    assert list(table.columns) == list(columns())
    assert (table["stride"] == 3).all() and table["backwards"].all()
    assert (table["iterations"] == 3).all()
    assert main([*words, "--batch-size", "2", "--json"]) == 0
    path = Path(json.loads(capsys.readouterr().out)["table"])
    together, _ = read_results(path.parent, path.stem)
    same = ["correct", "generated_tokens", "iterations", "dllm_forwards"]
    pd.testing.assert_frame_equal(together[same], table[same])
    with pytest.raises(SystemExit):
        main(["eval", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--stride S positions between those of a step (stride; 2)" in text
    names = ", ".join(row.name for row in decoders())
    assert f"{names} (apd; autoregressive if --model names a baseline)" in text
    assert main(["eval", "--algorithm", "entropy", "--stride", "3"]) == 2
    assert "--stride does not apply to algorithm entropy" in capsys.readouterr().err
    assert main(["eval", "--algorithm", "stride", "--stride", "0"]) == 2
    assert "stride=0 is not allowed" in capsys.readouterr().err
    assert spelt("every_nth", on_baseline=False) == "stride"


def test_an_lm_eval_model(data: Path, stride: Decoder) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.api.registry import get_model

    from apd.harness import register_models

    register_models()
    arguments = "stride=3,backwards=true,max_new_tokens=6,seed=4"
    lm = get_model("apd-stride").create_from_arg_string(arguments, {"device": "cpu"})
    assert lm.configuration.decoder == StrideConfig(stride=3, backwards=True, max_new_tokens=6)
    request = Instance("generate_until", {}, ("2 + 3 is", {"until": []}), 0, ("task", 5, 1))
    (reply,) = lm.generate_until([request])
    prompt = lm._prompt_ids("2 + 3 is")
    assert reply == decode(lm.pair, lm.configuration, prompt, problem_seed(4, 5)).text
    with pytest.raises(ApdError, match="'tokens_per_step' is unknown to stride"):
        get_model("apd-stride")(device="cpu", tokens_per_step=2)


def test_batches(stride: Decoder) -> None:
    pair: Any = ToyPair()
    configuration = configure("stride", {"stride": 3, **SAMPLING})
    prompts = [pair.encode_chat("odd"), pair.encode_chat("even 2"), pair.encode_chat("x")]
    together = decode_problems(pair, configuration, prompts, [1, 2, 3])
    alone = [decode(pair, configuration, p, s) for p, s in zip(prompts, [1, 2, 3], strict=True)]
    assert [r.tokens for r in together] == [r.tokens for r in alone]
    assert all(len(r.iterations) == 3 for r in alone)


def test_a_price(stride: Decoder) -> None:
    mini, large = scale_of("mini"), scale_of("dream-7b")
    two, eight = (Cell("mini_gsm", configure("stride", {"stride": s})) for s in (2, 8))
    assert (cost_of(two, mini).dllm_passes, cost_of(eight, mini).dllm_passes) == (2, 8)
    assert cost_of(two, mini).autoregressive_passes == 0
    assert seconds_of(eight, mini) == pytest.approx(4 * seconds_of(two, mini))
    hours = [gpu_hours.problem_seconds(replace(c, task="gsm8k"), large) for c in (two, eight)]
    assert hours[1] == pytest.approx(4 * hours[0])


def test_a_look(stride: Decoder) -> None:
    assert plots.method_style("stride") == STRIDE.look
    assert plots.method_style("adaptive") == plots.method_style("apd") == decoder("apd").look


def test_a_stored_table_that_resumes_after_an_interrupt(stride: Decoder, tmp_path: Path) -> None:
    cells = (APD, configure("stride", {"stride": 3, **SAMPLING}))
    whole = run_toys(tmp_path / "whole", *cells)
    assert whole.loc[whole["algorithm"] == "stride", "stride"].eq(3).all()
    assert whole.loc[whole["algorithm"] == "apd", "stride"].isna().all()
    with interrupted_after(9):
        run_toys(tmp_path / "parts", *cells)
    pd.testing.assert_frame_equal(run_toys(tmp_path / "parts", *cells), whole)


def test_a_stored_table_that_resumes_after_kills(stride: Decoder, tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "support" / "kill_and_resume.py"
    command = [sys.executable, str(script), str(tmp_path / "killed"), "1", "stride"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    assert int(done.stdout) >= 2
    table = read_results(tmp_path / "killed", "toys")[0].drop(columns=TIMES)
    cells = (APD, configure("stride", {"stride": 3, **SAMPLING}))
    pd.testing.assert_frame_equal(table, run_toys(tmp_path / "whole", *cells))


def test_nothing_is_left_of_a_decoder_that_is_no_longer_registered() -> None:
    before = decoders(), stored_settings(), columns(), plots.methods()
    with registered(STRIDE):
        assert "stride" in stored_settings()
    assert (decoders(), stored_settings(), columns(), plots.methods()) == before
    with pytest.raises(ApdError, match="unknown algorithm 'stride'; choose one of apd, left"):
        decoder("stride")
    with pytest.raises(ApdError, match="unknown algorithm 'stride'"):
        Configuration("x", "stride", "dllm", StrideConfig())
    with pytest.raises(SystemExit):
        main(["eval", "--stride", "3"])


def test_a_decoder_on_the_dllm_and_a_baseline(tmp_path: Path) -> None:
    own: dict[str, Any] = {"name": "on_large", "models": ("dllm", "baseline"), "lm_eval": ()}
    pair = ToyPair(verifier=None)
    with registered(replace(decoder("apd"), **own)):
        settings = {"mixture_weight": 0.5, **SAMPLING}
        configuration = configure("on_large", settings, model="toy-large")
        assert configuration.models == ("dllm", "toy-large")
        config = AdaptiveConfig(**settings, seed=3)
        prompt = pair.encode_chat("odd 1")
        expected = adaptive(pair.dllm, pair.baselines["toy-large"], prompt, config)
        found = decode(pair, configuration, prompt, 3)  # type: ignore[arg-type]
        assert found.tokens == expected.tokens
        table = run_toys(tmp_path, configuration)
    assert table["verifier_version"].isna().all()
    assert (table["dllm_forwards"] > 0).all() and (table["verifier_forwards"] > 0).all()


# Tables of other versions


def is_done(directory: Path) -> bool:
    return CellStore(directory, toy_task, MODELS).is_current(toy_experiment())


def test_tables_from_before_a_decoder_are_read_and_count_as_run(tmp_path: Path) -> None:
    run_experiment(toy_experiment(), ToyPair(), MODELS, tmp_path, task_loader=toy_task)
    before, _ = read_results(tmp_path, "toys")
    with registered(STRIDE):
        after, _ = read_results(tmp_path, "toys")
        assert list(after.columns) == list(columns())
        assert after["stride"].isna().all() and after["backwards"].isna().all()
        pd.testing.assert_frame_equal(after[list(before.columns)], before)
        assert is_done(tmp_path)
        run_experiment(toy_experiment(), ToyPair(), MODELS, tmp_path, task_loader=toy_task)
    again, _ = read_results(tmp_path, "toys")  # its columns for the toy decoder are empty
    pd.testing.assert_frame_equal(again.drop(columns=TIMES), before.drop(columns=TIMES))
    assert is_done(tmp_path)


@contextmanager
def interrupted(directory: Path) -> Iterator[None]:
    with registered(STRIDE), interrupted_after(3):
        run_toys(directory, configure("stride", SAMPLING))
    yield


def test_a_setting_that_came_later_reads_as_what_it_was_before(tmp_path: Path) -> None:
    with registered(STRIDE):
        before = run_toys(tmp_path / "whole", configure("stride", SAMPLING))
    with interrupted(tmp_path / "parts"), registered(LATER):
        table = read_results(tmp_path / "whole", "toys")[0].drop(columns=TIMES)
        assert (table["patience"] == 0).all()
        pd.testing.assert_frame_equal(table.drop(columns="patience"), before)
        as_it_was = configure("stride", {"patience": 0, **SAMPLING}, usual={"patience": 0})
        pd.testing.assert_frame_equal(run_toys(tmp_path / "parts", as_it_was), table)
        assert len(list(tmp_path.joinpath("parts/cells").glob("*.jsonl"))) == 1  # it was resumed
        now = configure("stride", SAMPLING)
        assert now.parameters["patience"] == 5
    with interrupted(tmp_path / "other"), registered(LATER):
        run_toys(tmp_path / "other", configure("stride", SAMPLING))
        assert len(list(tmp_path.joinpath("other/cells").glob("*.jsonl"))) == 2  # run anew


def test_what_was_described_before_a_setting_existed_equals_what_is_described_now() -> None:
    then = {"algorithm": "stride", "stride": 2, "kv_window": None}
    with registered(LATER):
        assert as_before(then | {"patience": 0}) == then
        assert as_before(then | {"patience": 5}) == then | {"patience": 5}
        of_another = {"algorithm": "apd", "kv_window": None}
        assert as_before(of_another | {"stride": None, "patience": None}) == of_another


def test_tables_with_more_than_is_registered_say_so(tmp_path: Path) -> None:
    with registered(LATER):
        run_toys(tmp_path, APD, configure("stride", SAMPLING))
    with pytest.raises(ApdError, match="a decoder 'stride', which is not registered here"):
        read_results(tmp_path, "toys")
    with (
        registered(STRIDE),
        pytest.raises(ApdError, match="a setting 'patience', which is not registered here"),
    ):
        read_results(tmp_path, "toys")


@pytest.mark.parametrize("column", ["stride", "kv_window", "iterations"])
def test_a_column_that_the_provenance_promises_must_be_there(
    column: str, stride: Decoder, tmp_path: Path
) -> None:
    run_toys(tmp_path, configure("stride", SAMPLING))
    path = tmp_path / "toys.parquet"
    pd.read_parquet(path).drop(columns=column).to_parquet(path, index=False)
    with pytest.raises(ApdError, match=f"other columns than it should .*{column}"):
        read_results(tmp_path, "toys")


# The table of rows


def test_columns_keep_the_order_of_the_stored_tables() -> None:
    later = ("schedule", *DEVIATIONS, "cache", "step_cap", "factor", "gamma", "error_proxy",
             "kl_threshold", "kl_history", "verify_threshold", "draft_length",
             "verifier_temperature", "entropy_decay", "distance_decay", "exaggeration",
             "corrections", "uncertain_first", "sparse_lookahead", "candidates",
             "verify_window", "high_temperature", "choice")  # fmt: skip
    assert tuple(stored_settings()) == (*FIRST_COLUMNS, *later)
    with registered(STRIDE):
        assert tuple(stored_settings()) == (*FIRST_COLUMNS, *later, "stride", "backwards")


@pytest.mark.parametrize("row", decoders(), ids=lambda row: row.name)
def test_every_decoder_has_defaults_help_and_a_configuration(row: Decoder) -> None:
    assert isinstance(row.settings(), SamplingConfig)
    assert all(each.help for each in row.free.values())
    model = "large" if row.on_baseline else "dllm"
    configuration = configure(row.name, {}, model=model)
    assert configuration.row is row
    assert configuration.id.startswith("large" if row.on_baseline else row.name)
    assert row.passes(configuration.decoder, 40.0).dllm >= 0


def test_configurations_of_different_decoders_have_different_ids() -> None:
    ids = [configure(r.name, {}, model="large" if r.on_baseline else "dllm").id for r in decoders()]
    assert len(set(ids)) == len(ids)
    assert {"large", "large-speculative", "large-speculative_dllm", "klass"} <= set(ids)


def test_an_overridden_default_keeps_what_is_said_of_the_setting() -> None:
    fresh, position = (decoder(name).stored["noise"] for name in ("apd", "left_to_right"))
    assert (fresh.default, position.default) == ("fresh", "position")
    assert fresh.help == position.help != ""
    assert fresh.choices == ("fresh", "position")


def test_the_usual_decoders_and_the_paper_s_names() -> None:
    assert usual_decoder(on_baseline=False).name == "apd"
    assert usual_decoder(on_baseline=True).name == "autoregressive"
    assert spelt("leftright", on_baseline=False) == "left_to_right"
    assert spelt("leftright", on_baseline=True) == "autoregressive"
    assert spelt("origin", on_baseline=True) == "random"
    assert spelt("left_to_right", on_baseline=False) == "left_to_right"


@dataclass(frozen=True, kw_only=True)
class TextStride(SamplingConfig):
    """A setting of a name that is taken, with another type."""

    num_steps: str = setting("few", "steps")


@dataclass(frozen=True, kw_only=True)
class NoDefault(SamplingConfig):
    """A setting that has to be given."""

    depth: int


@dataclass(frozen=True, kw_only=True)
class ListOfSteps(SamplingConfig):
    """A setting that no column can hold."""

    steps: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "apd"}, "decoder 'apd': 'apd' has the name 'apd'"),
        ({"lm_eval": ("qwen",)}, "'autoregressive' has the lm-eval name 'qwen'"),
        ({"spellings": ("origin",)}, "'random' has the spelling 'origin'"),
        ({"name": "two words"}, "decoder name 'two words': use letters"),
        ({"models": ("verifier",)}, r"models \('verifier',\) are not one of dllm; dllm, verifier"),
        ({"fixed": {"order": "random"}}, "fixes 'order', which StrideConfig lacks"),
        ({"settings": TextStride}, "setting 'num_steps' has another type than in 'random'"),
        ({"settings": NoDefault}, "'depth' of NoDefault has no default: give it one"),
        ({"settings": ListOfSteps}, r"'steps' of ListOfSteps is of type .*: use bool, int"),
    ],
)
def test_a_row_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    before = decoders()
    with pytest.raises((ValueError, TypeError), match=message):
        register(replace(STRIDE, **changes))
    assert decoders() == before
