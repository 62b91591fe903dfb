"""What the live page says of its own weight, speed and memory."""

from __future__ import annotations

import json

import pytest

from apd.errors import ApdError
from apd.paths import data_dir
from apd.web.costs import measured_where, page_costs

MEASURED = {
    "page_bytes": 4_250_000,
    "download_bytes": 16_040_000,
    "load_s": 1.26,
    "first_token_s": 0.0457,
    "tokens_per_s": 150.0,
    "python_tokens_per_s": 300.0,
    "memory_mb": {"page": 80, "loaded": 160, "decoded": 170},
    "repeats": 5,
    "load_average": 0.9,
    "browser": "Chromium 1.2",
    "provenance": {"started": "2026-01-02T03:04", "machine": {"cpu": "A", "cores": 2}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("APD_DATA_DIR", str(tmp_path))
    return tmp_path


def test_numbers_in_words(folder) -> None:
    (folder / "live.json").write_text(json.dumps(MEASURED), encoding="utf-8")
    assert list(page_costs().values()) == [
        "4.2 MB",
        "16.0 MB",
        "1.3 s",
        "46 ms",
        "150 tokens/s, in Python 300 (0.50 of it)",
        "80 MB, with the models 160 MB, after 5 decodes 170 MB",
    ]
    assert measured_where() == "Chromium 1.2, one thread of A with 2 cores, 2026-01-02"
    busy = MEASURED | {"load_average": 4.2}
    (folder / "live.json").write_text(json.dumps(busy), encoding="utf-8")
    assert measured_where().endswith("2026-01-02, beside other work (load 4.2)")


def test_what_was_not_measured_says_how_to(folder) -> None:
    with pytest.raises(ApdError, match=r"tools/measure_page\.py"):
        page_costs()


def test_what_is_stored_is_whole() -> None:
    stored = json.loads((data_dir() / "live.json").read_text(encoding="utf-8"))
    assert MEASURED.keys() <= stored.keys()
    memory = stored["memory_mb"]
    assert 0 < memory["page"] < memory["loaded"]
