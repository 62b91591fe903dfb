"""Random checkpoints of a few kilobytes in the published formats, with a tokenizer of their own."""

import json
from pathlib import Path

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from apd.models.dream import DreamConfig, DreamForMaskedDiffusion, save_dream_checkpoint
from apd.models.llada import LladaConfig, LladaForMaskedDiffusion, save_llada_checkpoint
from apd.models.verifier import save_qwen2_checkpoint

torch.set_num_threads(1)  # matrices this small only lose time by being shared out

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|mask|>")
ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())
MERGES = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("Ġ", "a")]
VOCABULARY = {token: i for i, token in enumerate([*ALPHABET, *(a + b for a, b in MERGES)])}
TOKENS = len(VOCABULARY) + len(SPECIAL_TOKENS)
ROWS = TOKENS + 4  # rows of the embedding; the last four stand for no token
END_OF_TEXT, MASK = len(VOCABULARY), TOKENS - 1
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def tiny_tokenizer(special_tokens: tuple[str, ...] = SPECIAL_TOKENS) -> PreTrainedTokenizerFast:
    """Byte-level BPE of 256 bytes and four merges, each digit a token, ChatML special tokens."""
    bpe = Tokenizer(models.BPE(vocab=VOCABULARY, merges=MERGES))
    split = pre_tokenizers.Split(Regex(r"\p{N}| ?[^\s\p{N}]+|\s+"), "isolated")
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_only])
    bpe.decoder = decoders.ByteLevel()
    bpe.add_special_tokens([AddedToken(token, normalized=False) for token in special_tokens])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=special_tokens[0],
        pad_token=special_tokens[0],
        mask_token=special_tokens[-1],
        chat_template=CHAT_TEMPLATE,
    )


def shape(**changes: object) -> dict[str, object]:
    """Fields of a two-layer transformer, in the names of Qwen2 and Llama configurations."""
    return {
        "vocab_size": ROWS,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-6,
        "initializer_range": 0.3,  # large, so that contexts change logits visibly
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
        "bos_token_id": END_OF_TEXT,
        "eos_token_id": END_OF_TEXT,
        "pad_token_id": END_OF_TEXT,
        "tie_word_embeddings": False,
        **changes,
    }


def tiny_dream(seed: int = 0) -> DreamForMaskedDiffusion:
    torch.manual_seed(seed)
    return DreamForMaskedDiffusion(DreamConfig(**shape(mask_token_id=MASK))).eval()


def tiny_llada(seed: int = 0) -> LladaForMaskedDiffusion:
    torch.manual_seed(seed)
    config = LladaConfig(
        **shape(mask_token_id=MASK, bos_token_id=None, num_key_value_heads=4, rms_norm_eps=1e-5)
    )
    return LladaForMaskedDiffusion(config).eval()


def tiny_qwen(seed: int = 0, tied: bool = True, rows: int = TOKENS) -> Qwen2ForCausalLM:
    torch.manual_seed(seed)
    config = Qwen2Config(**shape(vocab_size=rows, tie_word_embeddings=tied))
    return Qwen2ForCausalLM(config).eval()


def write_dream(directory: Path, seed: int = 0) -> Path:
    save_dream_checkpoint(tiny_dream(seed), directory)
    tiny_tokenizer().save_pretrained(directory)
    return directory


def write_llada(directory: Path, seed: int = 0) -> Path:
    save_llada_checkpoint(tiny_llada(seed), directory)
    tiny_tokenizer().save_pretrained(directory)
    return directory


def write_qwen(directory: Path, seed: int = 0, tied: bool = True, rows: int = TOKENS) -> Path:
    save_qwen2_checkpoint(tiny_qwen(seed, tied, rows), directory)
    tiny_tokenizer().save_pretrained(directory)
    return directory


def write_mini_models(models_directory: Path) -> Path:
    """The directory layout of the models that come with the repository, filled with tiny ones."""
    write_dream(models_directory / "mini-dream", seed=1)
    write_llada(models_directory / "mini-llada", seed=2)
    write_qwen(models_directory / "mini-qwen-large", seed=3)
    write_qwen(models_directory / "mini-qwen-small", seed=4)
    return models_directory


def edit_json(path: Path, **changes: object) -> None:
    """Set fields of a JSON file; a value of None removes the field."""
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def random_ids(length: int, seed: int = 0) -> torch.Tensor:
    """(length,) long, ordinary tokens."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, len(VOCABULARY), (length,), generator=generator)
