"""The rows of the registry: every decoder of the package, with all that depends on which it is.

A new decoder is a file with its settings and its loop, and a row here.
"""

from __future__ import annotations

from apd.decoding.adaptive import AdaptiveConfig, adaptive_steps
from apd.decoding.any_order import AnyOrderConfig, any_order_steps
from apd.decoding.autoregressive import AutoregressiveConfig, autoregressive_steps
from apd.decoding.decoder import Decoder, Look
from apd.decoding.eb_sampler import EBSamplerConfig, eb_sampler_steps
from apd.decoding.expected_passes import (
    ACCEPTED,
    KEPT,
    PER_PASS,
    Passes,
    share_of_canvas,
)
from apd.decoding.fast_dllm import FastDLLMConfig, FastDLLMFactorConfig, fast_dllm_steps
from apd.decoding.klass import KLASSConfig, klass_steps
from apd.decoding.left_to_right import LeftToRightConfig, left_to_right_steps
from apd.decoding.oracle import OracleConfig, oracle_steps
from apd.decoding.poe_bridge import PoEBridgeConfig, poe_bridge_steps
from apd.decoding.reference import ReferenceConfig, reference_steps
from apd.decoding.self_speculative import SelfSpeculativeConfig, self_speculative_steps
from apd.decoding.speculative import SpeculativeConfig, speculative_steps
from apd.decoding.speculative_dllm import DiffusionSpeculativeConfig, speculative_dllm_steps
from apd.decoding.variants import VariantConfig, variant_steps
from apd.decoding.wino import WINOConfig, wino_steps


def _any_order(
    order: str, look: Look, lm_eval: tuple[str, ...], spellings: tuple[str, ...] = ()
) -> Decoder:
    """Any-order decoding in one order: every pass is over the whole canvas."""
    return Decoder(
        name=order,
        settings=AnyOrderConfig,
        steps=any_order_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=config.num_steps or config.max_new_tokens),
        look=look,
        fixed={"order": order},
        lm_eval=lm_eval,
        spellings=spellings,
    )


