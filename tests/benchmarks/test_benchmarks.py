"""The benchmarks measure what they say: fits, pairing, shapes, labels. No speed is judged."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from apd import load_pair
from apd.benchmarks import overlap
from apd.benchmarks import run as runs
from apd.benchmarks.compiled import LENGTHS, _Forward, _pass, compare_compiled
from apd.benchmarks.decodes import check_same_tokens, compare_decoders
from apd.benchmarks.engines import compare_engines
from apd.benchmarks.forwards import (
    CONTEXT,
    PassShape,
    bare_products,
    compare_forwards,
    timed_pass,
)
from apd.benchmarks.iterations import first_iterations, iteration_seconds
from apd.benchmarks.models import BenchModels, any_prompt, by_engine, word_problems
from apd.benchmarks.random_models import random_autoregressive, random_models, tiny_shapes
from apd.benchmarks.report import summary_table
from apd.benchmarks.settings import BenchSettings, quick_settings
from apd.benchmarks.seven_b import SKIPPED, measure_seven_b
from apd.benchmarks.steps import profile_steps
from apd.benchmarks.timing import (
    best_of,
    fit_line,
    fit_power_law,
    ratio,
    seconds,
    spread,
    take_turns,
)
from apd.benchmarks.wide_vocabulary import wide_models
from apd.cli import bench
from apd.cli.main import main
from apd.costmodel import Architecture
from apd.costmodel.work import attention_flops, forward_flops
from apd.decoding.warpers import forbidden_tokens
from apd.errors import ApdError

TINY = quick_settings(
    rounds=1,
    problems=1,
    kv_window=4,
    max_lookahead=8,
    max_new_tokens=16,
    wide_iterations=2,
    sweep_rounds=1,
    sweep_iterations=2,
    vocabulary=3000,
)


@pytest.fixture(scope="module")
def pair():
    torch.set_num_threads(1)
    return load_pair("mini", device="cpu", dtype="float32", baselines=True)


@pytest.fixture(scope="module")
def wide():
    with wide_models("mini", 3000) as loaded:
        yield loaded


class TestTiming:
    def test_median_and_quartiles(self):
        found = spread([5.0, 1.0, 3.0, 2.0, 4.0])
        assert (found.low, found.median, found.high) == (2.0, 3.0, 4.0)
        assert found.values == (5.0, 1.0, 3.0, 2.0, 4.0)

    def test_ratios_pair_the_rounds(self):
        drifting = ratio([1.0, 10.0, 100.0], [2.0, 20.0, 200.0])
        assert (drifting.low, drifting.median, drifting.high) == (0.5, 0.5, 0.5)
        with pytest.raises(ValueError, match="zip"):
            ratio([1.0], [1.0, 2.0])

    def test_tasks_take_turns_in_rotating_order(self):
        order = []
        tasks = {name: lambda name=name: order.append(name) or len(order) for name in "abc"}
        results = take_turns(tasks, rounds=3)
        assert "".join(order) == "abc" + "abc" + "bca" + "cab"
        assert [len(values) for values in results.values()] == [3, 3, 3]

    def test_the_shortest_call_counts_and_queued_work_is_waited_for(self):
        waits = []
        assert seconds(lambda: None, lambda: waits.append(1)) >= 0
        assert len(waits) == 2
        calls = []
        assert best_of(lambda: calls.append(1), 4)() >= 0
        assert len(calls) == 4

    def test_a_power_law_is_recovered_with_its_error(self):
        x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
        law = fit_power_law(x, 3 * x**0.7)
        assert law.exponent == pytest.approx(0.7)
        assert law.stderr == pytest.approx(0, abs=1e-9)
        generator = np.random.default_rng(0)
        slopes = [fit_line(x, 2 * x + generator.normal(size=5)) for _ in range(4000)]
        within = np.mean([abs(slope - 2) < 3.182 * error for slope, error in slopes])  # t, 3 d.o.f.
        assert abs(within - 0.95) < 0.015
        with pytest.raises(ValueError, match="at least 3"):
            fit_line([1, 2], [1, 2])


class TestSettings:
    def test_a_quick_run_says_so_and_is_smaller(self):
        quick, full = quick_settings(), BenchSettings()
        assert quick.quick and not full.quick
        assert quick.rounds < full.rounds and quick.problems < full.problems
        assert quick.adaptive() == full.adaptive()
        assert quick.adaptive().kv_window and quick.adaptive().max_lookahead

    @pytest.mark.parametrize(
        "wrong", [{"rounds": 0}, {"sweep_iterations": 1}, {"kv_window": 0}, {"mixture_weight": 2}]
    )
    def test_what_cannot_be_measured_is_refused(self, wrong):
        with pytest.raises(ValueError, match="must be"):
            BenchSettings(**wrong)


class TestDecodes:
    def test_every_ratio_is_of_speeds_of_the_same_round(self, pair):
        found = compare_decoders(pair, replace(TINY, rounds=2))
        speeds = found["tokens_per_s"]
        for name, other in (
            ("apd_over_baseline", "baseline"),
            ("apd_over_one_token", "one_token"),
            ("apd_over_autoregressive", "autoregressive"),
        ):
            expected = np.divide(speeds["apd"]["values"], speeds[other]["values"])
            np.testing.assert_allclose(found[name]["values"], expected, rtol=1e-4)
        assert 0 < found["forward_share"]["median"] < 1
        assert found["tokens_per_iteration"]["median"] >= 1

    def test_a_baseline_that_decodes_something_else_is_an_error(self, pair, monkeypatch):
        models = BenchModels.of(pair)
        prompts = word_problems(pair, 1)
        monkeypatch.setattr(BenchModels, "plainly", lambda *_: argparse.Namespace(tokens=(1, 2, 3)))
        with pytest.raises(ApdError, match="different tokens from problem 0"):
            check_same_tokens(models, prompts, TINY)

    def test_a_pair_without_a_verifier_has_no_apd_to_time(self, pair):
        with pytest.raises(ApdError, match="no verifier"):
            BenchModels.of(replace(pair, verifier=None))


class TestIterations:
    def test_endless_models_decode_to_the_last_position(self, pair):
        models = BenchModels.of(pair).endless()
        assert pair.dllm.end_token_ids  # the pair itself is left alone
        prompt = any_prompt((models.dllm, models.verifier), 12, seed=0)
        config = replace(TINY.adaptive(), max_new_tokens=12, mixture_weight=1.0)
        seen = first_iterations(models, prompt, config, 100)
        assert sum(len(iteration.accepted) for iteration in seen) == 12

    def test_the_first_iteration_is_not_timed(self, pair):
        models = BenchModels.of(pair).endless()
        prompt = any_prompt((models.dllm, models.verifier), 12, seed=0)
        assert iteration_seconds(models, prompt, TINY.adaptive(), 2) > 0

    def test_random_prompts_hold_allowed_tokens_and_repeat(self, pair):
        models = (pair.dllm, pair.verifier)
        prompt = any_prompt(models, 500, seed=3)
        assert torch.equal(prompt, any_prompt(models, 500, seed=3))
        assert not forbidden_tokens(*models)[prompt].any()
        assert len(prompt.unique()) > 100


class TestWideVocabulary:
    def test_the_trained_rows_stay_and_the_new_ones_may_be_sampled(self, pair, wide):
        known = pair.dllm.vocab_size
        for one, other in ((pair.dllm, wide.dllm), (pair.verifier, wide.verifier)):
            assert other.vocab_size == 3000
            head, wider = one.model.lm_head.weight, other.model.lm_head.weight
            torch.testing.assert_close(head, wider[:known])
            assert wider[known:].std() > 0
            allowed = set(range(known, 3000)) - set(other.forbidden_token_ids.tolist())
            assert len(allowed) == 3000 - known

    def test_trained_tokens_still_win_nearly_always(self, wide):
        (prompt,) = word_problems(wide, 1)
        config = replace(TINY.adaptive(), max_new_tokens=24)
        seen = first_iterations(BenchModels.of(wide), prompt, config, 24)
        tokens = [token for iteration in seen for token in iteration.accepted]
        assert sum(token < 1536 for token in tokens) > 0.8 * len(tokens)

    def test_fewer_rows_than_there_are_is_an_error(self):
        with pytest.raises(ApdError, match="already; use more"), wide_models("mini", 10):
            pass


def blocked_flops(rows, weight, *_, **__):
    """Of a product with a blocked weight, from the shapes, for torch's counter."""
    return 2 * rows[0] * weight[0] * weight[1]


