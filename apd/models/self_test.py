"""One short decode whose tokens are known: whether an installation computes what it should."""

from __future__ import annotations

from dataclasses import dataclass

from apd.models.mini_release import expected_decode, is_released

PROMPT = "Uma is 8 years older than Jose, who is 5. How old is Uma in 2 years?"
LENGTH = 32


@dataclass(frozen=True)
class SelfTest:
    """The decode on one device.

    Attributes:
        tokens: what was decoded.
        expected: what the release says; None where these are not the release's models.
    """

    device: str
    tokens: tuple[int, ...]
    expected: tuple[int, ...] | None

    @property
    def right(self) -> bool:
        """Whether nothing speaks against the tokens."""
        return self.expected in (None, self.tokens)

    def verdict(self) -> str:
        """The outcome in words."""
        if self.expected is None:
            return f"{len(self.tokens)} tokens; the models are not this release's, so not compared"
        if self.right:
            return f"{len(self.tokens)} tokens, as expected"
        pairs = zip(self.tokens, self.expected, strict=False)
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), len(self.tokens))
        return f"{same} tokens as expected, then others"


def self_test(device: str = "cpu") -> SelfTest:
    """Decode PROMPT with the mini pair in float32.

    Raises:
        ApdError: the models are missing or damaged, or there is no such device.
    """
    from apd.decoding import AdaptiveConfig, adaptive
    from apd.models.pairs import load_pair

    pair = load_pair("mini", device=device)
    assert pair.verifier is not None
    config = AdaptiveConfig(mixture_weight=0.5, max_new_tokens=LENGTH, seed=0)
    result = adaptive(pair.dllm, pair.verifier, pair.encode_chat(PROMPT), config)
    names = ("mini-dream", "mini-qwen-small")
    return SelfTest(device, result.tokens, expected_decode() if is_released(names) else None)
