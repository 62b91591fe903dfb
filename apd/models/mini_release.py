"""The mini models and the mini tasks for an installation without a checkout, from a release.

The release holds one archive beside the wheel. What it must contain, to the byte, is listed in
`mini_release.json`, which is part of this package, so neither the server nor the connection has to
be trusted. `tools/release_mini.py` writes both.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.metadata
import io
import json
import os
import shutil
import tarfile
import tempfile
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from apd.errors import ApdError
from apd.models.locations import mini_directory
from apd.paths import user_data_dir

URL_VARIABLE = "APD_MINI_URL"
MANIFEST = Path(__file__).with_name("mini_release.json")
MOST_BYTES = 2**30  # of an archive; it has a few tens of millions
TIMEOUT_S = 60.0


def archive_name(version: str) -> str:
    """File name of the archive of a release."""
    return f"apd-mini-{version}.tar.gz"


def expected_files() -> dict[str, str]:
    """Path below the data directory -> sha256, of every file of the archive."""
    files: dict[str, str] = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
    return files


def expected_decode() -> tuple[int, ...]:
    """The tokens of `apd.models.self_test` with these models."""
    return tuple(json.loads(MANIFEST.read_text(encoding="utf-8"))["decode"])


def is_released(names: Sequence[str]) -> bool:
    """Whether the weights of these mini models, as they are here, are the release's."""
    expected = expected_files()
    for name in names:
        with (mini_directory(name) / "model.safetensors").open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != expected.get(f"models/{name}/model.safetensors"):
            return False
    return True


def archive_url() -> str:
    """Where the archive of this version is.

    Raises:
        ApdError: neither the environment nor the package's metadata says so.
    """
    given = os.environ.get(URL_VARIABLE)
    if given:
        return given
    metadata = importlib.metadata.metadata("apd")
    for entry in metadata.get_all("Project-URL") or []:
        label, _, url = entry.partition(", ")
        if label.casefold() == "repository":
            version = metadata["Version"]
            return f"{url.rstrip('/')}/releases/download/v{version}/{archive_name(version)}"
    raise ApdError(
        "this package does not say where its releases are; give the archive of the mini models "
        f"with --from FILE, or its address in {URL_VARIABLE}"
    )


def fetch_mini(archive: Path | None = None) -> Path:
    """Put the mini models and tasks into the user's data directory, checked; return it.

    Nothing is left half written: files appear once all of them are complete and right.

    Args:
        archive: a file; None to download it.

    Raises:
        ApdError: it cannot be read or downloaded, or does not hold what it should.
    """
    target = user_data_dir()
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".fetch-") as name:
            folder = Path(name)
            if archive is None:
                archive = folder / "archive"
                _download(archive_url(), archive)
            _extract(archive, folder / "data")
            _move_in(folder / "data", target)
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise ApdError(
            f"the mini models were not fetched: {reason}; take the archive of the release, whole"
        ) from None
    return target


def _download(url: str, target: Path) -> None:
    """Write the whole answer to `target`, or raise."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer, target.open("wb") as file:
            announced = answer.headers.get("Content-Length")
            for part in _parts(answer):
                file.write(part)
                if file.tell() > MOST_BYTES:
                    raise ApdError(f"{url} is more than {MOST_BYTES} bytes; it is not the archive")
            if announced is not None and file.tell() != int(announced):
                raise ApdError(
                    f"the download of {url} ended after {file.tell()} of {announced} bytes; try "
                    "again"
                )
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ApdError(
            f"cannot download {url} ({error}); check the connection, or give the file with --from"
        ) from None


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    while part := stream.read(2**20):
        yield part


def _extract(archive: Path, folder: Path) -> None:
    """Write the expected files of the archive, and no others, below `folder`; check each."""
    expected = expected_files()
    found: set[str] = set()
    with tarfile.open(archive, "r:gz") as members:
        for member in members:
            if not member.isfile() or member.name not in expected:
                continue
            content = members.extractfile(member) or io.BytesIO()
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(content, file)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != expected[member.name]:
                raise ApdError(
                    f"{member.name} of the archive is not the file of this version (its sha256 is "
                    f"{digest[:12]}…); take the archive of the same release, or download it again"
                )
            found.add(member.name)
    if missing := sorted(set(expected) - found):
        raise ApdError(
            f"the archive lacks {missing[0]} and {len(missing) - 1} more of {len(expected)} files; "
            "take the archive of the same release, or download it again"
        )


def _move_in(folder: Path, target: Path) -> None:
    """Replace models and tasks in `target` by those in `folder`, a directory at a time."""
    tops = sorted({path.parent for path in folder.rglob("*") if path.is_file()})
    for source in tops:
        place = target / source.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            shutil.rmtree(place)
        source.replace(place)