BLOCKED = {torch.ops.mkldnn._linear_pointwise: blocked_flops}


class TestForwards:
    def test_the_bare_products_are_those_of_a_pass(self, pair):

        module = pair.dllm.model
        shape = Architecture.from_config(module.config, "here")
        with FlopCounterMode(display=False) as counter:
            bare_products(module, 10, 10, 6)()
        assert counter.get_total_flops() == forward_flops(shape, 10, 16, 10)
        with FlopCounterMode(display=False) as counter:
            bare_products(module, 10, 4, 6)()
        # The last layer's queries, MLP and attention, and the output layer, for 4 rows of 10.
        queries = shape.hidden * shape.heads * shape.head_dim
        per_row = queries + sum(i * o for i, o in shape.layer_shapes[1:])
        left_out = 2 * 6 * (per_row + shape.head_parameters)
        left_out += attention_flops(replace(shape, layers=1), 6, 16)
        assert counter.get_total_flops() == forward_flops(shape, 10, 16, 10) - left_out

    def test_both_models_are_measured_at_every_length_and_in_an_iteration(self, pair):
        found = compare_forwards(pair, TINY, 3.0, lengths=(2, 8), calls=1)
        shapes = [(row["model"], row["positions"]) for row in found["by_shape"]]
        assert shapes == [("dllm", 2), ("verifier", 2), ("dllm", 8), ("verifier", 8)]
        for part in (found, found["blocked"], *found["by_shape"]):
            assert 0 < part["low"] <= part["median"] <= part["high"]

    def test_a_timed_pass_computes_what_its_bare_products_count(self, pair):
        models = BenchModels.of(pair)
        for shape in (PassShape("dllm", 5, 9, 4), PassShape("verifier", 0, 6, 6)):
            module = getattr(models, shape.model).model
            passing = timed_pass(models, shape)
            with FlopCounterMode(display=False, custom_mapping=BLOCKED) as counted:
                passing()
            with FlopCounterMode(display=False) as bare:
                bare_products(module, shape.positions, shape.rows, CONTEXT - shape.decoded)()
            # torch does not count the attention of a pass on a CPU
            whole = Architecture.from_config(module.config, "model")
            keys = CONTEXT + shape.ahead
            attention = attention_flops(
                replace(whole, layers=whole.layers - 1), shape.positions, keys
            ) + attention_flops(replace(whole, layers=1), shape.rows, keys)
            assert counted.get_total_flops() == bare.get_total_flops() - attention


