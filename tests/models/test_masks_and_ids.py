"""Which token is the mask, which way outputs are shifted, and ids that no row stands for."""

import json
from pathlib import Path

import pytest
import torch
from one_line_errors import error_of
from public_layouts import write_reduced
from tiny_checkpoints import MASK, ROWS, edit_json, random_ids, write_dream, write_qwen

from apd.errors import ApdError
from apd.models import load_pair
from apd.models.diffusion import load_diffusion
from apd.models.pairs import say_once
from apd.models.verifier import load_verifier
from apd.models.vocabulary import load_tokenizer

DCODER = "fredzzp/open-dcoder-0.5B"


def forget_mask(directory: Path) -> Path:
    """Take the mask out of config.json and the tokenizer's settings; the token stays."""
    edit_json(directory / "config.json", mask_token_id=None)
    edit_json(directory / "tokenizer_config.json", mask_token=None)
    return directory


def test_the_mask_is_found_in_the_config_the_tokenizer_or_the_added_tokens(tmp_path: Path):
    directory = write_dream(tmp_path)
    assert load_diffusion(directory).mask_token_id == MASK
    edit_json(directory / "config.json", mask_token_id=None)
    assert load_tokenizer(directory).mask_token == "<|mask|>"
    assert load_diffusion(directory).mask_token_id == MASK
    edit_json(directory / "tokenizer_config.json", mask_token=None)
    assert load_tokenizer(directory).mask_token is None
    assert load_diffusion(directory).mask_token_id == MASK


def test_the_config_has_the_say_over_the_tokenizer(tmp_path: Path):
    edit_json(write_dream(tmp_path) / "config.json", mask_token_id=5)
    assert load_diffusion(tmp_path).mask_token_id == 5


def test_a_mask_that_is_nowhere_is_asked_for(tmp_path: Path):
    directory = forget_mask(write_dream(tmp_path))
    for path in ("tokenizer.json", "tokenizer_config.json"):
        content = (directory / path).read_text()
        (directory / path).write_text(content.replace("<|mask|>", "<|hole|>"))
    assert "name it (--mask-token)" in error_of(load_diffusion, directory)
    assert load_diffusion(directory, mask_token="<|hole|>").mask_token_id == MASK
    assert load_diffusion(directory, mask_token=str(MASK)).mask_token_id == MASK
    assert load_diffusion(directory, mask_token=7).mask_token_id == 7
    message = error_of(load_diffusion, directory, mask_token="<|mask|>")
    assert "mask token '<|mask|>' is not in the vocabulary" in message


def test_a_digit_is_a_token_before_it_is_an_id(tmp_path: Path):
    directory = write_dream(tmp_path)
    digit = load_tokenizer(directory).get_vocab()["7"]
    assert load_diffusion(directory, mask_token="7").mask_token_id == digit != 7


def test_a_token_in_added_tokens_alone_is_known(tmp_path: Path):
    directory = write_reduced(tmp_path, DCODER)
    token_id = json.loads((directory / "added_tokens.json").read_text())["<M>"]
    tokenizer = load_tokenizer(directory)
    assert tokenizer("the<M>", add_special_tokens=False)["input_ids"][-1] == token_id
    (directory / "added_tokens.json").write_text(json.dumps({"<M>": token_id + 1}))
    assert f"'<M>' the id {token_id + 1}" in error_of(load_tokenizer, directory)


def test_a_stock_type_needs_to_be_told_its_shift(tmp_path: Path):
    directory = write_reduced(tmp_path, DCODER)
    message = error_of(load_diffusion, directory)
    assert "model_type 'qwen2', but a diffusion model" in message
    assert "(--shifted) or i (--no-shifted)" in message
    ids = random_ids(9)
    shifted = load_diffusion(directory, shifted=True).canvas_logits(ids)
    straight = load_diffusion(directory, shifted=False).canvas_logits(ids)
    torch.testing.assert_close(shifted[1:], straight[:-1])


def test_a_shift_can_be_overruled(tmp_path: Path):
    directory = write_dream(tmp_path)
    ids = random_ids(9)
    straight = load_diffusion(directory, shifted=False).canvas_logits(ids)
    torch.testing.assert_close(load_diffusion(directory).canvas_logits(ids)[1:], straight[:-1])


@pytest.mark.parametrize(
    ("field", "what"), [("mask_token_id", "the mask token"), ("eos_token_id", "end token 9999")]
)
def test_ids_of_the_config_beyond_the_embedding(tmp_path: Path, field: str, what: str):
    edit_json(write_dream(tmp_path) / "config.json", **{field: 9999})
    message = error_of(load_diffusion, tmp_path)
    assert f"{what} has id 9999, but the embedding has {ROWS} rows" in message


@pytest.mark.parametrize("value", ["mask", 1.5, True, [3]])
def test_a_mask_id_that_is_no_id(tmp_path: Path, value):
    edit_json(write_dream(tmp_path) / "config.json", mask_token_id=value)
    message = error_of(load_diffusion, tmp_path)
    assert f"mask_token_id {value!r}, which is no token id" in message


def test_an_added_token_beyond_the_embedding(tmp_path: Path):
    for write, load in ((write_dream, load_diffusion), (write_qwen, load_verifier)):
        directory = write(tmp_path / load.__name__)
        tokenizer = load_tokenizer(directory)
        tokenizer.add_tokens([f"<extra {n}>" for n in range(5)])
        tokenizer.save_pretrained(directory)
        assert "token '<extra 4>' has id" in error_of(load, directory)


def test_a_base_model_gets_the_prompt_as_it_is_and_says_so_once(tmp_path: Path):
    say_once.cache_clear()
    directory = write_dream(tmp_path)
    (directory / "chat_template.jinja").unlink()
    pair = load_pair(dllm=directory)
    with pytest.warns(UserWarning, match="no chat template: the prompt goes in as it is") as said:
        ids = [pair.encode_chat("the 42").tolist() for _ in range(2)]
    assert len(said) == 1
    assert ids[0] == ids[1] == pair.tokenizer("the 42")["input_ids"]


def test_neither_pair_nor_model():
    with pytest.raises(ApdError, match="no models given"):
        load_pair()


def test_more_positions_than_rotary_embeddings_were_trained_on_are_told_once(tmp_path: Path):
    edit_json(write_dream(tmp_path) / "config.json", max_position_embeddings=16)
    lm = load_diffusion(tmp_path)
    lm.window(None).logits(random_ids(16), 8, 16)
    expected = r"17 positions \(prompt and canvas\) are more than the 16 that .* reads"
    with pytest.warns(UserWarning, match=expected) as said:
        lm.window(None).logits(random_ids(17), 8, 17)
        lm.window(None).logits(random_ids(17), 8, 17)
        lm.canvas_logits(random_ids(17))
    assert len(said) == 1


def test_more_positions_than_a_table_holds_are_refused(tmp_path: Path):
    name = "diffusionfamily/diffugpt-m"
    edit_json(write_reduced(tmp_path / "d", name) / "config.json", n_positions=1024)
    lm = load_diffusion(tmp_path / "d")
    with pytest.raises(ApdError, match=r"1025 positions .* more than the 1024 that d reads"):
        lm.window(None).logits(random_ids(1025), 8, 9)
    verifier = load_verifier(write_reduced(tmp_path / "v", "distilbert/distilgpt2"))
    with pytest.raises(ApdError, match=r"1025 positions .* more than the 1024 that v reads"):
        verifier.scorer().logits(random_ids(1025), 8, 9)
