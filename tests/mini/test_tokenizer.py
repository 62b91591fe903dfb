"""The tokenizer: size, digits, specials, chat template, and loading as users load it."""

import random

import pytest
from transformers import AutoTokenizer

from apd.mini.tasks import SUITE, sample, test_examples
from apd.mini.tokenizer import (
    MASK,
    SENTENCE_STARTS,
    TURN_END,
    WHOLE_WORDS,
    save_tokenizer,
)
from apd.mini.training.batches import ANSWER_LENGTH, chat_prompt, encode

test_examples.__test__ = False  # the suite's function, not a test


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return AutoTokenizer.from_pretrained(folder)


def test_it_is_small_and_reversible(tokenizer):
    assert 1000 <= len(tokenizer) <= 2048
    text = "Zoë has 12 * 7 = 84 sheep.\n\n\tx != y  # ünïcode ✓"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_what_a_solution_copies_is_one_token(tokenizer):
    for word in WHOLE_WORDS:
        assert len(tokenizer(f" {word}")["input_ids"]) == 1
    for word in SENTENCE_STARTS:
        assert len(tokenizer(word)["input_ids"]) == 1


def test_training_responses_fit_the_canvas_of_128(tokenizer):
    rng = random.Random(6)
    for task in SUITE:
        responses = [sample(task, rng).response + TURN_END for _ in range(200)]
        assert max(map(len, tokenizer(responses)["input_ids"])) <= ANSWER_LENGTH


@pytest.mark.parametrize("task", sorted(SUITE))
def test_every_test_problem_fits_the_positions_and_its_answer_the_canvas(tokenizer, task):
    encoded = encode(test_examples(task), tokenizer)
    assert max(len(each.response) for each in encoded) <= ANSWER_LENGTH
    assert max(len(each.prompt) for each in encoded) + ANSWER_LENGTH <= tokenizer.model_max_length


def test_every_digit_is_one_token(tokenizer):
    ids = tokenizer("2026 and 3.14")["input_ids"]
    digits = [t for t in map(tokenizer.decode, ids) if any(c.isdigit() for c in t)]
    assert digits == list("2026314")


def test_special_tokens_are_single_and_stable(tokenizer):
    assert tokenizer.convert_tokens_to_ids(
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|mask|>"]
    ) == [0, 1, 2, 3]
    assert tokenizer.mask_token == MASK
    assert tokenizer.eos_token == TURN_END


@pytest.mark.parametrize("task", sorted(SUITE))
def test_training_prompts_are_the_chat_template(tokenizer, task):
    example = sample(task, random.Random(2))
    messages = [
        {"role": "system", "content": SUITE[task].system},
        {"role": "user", "content": example.prompt},
    ]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert text == chat_prompt(example)


def test_a_missing_system_turn_gets_the_default_one(tokenizer):
    text = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert text.startswith("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n")
