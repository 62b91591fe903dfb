"""The live decoder's Python side: its state, and the downloads it hands over in Jupyter."""

from __future__ import annotations

import pytest

from apd.widgets import decode_live
from apd.widgets.live import SETTINGS, some_problems


def test_settings_are_those_of_python_in_the_page_s_spelling() -> None:
    live = decode_live("What is 8 * (8 - 2)?", mixture_weight=0.5, kv_window=None, seed=3)
    changed = {"mixtureWeight": 0.5, "kvWindow": None, "seed": 3}
    assert live.settings == {**SETTINGS, **changed}
    assert live.prompt == "What is 8 * (8 - 2)?"


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(ValueError, match="warmth"):
        decode_live(warmth=1)


def test_a_dozen_problems_of_every_task() -> None:
    problems = some_problems()
    assert len(problems) == 12
    assert len({problem["text"] for problem in problems}) == 12
    assert len({problem["name"].split(":")[0] for problem in problems}) == 6


def test_in_jupyter_the_kernel_hands_over_what_the_page_asks_for(tmp_path, monkeypatch) -> None:
    (tmp_path / "dllm.onnx.0.js").write_text("apdLive.receive(1);", encoding="utf-8")
    (tmp_path.parent / "secret.js").write_text("no", encoding="utf-8")
    live, sent = decode_live(models=tmp_path), []
    monkeypatch.setattr(live, "send", sent.append)
    for part in ("dllm.onnx.0.js", "gone.js", "../secret.js"):
        live._hand_over(live, {"part": part}, [])
    assert sent[0] == {"part": "dllm.onnx.0.js", "script": "apdLive.receive(1);"}
    assert "gone.js is missing" in sent[1]["error"]
    assert "script" not in sent[2]
