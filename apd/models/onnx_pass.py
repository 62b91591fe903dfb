"""Passes by ONNX Runtime: the products of the lean pass, with next to nothing between them.

A pass of torch is a thousand calls from Python, each of which costs microseconds, and at the size
of the mini models as much as the products do. ONNX Runtime makes one call of a pass. It computes
one sequence at a time, which with one thread is also the fastest way to compute several of some
length: a core is busy with the products of one. Short ones, as of autoregressive steps, and more
threads are better off with a common product, which the lean pass makes. It shares cache and
weights, and takes what the runtime has no graph for: passes that see part of a canvas.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor

from apd.errors import ApdError
from apd.models.kv_cache import KeyValueCache
from apd.models.lean import BLOCKED_BYTES, LeanDecoder
from apd.models.onnx_graph import LONGEST, layers_graph, outputs_graph
from apd.models.segments import InferencePass, Pass, Rows, Segment

if TYPE_CHECKING:
    import onnx

Engine = Literal["torch", "onnxruntime"]
WORTH_A_RUN = 16
"""Positions from which on a sequence is run by itself rather than with others."""

INSTALL = "run `pip install 'apd[onnxruntime]'`, or leave the engine out"


class OnnxDecoder:
    """A lean pass whose sequences run in ONNX Runtime; equal to it up to rounding.

    Threads are those that torch has when it is made. The weights are copied: the model's must not
    change any more.

    Args:
        lean: the same pass in torch: float32, on the CPU.
    """

    keeps_keys = True
    takes_sight = True

    def __init__(self, lean: LeanDecoder) -> None:
        self._lean = lean
        self._threads = torch.get_num_threads()
        self._layers = _session(layers_graph(lean))
        self._outputs = _session(outputs_graph(lean))

    def new_cache(self) -> KeyValueCache:
        """An empty cache of this model's shape."""
        return self._lean.new_cache()

    def run(self, segments: Sequence[Segment]) -> list[Pass]:
        """Compute keys and values of every layer and position, and the states up to the last."""
        if self._leaves(segments):
            return self._lean.run(segments)
        return [self._run(segment) for segment in segments]

    def logits(self, rows: Sequence[Rows]) -> Tensor:
        """(N, V) float32, rows of all passes one after another."""
        if self._leaves([row.computed.segment for row in rows]):
            return self._lean.logits(rows)
        each = [self._logits(row) for row in rows]
        return each[0] if len(each) == 1 else torch.cat(each)

    def _leaves(self, segments: Sequence[Segment]) -> bool:
        """Whether the lean pass does better, or is alone in being able to."""
        shortest = min(len(segment.tokens) for segment in segments)
        in_common = self._threads > 1 or shortest < WORTH_A_RUN
        return (len(segments) > 1 and in_common) or not all(map(_is_plain, segments))

    def _run(self, segment: Segment) -> Pass:
        cache, stop = segment.cache, segment.first + len(segment.tokens)
        cache.open(segment.first, stop)
        states, keys_values = self._layers.run(
            None,
            {
                "tokens": segment.tokens.numpy(),
                "first": torch.tensor([segment.first]).numpy(),
                "cache": cache.stored.numpy(),
            },
        )
        cache.write_all(torch.from_numpy(keys_values))
        return Pass(segment, torch.from_numpy(states))

    def _logits(self, rows: Rows) -> Tensor:
        computed, start, stop = rows.computed, rows.start, rows.stop
        first, cache = computed.segment.first + start, computed.segment.cache
        end = first + stop - start if self._lean.causal else cache.end
        inputs = {
            "states": computed.states[start:stop].numpy(),
            "first": torch.tensor([first]).numpy(),
            "stop": torch.tensor([end]).numpy(),
            "cache": cache.stored.numpy(),
        }
        return torch.from_numpy(self._outputs.run(None, inputs)[0])

    def block(self) -> None:
        """Nothing: the runtime has laid out its copies of the weights."""

    def compile(self) -> None:
        """Compile what is left to torch."""
        self._lean.compile()


def check_engine(engine: str) -> None:
    """Check an engine's name, and that it is installed.

    Raises:
        ApdError: otherwise.
    """
    if engine not in get_args(Engine):
        raise ApdError(f"no engine {engine!r}; choose one of {', '.join(get_args(Engine))}")
    if engine == "onnxruntime":
        for package in ("onnx", "onnxruntime"):
            if importlib.util.find_spec(package) is None:
                raise ApdError(f"the engine onnxruntime needs {package}: {INSTALL}")


def run_by(engine: Engine, name: str, inference: InferencePass) -> InferencePass:
    """The pass through a model by an engine.

    Args:
        engine: "torch" leaves the pass as it is.
        name: of the model, for messages.

    Raises:
        ApdError: see `check_engine`; or the engine cannot run this model.
    """
    check_engine(engine)
    if engine == "torch":
        return inference
    obstacle = _obstacle(inference)
    if obstacle is not None or not isinstance(inference, LeanDecoder):
        raise ApdError(f"ONNX Runtime cannot run {name}: {obstacle}; leave the engine out")
    return OnnxDecoder(inference)


def _obstacle(inference: InferencePass) -> str | None:
    """Why a model's pass cannot be given to the runtime; None if it can."""
    if not isinstance(inference, LeanDecoder):
        return "it takes transformers' own pass"
    like = inference.embedding
    if like.device.type != "cpu" or like.dtype != torch.float32:
        precision = str(like.dtype).removeprefix("torch.")
        return f"it is {precision} on {like.device}, and only float32 on the CPU can be run"
    size = inference.weight_bytes + like.nbytes
    if size > BLOCKED_BYTES:
        limit = BLOCKED_BYTES / 2**30
        return f"its weights of {size / 2**30:.1f} GiB exceed {limit:.0f} GiB, and are copied"
    return None


def _is_plain(segment: Segment) -> bool:
    """Whether every position sees all that is computed or before (or, if causal, before it)."""
    special = (segment.end, segment.rotated_as, segment.sight, segment.beyond)
    within = segment.first + len(segment.tokens) <= LONGEST
    return within and all(each is None for each in special)


def _session(model: onnx.ModelProto) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait by spinning would take the cores of torch, and of the other sessions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
