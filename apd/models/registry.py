"""The registered pairs: which checkpoints form each, and what it takes to run it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from apd.errors import ApdError
from apd.models.files import is_complete
from apd.models.locations import is_downloaded
from apd.paths import data_dir

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
BESIDE_WEIGHTS_GB = 0.9  # Python, torch, and logits over a whole vocabulary


@dataclass(frozen=True, kw_only=True)
class PairSpec:
    """A pair's checkpoints (mini models by name, others by hub name) and what it takes to run it.

    Attributes:
        baselines: autoregressive models to compare with, the large one first.
        dtype: precision of the weights when loaded; None for float32 on a CPU, else as stored.
        parameters: of the dLLM and of the verifier.
        mask_token: of the dLLM, a token or its id, where its files do not name it.
        shifted: whether the dLLM's output i predicts position i + 1, where its family does not say.
        quantize: "int8" or "int4" linear weights of the dLLM; None leaves them.
        runs_on: the smallest machine, in words.
        licence: of the dLLM, and of the others where it differs.
        shows: what the pair is good for.
        shows_not: what it cannot tell.
        mini: whether its models come with the project.
        canvas: tokens after the prompt, as in the paper for the large pairs.
        math_canvas: the same for MATH.
        autoregressive_tokens: most tokens of an autoregressive baseline, which ends by itself.
    """

    name: str
    dllm: str
    verifier: str | None
    baselines: tuple[str, ...] = ()
    dtype: str | None
    parameters: tuple[int, ...] = ()
    mask_token: str | int | None = None
    shifted: bool | None = None
    quantize: Literal["int8", "int4"] | None = None
    runs_on: str = ""
    licence: str = ""
    shows: str = ""
    shows_not: str = ""
    mini: bool = False
    canvas: int = 256
    math_canvas: int = 512
    autoregressive_tokens: int = 16384

    @property
    def weights_gb(self) -> float:
        """Size of the dLLM's and the verifier's weights in this precision, GB."""
        return sum(self.parameters) * BYTES[self.dtype or "float32"] / 1e9

    @property
    def memory_gb(self) -> int:
        """Memory to decode 256 tokens with both: weights, keys and values, and the rest, GB."""
        return math.ceil(1.05 * self.weights_gb + BESIDE_WEIGHTS_GB)


QWEN_CODER = "Qwen/Qwen2.5-Coder-0.5B"
DREAM_7B, QWEN_HALF_B = 7_615_616_512, 494_032_768
OF_ONE_SIZE = (
    "much about speed: with a verifier of the dLLM's size, APD has to accept more than two tokens "
    "an iteration to be faster than the verifier alone"
)
APACHE = "Apache 2.0"

PAIRS: Mapping[str, PairSpec] = {
    spec.name: spec
    for spec in (
        PairSpec(
            name="mini",
            dllm="mini-dream",
            verifier="mini-qwen-small",
            baselines=("mini-qwen-large", "mini-qwen-small"),
            dtype="float32",
            parameters=(3_739_904, 498_528),
            runs_on="any CPU, no network",
            licence="MIT, in the repository",
            shows="every decoder, setting and figure of the book within minutes",
            shows_not="answers to questions outside the mini suite",
            mini=True,
            canvas=128,
            math_canvas=128,
            autoregressive_tokens=128,
        ),
        PairSpec(
            name="mini-llada",
            dllm="mini-llada",
            verifier=None,
            dtype="float32",
            parameters=(3_737_856,),
            runs_on="any CPU, no network",
            licence="MIT, in the repository",
            shows="a dLLM without a shift, in any order",
            shows_not="adaptive parallel decoding: it has no verifier",
            mini=True,
            canvas=128,
            math_canvas=128,
            autoregressive_tokens=128,
        ),
        PairSpec(
            name="diffugpt-s",
            dllm="diffusionfamily/diffugpt-s",
            verifier="distilbert/distilgpt2",
            baselines=("openai-community/gpt2", "distilbert/distilgpt2"),
            dtype="float32",
            parameters=(124_439_808, 81_912_576),
            mask_token=10541,  # an ordinary token: nothing in its files marks it
            runs_on="any CPU",
            licence=f"{APACHE}; GPT-2 MIT",
            shows="the smallest public pair: how it all works on text that was never made up",
            shows_not="following instructions (base models), and speed: 124M draft, 82M verify",
        ),
        PairSpec(
            name="diffugpt-m",
            dllm="diffusionfamily/diffugpt-m",
            verifier="distilbert/distilgpt2",
            baselines=("openai-community/gpt2-medium", "openai-community/gpt2"),
            dtype="float32",
            parameters=(354_824_192, 81_912_576),
            runs_on="any CPU: the pair for a laptop",
            licence=f"{APACHE}; GPT-2 MIT",
            shows="speed on a laptop: 355M draft, 82M verify",
            shows_not="following instructions (base models)",
        ),
        PairSpec(
            name="qwen3-0.6b",
            dllm="dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1",
            verifier="Qwen/Qwen3-0.6B",
            baselines=("Qwen/Qwen3-0.6B",),
            dtype="float32",
            parameters=(751_632_384, 596_049_920),
            runs_on="any CPU with 8 GB, or any GPU",
            licence=APACHE,
            shows="chat and arithmetic on a laptop; tokens per iteration, acceptance, orders",
            shows_not=OF_ONE_SIZE,
        ),
        PairSpec(
            name="qwen2.5-coder-0.5b",
            dllm="dllm-hub/Qwen2.5-Coder-0.5B-Instruct-diffusion-mdlm-v0.1",
            verifier="Qwen/Qwen2.5-Coder-0.5B-Instruct",
            baselines=("Qwen/Qwen2.5-Coder-0.5B-Instruct",),
            dtype="float32",
            parameters=(630_167_424, QWEN_HALF_B),
            runs_on="any CPU with 8 GB, or any GPU",
            licence=APACHE,
            shows="code on a laptop, without a shift; tokens per iteration, acceptance, orders",
            shows_not=OF_ONE_SIZE,
        ),
        PairSpec(
            name="open-dcoder-0.5b",
            dllm="fredzzp/open-dcoder-0.5B",
            verifier=QWEN_CODER,
            baselines=(QWEN_CODER,),
            dtype="float32",
            parameters=(QWEN_HALF_B, QWEN_HALF_B),
            mask_token="<M>",
            shifted=True,
            runs_on="any CPU with 8 GB, or any GPU",
            licence=APACHE,
            shows="completing code on a laptop, with a shift as Dream has it",
            shows_not=f"following instructions (base models), and {OF_ONE_SIZE}",
        ),
        PairSpec(
            name="dream-7b",
            dllm="Dream-org/Dream-v0-Instruct-7B",
            verifier="Qwen/Qwen2.5-0.5B",
            baselines=("Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-0.5B"),
            dtype="bfloat16",
            parameters=(DREAM_7B, QWEN_HALF_B),
            runs_on="one 24 GB GPU; Qwen2.5-7B-Instruct as a baseline takes 15 GB more",
            licence=APACHE,
            shows="the paper's own pair",
            shows_not="anything on a laptop",
        ),
        PairSpec(
            name="dream-coder-7b",
            dllm="Dream-org/Dream-Coder-v0-Instruct-7B",
            verifier=QWEN_CODER,
            baselines=("Qwen/Qwen2.5-Coder-7B-Instruct", QWEN_CODER),
            dtype="bfloat16",
            parameters=(DREAM_7B, QWEN_HALF_B),
            runs_on="one 24 GB GPU; a 7B baseline takes 15 GB more",
            licence=APACHE,
            shows="the paper's proportions on code",
            shows_not="the paper's numbers: it is another model",
        ),
        PairSpec(
            name="diffucoder-7b",
            dllm="apple/DiffuCoder-7B-Instruct",
            verifier=QWEN_CODER,
            baselines=("Qwen/Qwen2.5-Coder-7B-Instruct", QWEN_CODER),
            dtype="bfloat16",
            parameters=(DREAM_7B, QWEN_HALF_B),
            runs_on="one 24 GB GPU; a 7B baseline takes 15 GB more",
            licence=f"Apple's, see its model card; Qwen {APACHE}",
            shows="the paper's proportions on code, with a model trained on code from the start",
            shows_not="the paper's numbers: it is another model",
        ),
        PairSpec(
            name="llada-8b",
            dllm="GSAI-ML/LLaDA-8B-Instruct",
            verifier=None,
            dtype="bfloat16",
            parameters=(8_015_581_184,),
            runs_on="one 24 GB GPU",
            licence="MIT",
            shows="orders and steps of a dLLM trained from scratch",
            shows_not="adaptive parallel decoding: no small model shares its vocabulary",
        ),
        PairSpec(
            name="llada-1.5",
            dllm="GSAI-ML/LLaDA-1.5",
            verifier=None,
            dtype="bfloat16",
            parameters=(8_015_581_184,),
            runs_on="one 24 GB GPU",
            licence="MIT",
            shows="orders and steps of a LLaDA after preference training",
            shows_not="adaptive parallel decoding: no small model shares its vocabulary",
        ),
    )
}


VARIANTS: dict[str, PairSpec] = {}  # of this process, see `register_variant`


def pair_spec(name: str) -> PairSpec:
    """The registered pair of this name.

    Raises:
        ApdError: there is none.
    """
    known = {**PAIRS, **VARIANTS}
    if name not in known:
        raise ApdError(f"unknown pair {name!r}; choose one of {', '.join(PAIRS)}")
    return known[name]


def unregistered(dllm: str, verifier: str | None = None) -> PairSpec:
    """What is known of a dLLM that is not registered under a pair's name.

    A registered dLLM in another place is told by its name: its verifier, unless another is given,
    and what its files do not say (mask, shift) are as registered.
    """
    name = last_part(dllm)
    known = next((spec for spec in PAIRS.values() if last_part(spec.dllm) == name), None)
    spec = known or PairSpec(name=name, dllm=dllm, verifier=None, dtype=None)
    reader = verifier or spec.verifier
    return replace(spec, name=name, dllm=dllm, verifier=reader, baselines=())


def register_variant(spec: PairSpec, **changes: Any) -> PairSpec:
    """Make a pair known to this process under a name of its own, with what it differs in.

    Args:
        changes: fields of `PairSpec`; None leaves one as it is.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    words = {"mask_token": "mask_{}", "shifted": "shift_{}", "quantize": "{}"}
    marks = [words[name].format(value) for name, value in given.items() if name in words]
    plain = re.sub(r"[^\w.+=-]", "", "-".join([spec.name, *marks]))
    VARIANTS[plain] = replace(spec, name=plain, **given)
    return VARIANTS[plain]


