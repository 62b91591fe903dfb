"""What a benchmark run measures, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from apd.decoding import AdaptiveConfig, AutoregressiveConfig, LeftToRightConfig

REAL_VOCABULARY = 151_936  # rows of Qwen2.5-0.5B's output layer


@dataclass(frozen=True, kw_only=True)
class BenchSettings:
    """A benchmark run; R and W are those of the paper's fast configuration, M is half the canvas.

    Attributes:
        pair: name of the models.
        rounds: paired repetitions of each comparison.
        problems: prompts of `mini_gsm` decoded in every repetition.
        mixture_weight, kv_window, max_lookahead: R, W and M, with W and M set.
        max_new_tokens: positions behind the prompt.
        vocabulary: V of the comparison with a real vocabulary.
        wide_iterations: iterations per repetition of that comparison.
        sweep_rounds, sweep_iterations: repetitions and iterations of every point of a sweep.
        seed: of the noise.
        quick: recorded, so that a quick run is not taken for a full one.
    """

    pair: str = "mini"
    rounds: int = 9
    problems: int = 6
    mixture_weight: float = 0.7
    kv_window: int = 16
    max_lookahead: int = 64
    max_new_tokens: int = 128
    vocabulary: int = REAL_VOCABULARY
    wide_iterations: int = 6
    sweep_rounds: int = 5
    sweep_iterations: int = 12
    seed: int = 0
    quick: bool = False

    def __post_init__(self) -> None:
        counts = ("rounds", "problems", "wide_iterations", "sweep_rounds", "sweep_iterations")
        for name in counts:
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: must be at least 1; use 3, say")
        if self.sweep_iterations < 2 or self.wide_iterations < 2:
            raise ValueError(
                f"wide_iterations={self.wide_iterations}, sweep_iterations={self.sweep_iterations}:"
                " each must be at least 2, because the first iteration is not counted; use 6, say"
            )
        self.adaptive()  # the decoder's own checks of R, W, M and the length

    def adaptive(self) -> AdaptiveConfig:
        """APD with R, W and M."""
        return AdaptiveConfig(
            mixture_weight=self.mixture_weight,
            kv_window=self.kv_window,
            max_lookahead=self.max_lookahead,
            max_new_tokens=self.max_new_tokens,
            noise="position",
            seed=self.seed,
        )

    def one_token(self) -> LeftToRightConfig:
        """K = 1 with everything recomputed and everything masked shown: the quality target."""
        return LeftToRightConfig(max_new_tokens=self.max_new_tokens, seed=self.seed)

    def autoregressive(self) -> AutoregressiveConfig:
        """The large autoregressive model, which always keeps its keys and values."""
        return AutoregressiveConfig(max_new_tokens=self.max_new_tokens, seed=self.seed)


def quick_settings(**changes: object) -> BenchSettings:
    """A run that takes less than a minute on two cores."""
    small: dict[str, object] = {
        "rounds": 3,
        "problems": 2,
        "wide_iterations": 2,
        "sweep_rounds": 2,
        "sweep_iterations": 5,
        "quick": True,
    }
    return BenchSettings(**(small | changes))  # type: ignore[arg-type]
