"""Training batches: tokenised examples of similar length, a pure function of (seed, step)."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from apd.mini.example import Example
from apd.mini.tasks import SUITE, sample
from apd.mini.tokenizer import END_OF_TEXT, TURN_END, TURN_START, token_id
from apd.mini.training import recall
from apd.mini.training.curriculum import knowledge_of
from apd.models.pairs import SYSTEM_PROMPT

BATCHES_A_CHUNK = 8
"""So many batches' examples are drawn together and sorted by length: little is padded."""

ANSWER_LENGTH = 128
"""Most positions left for an answer in training, in tokens: the mini generation length."""

CUT_SHARE, SHORTEST_WINDOW = 0.15, 24
"""How many windows end before the longest answer does, and how short they may be, in tokens."""


@dataclass(frozen=True)
class Tokens:
    """One example as token ids: chat prompt, and response including the end-of-turn token."""

    prompt: list[int]
    response: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.response)


@dataclass(frozen=True)
class Batch:
    """B right-padded sequences of T tokens with the span of each response.

    Attributes:
        tokens: (B, T) long; after the response, end-of-text tokens fill up to T.
        response_start: (B,) long, index of the first response token.
        response_end: (B,) long, one past the end-of-turn token, or T where the window is cut.
    """

    tokens: Tensor
    response_start: Tensor
    response_end: Tensor


def chat_prompt(example: Example) -> str:
    """The ChatML text before the response (equal to the tokenizer's chat template; tested)."""
    system = SYSTEM_PROMPT if example.task in recall.KINDS else SUITE[example.task].system
    turns = (("system", system), ("user", example.prompt))
    text = "".join(f"{TURN_START}{role}\n{content}{TURN_END}\n" for role, content in turns)
    return f"{text}{TURN_START}assistant\n"


def encode(examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase) -> list[Tokens]:
    """Tokenise prompts and responses separately, as decoding sees them."""
    prompts = tokenizer([chat_prompt(e) for e in examples])["input_ids"]
    responses = tokenizer([e.response + TURN_END for e in examples])["input_ids"]
    return [Tokens(p, r) for p, r in zip(prompts, responses, strict=True)]


def training_batch(
    tokenizer: PreTrainedTokenizerBase,
    shares: Mapping[str, float],
    seed: int,
    step: int,
    batch_size: int,
    windows: bool,
    taught_every: int = 1,
) -> Batch:
    """The batch of training step ``step``, tasks mixed by ``shares``.

    With ``windows`` (masked diffusion) the length left for the answer varies: often just past the
    longest answer of the batch, sometimes :data:`ANSWER_LENGTH` tokens, so that where the text
    ends is the model's decision; sometimes it is cut before the answers end, as a limited lookahead
    cuts it, so that not every text has to end inside the window.
    """
    chunk, index = divmod(step, BATCHES_A_CHUNK)
    mixture = tuple(shares.items())
    members = _chunk(tokenizer, mixture, seed, chunk, batch_size, taught_every)[index]
    room = _window_room(members, random.Random(f"{seed}/window/{step}")) if windows else 0
    return collate(members, token_id(tokenizer, END_OF_TEXT), room)


@lru_cache(maxsize=1)
def _chunk(
    tokenizer: PreTrainedTokenizerBase,
    shares: tuple[tuple[str, float], ...],
    seed: int,
    chunk: int,
    batch_size: int,
    taught_every: int,
) -> list[list[Tokens]]:
    """The chunk's batches, each of similar lengths, in random order (cached: steps share it)."""
    rng = random.Random(f"{seed}/chunk/{chunk}")
    names, weights = zip(*shares, strict=True)
    tasks = rng.choices(names, weights, k=batch_size * BATCHES_A_CHUNK)
    encoded = encode([_draw(task, rng, taught_every) for task in tasks], tokenizer)
    encoded.sort(key=lambda item: item.length)
    batches = [encoded[i : i + batch_size] for i in range(0, len(encoded), batch_size)]
    rng.shuffle(batches)
    return batches


def _draw(task: str, rng: random.Random, taught_every: int) -> Example:
    if task in recall.KINDS:
        return recall.sample_recall(task, rng)
    return sample(task, rng, knows=knowledge_of(task, taught_every))


def _window_room(members: Sequence[Tokens], rng: random.Random) -> int:
    """Extra positions after the longest sequence of the batch; negative where it is cut."""
    longest, prompts = max(m.length for m in members), max(len(m.prompt) for m in members)
    full = max(prompts + ANSWER_LENGTH - longest, 0)
    mode = rng.random()
    if mode < CUT_SHARE:
        return -rng.randint(0, max(longest - prompts - SHORTEST_WINDOW, 0))
    if mode < 0.75:
        return rng.randint(0, 16)
    return full if mode > 0.87 else rng.randint(0, full)


def collate(members: Sequence[Tokens], fill: int, room: int = 0, multiple: int = 8) -> Batch:
    """Pad with ``fill``, or cut, to the longest member plus ``room``, up to a ``multiple``."""
    longest = max(m.length for m in members) + room
    width = -(-longest // multiple) * multiple
    tokens = torch.full((len(members), width), fill)
    for row, member in enumerate(members):
        kept = (member.prompt + member.response)[:width]
        tokens[row, : len(kept)] = torch.tensor(kept)
    start = torch.tensor([len(m.prompt) for m in members])
    return Batch(tokens, start, torch.tensor([min(m.length, width) for m in members]))