class TestSteps:
    def test_each_step_is_timed_in_both_ways_and_predicted(self, pair):
        (prompt,) = word_problems(pair, 1)
        rows = profile_steps(BenchModels.of(pair), prompt, TINY, 2.0, rounds=1, calls=1)
        by_name = {row["step"]: row for row in rows}
        assert by_name["of these: caches"]["part_of"] == "dLLM: layers"
        assert [row["part_of"] for row in rows].count(None) == 6
        assert by_name["dLLM: layers"]["predicted_ms"] == by_name["dLLM: layers"]["baseline_ms"]
        half = by_name["top-p"]["predicted_ms"] / by_name["top-p"]["baseline_ms"]
        assert half == pytest.approx(4 / 8)  # twice two tokens of a lookahead of eight


class TestBatches:
    def test_sizes_are_compared_with_one_prompt_at_a_time(self, pair, monkeypatch):
        from apd.benchmarks import batches

        monkeypatch.setattr(batches, "QUICK_SIZES", (1, 2))
        pairs, _ = by_engine(pair)
        found = batches.measure_batches(pairs, TINY)
        assert found["sizes"] == [1, 2]
        for engine in pairs:
            one, two = found[engine]["tokens_per_s"]
            assert found[engine]["over_one_at_a_time"][0]["median"] == 1.0
            assert found[engine]["over_one_at_a_time"][1]["median"] == pytest.approx(two / one)
            over = found[engine]["over_torch"][1]["median"]
            assert over == pytest.approx(two / found["torch"]["tokens_per_s"][1])


class TestRandomShapes:
    def test_tiny_shapes_go_through_the_whole_code_path(self):
        found = measure_seven_b(TINY, "tiny")
        assert found["label"] == "timing only: random weights"
        assert set(found["milliseconds"]) == {"apd", "baseline", "one_token", "autoregressive"}
        assert found["iteration_over_baseline"]["median"] > 0
        beaten = found["milliseconds"]["apd"] / found["milliseconds"]["autoregressive"]
        assert found["tokens_per_iteration_to_beat_autoregressive"] == pytest.approx(beaten)

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
    def test_without_a_gpu_the_large_shapes_are_skipped_with_a_reason(self):
        assert measure_seven_b(TINY, "7b") == {"skipped": SKIPPED}

    def test_shapes_are_the_ones_asked_for(self):
        shapes = tiny_shapes(96)
        models = random_models(shapes, torch.device("cpu"), torch.float32)
        assert models.dllm.vocab_size == models.verifier.vocab_size == 96
        assert models.dllm.model.config.hidden_size == shapes.dllm.hidden
        alone = random_autoregressive(shapes.dllm, torch.device("cpu"), torch.float32)
        weights = alone.model.model.layers[0].mlp.up_proj.weight
        assert weights.detach().std().item() == pytest.approx(0.02, rel=0.1)
        assert (alone.model.model.norm.weight == 1).all()


