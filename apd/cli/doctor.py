"""Say what this installation consists of and whether it works; for a report of a problem.

Versions, processor and devices, the models that are here, and one short decode whose tokens are
known. Names no user, no host and no path. The exit status is 1 if something is wrong.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apd.errors import ApdError

HELP = "say what is installed and whether it works, to report a problem"
CORE = ("apd", "torch", "transformers", "tokenizers", "safetensors", "numpy", "rich")
OPTIONAL = ("lm-eval", "datasets", "pandas", "pyarrow", "jupyter-book", "anywidget", "ray")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--no-decode", action="store_true", help="leave the test decode out")


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; return the exit status."""
    troubles: list[str] = []
    for heading, lines in (
        ("versions", versions(troubles)),
        ("machine", machine()),
        ("models", models(troubles)),
        ("decode", [] if arguments.no_decode else decodes(troubles)),
    ):
        for name, text in lines:
            print(f"{heading:<9} {name:<14} {_private(text)}")
            sys.stdout.flush()
    print(f"{'verdict':<9} {_private('; '.join(troubles)) or 'nothing is wrong'}")
    return 1 if troubles else 0


def versions(troubles: list[str]) -> Iterator[tuple[str, str]]:
    """Python, the system, and the packages that matter."""
    yield "python", f"{platform.python_implementation()} {platform.python_version()}"
    yield "system", f"{platform.system()} {platform.release()} {platform.machine()}"
    for package in CORE + OPTIONAL:
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            yield package, "missing" if package in CORE else "not installed"
            if package in CORE and package != "apd":
                troubles.append(f"{package} is missing: run `pip install apd`")


def machine() -> Iterator[tuple[str, str]]:
    """Processor, threads, memory and devices, as torch sees them."""
    import torch

    from apd.runs.provenance import cpu_model

    yield "processor", f"{cpu_model()}, {torch.backends.cpu.get_cpu_capability()}"
    limit = os.environ.get("OMP_NUM_THREADS")
    threads = f"{torch.get_num_threads()} of {os.cpu_count()} cores"
    yield "threads", threads + (f", OMP_NUM_THREADS={limit}" if limit else "")
    for index in range(torch.cuda.device_count()):
        found: Any = torch.cuda.get_device_properties(index)
        yield f"cuda:{index}", f"{found.name}, {found.total_memory / 2**30:.0f} GiB"
    if not torch.cuda.is_available():
        yield "cuda", f"none (torch built for {torch.version.cuda or 'the CPU'})"


def models(troubles: list[str]) -> Iterator[tuple[str, str]]:
    """Where the data are, and the pairs."""
    from apd.models.pairs import describe_pairs
    from apd.paths import DATA_DIR_VARIABLE, data_dir, user_data_dir

    try:
        place = data_dir()
        kinds = {user_data_dir(): "fetched"}
        kind = DATA_DIR_VARIABLE if os.environ.get(DATA_DIR_VARIABLE) else "a checkout"
        yield "data", kinds.get(place, kind)
    except ApdError as error:
        yield "data", "none"
        troubles.append(str(error))
    for row in describe_pairs():
        yield row["pair"], row["status"]


def decodes(troubles: list[str]) -> Iterator[tuple[str, str]]:
    """The test decode on the CPU, and on a GPU if there is one, where rounding may differ."""
    import torch

    from apd.models.self_test import self_test

    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        try:
            found = self_test(device)
        except ApdError as error:
            yield device, "none"
            troubles.append(str(error))
        except Exception as error:  # what it looks for are faults nobody has foreseen
            yield device, f"{type(error).__name__}: {' '.join(str(error).split())}"
            troubles.append(f"the test decode on {device} raised {type(error).__name__}")
        else:
            yield device, found.verdict()
            if device == "cpu" and not found.right:
                troubles.append("the test decode gave other tokens than it should")


def _private(text: str) -> str:
    """The text without the user's home directory."""
    return text.replace(str(Path.home()), "~")
