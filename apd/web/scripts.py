"""The page's downloads as script files: what a page may load over http and from disk alike.

A page that was opened from disk may not fetch files, but it may run scripts. So every download
(runtime, tokenizer, models) is compressed, written as text and cut into parts, each a script that
hands its text over; the number of parts that have arrived is the progress. `manifest.js` tells what
there is.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.web.export import MANIFEST

# Name on the page: file in the folder of npm packages.
RUNTIME = {
    "runtime.js": "onnxruntime-web/dist/ort.wasm.min.js",
    "runtime.mjs": "onnxruntime-web/dist/ort-wasm-simd-threaded.mjs",
    "runtime.wasm": "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
    "tokenizers.js": "@huggingface/tokenizers/dist/tokenizers.min.cjs",
}
PART = 1_000_000  # characters, a multiple of 4 as base64 asks


def write_scripts(exported: Path, runtime: Path, target: Path) -> Path:
    """Write every download of the page into `target`; return the path of `manifest.js`.

    Nothing is written when what is there was made from the same files.

    Args:
        exported: what `apd.web.export.export_pair` wrote.
        runtime: holds the npm packages onnxruntime-web and @huggingface/tokenizers.
        target: emptied first.

    Raises:
        ApdError: a file is missing.
    """
    manifest: dict[str, Any] = json.loads((exported / MANIFEST).read_text(encoding="utf-8"))
    files = {entry["file"]: exported / entry["file"] for entry in manifest["models"].values()}
    files |= {manifest["tokenizer"]["file"]: exported / manifest["tokenizer"]["file"]}
    files |= {name: runtime / path for name, path in RUNTIME.items()}
    for file in files.values():
        if not file.is_file():
            raise ApdError(
                f"{file} is missing: run `npm ci` for the page's packages, or export again"
            )
    stamp = target / "made_from"
    source = fingerprint([exported / MANIFEST, *files.values()])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == source:
        return target / "manifest.js"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    manifest["downloads"] = {name: _write_parts(name, file, target) for name, file in files.items()}
    described = target / "manifest.js"
    described.write_text(f"apdLive.receive('manifest.js', {json.dumps(manifest)});\n", "utf-8")
    stamp.write_text(source, encoding="utf-8")
    return described


def fingerprint(files: list[Path]) -> str:
    """Hash of what `write_scripts` is given, and of this code."""
    contents = (file.read_bytes() for file in (*files, Path(__file__)))
    return hashlib.sha256(b"".join(hashlib.sha256(c).digest() for c in contents)).hexdigest()


def _write_parts(name: str, file: Path, target: Path) -> dict[str, Any]:
    """Write one download; its parts, and how many bytes they are."""
    packed = gzip.compress(file.read_bytes(), mtime=0)
    parts: list[str] = []
    for text in _cut(base64.b64encode(packed).decode("ascii")):
        part = f"{name}.{len(parts)}.js"
        (target / part).write_text(f"apdLive.receive('{part}', '{text}');\n", encoding="ascii")
        parts.append(part)
    return {"parts": parts, "bytes": sum((target / part).stat().st_size for part in parts)}


def _cut(text: str) -> Iterator[str]:
    for start in range(0, len(text), PART):
        yield text[start : start + PART]
