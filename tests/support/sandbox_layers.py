"""The sandbox with some of its layers cut out, to see that each of the others holds by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apd.tasks.judging import sandbox

PARTS = {  # a layer: where the child puts it on, and what stands there without it
    "namespaces": ('enter_namespaces(request["writable"])', "set()"),
    "locks": ('lock(request["locks"], request["writable"])', "set()"),
    "hook": ("sys.addaudithook(hook)", "pass"),
    "functions": ("forbid_functions(refuse)", "pass"),
    "processes": ("resource.RLIMIT_NPROC: 0,", ""),
}


@contextmanager
def without(*layers: str, folder: Path) -> Iterator[None]:
    """The sandbox without these of PARTS."""
    source = Path(sandbox._CHILD).read_text(encoding="utf-8")
    for old, new in (PARTS[layer] for layer in layers):
        assert old in source
        source = source.replace(old, new)
    child = folder / "child.py"
    child.write_text(source, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "_CHILD", child)
        yield