# The first row of a kind of model is what decodes with it unless another is asked for.
ROWS = (
    Decoder(
        name="apd",
        settings=AdaptiveConfig,
        steps=adaptive_steps,
        models=("dllm", "verifier"),
        passes=lambda config, tokens: Passes(
            dllm=tokens / ACCEPTED, verifier=tokens / ACCEPTED, share=share_of_canvas(config)
        ),
        look=Look("APD", "#0072B2", "o"),
        lm_eval=("apd",),
    ),
    Decoder(
        name="left_to_right",
        settings=LeftToRightConfig,
        steps=left_to_right_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(
            dllm=tokens / config.tokens_per_step, share=share_of_canvas(config)
        ),
        look=Look("left to right, K tokens", "#D55E00", "s"),
        lm_eval=("apd-left-to-right", "dream-left-to-right", "llada-left-to-right"),
        spellings=("leftright",),
    ),
    _any_order(
        "random",
        Look("random order", "#009067", "P", "--"),
        ("dream-random", "llada-random"),
        ("origin",),
    ),
    _any_order(
        "confidence",
        Look("confidence order", "#C2528B", "X", "-."),
        ("dream-confidence",),
        ("maskgit_plus",),
    ),
    _any_order(
        "low_confidence",
        Look("confidence order, LLaDA", "#4F7CAC", "H", "-."),
        ("dream-low-confidence", "llada-low-confidence", "llada-confidence"),
    ),
    _any_order(
        "margin",
        Look("margin order", "#5B7F2B", "h", "--"),
        ("dream-margin", "llada-margin"),
        ("topk_margin",),
    ),
    _any_order(
        "entropy",
        Look("entropy order", "#B5651D", "p", ":"),
        ("dream-entropy", "llada-entropy"),
    ),
    Decoder(
        name="autoregressive",
        settings=AutoregressiveConfig,
        steps=autoregressive_steps,
        models=("baseline",),
        passes=lambda config, tokens: Passes(baseline=tokens),
        look=Look("autoregressive, large", "#6F7B8A", "^", "-."),
        lm_eval=("qwen",),
        spellings=("leftright", "left_to_right"),
    ),
    Decoder(
        name="reference",
        settings=ReferenceConfig,
        steps=reference_steps,
        models=("dllm", "verifier"),
        passes=lambda config, tokens: Passes(
            dllm=tokens / ACCEPTED, verifier=tokens / ACCEPTED, share=share_of_canvas(config)
        ),
        look=Look("APD, reference code", "#8C564B", r"$\bowtie$", "--"),
        fixed={"acceptance": "gumbel", "noise": "position", "verify_chunk": None},
        lm_eval=("apd-reference",),
    ),
    Decoder(
        name="fast_dllm",
        settings=FastDLLMConfig,
        steps=fast_dllm_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=tokens / PER_PASS),
        look=Look("Fast-dLLM, threshold", "#A0522D", "$F$", "--"),
        fixed={"factor": None},
        lm_eval=("fast-dllm",),
    ),
    Decoder(
        name="fast_dllm_factor",
        settings=FastDLLMFactorConfig,
        steps=fast_dllm_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=tokens / PER_PASS),
        look=Look("Fast-dLLM, factor", "#7A6A00", "$f$", "-."),
        fixed={"threshold": None},
        lm_eval=("fast-dllm-factor",),
    ),
    Decoder(
        name="eb_sampler",
        settings=EBSamplerConfig,
        steps=eb_sampler_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=config.max_new_tokens / PER_PASS),
        look=Look("EB-Sampler", "#2E8B57", "$E$", "--"),
        lm_eval=("eb-sampler",),
    ),
    Decoder(
        name="klass",
        settings=KLASSConfig,
        steps=klass_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=config.max_new_tokens / PER_PASS),
        look=Look("KLASS", "#9A4FA8", "$K$", ":"),
        lm_eval=("klass",),
    ),
    Decoder(
        name="wino",
        settings=WINOConfig,
        steps=wino_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=tokens / PER_PASS),
        look=Look("WINO", "#A9722F", "$W$", "-."),
        lm_eval=("wino",),
    ),
    Decoder(
        name="self_speculative",
        settings=SelfSpeculativeConfig,
        steps=self_speculative_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=tokens / KEPT, share=1.0 + config.draft_length),
        look=Look("self-speculative", "#3A7D8C", "$S$", "--"),
        lm_eval=("self-speculative",),
    ),
    Decoder(
        name="speculative",
        settings=SpeculativeConfig,
        steps=speculative_steps,
        models=("baseline", "verifier"),
        passes=lambda config, tokens: Passes(
            baseline=tokens / KEPT, verifier=config.draft_length * tokens / KEPT
        ),
        look=Look("speculative, small drafts", "#596FB5", "$A$", "-."),
        lm_eval=("speculative",),
    ),
    Decoder(
        name="speculative_dllm",
        settings=DiffusionSpeculativeConfig,
        steps=speculative_dllm_steps,
        models=("baseline", "dllm"),
        passes=lambda config, tokens: Passes(
            baseline=tokens / KEPT, dllm=tokens / KEPT, share=share_of_canvas(config)
        ),
        look=Look("speculative, dLLM drafts", "#B0546A", "$D$", ":"),
        lm_eval=("speculative-dllm",),
    ),
    Decoder(
        name="apd_variant",
        settings=VariantConfig,
        steps=variant_steps,
        models=("dllm", "verifier"),
        passes=lambda config, tokens: Passes(
            dllm=(1 + bool(config.uncertain_first)) * tokens / ACCEPTED,
            verifier=(1 + bool(config.uncertain_first)) * tokens / ACCEPTED,
            share=share_of_canvas(config),
        ),
        look=Look("APD, variant", "#3F6FB0", r"$\oplus$", "--"),
        lm_eval=("apd-variant",),
    ),
    Decoder(
        name="apd_large",
        settings=AdaptiveConfig,
        steps=adaptive_steps,
        models=("dllm", "baseline"),
        passes=lambda config, tokens: Passes(
            dllm=tokens / ACCEPTED, baseline=tokens / ACCEPTED, share=share_of_canvas(config)
        ),
        look=Look("APD, large verifier", "#7D5BA6", r"$\otimes$", "-."),
    ),
    Decoder(
        name="apd_oracle",
        settings=OracleConfig,
        steps=oracle_steps,
        models=("dllm",),
        passes=lambda config, tokens: Passes(dllm=tokens + tokens / ACCEPTED),
        look=Look("APD, the dLLM as verifier", "#9C6B1E", r"$\odot$", ":"),
    ),
    Decoder(
        name="poe_bridge",
        settings=PoEBridgeConfig,
        steps=poe_bridge_steps,
        models=("dllm", "baseline"),
        passes=lambda config, tokens: Passes(
            dllm=tokens / ACCEPTED,
            baseline=config.candidates * tokens / ACCEPTED,
            share=share_of_canvas(config),
        ),
        look=Look("PoE-Bridge", "#C0504D", "$P$", "--"),
        lm_eval=("poe-bridge",),
    ),
)
