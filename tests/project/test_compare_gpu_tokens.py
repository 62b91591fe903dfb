"""What a card has decoded against this CPU, by the tool that stores the counts."""

import json

import pytest
from compare_gpu_tokens import main

from apd.benchmarks.gpu.determinism import decoders
from apd.benchmarks.models import word_problems
from apd.benchmarks.run import model_files
from apd.benchmarks.settings import BenchSettings
from apd.models import load_pair

SETTINGS = {"problems": 2, "max_new_tokens": 12, "max_lookahead": 8, "kv_window": 4}


@pytest.fixture
def stored(tmp_path):
    settings = BenchSettings(**SETTINGS)
    pair = load_pair("mini", device="cpu", dtype="float32")
    alone, _ = decoders(pair, settings)["one_token"]
    tokens = [list(alone(prompt).tokens) for prompt in word_problems(pair, 2)]
    rows = [
        {"precision": precision, "decoder": "one_token", "tokens": tokens}
        for precision in ("float32", "bfloat16")
    ]
    run = {"settings": SETTINGS, "determinism": rows, "provenance": {"models": model_files("mini")}}
    path = tmp_path / "card.json"
    path.write_text(json.dumps(run))
    return path


def test_the_same_tokens_are_found_the_same(stored):
    assert main([str(stored)]) == 0
    run = json.loads(stored.read_text())
    exact, coarse = run["determinism"]
    assert exact["on_cpu"]["texts"] == 2 and exact["on_cpu"]["tokens_behind_a_difference"] == 0
    assert "on_cpu" not in coarse and run["provenance"]["on_cpu"]["machine"]["device"] == "cpu"


def test_another_token_is_counted_with_those_behind_it(stored):
    run = json.loads(stored.read_text())
    tokens = run["determinism"][0]["tokens"][1]
    tokens[3] += 1
    stored.write_text(json.dumps(run))
    assert main([str(stored)]) == 0
    counts = json.loads(stored.read_text())["determinism"][0]["on_cpu"]
    assert counts["texts_differ"] == 1
    assert counts["tokens_behind_a_difference"] == len(tokens) - 3


def test_what_cannot_be_compared_is_one_clear_line(stored, capsys):
    run = json.loads(stored.read_text())
    run["provenance"]["models"][0]["files"]["config.json"] = "0"
    stored.write_text(json.dumps(run))
    assert main([str(stored)]) == 2
    assert "of another mini pair than the one here" in capsys.readouterr().err
    run["determinism"] = []
    stored.write_text(json.dumps(run))
    assert main([str(stored)]) == 2
    assert "no tokens in float32 are stored" in capsys.readouterr().err
    stored.write_text("{")
    assert main([str(stored)]) == 2
    assert "is damaged" in capsys.readouterr().err
    assert main([str(stored.with_name("none.json"))]) == 2
    assert "cannot read" in capsys.readouterr().err
