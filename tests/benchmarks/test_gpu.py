"""The benchmark for a GPU, its code path on a CPU at tiny shapes."""

import json
import time

import pytest
import torch

from apd.benchmarks.gpu import determinism
from apd.benchmarks.gpu import run as runs
from apd.benchmarks.gpu.ceilings import data_sheet
from apd.benchmarks.gpu.compiled import measure_compiled
from apd.benchmarks.gpu.decodes import measure_decodes
from apd.benchmarks.gpu.kernels import measure_kernels
from apd.benchmarks.gpu.outside import measure_outside
from apd.benchmarks.gpu.passes import measure_passes
from apd.benchmarks.gpu.report import gpu_tables
from apd.benchmarks.models import BenchModels
from apd.benchmarks.settings import quick_settings
from apd.cli import main
from apd.costmodel import GPUS
from apd.errors import ApdError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def models():
    return runs.models_of("tiny", CPU, torch.float32)


@pytest.fixture(scope="module")
def pair(models):
    return BenchModels(models["dllm"], models["verifier"])


def empty_run(path, seconds=60.0):
    found = {"card": "cpu", "label": "timing only", "provenance": {"packages": {"torch": "2"}}}
    found["provenance"]["started"] = "2026-01-01T00:00:00"
    return runs.Run(path, found, time.monotonic() + seconds, lambda line: None)


class TestParts:
    def test_a_part_that_is_stopped_keeps_what_it_reported(self, tmp_path):
        run = empty_run(tmp_path / "card.json")

        def slow(keep):
            keep([1])
            time.sleep(30)

        assert run.part("slow", 1.5, slow) == [1]
        stored = json.loads((tmp_path / "card.json").read_text())
        assert stored["slow"] == [1] and stored["parts"]["slow"]["state"] == "stopped after 2 s"

    def test_a_part_that_fails_leaves_the_others_alone(self, tmp_path):
        run = empty_run(tmp_path / "card.json")
        assert run.part("broken", 5, lambda keep: 1 / 0) is None
        assert run.part("whole", 5, lambda keep: [2]) == [2]
        states = {name: part["state"] for name, part in run.parts.items()}
        assert states == {
            "broken": "failed: ZeroDivisionError: division by zero",
            "whole": "complete",
        }
        assert "Not complete: broken failed" in gpu_tables(run.found)

    def test_a_number_that_is_none_does_not_cost_the_file(self, tmp_path):
        run = empty_run(tmp_path / "card.json")
        assert run.part("odd", 5, lambda keep: {"ms": float("nan")}) == {"ms": None}
        assert json.loads((tmp_path / "card.json").read_text())["odd"] == {"ms": None}

    def test_without_time_left_a_part_is_left_out(self, tmp_path):
        run = empty_run(tmp_path / "card.json", seconds=0.5)
        assert run.part("late", 5, lambda keep: pytest.fail("measured")) is None
        assert run.parts["late"]["state"] == "left out: no time left"


