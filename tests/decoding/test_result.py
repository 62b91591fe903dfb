"""What a result knows and how it shows itself."""

import copy
import pickle

import torch
from toy_models import consistent_pair, toy_prompt

from apd.decoding import AdaptiveConfig, DecodeResult, adaptive, adaptive_batch
from apd.decoding.recorder import DecodeRecorder

torch.set_num_threads(1)
CONFIG = AdaptiveConfig(max_new_tokens=24, max_lookahead=3, temperature=1.0, seed=4)


def decoded() -> DecodeResult:
    return adaptive(*consistent_pair(5, ends=()), toy_prompt(5), CONFIG)


def test_a_result_decodes_again_from_what_it_knows() -> None:
    result = decoded()
    assert result.config == CONFIG
    again = adaptive(*result.models, toy_prompt(5), result.config)  # type: ignore[arg-type]
    assert again.tokens == result.tokens


def test_each_result_of_a_batch_knows_its_own_seed() -> None:
    pair = consistent_pair(5, ends=())
    results = adaptive_batch(*pair, [toy_prompt(5)] * 2, CONFIG, seeds=[7, 8])
    assert [result.config.seed for result in results if result.config] == [7, 8]
    assert results[0].models == pair


def test_a_text_ends_at_its_first_gap_while_it_is_decoded() -> None:
    run = DecodeRecorder(consistent_pair(5)[:1], 2, CONFIG)
    run.record(start=2, draft=[4, 5], positions=[3, 4])
    assert (run.result().tokens, run.result().text) == ((), "")
    run.record(start=2, draft=[7])
    assert (run.result().tokens, run.result().text) == ((7, 4, 5), "7 4 5")


def test_the_repr_is_one_short_line_whatever_the_text_holds() -> None:
    result = decoded()
    assert len(result.text) > 40
    assert repr(result).startswith(f"DecodeResult({result.text[:40]!r}..., 24 tokens in ")
    assert len(repr(result)) < 140
    wild = DecodeResult((1,), "a\x1b[2J\n", 3, (), False, 1, 1, 1, 1, 0.25)
    assert repr(wild) == (
        "DecodeResult('a\\x1b[2J\\n', 1 token in 0 iterations, 0.0 per iteration, 0.25 s)"
    )


def test_a_notebook_shows_the_text_coloured_by_iteration() -> None:
    result = decoded()
    html = result._repr_html_()
    assert 'class="apd-colour-0"' in html and 'class="apd-colour-1"' in html
    assert f"<p>{result.summary}</p>" in html


def test_models_stay_behind_when_a_result_travels() -> None:
    result = decoded()
    for travelled in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert travelled.models == () and travelled == result
        assert travelled.text[:9] in travelled._repr_html_()
    assert "models" not in result.to_dict()
    assert result.to_dict()["config"]["seed"] == 4
