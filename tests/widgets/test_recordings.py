"""What the explorers play: recorders on toy models, and the recordings in the repository."""

import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from toy_models import consistent_pair

from apd.analysis.replay import SHOWN_AFTER_REJECTION, replay
from apd.coupling import gumbel_max
from apd.decoding import AdaptiveConfig, adaptive
from apd.decoding.noise import IterationNoise
from apd.decoding.warpers import nucleus
from apd.errors import ApdError
from apd.mixture import mixture_log_probs
from apd.widgets import recordings
from apd.widgets.decodes import record_decode, token_texts
from apd.widgets.record import model_files

PROMPT = torch.tensor([1, 2, 3])
SETTINGS = {"temperature": 1.0, "max_new_tokens": 24, "noise": "position"}
GRID = [
    {"mixture_weight": 0.5},
    {"mixture_weight": 0.8, "kv_window": 2},
    {"mixture_weight": 0.3, "max_lookahead": 4},
    {"mixture_weight": 0.7, "kv_window": 3, "max_lookahead": 5, "top_p": 1.0},
]
BUDGET_BYTES = 1 << 20


def toy_pair():
    dllm, verifier = consistent_pair(5, error=0.6, feels_length=True)
    tokenizer = SimpleNamespace(decode=lambda ids: f"<{ids[0]}>")
    return SimpleNamespace(name="toy", dllm=dllm, verifier=verifier, tokenizer=tokenizer)


@pytest.mark.parametrize("knobs", GRID)
def test_a_record_holds_what_the_decoder_did(knobs):
    pair, config = toy_pair(), AdaptiveConfig(**SETTINGS, **knobs)
    records = record_decode(pair, PROMPT, config)
    result = adaptive(pair.dllm, pair.verifier, PROMPT, config)
    assert len(records) == len(result.iterations)
    for record, iteration in zip(records, result.iterations, strict=True):
        shown = len(record["draft"])
        assert record["start"] == iteration.start - len(PROMPT)
        assert record["accepted"] == len(iteration.accepted)
        assert tuple(record["draft"]) == iteration.draft[:shown]
        assert tuple(record["target"]) == iteration.target[:shown]
        assert shown == min(len(iteration.draft), record["accepted"] + SHOWN_AFTER_REJECTION)
        room = config.max_new_tokens - record["start"]
        assert record["drafted"] == min(config.max_lookahead or room, room)
    assert sum(record["tokens"] for record in records) == result.generated_tokens
    assert "".join(record["text"] for record in records) == result.text


@pytest.mark.parametrize("knobs", GRID)
def test_the_replayed_laws_are_those_that_the_decoder_drew_from(knobs):
    pair, config = toy_pair(), AdaptiveConfig(**SETTINGS, **knobs)
    result = adaptive(pair.dllm, pair.verifier, PROMPT, config)
    for iteration, (marginal, joint, mixed) in replay(pair, PROMPT, config, result.iterations):
        shown = len(marginal)
        positions = torch.arange(iteration.start, iteration.start + shown)
        noise = IterationNoise(config, pair.dllm.vocab_size, positions, iteration.index).shared
        draft = gumbel_max(nucleus(marginal, config.top_p), noise)
        target = gumbel_max(mixed, noise)
        assert tuple(draft.tolist()) == iteration.draft[:shown]
        assert tuple(target.tolist()) == iteration.target[:shown]
        torch.testing.assert_close(mixed, mixture_log_probs(marginal, joint, config.mixture_weight))


def test_probabilities_are_the_largest_in_order_and_texts_cover_them():
    pair, config = toy_pair(), AdaptiveConfig(**SETTINGS)
    records = record_decode(pair, PROMPT, config)
    texts = token_texts(pair, [records])
    for record in records:
        assert len(record["laws"]) == len(record["draft"])
        for law in (law for laws in record["laws"] for law in laws):
            probabilities = [probability for _, probability in law]
            assert probabilities == sorted(probabilities, reverse=True)
            assert 0 < sum(probabilities) <= 1.002
            assert all(texts[str(token)] == f"<{token}>" for token, _ in law)


def test_recorded_texts_hold_no_control_characters():
    pair = toy_pair()
    pair.dllm.detokenize = lambda ids: "".join(f"{token}\x1b\x9b" for token in ids)
    pair.tokenizer.decode = lambda ids: f"\x1b[{ids[0]}m"
    records = record_decode(pair, PROMPT, AdaptiveConfig(**SETTINGS))
    texts = [*(record["text"] for record in records), *token_texts(pair, [records]).values()]
    assert any("␛�" in text for text in texts) and any("␛[" in text for text in texts)
    assert not any("\x1b" in text or "\x9b" in text for text in texts)


