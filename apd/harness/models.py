"""The decoders as language models of lm-eval: replies to prompts, log likelihoods of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from tqdm import tqdm

from apd.errors import ApdError
from apd.harness.chat_tokenizer import ChatTokenizer
from apd.harness.data_parallel import SharedEvaluation, join_processes
from apd.harness.diffusion_bound import diffusion_bound
from apd.harness.generation import decode_until
from apd.harness.likelihood import (
    LogLikelihood,
    Passage,
    causal_log_likelihood,
    is_greedy_left_to_right,
    left_to_right_log_likelihood,
)
from apd.harness.loading import Checkpoints, load_decoder
from apd.harness.names import ModelName, model_names
from apd.harness.requests import Generation, generations, request_seeds
from apd.harness.settings import LikelihoodConfig, plain_settings
from apd.runs.decode import decode_problems
from apd.tasks.task import cut_at

TokenPair = tuple[Any, list[int], list[int]]  # request, context ids, continuation ids


class DecoderLM(ChatTokenizer, SharedEvaluation, TemplateLM):
    """A decoder of this package on a pair of models.

    Settings given as model arguments hold for every request; others are the request's own
    (``temperature``, ``top_p``, ``max_gen_toks``), else the decoder's defaults. A problem's noise
    depends on the seed and on its index in its task, so neither order nor company matters.
    """

    model_name: ModelName
    registered_name: str

    def __init__(
        self,
        pair: str | None = None,
        model: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
        dllm_path: str | None = None,
        verifier_path: str | None = None,
        seed: int = 0,
        batch_size: int | str = 1,
        max_batch_size: int | None = None,
        max_length: int | None = None,
        likelihood: Any = "left_to_right",
        likelihood_samples: int = 128,
        likelihood_canvas: int | str | None = None,
        **settings: Any,
    ) -> None:
        """Load the models.

        Args:
            pair: a registered pair; the registered name's own if None.
            model: the autoregressive baseline, for "qwen"; the pair's first if None.
            device, dtype, dllm_path, verifier_path: as for `apd.models.pairs.load_pair`.
            seed: integer >= 0, fixes all noise.
            batch_size: canvases scored, and prompts decoded, in one pass. Above 1 replies are
                decoded to their end and cut at stop strings afterwards.
            max_batch_size: taken because lm-eval passes it; batches do not grow.
            max_length: tokens of a scored text with its context; the checkpoint's if None.
            likelihood, likelihood_samples, likelihood_canvas: see `LikelihoodConfig`.
            settings: of the decoder; "none" spells None.

        Raises:
            ApdError: something is unknown, missing or does not fit.
            ValueError: a setting is out of range.
        """
        super().__init__()
        given = plain_settings(settings)
        self.likelihood_config = LikelihoodConfig(
            kind=likelihood,
            samples=likelihood_samples,
            seed=seed,
            max_lookahead=given.get("max_lookahead"),
            **plain_settings({"canvas_length": likelihood_canvas}),
        )
        self.batch_size = _whole(batch_size)
        self.seed, self.fixed_settings = seed, frozenset(given)
        self.process = join_processes(device)
        self._rank, self._world_size = self.process.rank, self.process.world_size
        checkpoints = Checkpoints(
            pair=pair or self.model_name.pair,
            baseline=model,
            device=self.process.device,
            dtype=dtype,
            dllm_path=dllm_path,
            verifier_path=verifier_path,
        )
        self.pair, self.configuration = load_decoder(
            self.registered_name, self.model_name, checkpoints, given
        )
        self.tokenizer = self.pair.tokenizer
        self._device = self.pair.dllm.device
        own: Any = self.pair.baselines.get(self.configuration.model, self.pair.dllm)
        self.max_length = max_length or int(own.model.config.max_position_embeddings)

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self._device

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """The reply to every prompt, cut before its first stop string."""
        seeds, replies = request_seeds(requests, self.seed), [""] * len(requests)
        with tqdm(total=len(requests), disable=disable_tqdm or self.rank != 0) as bar:
            for batch in generations(
                requests, self.configuration, self.fixed_settings, self.batch_size
            ):
                prompts = [self._prompt_ids(requests[i].args[0]) for i in batch.members]
                texts = self._decode(batch, prompts, [seeds[i] for i in batch.members])
                for i, text in zip(batch.members, texts, strict=True):
                    replies[i] = cut_at(text, batch.stops)
                    self.cache_hook.add_partial("generate_until", requests[i].args, replies[i])
                bar.update(len(batch.members))
        return replies

    def _decode(
        self, batch: Generation, prompts: Sequence[torch.Tensor], seeds: Sequence[int]
    ) -> list[str]:
        """The texts of prompts, (P_b,) long each."""
        configuration, stops = batch.configuration, batch.stops
        if len(prompts) == 1:
            return [decode_until(self.pair, configuration, prompts[0], seeds[0], stops).text]
        return [r.text for r in decode_problems(self.pair, configuration, prompts, seeds)]

    def _prompt_ids(self, prompt: str) -> torch.Tensor:
        """(P,) long, P >= 1."""
        ids = self.tok_encode(prompt) or [self.prefix_token_id]
        return torch.tensor(ids, dtype=torch.long, device=self._device)

    def _loglikelihood_tokens(
        self, requests: list[TokenPair], disable_tqdm: bool = False, **_: Any
    ) -> list[tuple[float, bool]]:
        """Log likelihood of each continuation, and whether greedy decoding would write it."""
        results: list[tuple[float, bool]] = []
        starts = range(0, len(requests), self.batch_size)
        for start in tqdm(starts, disable=disable_tqdm or self.rank != 0):
            batch = requests[start : start + self.batch_size]
            passages = [self._passage(context, text) for _, context, text in batch]
            for request, passage, score in zip(batch, passages, self.score(passages), strict=True):
                greedy = score.greedy
                if greedy is None:
                    greedy = is_greedy_left_to_right(self.pair.dllm, passage)
                results.append((score.value, greedy))
                if request[0] is not None:
                    self.cache_hook.add_partial("loglikelihood", request[0], results[-1])
        return results

    def score(self, passages: Sequence[Passage]) -> list[LogLikelihood]:
        """Log likelihoods of passages: causal, left to right, or bounded, as the model was made."""
        rule, dllm, size = self.likelihood_config, self.pair.dllm, self.batch_size
        if self.configuration.row.on_baseline:
            model = self.pair.baselines[self.configuration.model]
            return causal_log_likelihood(model, passages, batch_size=size)
        if rule.kind == "bound":
            return diffusion_bound(
                dllm, passages, samples=rule.samples, seed=rule.seed, batch_size=size
            )
        return left_to_right_log_likelihood(
            dllm,
            passages,
            max_lookahead=rule.max_lookahead,
            canvas_length=rule.canvas_length,
            batch_size=size,
        )

    def _passage(self, context: list[int], continuation: list[int]) -> Passage:
        """The passage, its context cut on the left to what fits."""
        room = max(1, self.max_length - len(continuation))
        return Passage(tuple(context[-room:]), tuple(continuation))

    def loglikelihood_rolling(
        self, requests: list[Instance], disable_tqdm: bool = False
    ) -> list[float]:
        """Log likelihood of whole texts, in windows of `max_length` tokens, every token once."""
        totals = []
        for request in tqdm(requests, disable=disable_tqdm or self.rank != 0):
            windows = get_rolling_token_windows(
                token_list=self.tok_encode(request.args[0]),
                prefix_token=self.prefix_token_id,
                max_seq_len=self.max_length - 1,
                context_len=1,
            )
            pairs: list[TokenPair] = [(None, *make_disjoint_window(w)) for w in windows]
            scores = self._loglikelihood_tokens(pairs, disable_tqdm=True)
            totals.append(sum(value for value, _ in scores))
            self.cache_hook.add_partial("loglikelihood_rolling", request.args, totals[-1])
        return totals

    def get_model_info(self) -> dict[str, Any]:
        """What lm-eval notes beside the results: pair, decoder and every setting."""
        configuration = self.configuration
        return {
            "pair": self.pair.name,
            "configuration": configuration.id,
            "algorithm": configuration.algorithm,
            "decoded_model": configuration.model,
            "decoder": {k: v for k, v in configuration.parameters.items() if v is not None},
            "likelihood": self.likelihood_config.kind,
            "seed": self.seed,
        }


def _whole(batch_size: int | str) -> int:
    """The batch size as a number. Raises ApdError for "auto" and for what is below 1."""
    if not str(batch_size).isdecimal() or int(batch_size) < 1:
        raise ApdError(f"batch size {batch_size!r} is not allowed; use an integer >= 1")
    return int(batch_size)


def __getattr__(name: str) -> type[DecoderLM]:
    """The class of a registered name: lm-eval looks it up in this module."""
    names = model_names()
    if name not in names:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    parts = {"model_name": names[name], "registered_name": name, "__module__": __name__}
    return type(f"{name.title().replace('-', '')}LM", (DecoderLM,), parts)