def made_up_run():
    ratios = {"median": 2.0, "low": 1.5, "high": 2.5, "values": [2.0]}
    sweep = {"values": [1, 2, 4], "milliseconds": [1.0] * 3, "exponent": 0.5}
    sweep["exponent_stderr"] = 0.1
    names = ("sequence_length", "sequence_length_without_window", "kv_window", "max_lookahead")
    return {
        "pair": "mini",
        "apd_over_baseline": ratios,
        "iteration_over_baseline_real_vocabulary": {**ratios, "label": "timing only: random head"},
        "engines": {
            "decoders": {"apd": ratios, "one_token": ratios},
            "forward_over_products": {**ratios, "blocked": {**ratios, "median": 1.25}},
        },
        "scaling": {
            **dict.fromkeys((*names, "vocabulary"), sweep),
            "growth": {"slope": 0.01, "slope_stderr": 0.02},
        },
        "seven_b": {"skipped": SKIPPED},
        "settings": {"quick": True, "mixture_weight": 0.7, "kv_window": 16, "max_lookahead": 64},
        "provenance": {"machine": {"gpu": None, "cpu": "a processor", "threads": 2}},
    }


class TestEngines:
    def test_every_decoder_is_timed_in_both_with_the_same_texts(self, pair):
        pytest.importorskip("onnxruntime")
        pairs, _ = by_engine(load_pair("mini", device="cpu", baselines=True))
        found = compare_engines(pairs, TINY, 4.0)
        assert found["same_tokens"] == 1
        assert set(found["decoders"]) == {"apd", "one_token", "autoregressive"}
        for row in found["decoders"].values():
            expected = row["onnxruntime_tok_s"] / row["torch_tok_s"]
            assert row["median"] == pytest.approx(expected)
        assert set(found["apd_over"]) == {"torch", "onnxruntime"}
        assert 0 < found["forward_share"]["median"] < 1
        assert found["forward_over_products"]["blocked"]["median"] > 0

    def test_without_the_runtime_it_says_so(self, pair, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        pairs, missing = by_engine(pair)
        assert list(pairs) == ["torch"]
        assert "pip install 'apd[onnxruntime]'" in missing["onnxruntime"]
        table = summary_table(made_up_run() | {"engines": {"skipped": missing["onnxruntime"]}})
        assert "not run" in list(table.columns[2].cells)


class TestCompiled:
    @pytest.fixture
    def without_a_compiler(self, monkeypatch):
        """The comparison with whatever compiles replaced by what is compiled."""
        programs = {}

        def package(program, package_path):
            programs[package_path] = program.module()
            Path(package_path).write_bytes(b"12345")

        monkeypatch.setattr(torch, "compile", lambda forward, **options: forward)
        monkeypatch.setattr("torch._inductor.aoti_compile_and_package", package)
        monkeypatch.setattr("torch._inductor.aoti_load_package", programs.__getitem__)

    def test_the_passes_that_are_compared_compute_the_same(self, pair, without_a_compiler):
        pairs, _ = by_engine(pair)
        found = compare_compiled(pairs, replace(TINY, quick=False))["by_shape"]
        shapes = [(row["model"], row["positions"]) for row in found]
        assert shapes == [(m, n) for m in ("dllm", "verifier") for n in LENGTHS]
        for row in found:
            assert row["package_bytes"] == 5
            for kind in {"eager", "compiled", "packaged", *pairs} - {"torch"}:
                expected = row["torch_ms"] / row[f"{kind}_ms"]
                assert row["package_over"][kind]["median"] == pytest.approx(expected)
        ids = torch.arange(5, 21)
        for name, model in (("dllm", pair.dllm), ("verifier", pair.verifier)):
            with torch.no_grad():
                theirs = _Forward(model.model, len(ids), causal=name == "verifier")(ids)
                for loaded in pairs.values():
                    ours = _pass(BenchModels.of(loaded), name, ids)()
                    torch.testing.assert_close(ours, theirs[: len(ours)], atol=1e-3, rtol=1e-3)
                    assert len(ours) >= len(ids) - 1

    @pytest.mark.parametrize("message", ["no C++ compiler\nwith a long trace", ""])
    def test_what_cannot_be_compiled_is_named_and_the_rest_measured(
        self, pair, without_a_compiler, monkeypatch, message
    ):
        def refuse(forward, **options):
            raise RuntimeError(message)

        monkeypatch.setattr(torch, "compile", refuse)
        found = compare_compiled({"torch": pair}, replace(TINY, quick=False))["by_shape"]
        for row in found:
            assert row["compiled_failed"].startswith("RuntimeError:")
            assert "trace" not in row["compiled_failed"] and "compiled_ms" not in row
            assert {"packaged", "eager"} == set(row["package_over"])
        assert "quick" in compare_compiled({"torch": pair}, TINY)["skipped"]


class TestOverlap:
    def test_what_is_saved_follows_from_the_times(self, pair, monkeypatch):
        monkeypatch.setattr(overlap, "_cores", lambda: 2)
        monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
        pairs, _ = by_engine(pair)
        assert "one chunk" in overlap.compare_overlap(pairs, TINY)["skipped"]
        found = overlap.compare_overlap(pairs, replace(TINY, max_lookahead=32, max_new_tokens=32))
        assert set(found) == set(pairs)
        for part in found.values():
            assert part["further_chunks"] >= 0
            further = part["further_chunks"]
            before = (1 + further) * part["verify_ms"] + further * part["draft_ms"]
            saved = before - part["verdict_ms"] - further * part["together_ms"]
            assert part["saved"] == pytest.approx(saved / part["iteration_ms"])

    def test_it_needs_a_core_and_a_thread_for_each_model(self, pair, monkeypatch):
        monkeypatch.setattr(overlap, "_cores", lambda: 1)
        monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
        assert "two cores" in overlap.compare_overlap({"torch": pair}, TINY)["skipped"]
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
        assert "--threads 1" in overlap.compare_overlap({"torch": pair}, TINY)["skipped"]


class TestCommand:
    @pytest.fixture
    def asked(self, monkeypatch):
        seen = []

        def fake(settings, report, random_shapes):
            seen.append((settings, random_shapes))
            return made_up_run()

        monkeypatch.setattr(runs, "run_benchmarks", fake)
        return seen

    def test_json_is_one_object_with_a_field_for_each_ratio(self, asked, capsys):
        assert main(["bench", "--quick", "--json", "--kv-window", "8"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["apd_over_baseline"]["median"] == 2.0
        ((settings, shapes),) = asked
        assert settings.quick and settings.kv_window == 8 and shapes == "7b"

    def test_the_table_labels_what_is_timing_only(self, asked, capsys):
        assert main(["bench", "--random-shapes", "tiny", "--rounds", "4"]) == 0
        printed = capsys.readouterr().out
        assert "timing only" in printed and "no CUDA GPU" in printed
        assert "ONNX Runtime over torch, tokens/s: K = 1" in printed and "1.25" in printed
        assert asked[0][0].rounds == 4 and not asked[0][0].quick and asked[0][1] == "tiny"

    def test_store_writes_what_can_be_read_back(self, asked, tmp_path, capsys):
        assert main(["bench", "--quick", "--store", "--output", str(tmp_path)]) == 0
        assert runs.read_stored(tmp_path / "mini") == made_up_run()
        assert [path.name for path in (tmp_path / "mini").iterdir()] == ["bench.json"]
        assert runs.read_stored(tmp_path / "mini", threads=1) == made_up_run()

    def test_a_run_with_several_threads_is_kept_beside_the_other(self, asked, tmp_path, capsys):
        store = ["--store", "--output", str(tmp_path)]
        with pytest.raises(ApdError, match="--threads 2"):
            runs.read_stored(tmp_path / "mini", threads=2)
        assert main(["bench", "--quick", "--threads", "2", *store]) == 0
        assert [p.name for p in (tmp_path / "mini").iterdir()] == ["bench_threads_2.json"]
        assert runs.read_stored(tmp_path / "mini", threads=2) == made_up_run()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--output", "x"], "only used with --store"),
            (["--threads", "0"], "must be at least 1"),
            (["--rounds", "0"], "rounds=0"),
            (["--kv-window", "0"], "kv_window=0"),
            (["--pair", "nobody"], "unknown pair"),
            (["--pair", "mini-llada"], "no verifier"),
        ],
    )
    def test_a_mistake_is_one_line_and_status_2(self, arguments, message, capsys):
        assert main(["bench", "--quick", *arguments]) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("apd: error: ") and message in error

    def test_nothing_stored_and_damage_are_told_apart(self, tmp_path):
        with pytest.raises(ApdError, match=r"run `apd bench --store` first"):
            runs.read_stored(tmp_path)
        (tmp_path / "bench.json").write_text("{", encoding="utf-8")
        with pytest.raises(ApdError, match="damaged"):
            runs.read_stored(tmp_path)

    def test_help_is_a_sentence(self):
        assert bench.HELP and summary_table(made_up_run()).row_count > 5