class TestMeasurements:
    def test_passes_are_held_against_the_ceilings(self, pair):
        ceilings = {"copy_bytes_per_s": 2e9, "product_flops": 4e9}
        ceilings |= {"sheet_bytes_per_s": 1e9, "sheet_flops": None}
        (row,) = measure_passes({"dllm": pair.dllm}, ceilings, positions=(64,))
        assert (row["positions"], row["rows"]) == (64, 16)
        assert row["bytes"] / row["ms"] / 1e6 == pytest.approx(
            row["share_of_sheet_bandwidth"], rel=0.01
        )
        assert row["share_of_copy"] == pytest.approx(row["share_of_sheet_bandwidth"] / 2, rel=0.01)
        assert row["flops"] / row["ms"] / 4e6 == pytest.approx(row["share_of_product"], rel=0.01)
        assert row["share_of_sheet_flops"] is None

    def test_times_of_an_iteration_add_up(self, pair, models):
        rows = measure_decodes(pair, models["large"], 2, batches=(1, 3))
        assert [(r["decoder"], r["batch"]) for r in rows] == [
            (name, batch) for batch in (1, 3) for name in ("autoregressive", "apd", "one_token")
        ]
        for row in rows:
            inside = row["dllm_ms"] + row["verifier_ms"]
            assert inside + row["outside_ms"] == pytest.approx(row["ms"])
            tokens = row["tokens_per_iteration"] * row["batch"]
            assert row["tokens_per_s"] == pytest.approx(1e3 * tokens / row["ms"])
            assert row["first_ms"] > 0
        assert rows[4]["over_autoregressive"] == rows[4]["ms"] / rows[3]["ms"]

    def test_an_iteration_is_counted_call_by_call(self, pair):
        (row,) = measure_kernels(pair, batches=(2,))
        assert row["batch"] == 2 and row["profiled_ms"] > 0
        assert (row["kernels"], row["kernel_ms"], row["by_kernel"]) == (0, 0, [])  # on a CPU
        times = [call["ms"] for call in row["by_host_call"]]
        assert times == sorted(times, reverse=True) and times[0] > 0
        assert sum(times) < row["profiled_ms"]

    def test_every_step_of_an_iteration_is_there(self, pair):
        rows = measure_outside(pair)
        assert {"nucleus", "noise of all tokens", "mixture"} <= {
            row["step"] for row in rows if row["used"]
        }

    def test_compiled_passes_give_the_same_logits_and_leave_the_model_as_it_was(self, pair):
        before = pair.verifier.inference._project
        rows = measure_compiled({"verifier": pair.verifier}, backend="aot_eager")
        assert [row["way"] for row in rows] == ["eager", "compiled"]
        assert all(row["difference"] < 1e-5 for row in rows)
        assert pair.verifier.inference._project is before

    def test_behind_the_first_difference_every_token_counts(self):
        texts = [[1, 2, 3, 4], [5, 6], [7]]
        others = [[1, 9, 3, 4], [5, 6], [7, 8, 9]]
        assert determinism.differences(texts, others) == {
            "texts": 3,
            "texts_differ": 2,
            "tokens": 9,
            "tokens_behind_a_difference": 5,
        }


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("NVIDIA H100 80GB HBM3", "H100 80 GB"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA A100-SXM4-80GB", "A100 80 GB"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("NVIDIA RTX A5000", "RTX A5000"),
        ("NVIDIA H100 PCIe", None),  # another memory than the card of the data sheet
        ("NVIDIA A100-SXM4-40GB", None),
    ],
)
def test_a_card_is_found_by_its_drivers_name(name, known):
    assert data_sheet(name) is (None if known is None else GPUS[known])


class TestCommand:
    def test_tiny_shapes_go_through_every_part(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr("apd.benchmarks.gpu.determinism.PRECISIONS", ("float32",))
        command = ["bench", "--gpu", "--quick", "--random-shapes", "tiny", "--problems", "1"]
        assert main([*command, "--output", str(tmp_path)]) == 0
        stored = json.loads((tmp_path / "cpu.json").read_text())
        assert {part["state"] for part in stored["parts"].values()} == {"complete"}
        assert stored["card"] == "cpu" and stored["provenance"]["models"]
        printed = capsys.readouterr().out
        assert "tokens to beat the AR model" in printed and "timing only" in printed

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
    def test_without_a_gpu_it_says_so(self, tmp_path, capsys):
        assert main(["bench", "--gpu", "--output", str(tmp_path)]) == 2
        assert "no CUDA GPU here; use --random-shapes tiny" in capsys.readouterr().err
        assert not list(tmp_path.iterdir())

    def test_a_card_too_small_is_refused(self, monkeypatch):
        class Small:
            total_memory = 24 * 2**30

        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        monkeypatch.setattr("torch.cuda.get_device_properties", lambda device: Small)
        with pytest.raises(ApdError, match="needs 38 GiB of GPU memory, 24 here"):
            runs.measure_gpu(quick_settings(), None)

    def test_a_time_limit_needs_gpu(self, capsys):
        assert main(["bench", "--time-limit", "5"]) == 2
        assert "--time-limit is only used with --gpu" in capsys.readouterr().err
