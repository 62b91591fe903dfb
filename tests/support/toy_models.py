"""Tiny deterministic models that satisfy the decoding protocols; a decode takes milliseconds.

Hash models: logits are a hash of the visible context, so every dependence a transformer could have
is there (on left and right tokens, on stale keys), with nothing to train. A dLLM and a causal model
with equal `key` are consistent: where everything to the left is known and everything to the right
is masked, their conditionals are the same numbers.

Markov models: an exact joint (a Markov chain) with its exact marginals given any observed tokens.

Scripted models: certain of one text.

All of them check how decoding calls them: a window sees decoded tokens, then masks; a scorer never
sees a mask.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from apd.decoding import CanvasRequest, JointRequest, MarginalRequest
from apd.decoding.protocols import ShadowRequest

CPU = torch.device("cpu")
Entry = tuple[int, int, int]  # position, token, frontier its key was frozen at (-1: recomputed)


@lru_cache(maxsize=200_000)
def hashed_logits(label: object, size: int) -> Tensor:
    """(size,) float32 in (-1, 1): a pseudo-random function of `label`."""
    digest = hashlib.shake_128(repr(label).encode()).digest(4 * size)
    words = torch.frombuffer(bytearray(digest), dtype=torch.int32)
    return words.double().div(2.0**31).float()


def context_logits(
    key: int, position: int, context: tuple[Entry, ...], size: int, sharpness: float, bond: float
) -> Tensor:
    """(size,) logits: a part that knows only the position plus `bond` times one that knows all."""
    alone = hashed_logits((key, position), size)
    together = hashed_logits((key, position, context), size)
    return sharpness * (alone + bond * together)


@dataclass
class ToyModel:
    """What the toys share. Token ids are 0..vocab_size-1; 0 ends the text unless changed."""

    vocab_size: int = 8
    end_token_ids: frozenset[int] = frozenset({0})
    never_sampled: tuple[int, ...] = ()
    device: torch.device = CPU

    @property
    def forbidden_token_ids(self) -> Tensor:
        return torch.tensor(self.never_sampled, dtype=torch.long)

    def detokenize(self, token_ids: Sequence[int]) -> str:
        return " ".join(str(token) for token in token_ids if token not in self.end_token_ids)


@dataclass
class ToyDiffusion(ToyModel):
    """A dLLM by its rule for one position; the mask is the last id and is never sampled.

    Subclasses give `position_logits(position, visible, canvas_length)` -> (V,).
    """

    windows: list["ToyWindow"] = field(default_factory=list)

    @property
    def mask_token_id(self) -> int:
        return self.vocab_size - 1

    @property
    def forbidden_token_ids(self) -> Tensor:
        return torch.tensor((*self.never_sampled, self.mask_token_id), dtype=torch.long)

    def position_logits(self, position: int, visible: tuple[Entry, ...], length: int) -> Tensor:
        raise AssertionError("a toy dLLM defines position_logits")

    def window(self, kv_window: int | None) -> "ToyWindow":
        self.windows.append(ToyWindow(self, kv_window))
        return self.windows[-1]

    def marginals(self, requests: Sequence[MarginalRequest]) -> list[Tensor]:
        return [r.window.answer(r) for r in requests]

    def canvases(self, requests: Sequence[CanvasRequest]) -> list[Tensor]:
        return [self._canvas(r) for r in requests]

    def shadowed(self, requests: Sequence[ShadowRequest]) -> list[Tensor]:
        blocks = [self.canvas_logits(r.tokens)[r.rows.start : r.rows.stop] for r in requests]
        return [torch.cat((logits, logits)) for logits in blocks]  # no row sees its own token

    def canvas_cache(self) -> "ToyCanvasCache":
        return ToyCanvasCache()

    def _canvas(self, request: CanvasRequest) -> Tensor:
        ids, cache = request.tokens.tolist(), request.cache
        if not isinstance(cache, ToyCanvasCache):
            assert request.recomputed is None, "a part of a canvas needs a cache"
            return self.canvas_logits(request.tokens)[request.rows.start : request.rows.stop]
        visible = cache.update(ids, request.recomputed, self.mask_token_id)
        assert request.recomputed is None or set(request.rows) <= set(request.recomputed)
        return self.rows(request.rows, visible, len(ids))

    def canvas_logits(self, tokens: Tensor) -> Tensor:
        ids = tokens.tolist()
        visible = tuple((j, v, -1) for j, v in enumerate(ids) if v != self.mask_token_id)
        return self.rows(range(len(ids)), visible, len(ids))

    def rows(self, positions: range, visible: tuple[Entry, ...], length: int) -> Tensor:
        others = [tuple(e for e in visible if e[0] != i) for i in positions]
        rows = zip(positions, others, strict=True)
        return torch.stack([self.position_logits(i, seen, length) for i, seen in rows])


class ToyCanvasCache:
    """What each position held when its key was last computed, and in which pass that was."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[int, int]] = {}  # position -> token, pass
        self.passes = 0

    def update(self, ids: list[int], recomputed: range | None, mask: int) -> tuple[Entry, ...]:
        """Compute a part, or everything; returns what the pass sees."""
        self.passes += 1
        for position in range(len(ids)) if recomputed is None else recomputed:
            self.held[position] = ids[position], self.passes
        assert len(self.held) == len(ids), "a position was never computed"
        return tuple(
            (j, token, -1 if computed == self.passes else computed)
            for j, (token, computed) in sorted(self.held.items())
            if token != mask
        )