def test_a_pair_without_a_verifier_cannot_be_recorded():
    pair = toy_pair()
    pair.verifier = None
    with pytest.raises(ValueError, match="no verifier"):
        record_decode(pair, PROMPT, AdaptiveConfig())


class TestFiles:
    @pytest.fixture
    def data(self, tmp_path, monkeypatch):
        monkeypatch.setenv("APD_DATA_DIR", str(tmp_path))
        return tmp_path

    def test_what_was_saved_is_loaded(self, data):
        recordings.save_recording("decodes", {"text": "“ab” é", "laws": [[1, 0.5]]})
        assert recordings.load_recording("decodes") == {"text": "“ab” é", "laws": [[1, 0.5]]}

    def test_a_missing_recording_says_how_to_make_it(self, data):
        with pytest.raises(ApdError, match=r"python -m apd\.widgets\.record"):
            recordings.load_recording("decodes")

    def test_a_broken_recording_says_so(self, data):
        recordings.recording_path("staleness").parent.mkdir()
        recordings.recording_path("staleness").write_text('{"a": ', encoding="utf-8")
        with pytest.raises(ApdError, match="not valid JSON"):
            recordings.load_recording("staleness")


class TestShipped:
    """The recordings in `data/explorers`."""

    def test_they_fit_in_a_page(self):
        sizes = [recordings.recording_path(name).stat().st_size for name in recordings.NAMES]
        assert sum(sizes) < BUDGET_BYTES

    @pytest.mark.parametrize("name", recordings.NAMES)
    def test_they_say_where_they_come_from(self, name):
        provenance = recordings.load_recording(name)["provenance"]
        assert {"git_commit", "packages", "machine", "models", "finished"} <= set(provenance)

    @pytest.mark.parametrize("name", recordings.NAMES)
    def test_they_were_made_by_the_models_in_the_repository(self, name):
        provenance = recordings.load_recording(name)["provenance"]
        recorded = {model["name"]: model["version"] for model in provenance["models"]}
        present = {model["name"]: model["version"] for model in model_files(provenance["pair"])}
        assert recorded == present, "run `python -m apd.widgets.record`"

    def test_every_point_of_the_grid_was_decoded_once(self):
        recording = recordings.load_recording("decodes")
        axes = ("prompt", "weight", "window", "lookahead")
        places = [tuple(decode[axis] for axis in axes) for decode in recording["decodes"]]
        sizes = [len(recording["prompts"]), *(len(recording["grid"][axis]) for axis in axes[1:])]
        assert len(places) == len(set(places)) == int(torch.tensor(sizes).prod())

    def test_every_token_has_a_text(self):
        recording = recordings.load_recording("decodes")
        known = set(recording["vocabulary"])
        for decode in recording["decodes"]:
            for record in decode["iterations"]:
                assert {str(token) for token in record["draft"] + record["target"]} <= known

    def test_no_machine_is_named(self):
        for name in recordings.NAMES:
            text = recordings.recording_path(name).read_text(encoding="utf-8")
            places = Path(__file__).resolve().parents[2], Path.home()
            here = [str(place) for place in places if place != Path("/")]
            assert not any(part in text for part in (*here, "/home/", "/Users/"))

    def test_staleness_covers_its_map_and_the_first_layer_never_ages(self):
        recording = recordings.load_recording("staleness")
        measures = ("key_step", "value_step", "key_drift", "value_drift")
        for origin, measure in itertools.product(("answer", "prompt"), measures):
            table = recording["origins"][origin][measure]
            assert len(table) == recording["layers"]
            assert {len(row) for row in table} == {len(recording["distances"])}
            first, last = ([x for x in row if x is not None] for row in (table[0], table[-1]))
            assert max(first) < 1e-4 < max(last)

    def test_the_lookahead_s_task_is_the_one_that_it_changes_most(self):
        recording = recordings.load_recording("lookahead")
        changes = {name: abs(mean) for name, (mean, _) in recording["changes"].items()}
        assert recording["task"] == max(changes, key=changes.__getitem__)

    def test_every_r_was_decoded_for_every_prompt(self):
        recording = recordings.load_recording("weights")
        assert len(recording["decodes"]) == len(recording["prompts"])
        assert {len(row) for row in recording["decodes"]} == {len(recording["weights"])}
        if recording["decided"]:
            for first, *_, last in recording["decodes"][1:]:
                assert first["right"] and not last["right"]

    def test_lookahead_profiles_are_as_long_as_the_lookahead(self):
        recording = recordings.load_recording("lookahead")
        for lookahead, profiles in zip(recording["lookaheads"], recording["profiles"], strict=True):
            seen = [p for p in profiles[0] if p is not None]
            assert lookahead in (None, len(seen))
        assert json.dumps(recording, allow_nan=False)
