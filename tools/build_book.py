"""Build the book: execute its notebooks, stage the sources, run a strict Sphinx build.

    python tools/build_book.py                      # everything, on the models in the repository
    python tools/build_book.py --only algorithm_end_to_end
    python tools/build_book.py --pair dream-7b      # the same chapters on Dream-7B and Qwen2.5

The pages are in `_build/html`. Any warning, any cell that raises, any missing reference fails the
build, and the exit status is then 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from execute_notebooks import DEFAULT_PAIR, NotebookFailed, execute_notebooks
from repository_links import link_to_repository
from social_picture import draw
from vendor_scripts import VendorError, vendor_scripts

from apd.errors import ApdError
from apd.web.export import export_pair
from apd.web.scripts import write_scripts

ROOT = Path(__file__).resolve().parent.parent
LIVE_PAIR = "mini"  # decodes in the reader's browser, so it has to be small
LAUNCH = """\
  notebook_interface: jupyterlab
  binderhub_url: https://mybinder.org
  colab_url: https://colab.research.google.com
"""
STAGED = ("_config.yml", "_toc.yml", "CHANGELOG.md", "book", "_ext", "_extra")


def main(arguments: list[str] | None = None) -> int:
    """Build the book; return the exit status."""
    options = parse_arguments(arguments)
    build = ROOT / "_build"
    start = time.perf_counter()
    try:
        execute_notebooks(ROOT, build, options.pair, options.only, options.force, options.jobs)
        vendor, runtime = vendor_scripts(ROOT, build)
        live = write_scripts(
            export_pair(LIVE_PAIR, build / "live-models").parent, runtime, build / "live"
        ).parent
    except (NotebookFailed, VendorError, ApdError, ValueError) as error:
        print(f"The book was not built: {error}", file=sys.stderr)
        return 1
    extra = {"vendor": vendor, "live": live}
    source = stage(build, extra, options.pair)
    write_addresses(source / "_config.yml", options.base_url, options.repository)
    link_to_repository(source / "_config.yml", ROOT / "CITATION.cff")
    draw(source / "book" / "_static" / "social.png")
    status = run_sphinx(source)
    seconds = time.perf_counter() - start
    if status:
        print(f"The book has problems (see above); {seconds:.0f} s.", file=sys.stderr)
        return 1
    print(f"The book is in {build / 'html' / 'index.html'} ({seconds:.0f} s).")
    return 0


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """The command line of this script."""
    parser = argparse.ArgumentParser(description="Execute the notebooks and build the book.")
    parser.add_argument("--pair", default=DEFAULT_PAIR, help="models of the chapters: %(default)s")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="execute only these notebooks"
    )
    parser.add_argument(
        "--force", action="store_true", help="execute notebooks even if nothing has changed"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="notebooks to execute side by side (one a core)",
    )
    parser.add_argument(
        "--base-url", default="", help="address that the book will be served from, for the sitemap"
    )
    parser.add_argument(
        "--repository", default="", help="address of the repository, for Binder and Colab buttons"
    )
    return parser.parse_args(arguments)


def stage(build: Path, extra: dict[str, Path], pair: str) -> Path:
    """Assemble in `build`/source what Sphinx reads; return that folder.

    Args:
        extra: folders that are published as they are, by their names in the book.
    """
    source = build / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for name in STAGED:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(origin, source / name)
    for name, folder in extra.items():
        shutil.copytree(folder, source / "_extra" / name)
    executed = build / "executed" / pair
    shutil.copytree(executed / "notebooks", source / "notebooks")
    shutil.copyfile(executed / "times.json", source / "times.json")
    return source


def write_addresses(config: Path, base_url: str, repository: str) -> None:
    """Put into `_config.yml` where the book will be, and where notebooks can be opened from.

    Buttons open the branch `launch`, whose notebooks install what they need
    (tools/launch_branch.py).
    """
    text = config.read_text(encoding="utf-8")
    if base_url:
        base_url = base_url.rstrip("/") + "/"
        for key in ("baseurl", "ogp_site_url"):
            text = text.replace(f'{key}: ""', f'{key}: "{base_url}"')
    if repository:
        text = text.replace("  thebe: false\n", f"  thebe: false\n{LAUNCH}", 1)
        text += f"\nrepository:\n  url: {repository}\n  branch: launch\n"
    config.write_text(text, encoding="utf-8")


def run_sphinx(source: Path) -> int:
    """Build `source` from scratch, so that no warning hides behind a cached page."""
    build = source.parent
    for name in ("html", ".doctrees"):
        shutil.rmtree(build / name, ignore_errors=True)
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", jupyter_book, "build", str(source)]
    command += ["--path-output", str(build.parent), "-W", "-n", "--keep-going"]
    return subprocess.run(command, cwd=build.parent).returncode


if __name__ == "__main__":
    sys.exit(main())