class ToyWindow:
    """One decode's view of a toy dLLM. With W set, keys further back stay as they once were."""

    def __init__(self, model: ToyDiffusion, kv_window: int | None) -> None:
        self.model, self.kv_window = model, kv_window
        self.passes: list[tuple[int, int, int]] = []  # first position recomputed, start, stop
        self.frozen_at: dict[int, int] = {}  # position -> frontier when its key was last computed
        self.under_way: tuple[int, int, Tensor] | None = None  # start, stop, logits of the pass

    def answer(self, request: MarginalRequest) -> Tensor:
        start, stop, rows = request.start, request.stop, request.rows
        if request.opens_pass:
            self.under_way = start, stop, self.logits(request.tokens, start, stop)
        assert self.under_way is not None and self.under_way[:2] == (start, stop)
        return self.under_way[2][rows.start - start : rows.stop - start]

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        ids, mask = tokens.tolist(), self.model.mask_token_id
        assert 0 < start < stop <= len(ids)
        assert mask not in ids[:start], "a position before the frontier is undecoded"
        assert set(ids[start:stop]) == {mask}, "the lookahead is not all masks"
        first = 0
        if self.passes and self.kv_window is not None:
            newly_accepted = start - self.passes[-1][1]
            assert newly_accepted >= 1, "the frontier did not move"
            first = max(0, start - self.kv_window - newly_accepted + 1)
        for position in range(first, start):
            self.frozen_at[position] = start
        self.passes.append((first, start, stop))
        visible = tuple(
            (j, ids[j], -1 if self.frozen_at[j] == start else self.frozen_at[j])
            for j in range(start)
        )
        return self.model.rows(range(start, stop), visible, stop)


@dataclass
class ToyAutoregressive(ToyModel):
    """A causal model by its rule for one position: `next_logits(prefix)` -> (V',)."""

    scored: list[tuple[int, int]] = field(default_factory=list)  # (start, stop) of every pass
    mask_token_id: int | None = None  # if set, scoring a mask is an error

    def next_logits(self, prefix: tuple[int, ...]) -> Tensor:
        raise AssertionError("a toy causal model defines next_logits")

    def scorer(self) -> "ToyScorer":
        return ToyScorer(self)

    def joints(self, requests: Sequence[JointRequest]) -> list[Tensor]:
        return [r.scorer.logits(r.tokens, r.start, r.stop) for r in requests]


class ToyScorer:
    """One decode's view of a toy causal model."""

    def __init__(self, model: ToyAutoregressive) -> None:
        self.model = model

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        ids = tokens.tolist()
        assert 1 <= start < stop <= len(ids)
        assert self.model.mask_token_id not in ids[: stop - 1], "the verifier was shown a mask"
        self.model.scored.append((start, stop))
        return torch.stack([self.model.next_logits(tuple(ids[:i])) for i in range(start, stop)])


@dataclass
class HashDiffusion(ToyDiffusion):
    """Marginals that depend on every visible token; on the canvas length too if `feels_length`."""

    key: int = 0
    sharpness: float = 2.0
    bond: float = 1.0
    feels_length: bool = False

    def position_logits(self, position: int, visible: tuple[Entry, ...], length: int) -> Tensor:
        key = hash((self.key, length)) if self.feels_length else self.key
        size = self.vocab_size
        return context_logits(key, position, visible, size, self.sharpness, self.bond)


