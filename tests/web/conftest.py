"""The exported mini pair, made once for as long as its checkpoints stay the same."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from live_decoding import EXPORTED

from apd.models.pairs import Pair, load_pair
from apd.web.export import export_pair


@pytest.fixture(scope="session")
def mini_pair() -> Pair:
    return load_pair("mini", device="cpu", baselines=True)


@pytest.fixture(scope="session")
def exported() -> Path:
    for name in ("onnx", "onnxscript"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: it comes with the book extra")
    return export_pair("mini", EXPORTED).parent
