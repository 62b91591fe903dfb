"""The cost model: its counts, its monotonicity, its calibration, and the published throughputs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import Qwen2Config, Qwen2ForCausalLM

from apd.costmodel import (
    ARCHITECTURES,
    GPUS,
    Architecture,
    Machine,
    Product,
    Service,
    Workload,
    best_choice,
    calibrate,
    expected_accepted,
    forward_flops,
    forward_seconds,
    iteration_seconds,
    largest_batch,
    products,
    serve,
    speeds,
    throughput,
    transfer,
)
from apd.paper import speeds as published

MACHINE = Machine(flops=65e12, bandwidth=550e9, host_s_per_layer=7e-4)
DREAM, SMALL = ARCHITECTURES["Dream 7B"], ARCHITECTURES["Qwen2.5 0.5B"]
WORK = Workload(model=DREAM, prompt=80, canvas=256, generated=118)
APD = replace(WORK, verifier=SMALL, tokens_per_iteration=7.0, kv_window=16, max_lookahead=100)


@pytest.fixture(scope="module")
def table():
    return published.predictions()


class TestCounts:
    @pytest.mark.parametrize(("heads", "kv_heads"), [(4, 2), (6, 6), (3, 1)])
    def test_flops_are_those_that_torch_counts(self, heads, kv_heads):
        config = Qwen2Config(
            vocab_size=97,
            hidden_size=8 * heads,
            intermediate_size=44,
            num_hidden_layers=3,
            num_attention_heads=heads,
            num_key_value_heads=kv_heads,
            attn_implementation="eager",
        )
        model = Qwen2ForCausalLM(config).eval()
        tokens = torch.arange(11)[None]
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(tokens)
        shape = Architecture.from_config(config, "a test")
        assert forward_flops(shape, 11, 11, 11) == counter.get_total_flops()

    def test_parameters_are_those_of_the_module(self):
        config = Qwen2Config(
            vocab_size=50,
            hidden_size=24,
            intermediate_size=40,
            num_hidden_layers=2,
            num_attention_heads=3,
            num_key_value_heads=1,
            tie_word_embeddings=False,
        )
        module = Qwen2ForCausalLM(config)
        shape = Architecture.from_config(config, "a test")
        weights = [p for p in module.model.layers.parameters() if p.ndim == 2]
        assert shape.body_parameters == sum(p.numel() for p in weights)
        assert shape.head_parameters == module.lm_head.weight.numel()
        tied = replace(shape, tied=True)
        assert shape.stored_bytes - tied.stored_bytes == 2 * shape.head_parameters

    def test_the_public_models_have_the_sizes_in_their_names(self):
        stored = {name: shape.stored_bytes / 2e9 for name, shape in ARCHITECTURES.items()}
        assert stored["Dream 7B"] == stored["Qwen2.5 7B"] == pytest.approx(7.6, abs=0.05)
        assert stored["LLaDA 8B"] == pytest.approx(8.0, abs=0.05)
        assert stored["Qwen2.5 0.5B"] == pytest.approx(0.49, abs=0.01)

    def test_a_product_is_bound_by_the_slower_of_arithmetic_and_memory(self):
        wide, narrow = Product(100_000, 1000, 1000), Product(1, 1000, 1000)
        machine = Machine(flops=1e12, bandwidth=1e12)
        assert wide.seconds(machine) == pytest.approx(wide.flops / 1e12, rel=1e-3)
        assert narrow.seconds(Machine(flops=1e15, bandwidth=1e9)) == narrow.bytes / 1e9

    def test_head_rows_count_apart_from_the_layers(self):
        few, many = (sum(p.flops for p in products(DREAM, 50, rows)) for rows in (1, 50))
        assert many - few == 2 * 49 * DREAM.head_parameters

    def test_sizes_that_cannot_be_are_refused(self):
        with pytest.raises(ValueError, match="multiple of kv_heads"):
            replace(DREAM, heads=5, kv_heads=2)


class TestTime:
    @pytest.mark.parametrize("name", ["flops", "bandwidth"])
    def test_a_faster_machine_is_never_slower(self, name):
        times = [
            iteration_seconds(APD, replace(MACHINE, **{name: factor * getattr(MACHINE, name)}))
            for factor in (0.5, 1, 2, 4)
        ]
        assert times == sorted(times, reverse=True)
        assert times[0] > times[-1]

    @pytest.mark.parametrize("knob", ["kv_window", "max_lookahead"])
    def test_time_grows_with_the_window_and_the_lookahead(self, knob):
        work = replace(WORK, kv_window=16, max_lookahead=64)
        times = [
            iteration_seconds(replace(work, **{knob: v}), MACHINE) for v in (1, 8, 64, 512, None)
        ]
        assert times == sorted(times)
        assert times[-1] == times[-2] > times[0]  # 512 is longer than the text

    def test_with_both_set_the_time_hardly_depends_on_the_text_before(self):
        limited = replace(WORK, kv_window=16, max_lookahead=32)
        short, long = (
            [iteration_seconds(replace(w, prompt=p), MACHINE) for w in (limited, WORK)]
            for p in (100, 1000)
        )
        assert long[0] / short[0] < 1.02
        assert long[1] / short[1] > 2

    def test_laziness_saves_time_and_the_verifier_costs_some(self):
        assert iteration_seconds(replace(APD, lazy=True), MACHINE) < iteration_seconds(APD, MACHINE)
        alone = replace(APD, verifier=None)
        assert iteration_seconds(alone, MACHINE) < iteration_seconds(APD, MACHINE)

    def test_a_small_model_waits_for_its_launches(self):
        work = Workload(model=SMALL, prompt=80, canvas=256, generated=100, autoregressive=True)
        assert iteration_seconds(work, MACHINE) == pytest.approx(24 * 7e-4)
        free = replace(MACHINE, host_s_per_layer=0.0)
        assert iteration_seconds(work, free) < 24 * 7e-4 / 5

    def test_a_batch_shares_the_weights_until_arithmetic_takes_over(self):
        free = replace(MACHINE, host_s_per_layer=0.0)
        one, sixteen, many = (
            forward_seconds(DREAM, free, 1.0, 200.0, 1.0, batch) for batch in (1, 16, 1600)
        )
        assert sixteen < 1.1 * one
        assert many > 10 * sixteen

    def test_arrays_and_numbers_agree(self):
        lengths = np.array([10.0, 100.0, 300.0])
        together = forward_seconds(DREAM, MACHINE, lengths, lengths, lengths)
        apart = [forward_seconds(DREAM, MACHINE, n, n, n) for n in lengths]
        np.testing.assert_allclose(together, apart)

    @pytest.mark.parametrize("wrong", [{"flops": 0.0}, {"bandwidth": -1.0}])
    def test_a_machine_without_speed_is_refused(self, wrong):
        with pytest.raises(ValueError, match="must be positive"):
            replace(MACHINE, **wrong)

    def test_a_text_without_tokens_is_refused(self):
        with pytest.raises(ValueError, match="at least 1 token"):
            replace(WORK, generated=0)


class TestCalibration:
    def test_recovers_the_constants_that_made_the_points(self):
        works = {
            "bandwidth": Workload(
                model=DREAM, prompt=80, canvas=256, generated=200, autoregressive=True
            ),
            "host_s_per_layer": Workload(
                model=SMALL, prompt=80, canvas=256, generated=200, autoregressive=True
            ),
            "flops": WORK,
        }
        truth = Machine(flops=81e12, bandwidth=433e9, host_s_per_layer=9.1e-4)
        points = {name: (work, throughput(work, truth)) for name, work in works.items()}
        found = calibrate(points)
        for name in works:
            assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=1e-4)

    def test_a_speed_out_of_reach_is_named(self):
        work = Workload(model=SMALL, prompt=80, canvas=9, generated=9, autoregressive=True)
        points = dict.fromkeys(("bandwidth", "host_s_per_layer", "flops"), (work, 1e12))
        with pytest.raises(ValueError, match="no bandwidth in"):
            calibrate(points)

    def test_another_gpu_keeps_the_shares_of_the_data_sheet(self):
        a5000, h100 = GPUS["RTX A5000"], GPUS["H100 80 GB"]
        there = transfer(MACHINE, a5000, h100)
        assert there.flops / h100.peak_flops == pytest.approx(MACHINE.flops / a5000.peak_flops)
        assert there.bandwidth / h100.bandwidth == pytest.approx(
            MACHINE.bandwidth / a5000.bandwidth
        )
        assert there.host_s_per_layer == MACHINE.host_s_per_layer
        assert transfer(there, h100, a5000).flops == pytest.approx(MACHINE.flops)


class TestPublishedThroughputs:
    def test_every_published_point_is_there_once(self, table):
        csv = published.pd.read_csv(
            published.data_dir() / "paper_reference.csv", keep_default_na=False
        )
        wanted = csv[csv["metric"] == "throughput_tok_s"]
        plain = wanted["algorithm"].isin(["left_to_right", "autoregressive"])
        keys = published.POINT
        found = table[~table["algorithm"].str.startswith("apd")]
        assert sorted(map(tuple, found[keys].values)) == sorted(
            map(tuple, wanted.loc[plain, keys].values)
        )
        assert not table.duplicated(keys).any()

    def test_three_points_are_fitted_and_those_exactly(self, table):
        fitted = table[table["role"] == "fitted"]
        assert len(fitted) == len(published.FITTED) == 3
        assert fitted["error"].abs().max() < 1e-6

    def test_fitted_and_repeated_points_are_not_counted_as_predictions(self, table):
        predicted = table[table["role"] == "predicted"]
        assert len(predicted) >= 30
        same = (predicted["value"] == "None") & (predicted["model"] == "Dream 7B")
        assert not same.any()

    def test_the_median_error_is_below_ten_percent(self, table):
        assert published.median_error(table) <= 0.10
        for _, group in table[table["role"] == "predicted"].groupby("source"):
            assert group["error"].abs().median() <= 0.10

    @pytest.mark.parametrize("factor", [0.75, 1.25])
    def test_it_does_not_hang_on_the_assumed_prompt_lengths(self, factor):
        assert published.median_error(published.predictions(factor)) <= 0.10

    def test_constants_are_a_plausible_share_of_the_data_sheet(self, table):
        machine, sheet = published.calibrated_machine(table), GPUS["RTX A5000"]
        assert 0.3 < machine.flops / sheet.peak_flops < 1
        assert 0.5 < machine.bandwidth / sheet.bandwidth < 1

    def test_published_lengths_are_used_where_there_are_any(self, table):
        (row,) = table[(table["source"] == "fig4") & (table["value"] == "8")].to_dict("records")
        assert row["workload"].generated == 13.07
        gpqa = table[(table["source"] == "fig5") & (table["task"] == "GPQA")]
        (row,) = gpqa[gpqa["algorithm"] == "left_to_right"].to_dict("records")
        assert row["workload"].generated == pytest.approx(28.273 * 7.664)


class TestOptimum:
    def test_expected_acceptance_is_the_mean_of_a_truncated_geometric(self):
        generator = np.random.default_rng(0)
        drawn = np.minimum(generator.geometric(1 / 7.6, size=200_000), 12)
        error = drawn.std() / np.sqrt(len(drawn))
        assert abs(drawn.mean() - expected_accepted(7.6, 12)) < 4 * error
        assert expected_accepted(5.0, 1) == 1.0
        assert expected_accepted(1.0, 50) == 1.0
        assert expected_accepted(5.0, 10_000) == pytest.approx(5.0)

    def test_longer_acceptance_wants_a_longer_lookahead(self):
        best = [best_choice(APD, MACHINE, a).max_lookahead for a in (1.0, 3.0, 9.0, 27.0)]
        assert best == sorted(best)
        assert best[-1] > best[0]

    def test_the_choice_is_the_largest_of_the_table(self):
        windows, lookaheads = (1, 8, 64), (1, 4, 16, 64)
        grid = speeds(APD, MACHINE, 6.0, windows, lookaheads)
        choice = best_choice(APD, MACHINE, 6.0, windows, lookaheads)
        assert choice.tokens_per_s == grid.max()
        w, m = np.unravel_index(grid.argmax(), grid.shape)
        assert (choice.kv_window, choice.max_lookahead) == (windows[w], lookaheads[m])
        assert (np.diff(grid, axis=0) <= 0).all()  # recomputing more is never faster

    def test_nothing_below_one_token_is_accepted(self):
        with pytest.raises(ValueError, match="at least 1"):
            expected_accepted(0.5, 4)


class TestServing:
    SERVICE = Service(model=DREAM, verifier=SMALL, kv_window=16, max_lookahead=32, agreement=0.85)

    def test_the_batch_is_limited_by_memory(self):
        small, large = (largest_batch(self.SERVICE, GPUS[g]) for g in ("RTX A5000", "H200"))
        assert 0 < small < large
        assert largest_batch(self.SERVICE, replace(GPUS["RTX A5000"], memory=10e9)) == 0
        with pytest.raises(ValueError, match="must be in 1"):
            serve(self.SERVICE, MACHINE, GPUS["RTX A5000"], small + 1)

    def test_a_larger_batch_serves_more_and_each_request_slower(self):
        gpu = GPUS["H100 80 GB"]
        machine = transfer(MACHINE, GPUS["RTX A5000"], gpu)
        runs = [serve(self.SERVICE, machine, gpu, batch) for batch in (1, 8, 64)]
        assert runs[0].tokens_per_s < runs[1].tokens_per_s < runs[2].tokens_per_s
        assert runs[0].tokens_per_s_each > runs[2].tokens_per_s_each
        assert runs[0].usd_per_million_tokens > runs[2].usd_per_million_tokens

    def test_the_cost_is_the_price_of_the_time(self):
        gpu = GPUS["RTX A5000"]
        run = serve(self.SERVICE, MACHINE, gpu, 4)
        hours = 1e6 / run.tokens_per_s / 3600
        assert run.usd_per_million_tokens == pytest.approx(hours * gpu.usd_per_hour)

    def test_simulated_acceptance_is_the_expected_one(self):
        run = serve(self.SERVICE, MACHINE, GPUS["RTX A5000"], 8, requests=800)
        ideal = expected_accepted(1 / 0.15, 32)
        assert 0.9 * ideal < run.tokens_per_iteration < ideal  # the end of a text wastes some

    def test_without_agreement_it_is_one_token_a_pass(self):
        plain = Service(model=DREAM)
        run = serve(plain, MACHINE, GPUS["RTX A5000"], 2)
        assert run.tokens_per_iteration == 1.0

    def test_half_a_configuration_is_refused(self):
        with pytest.raises(ValueError, match="give both"):
            Service(model=DREAM, kv_window=16)
        with pytest.raises(ValueError, match="agreement=1"):
            replace(self.SERVICE, agreement=1.0)
