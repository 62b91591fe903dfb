"""Token ids: which end a text, which are never sampled, and whether two models agree on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from transformers import (
    AddedToken,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    Qwen2Tokenizer,
)

from apd.errors import ApdError
from apd.models.files import read_json

TURN_ENDS = ("<|im_end|>", "<|eot_id|>")
MASKS = ("<|mask|>", "<|mdm_mask|>", "<M>", "[MASK]", "<mask>")


def load_tokenizer(directory: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a checkpoint, from ``tokenizer.json`` or from Qwen2's vocabulary and merges.

    Dream's published tokenizer is Qwen2's with two more special tokens; naming the class here
    needs no code from the checkpoint.

    Raises:
        ApdError: the files are missing or unreadable.
    """
    if (directory / "tokenizer.json").is_file():
        loader: type[PreTrainedTokenizerBase] = PreTrainedTokenizerFast
    elif (directory / "vocab.json").is_file() and (directory / "merges.txt").is_file():
        loader = Qwen2Tokenizer
    else:
        raise ApdError(
            f"{directory} holds neither tokenizer.json nor vocab.json with merges.txt; copy or "
            "download the whole checkpoint directory again"
        )
    try:
        tokenizer = loader.from_pretrained(directory, local_files_only=True)
        tokenizer("a word")  # some values are only looked at now
    except Exception as error:  # the tokenizers library raises bare Exceptions
        reason = " ".join(str(error).split())
        raise ApdError(
            f"{directory}: the tokenizer files cannot be read ({reason}); download them again"
        ) from None
    add_added_tokens(directory, tokenizer)
    return tokenizer


def add_added_tokens(directory: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    """Tokens that stand in ``added_tokens.json`` alone, as open-dcoder's mask does.

    transformers reads that file only where the settings describe no added token at all.

    Raises:
        ApdError: their ids do not follow on the vocabulary.
    """
    path = directory / "added_tokens.json"
    if not path.is_file():
        return
    for token, token_id in sorted(read_json(path).items(), key=lambda item: str(item[1]).zfill(9)):
        if token not in tokenizer.get_vocab():
            tokenizer.add_tokens([AddedToken(token, normalized=False, special=True)])
        found = tokenizer.convert_tokens_to_ids(token)
        if found != token_id:
            raise ApdError(
                f"{directory}: added_tokens.json gives {token!r} the id {token_id!r}, the other "
                f"tokenizer files leave {found} for it; download them again"
            )


def end_token_ids(
    directory: Path, eos_token_id: int | list[int] | None, tokenizer: PreTrainedTokenizerBase
) -> frozenset[int]:
    """End of sequence (model and generation configuration, tokenizer) and end of turn.

    Raises:
        ApdError: the checkpoint names no end token at all.
    """
    generation = directory / "generation_config.json"
    declared = [eos_token_id, tokenizer.eos_token_id]
    if generation.is_file():
        declared.append(read_json(generation).get("eos_token_id"))
    ends: set[int] = set()
    for value in declared:
        ends.update(value if isinstance(value, list) else [] if value is None else [value])
    vocabulary = tokenizer.get_vocab()
    ends.update(vocabulary[token] for token in TURN_ENDS if token in vocabulary)
    if not ends:
        raise ApdError(f"{directory} names no end token; add eos_token_id to its config.json")
    return frozenset(ends)


def declared_id(directory: Path, field: str) -> int | None:
    """A token id of ``config.json``, or None.

    Raises:
        ApdError: it is no id.
    """
    value = read_json(directory / "config.json").get(field)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ApdError(
            f"{directory}: config.json has {field} {value!r}, which is no token id; download it "
            "again"
        )
    return value


def find_mask_token(
    directory: Path,
    tokenizer: PreTrainedTokenizerBase,
    declared: int | None,
    asked: str | int | None = None,
) -> int:
    """The token of an undecoded position: as asked, else as the checkpoint's files say.

    Args:
        declared: ``mask_token_id`` of ``config.json``.
        asked: a token or its id.

    Raises:
        ApdError: nothing says, or the token asked for does not exist.
    """
    vocabulary = tokenizer.get_vocab()
    if isinstance(asked, int):
        return asked
    if asked is not None:
        token_id = vocabulary.get(asked, int(asked) if asked.isdecimal() else None)
        if token_id is None:
            raise ApdError(
                f"mask token {asked!r} is not in the vocabulary of {directory}; give a token of "
                "its tokenizer, or its id"
            )
        return token_id
    named = [vocabulary[token] for token in MASKS if token in tokenizer.added_tokens_encoder]
    for found in (declared, tokenizer.mask_token_id, *named):
        if found is not None:
            return int(found)
    raise ApdError(
        f"{directory} does not say which token is its mask (mask_token_id in config.json, "
        f"mask_token of its tokenizer, or one of {', '.join(MASKS)}); name it (--mask-token)"
    )


def check_ids(
    directory: Path, rows: int, tokenizer: PreTrainedTokenizerBase, ids: Mapping[str, int]
) -> None:
    """Every token has a row of the embedding.

    Args:
        rows: of the embedding.
        ids: other ids that the checkpoint names, by what they are.

    Raises:
        ApdError: one does not.
    """
    last = max(tokenizer.get_vocab().items(), key=lambda item: item[1], default=("", 0))
    for what, token_id in ({f"token {last[0]!r}": last[1]} | dict(ids)).items():
        if not 0 <= token_id < rows:
            raise ApdError(
                f"{directory}: {what} has id {token_id}, but the embedding has {rows} rows (ids 0 "
                f"to {rows - 1}); use the tokenizer and config.json that belong to these weights"
            )


def unsampled_ids(
    vocab_size: int, tokenizer: PreTrainedTokenizerBase, mask_token_id: int | None
) -> set[int]:
    """Ids that must never be sampled: the mask, and output rows that stand for no token."""
    masks = {mask_token_id, tokenizer.mask_token_id} - {None}
    return set(range(vocab_size)) - set(tokenizer.get_vocab().values()) | masks


def ids_unknown_to(verifier: PreTrainedTokenizerBase, dllm: PreTrainedTokenizerBase) -> set[int]:
    """Ids of the dLLM's tokens that the verifier has no token for."""
    return set(dllm.get_vocab().values()) - set(verifier.get_vocab().values())


def check_agreement(
    dllm: PreTrainedTokenizerBase, verifier: PreTrainedTokenizerBase, names: str
) -> None:
    """Both models mean the same token by the same id, so their logits may be mixed.

    Every ordinary token of the dLLM must be the verifier's too; special tokens may be missing there
    (Dream's mask is), but not differ.

    Args:
        names: the two checkpoints, for the message.

    Raises:
        ApdError: they do not agree.
    """
    theirs = verifier.get_vocab()
    special = set(dllm.added_tokens_encoder)
    taken = {token_id: token for token, token_id in theirs.items()}
    for token, token_id in sorted(dllm.get_vocab().items(), key=lambda item: item[1]):
        known = theirs.get(token)
        absent = known is None and token in special and token_id not in taken
        if known != token_id and not absent:
            raise ApdError(
                f"the tokenizers of {names} disagree: id {token_id} is {token!r} for the dLLM and "
                f"{taken.get(token_id)!r} for the verifier; choose a verifier with the dLLM's "
                "vocabulary (Qwen2.5 for Dream)"
            )
