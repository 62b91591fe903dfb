"""Sentences about a card: numbers of the run, and silence where it has another direction."""

from copy import deepcopy

import pytest

from apd.benchmarks.gpu.findings import gpu_findings
from apd.benchmarks.gpu.iteration import iteration_table


def timed(**values):
    return {"ms": 10.0, "host_ms": 9.5, **values}


@pytest.fixture
def run():
    passes = [
        timed(model=name, positions=positions, bytes=bytes_)
        for name, bytes_ in (("dllm", 2e9), ("verifier", 1e9))
        for positions in (1, 100)
    ]
    compiled = [
        timed(model=name, positions=90, way=way, ms=ms, difference=difference)
        for name in ("dllm", "verifier")
        for way, ms, difference in (
            ("eager", 10.0, 0.0),
            ("eager, as a graph", 5.0, 0.0),
            ("compiled", 12.0, 0.25),
            ("compiled, as a graph", 4.0, 0.25),
        )
    ]
    names = ("autoregressive", "apd", "one_token")
    decodes = [
        {"decoder": n, "batch": b, "ms": ms, "tokens_per_iteration": 1.0}
        for b, ms in ((1, 90.0), (8, 30.0))
        for n in names
    ]
    calls = [{"name": "aten::_cudnn_attention_forward", "ms": 2.0}]
    kernels = [
        {"batch": 1, "kernels": 100, "kernel_ms": 9.0, "profiled_ms": 80.0, "by_host_call": calls},
        {"batch": 8, "kernels": 700, "kernel_ms": 20.0, "profiled_ms": 300.0, "by_host_call": []},
    ]
    counts = {"tokens": 40, "tokens_behind_a_difference": 3}
    steps = {"of it, threshold from a shortlist": 0.5, "mixture": 0.25}
    steps |= {"instead, threshold by bisection": 4.0, "instead, threshold by sorting": 1.0}
    return {
        "ceilings": {"sheet_bytes_per_s": 1e12},
        "settings": {"rounds": 3, "mixture_weight": 0.7},
        "passes": passes,
        "compiled": compiled,
        "decodes": decodes,
        "kernels": kernels,
        "outside": [{"step": s, "ms": ms, "used": s == "mixture"} for s, ms in steps.items()],
        "determinism": [
            {"precision": "float32", "decoder": "apd", "batch": 8, "batched": counts},
        ],
        "seven_b": {
            "milliseconds": {"apd": 31.0, "autoregressive": 10.0},
            "tokens_per_iteration_to_beat_autoregressive": 3.1,
        },
        "parts": {"determinism": {"state": "stopped after 30 s"}},
    }


@pytest.mark.parametrize(
    "said",
    [
        "In 4 of 4 sizes",
        "Dream-7B's shape from 10.00 to 5.00 or, compiled as well, 4.00 ms, at best 50% of",
        "Qwen2.5-0.5B's shape from 10.00 to 5.00 or, compiled as well, 4.00 ms, at best 25% of",
        "get slower (12.0 instead of 10.0 ms and 12.0 instead of 10.0 ms)",
        "Replaying changes no logit; compiling changes the rounding, by up to 25.0%",
        "90 against 30 ms (APD)",
        "of 80 ms, with the profiler's own start and end, the host spends 2.0",
        "APD has to accept 3.1 tokens",
        "700 kernels an iteration at batch 8, 100 at batch 1",
        "in a shortlist in 0.50 ms, by sorting in 1.00, by bisection in 4.00",
        "float32, in a batch of 8: 3 of 40",
        "Nothing is known of bfloat16: the part stopped after 30 s",
    ],
)
def test_the_numbers_are_those_of_the_run(run, said):
    assert said in gpu_findings(run)


def change_passes(run):
    for row in run["passes"][:2]:
        row["host_ms"] = 1.0


def change_graph(run):
    run["compiled"][1]["ms"] = 11.0


def change_compiled(run):
    run["compiled"][2]["ms"] = 9.0


def change_replay(run):
    run["compiled"][1]["difference"] = 0.1


def change_decodes(run):
    run["decodes"][1]["ms"] = 20.0


def change_lengths(run):
    run["decodes"][1]["tokens_per_iteration"] = 1.5


def change_kernels(run):
    run["kernels"][1]["kernels"] = 150


def change_attention(run):
    run["kernels"][0]["by_host_call"][0]["ms"] = 60.0


def change_nucleus(run):
    run["outside"][0]["ms"] = 2.0


@pytest.mark.parametrize(
    ("change", "unsaid"),
    [
        (change_passes, "Passes wait"),
        (change_graph, "Captured as a graph"),
        (change_compiled, "get slower"),
        (change_replay, "changes no logit"),
        (change_decodes, "rows at batch 1"),
        (change_lengths, "rows at batch 1"),
        (change_kernels, "A batch launches more"),
        (change_attention, "does not say why"),
        (change_nucleus, "The nucleus"),
    ],
)
def test_what_is_not_so_is_not_said(run, change, unsaid):
    other = deepcopy(run)
    change(other)
    assert unsaid in gpu_findings(run) and unsaid not in gpu_findings(other)


def test_a_cpus_tokens_are_counted_once_they_are_compared(run):
    assert "decoded on a CPU" not in gpu_findings(run)
    run["determinism"][0]["on_cpu"] = {"tokens": 40, "tokens_behind_a_difference": 2}
    assert "float32, decoded on a CPU: 2 of 40" in gpu_findings(run)


def test_an_iteration_is_shown_by_every_clock(run):
    lines = iteration_table(run).splitlines()[2:]
    assert [line.split(" | ")[-1] for line in lines] == [
        f"{ms} |" for ms in ("90.0", "31.0", "20.0", "10.0", "9.0", "0.2")
    ]
    assert "R = 0.7, median of 3 rounds" in lines[1]


def test_a_time_with_known_lengths_is_told_from_the_first(run):
    run["decodes"][1] |= {"ms": 30.0, "first_ms": 95.0}
    first, again, *_ = iteration_table(run).splitlines()[2:]
    assert first.startswith("| whole, each length for the first time | 95.0")
    assert again.startswith("| whole, lengths that occurred before | 30.0")


def test_nothing_measured_says_nothing():
    assert gpu_findings({}) == iteration_table({}) == ""
