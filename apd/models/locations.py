"""Where checkpoints are: shipped with the repository, in a local directory, or on the hub."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.models.files import is_complete
from apd.paths import DATA_DIR_VARIABLE, data_dir

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
CHECKPOINT_FILES = ["*.json", "*.safetensors", "*.jinja", "merges.txt"]


def mini_directory(name: str) -> Path:
    """Directory of one of the small models that come with the repository, e.g. ``mini-dream``.

    Raises:
        ApdError: it has not been trained or copied there.
    """
    path = data_dir() / "models" / name
    if not path.is_dir():
        raise ApdError(
            f"model {name!r} is not in {path.parent}; run `apd train-mini`, or set "
            f"{DATA_DIR_VARIABLE} to the data/ directory of a checkout that has it"
        )
    return path


def find_checkpoint(name_or_path: str | Path) -> Path:
    """Local directory of a checkpoint: an existing directory, a mini model's name or a hub name.

    A hub name (``owner/model``) is downloaded, safetensors and text files only, or taken from the
    local cache when the hub cannot be reached.

    Raises:
        ApdError: it is none of these.
    """
    name = str(name_or_path)
    try:
        path = Path(name).expanduser()
        if path.is_dir():
            return path
    except (OSError, RuntimeError, ValueError):
        pass  # no path of this system: too long, a zero byte, a user who is not there
    if name.startswith("mini-"):
        return mini_directory(name)
    if not HUB_NAME.fullmatch(name):
        raise ApdError(
            f"checkpoint {name!r} does not exist; pass an existing directory or a hub name such "
            "as Qwen/Qwen2.5-0.5B"
        )
    return download_checkpoint(name)


def download_checkpoint(hub_name: str) -> Path:
    """Directory in the local hub cache with the files of ``hub_name``, downloaded if need be.

    What is missing is measured against the disk first; a bar shows the progress.

    Raises:
        ApdError: there is no such model, no network, or not enough room on the disk.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        check_disk(hub_name)
        return Path(snapshot_download(hub_name, allow_patterns=CHECKPOINT_FILES))
    except ApdError:
        raise
    except GatedRepoError:
        raise ApdError(
            f"{hub_name!r} is there for those who have accepted its terms; accept them on its page "
            "of the Hugging Face hub, and log in with `hf auth login`"
        ) from None
    except RepositoryNotFoundError:
        raise ApdError(
            f"the Hugging Face hub has no public model {hub_name!r}; check the name, or log in "
            "with `hf auth login` if it is private"
        ) from None
    except Exception as error:  # of huggingface_hub, the HTTP client, or what a proxy answered
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ApdError(
            f"{hub_name!r} is not a local directory and cannot be fetched from the Hugging Face "
            f"hub ({reason}); connect to the network, or pass a directory that holds the checkpoint"
        ) from None


def check_disk(hub_name: str) -> None:
    """The files still to be downloaded fit on the disk of the hub cache.

    Raises:
        ApdError: they do not.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import DryRunError
    from tqdm import tqdm

    class Silent(tqdm):
        """Looking takes no time worth a bar."""

        def __init__(self, *positional: Any, **named: Any) -> None:
            super().__init__(*positional, **named | {"disable": True})

    try:
        files = snapshot_download(
            hub_name, allow_patterns=CHECKPOINT_FILES, dry_run=True, tqdm_class=Silent
        )
    except DryRunError:  # no network: what is in the cache will do, or the download says so
        return
    needed = sum(file.file_size or 0 for file in files if file.will_download)
    cache = Path(constants.HF_HUB_CACHE)
    place = next(path for path in (cache, *cache.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise ApdError(
            f"{hub_name} needs {needed / 2**30:.1f} GiB on disk, {free / 2**30:.1f} free in "
            f"{cache}: make room, or set HF_HOME to a directory on a larger disk"
        )


def is_downloaded(hub_name: str) -> bool:
    """Whether the local hub cache holds all of ``hub_name``: weights too (no network used)."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(hub_name, "config.json")
    return isinstance(config, str) and is_complete(Path(config).parent)