@dataclass
class HashAutoregressive(ToyAutoregressive):
    """The conditionals of the `HashDiffusion` of the same key, plus `error` times its own ones."""

    key: int = 0
    sharpness: float = 2.0
    bond: float = 1.0
    error: float = 0.0
    shared_size: int | None = None  # the dLLM's vocabulary where it differs from this one

    def next_logits(self, prefix: tuple[int, ...]) -> Tensor:
        context = tuple((j, v, -1) for j, v in enumerate(prefix))
        size = self.shared_size or self.vocab_size
        args = (len(prefix), context, size, self.sharpness, self.bond)
        logits = context_logits(self.key, *args)
        if self.error:
            logits = logits + self.error * context_logits(self.key + 1_000_003, *args)
        own_size = self.vocab_size - size
        return torch.nn.functional.pad(logits, (0, own_size)) if own_size else logits


@dataclass
class MarkovDiffusion(ToyDiffusion):
    """Exact marginals of the chain p(x_i | x_{i-1}) = transition[x_{i-1}, x_i], any tokens seen.

    transition: (S, S) over the S = vocab_size - 1 ids below the mask; some token to the left of
    every masked position must be visible (the prompt).
    """

    transition: Tensor = field(default_factory=lambda: torch.eye(7))

    def position_logits(self, position: int, visible: tuple[Entry, ...], length: int) -> Tensor:
        left = max((e for e in visible if e[0] < position), default=(position - 1, 0, -1))
        right = min((e for e in visible if e[0] > position), default=None)
        law = torch.linalg.matrix_power(self.transition.double(), position - left[0])[left[1]]
        if right is not None:
            steps = torch.linalg.matrix_power(self.transition.double(), right[0] - position)
            law = law * steps[:, right[1]]
        return torch.nn.functional.pad(law.log(), (0, 1), value=-torch.inf).float()


@dataclass
class MarkovAutoregressive(ToyAutoregressive):
    """The chain of `MarkovDiffusion`, read left to right."""

    transition: Tensor = field(default_factory=lambda: torch.eye(7))

    def next_logits(self, prefix: tuple[int, ...]) -> Tensor:
        law = self.transition.double()[prefix[-1]]
        return torch.nn.functional.pad(law.log(), (0, 1), value=-torch.inf).float()


@dataclass
class ScriptedDiffusion(ToyDiffusion):
    """Certain that position i holds script[i] (the prompt's positions count)."""

    script: tuple[int, ...] = ()

    def position_logits(self, position: int, visible: tuple[Entry, ...], length: int) -> Tensor:
        return 50.0 * torch.nn.functional.one_hot(
            torch.tensor(self.script[position]), self.vocab_size
        )


@dataclass
class ScriptedAutoregressive(ToyAutoregressive):
    """Certain that position i holds script[i], whatever stands before it."""

    script: tuple[int, ...] = ()

    def next_logits(self, prefix: tuple[int, ...]) -> Tensor:
        return 50.0 * torch.nn.functional.one_hot(
            torch.tensor(self.script[len(prefix)]), self.vocab_size
        )


@dataclass
class ContraryAutoregressive(ToyAutoregressive):
    """Never wants the token that was drafted (it peeks), so at R = 0 nothing beyond t is kept."""

    def scorer(self) -> "ContraryScorer":
        return ContraryScorer(self)


class ContraryScorer(ToyScorer):
    """Logits that exclude the drafted token of every position."""

    def logits(self, tokens: Tensor, start: int, stop: int) -> Tensor:
        drafted = torch.nn.functional.one_hot(tokens[start:stop], self.model.vocab_size)
        return -1e6 * drafted.float()


def consistent_pair(
    key: int = 0,
    *,
    vocab_size: int = 8,
    error: float = 0.0,
    bond: float = 1.0,
    feels_length: bool = False,
    ends: Sequence[int] = (0,),
) -> tuple[HashDiffusion, HashAutoregressive]:
    """A hash dLLM and its verifier over the same ids; at `error` = 0 the verifier is perfect."""
    end_ids = frozenset(ends)
    dllm = HashDiffusion(vocab_size, end_ids, key=key, bond=bond, feels_length=feels_length)
    verifier = HashAutoregressive(
        vocab_size,
        end_ids,
        never_sampled=(dllm.mask_token_id,),
        mask_token_id=dllm.mask_token_id,
        key=key,
        bond=bond,
        error=error,
    )
    return dllm, verifier


def toy_prompt(seed: int, vocab_size: int = 8, longest: int = 5) -> Tensor:
    """(P,) long, 1 <= P <= longest, tokens that neither end the text nor mask it."""
    generator = torch.Generator().manual_seed(seed)
    length = int(torch.randint(1, longest + 1, (1,), generator=generator))
    return torch.randint(1, vocab_size - 1, (length,), generator=generator)
