"""The suite's tokenizer: byte-level BPE trained on the suite, one token per digit as in Qwen.

ChatML special tokens and the diffusion mask come first, so their ids do not depend on the corpus.
"""

from collections.abc import Iterator
from itertools import islice, repeat
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from apd.mini import lexicon
from apd.mini.entities import ENTITIES
from apd.mini.tasks import SUITE, training_stream

VOCAB_SIZE = 2048
END_OF_TEXT, TURN_START, TURN_END, MASK = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|mask|>"
SPECIAL_TOKENS = [END_OF_TEXT, TURN_START, TURN_END, MASK]
CORPUS_SEED, CORPUS_EXAMPLES = 7, 40_000

# Words a solution has to copy or decide on. Each is one token: a name in pieces is several
# positions that a parallel decoder must get right together, before any arithmetic begins.
SENTENCE_STARTS = (*lexicon.NAMES, *lexicon.PLACES)
WHOLE_WORDS = tuple(sorted({word for entity in ENTITIES for word in entity.split()}))
REPEATS = 2_000  # enough that byte-pair merging never stops inside one of them

# Choices of a question, words with their leading space, single digits, runs of punctuation, white
# space (Qwen's classes). A choice is one token, so that its letter stands beside its word: with a
# bracket between them a small network did not learn to look one up from the other.
SPLIT = r" ?\([A-D]\)| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s*[\r\n]+|\s+(?!\S)|\s+"

CHAT_TEMPLATE = (
    "{%- if messages[0]['role'] != 'system' -%}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}"
    "{%- endif -%}"
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"
)


def corpus() -> Iterator[str]:
    """Training prompts and responses, with the system prompts and roles of the chat template."""
    yield from (generator.system for generator in SUITE.values())
    for word in WHOLE_WORDS:
        yield from repeat(f" {word}", REPEATS)
    for word in SENTENCE_STARTS:
        yield from repeat(word, REPEATS)
    for example in islice(training_stream(CORPUS_SEED), CORPUS_EXAMPLES):
        yield f"system\n{SUITE[example.task].system}"
        yield f"user\n{example.prompt}"
        yield f"assistant\n{example.response}"


def train_tokenizer() -> PreTrainedTokenizerFast:
    """Train the tokenizer from scratch; a pure function of this module and the suite."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(corpus(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=TURN_END,
        pad_token=END_OF_TEXT,
        mask_token=MASK,
        additional_special_tokens=[TURN_START],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )


def token_id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    """The id of one token of the vocabulary."""
    return int(tokenizer.get_vocab()[token])


def save_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Train and write ``tokenizer.json``, ``tokenizer_config.json`` and the chat template."""
    tokenizer = train_tokenizer()
    tokenizer.save_pretrained(folder)
    return tokenizer
