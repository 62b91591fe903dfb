"""Pack the mini models and tasks for a release, and list what the package must find in them.

    python tools/release_mini.py              # rewrite apd/models/mini_release.json
    python tools/release_mini.py --into dist  # and pack dist/apd-mini-VERSION.tar.gz

The archive goes beside the wheel of the same release; `apd models fetch-mini` gets it from there.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import tarfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from apd.models.mini_release import MANIFEST, archive_name
from apd.models.self_test import self_test

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Write the list, and the archive if asked for."""
    parser = argparse.ArgumentParser(description="Pack the mini models for a release.")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where the archive goes")
    options = parser.parse_args(arguments)
    listing = digests(ROOT / "data")
    write(listing, [])
    write(listing, self_test().tokens)
    if options.into is not None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        options.into.mkdir(parents=True, exist_ok=True)
        target = options.into / archive_name(project["version"])
        pack(ROOT / "data", listing, target)
        print(target)
    return 0


def write(files: dict[str, str], tokens: Sequence[int]) -> None:
    """Write the list with the tokens of the test decode."""
    content = {"files": files, "decode": list(tokens)}
    MANIFEST.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def digests(data: Path) -> dict[str, str]:
    """Path below `data` -> sha256, of the shipped models and tasks."""
    paths = sorted([*data.glob("models/mini-*/*"), *data.glob("tasks/*")])
    return {
        path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def pack(data: Path, listing: dict[str, str], target: Path) -> None:
    """The same bytes for the same files, whoever packs them, whenever."""
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in listing:
            member = tarfile.TarInfo(name)
            member.size = (data / name).stat().st_size
            member.mode = 0o644
            with (data / name).open("rb") as content:
                archive.addfile(member, content)


if __name__ == "__main__":
    sys.exit(main())
