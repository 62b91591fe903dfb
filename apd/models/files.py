"""What a checkpoint directory holds, told from its files without torch and without reading weights.

Only safetensors count as weights, never pickles.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from apd.errors import ApdError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "I16": 2}


class StoredTensor(NamedTuple):
    """A tensor as its file's header describes it: its shape, and its type in safetensors' words."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def numbers(self) -> int:
        """Numbers it holds."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes on disk."""
        return self.numbers * BYTES.get(self.dtype, 1)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of a checkpoint.

    Raises:
        ApdError: the file is missing, unreadable or not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ApdError(
            f"{path} is missing; copy or download the whole checkpoint directory again"
        ) from None
    except OSError as error:
        raise ApdError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    except (ValueError, RecursionError) as error:
        raise ApdError(f"{path} is not valid JSON ({error}); download it again") from None
    if not isinstance(content, dict):
        raise ApdError(f"{path} holds no JSON object; download it again")
    return content


def weight_files(directory: Path) -> list[Path]:
    """The safetensors files of a checkpoint: one file, or the shards that its index names.

    Raises:
        ApdError: there is none, the index has no usable map, or a shard is missing.
    """
    if (directory / WEIGHTS).is_file():
        return [directory / WEIGHTS]
    if not (directory / INDEX).is_file():
        raise ApdError(
            f"{directory} holds neither {WEIGHTS} nor {INDEX}; download the checkpoint again "
            "(pickled .bin weights are not read: convert them to safetensors)"
        )
    shards = shards_of(read_json(directory / INDEX), directory)
    missing = [shard for shard in shards if not (directory / shard).is_file()]
    if missing:
        raise ApdError(
            f"{directory}: weight file {', '.join(missing)} is missing (named by {INDEX}); "
            "download the checkpoint again"
        )
    return [directory / shard for shard in shards]


def shards_of(index: Mapping[str, Any], directory: Path) -> list[str]:
    """The files that an index names, sorted; ApdError unless its map is from names to files."""
    named = index.get("weight_map")
    if not isinstance(named, dict) or not named:
        raise ApdError(f"{directory}: {INDEX} has no weight_map; download it again")
    for name, shard in named.items():
        if not isinstance(shard, str) or not shard or Path(shard).name != shard:
            raise ApdError(
                f"{directory}: {INDEX} puts {name} into {shard!r}, which is no file of this "
                "directory; download it again"
            )
    return sorted(set(named.values()))


def stored_tensors(directory: Path) -> dict[str, StoredTensor]:
    """Every tensor of a checkpoint by its stored name, from the headers of its files.

    Raises:
        ApdError: a file is missing, corrupt or truncated.
    """
    from safetensors import SafetensorError, safe_open

    found: dict[str, StoredTensor] = {}
    for path in weight_files(directory):
        try:
            with safe_open(path, framework="np") as file:
                for name in file.keys():  # noqa: SIM118
                    part = file.get_slice(name)
                    found[name] = StoredTensor(tuple(part.get_shape()), part.get_dtype())
        except (SafetensorError, OSError, ValueError) as error:
            raise ApdError(f"{path} is corrupt or truncated ({error}); {remedy(path)}") from None
    return found


def tensor_shapes(directory: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of `stored_tensors`."""
    return {name: tensor.shape for name, tensor in stored_tensors(directory).items()}


def remedy(path: Path) -> str:
    """What to do about an unreadable weight file."""
    try:
        with path.open("rb") as file:
            is_pointer = file.read(40).startswith(b"version https://git-lfs")
    except OSError:
        return "check its permissions"
    return "fetch it with `git lfs pull`" if is_pointer else "download or copy it again"


def is_complete(directory: Path) -> bool:
    """Whether a directory holds all that a checkpoint needs: configuration, weights, tokenizer."""
    tokenizer = (directory / "tokenizer.json").is_file() or (
        (directory / "vocab.json").is_file() and (directory / "merges.txt").is_file()
    )
    try:
        weight_files(directory)
    except ApdError:
        return False
    return tokenizer and (directory / "config.json").is_file()
