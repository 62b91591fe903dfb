"""Decoding with a pair by names: prompts, algorithms, settings, and what is refused."""

from typing import ClassVar

import pytest
import torch
from toy_models import consistent_pair

import apd
from apd.decoding import (
    AdaptiveConfig,
    AnyOrderConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    adaptive,
    any_order,
    autoregressive,
    left_to_right,
)
from apd.decoding.registry import decoders
from apd.errors import ApdError
from apd.models.pairs import Pair

torch.set_num_threads(1)
SETTINGS = {"max_new_tokens": 16, "temperature": 1.0, "seed": 3}


class Tokenizer:
    """Texts are digits, a token each."""

    chat_template = name_or_path = "none"
    all_special_tokens = ()
    added_tokens_decoder: ClassVar[dict] = {}

    def apply_chat_template(self, messages, **_):
        return "".join(message["content"] for message in messages)

    def __call__(self, text, **_):
        return {"input_ids": [int(character) for character in text]}


def toy_pair(**changes):
    dllm, verifier = consistent_pair(3, error=0.5, ends=())
    baselines = {"large": consistent_pair(8, ends=())[1]}
    parts = {"name": "toy", "dllm": dllm, "verifier": verifier, "baselines": baselines}
    return Pair(**parts | {"tokenizer": Tokenizer()} | changes)


def decode(pair, *args, **options):
    return pair.decode(*args, system=None, **SETTINGS, **options)


def test_a_prompt_is_decoded_as_the_plain_functions_decode_it():
    pair = toy_pair()
    ids = torch.tensor([1, 2, 3])
    expected = adaptive(
        pair.dllm, pair.verifier, ids, AdaptiveConfig(mixture_weight=0.3, **SETTINGS)
    )
    assert decode(pair, "123", mixture_weight=0.3).tokens == expected.tokens
    assert decode(pair, ids, mixture_weight=0.3).tokens == expected.tokens
    assert pair.decode("23", system="1", mixture_weight=0.3, **SETTINGS).tokens == expected.tokens


def test_every_algorithm_goes_by_its_name():
    pair = toy_pair()
    ids = torch.tensor([1, 2, 3])
    expected = {
        "apd": adaptive(pair.dllm, pair.verifier, ids, AdaptiveConfig(**SETTINGS)),
        "left_to_right": left_to_right(pair.dllm, ids, LeftToRightConfig(**SETTINGS)),
        "autoregressive": autoregressive(
            pair.baselines["large"], ids, AutoregressiveConfig(**SETTINGS)
        ),
    } | {
        order: any_order(pair.dllm, ids, AnyOrderConfig(order=order, **SETTINGS))
        for order in ("random", "confidence", "low_confidence", "margin", "entropy")
    }
    assert set(expected) == {row.name for row in decoders()}
    for name, result in expected.items():
        found = decode(pair, "123", name)
        assert found.tokens == result.tokens and found.config == result.config


def test_the_autoregressive_model_is_named():
    pair = toy_pair()
    alone = decode(pair, "123", "autoregressive", model="verifier")
    assert alone.models == (pair.verifier,)
    assert decode(pair, "123", "autoregressive", model="large").models == (pair.baselines["large"],)


def test_several_prompts_give_a_list_in_their_order():
    pair = toy_pair()
    prompts = ["123", torch.tensor([4, 5]), "6"]
    together = decode(pair, prompts)
    assert [result.tokens for result in together] == [decode(pair, p).tokens for p in prompts]
    assert decode(pair, []) == []
    seeded = decode(pair, ["12", "12"], seeds=[3, 4])
    assert [result.config.seed for result in seeded] == [3, 4]


def test_a_stream_gives_the_same_and_can_be_left():
    pair = toy_pair()
    options = {"system": None, "max_lookahead": 2, **SETTINGS}
    stream = apd.stream(pair, "123", **options)
    for iteration in stream:
        if iteration.index == 2:
            break
    whole = pair.decode("123", **options)
    assert [i.accepted for i in stream.result.iterations] == [
        i.accepted for i in whole.iterations[:3]
    ]


@pytest.mark.parametrize(
    ("changes", "options", "error", "words"),
    [
        ({}, {"algorithm": "apdd"}, ApdError, "unknown algorithm 'apdd'; choose one of apd, "),
        ({}, {"mixture_wieght": 1}, ValueError, "apd has no setting 'mixture_wieght'; it has "),
        ({}, {"mixture_weight": 2}, ValueError, "mixture_weight=2 is not allowed"),
        ({}, {"algorithm": "random", "order": "margin"}, ValueError, "no setting 'order'"),
        ({}, {"model": "large"}, ValueError, "apd decodes with the dLLM"),
        ({}, {"algorithm": "autoregressive", "model": "x"}, ValueError, "one of large, verifier"),
        ({"baselines": {}}, {"algorithm": "autoregressive"}, ValueError, "baselines=True"),
        ({"verifier": None}, {}, ValueError, "has no verifier, which apd needs"),
        ({}, {"seeds": [1]}, ValueError, "for several prompts"),
    ],
)
def test_what_cannot_be_decoded_is_said_in_one_line(changes, options, error, words):
    with pytest.raises(error, match=words) as raised:
        toy_pair(**changes).decode("123", **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("prompt", ["\ud800", "12\udcff"])
def test_half_a_surrogate_pair_is_no_prompt(prompt):
    pair = toy_pair()
    for refused in (lambda: pair.decode(prompt), lambda: pair.decode("1", system=prompt)):
        with pytest.raises(ValueError, match="lone surrogate"):
            refused()


@pytest.mark.parametrize("name", ["mini", "mini-llada"])
def test_what_a_dllm_inherits_from_causal_models_says_what_to_call(name):
    model = apd.load_pair(name).dllm.model
    ids = torch.tensor([[5, 6, 7]])
    with pytest.raises(ApdError, match=r"ignore the masks.*pair\.decode\(prompt\)"):
        model.generate(ids, max_new_tokens=4)
    for wrong in ("attention_mask", "labels"):
        with pytest.raises(ApdError, match=f"has no {wrong}"):
            model(ids, **{wrong: torch.ones_like(ids)})
    assert model(ids, return_dict=True).logits.shape[:2] == (1, 3)
