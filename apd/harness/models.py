"""The decoders as language models of lm-eval: replies to prompts, log likelihoods of texts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from lm_eval.utils import (
    get_rolling_token_windows,
    make_disjoint_window,
    simple_parse_args_string,
)
from tqdm import tqdm

from apd.decoding.configuration import DLLM
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
from apd.harness.loading import Checkpoints, checkpoint_versions, load_decoder
from apd.harness.names import ModelName, model_names
from apd.harness.reply_cache import ReplyCache
from apd.harness.requests import Generation, generations, request_seeds, seed_of_lm_eval
from apd.harness.settings import LikelihoodConfig, plain_settings
from apd.runs.decode import decode_problems
from apd.runs.models import VERIFIER
from apd.tasks.task import cut_at

logger = logging.getLogger(__name__)
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
            seed: integer >= 0, fixes all noise. Left out, it is the one of lm-eval's ``--seed``.
            batch_size: canvases scored, and prompts decoded, in one pass. Above 1 replies are
                decoded to their end and cut at stop strings afterwards.
            max_batch_size: taken because lm-eval passes it; batches do not grow.
            max_length: tokens of a text with its context or prompt, which are cut on the left to
                fit, as by lm-eval's own models; what the checkpoints allow if None.
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
        self.max_length = max_length or self._positions()
        self.checkpoints, self.answers = checkpoints, ReplyCache()

    @classmethod
    def create_from_arg_string(cls, arg_string: str, additional_config: Any = None) -> DecoderLM:
        """Called by lm-eval, which has just set its seeds."""
        given = seed_of_lm_eval() | simple_parse_args_string(arg_string)
        return cls(**given, **_given(additional_config))

    @classmethod
    def create_from_arg_obj(cls, arg_dict: Any, additional_config: Any = None) -> DecoderLM:
        """Called by lm-eval, which has just set its seeds."""
        return cls(**seed_of_lm_eval() | arg_dict, **_given(additional_config))

    def _models(self) -> list[Any]:
        """The models that decode."""
        pair = self.pair
        named = {DLLM: pair.dllm, VERIFIER: pair.verifier, **pair.baselines}
        return [named[name] for name in self.configuration.models]

    def _positions(self) -> int:
        """Positions that every model which decodes was made for."""
        return min(int(model.model.config.max_position_embeddings) for model in self._models())

    def set_cache_hook(self, cache_hook: Any) -> None:
        """Take over lm-eval's response cache; see `apd.harness.reply_cache`."""
        model = self._models()[0]
        identity = checkpoint_versions(self.checkpoints, self.configuration)
        identity |= {"device": model.device.type, "dtype": str(model.model.dtype)}
        self.answers = ReplyCache(cache_hook.dbdict, identity)

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
                length = batch.configuration.decoder.max_new_tokens
                prompts = [self._prompt_ids(requests[i].args[0], length) for i in batch.members]
                texts = self._replies(batch, prompts, [seeds[i] for i in batch.members])
                for i, text in zip(batch.members, texts, strict=True):
                    replies[i] = text
                bar.update(len(batch.members))
        return replies

    def _replies(
        self, batch: Generation, prompts: Sequence[torch.Tensor], seeds: Sequence[int]
    ) -> list[str]:
        """Replies to prompts, (P_b,) long each: those in the cache from there."""
        asked = (batch.configuration, batch.stops, self.batch_size)
        keys = [(*asked, tuple(p.tolist()), s) for p, s in zip(prompts, seeds, strict=True)]
        replies = [self.answers.find("reply", *key) for key in keys]
        new = [i for i, reply in enumerate(replies) if reply is None]
        texts = self._decode(batch, [prompts[i] for i in new], [seeds[i] for i in new])
        for i, text in zip(new, texts, strict=True):
            replies[i] = cut_at(text, batch.stops)
            self.answers.keep("reply", *keys[i], answer=replies[i])
        return replies

    def _decode(
        self, batch: Generation, prompts: Sequence[torch.Tensor], seeds: Sequence[int]
    ) -> list[str]:
        """The texts of prompts, (P_b,) long each."""
        configuration, stops = batch.configuration, batch.stops
        if not prompts:
            return []
        if len(prompts) == 1:
            return [decode_until(self.pair, configuration, prompts[0], seeds[0], stops).text]
        return [r.text for r in decode_problems(self.pair, configuration, prompts, seeds)]

    def _prompt_ids(self, prompt: str, new_tokens: int = 0) -> torch.Tensor:
        """(P,) long, P >= 1: the end of the prompt that leaves room for `new_tokens`.

        Raises:
            ApdError: there is no room for a prompt at all.
        """
        room = self.max_length - new_tokens
        if room < 1:
            raise ApdError(
                f"{new_tokens} new tokens leave no room for a prompt in {self.max_length} "
                "positions; ask for fewer (max_new_tokens, max_gen_toks), or set max_length in "
                "model_args if the models can do more"
            )
        ids = self.tok_encode(prompt) or [self.prefix_token_id]
        if len(ids) > room:
            logger.warning(
                "a prompt of %d tokens is cut on the left to %d: %d new tokens must fit into %d "
                "positions too", len(ids), room, new_tokens, self.max_length,
            )  # fmt: skip
        return torch.tensor(ids[-room:], dtype=torch.long, device=self._device)

    def _loglikelihood_tokens(
        self, requests: list[TokenPair], disable_tqdm: bool = False, **_: Any
    ) -> list[tuple[float, bool]]:
        """Log likelihood of each continuation, and whether greedy decoding would write it."""
        results: list[tuple[float, bool]] = []
        starts = range(0, len(requests), self.batch_size)
        for start in tqdm(starts, disable=disable_tqdm or self.rank != 0):
            batch = requests[start : start + self.batch_size]
            results += self._log_likelihoods([self._passage(c, text) for _, c, text in batch])
        return results

    def _log_likelihoods(self, passages: Sequence[Passage]) -> list[tuple[float, bool]]:
        """Scores of passages, and whether greedy decoding writes them: from the cache if there."""
        asked = (self.configuration.algorithm, self.likelihood_config, self.batch_size)
        found = [self.answers.find("score", *asked, passage) for passage in passages]
        new = [i for i, answer in enumerate(found) if answer is None]
        for i, score in zip(new, self.score([passages[i] for i in new]), strict=True):
            greedy = score.greedy
            if greedy is None:
                greedy = is_greedy_left_to_right(self.pair.dllm, passages[i])
            found[i] = (score.value, greedy)
            self.answers.keep("score", *asked, passages[i], answer=found[i])
        return found

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


def _given(additional: Any) -> dict[str, Any]:
    """lm-eval's own arguments (batch_size, device) that it was given."""
    return {name: value for name, value in (additional or {}).items() if value is not None}


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