def last_part(source: str) -> str:
    """``model`` of ``owner/model`` or of a directory's path."""
    return source.rstrip("/").rsplit("/", 1)[-1]


def describe_pairs() -> list[dict[str, str]]:
    """One row a pair: its models, what it needs, and whether its checkpoints are at hand."""
    return [
        {
            "pair": spec.name,
            "dLLM": spec.dllm,
            "verifier": spec.verifier or "none",
            "AR baselines": ", ".join(spec.baselines) or "none",
            "weights": f"{spec.weights_gb:.3g} GB {spec.dtype}",
            "memory": f"{spec.memory_gb} GB",
            "runs on": spec.runs_on,
            "status": availability(spec),
        }
        for spec in PAIRS.values()
    ]


def explain_pair(name: str) -> dict[str, str]:
    """A row of `describe_pairs` with sizes, licence, what the pair shows, and how to run it.

    Raises:
        ApdError: there is no such pair.
    """
    spec = pair_spec(name)
    row = next(row for row in describe_pairs() if row["pair"] == name)
    sizes = [f"{count / 1e6:.3g}M" for count in spec.parameters]
    algorithm = "" if spec.verifier else " --algorithm low_confidence"
    command = f"apd demo --pair {name}" if spec.verifier else f"apd eval --pair {name}{algorithm}"
    return {
        **row,
        "parameters": " and ".join(sizes),
        "licence": spec.licence,
        "shows": spec.shows,
        "cannot show": spec.shows_not,
        "run": command,
    }


def availability(spec: PairSpec) -> str:
    """``ready``, or what to do to make it so. Never touches the network."""
    named = (spec.dllm, spec.verifier, *spec.baselines)
    needed = dict.fromkeys(name for name in named if name)  # each once, in order
    if not spec.mini:
        missing = [name for name in needed if not is_downloaded(name)]
        return f"downloads {', '.join(missing)} when loaded" if missing else "ready"
    try:
        models = data_dir() / "models"
    except ApdError as error:
        return str(error)
    missing = [name for name in needed if not is_complete(models / name)]
    return f"{', '.join(missing)} missing: run `apd train-mini`" if missing else "ready"


def registered_dtype(model: str) -> str | None:
    """The precision in which a registered verifier or baseline is loaded; None for other models."""
    for spec in PAIRS.values():
        if model in (spec.verifier, *spec.baselines):
            return spec.dtype
    return None
