"""Chat templates that take no system message, are broken, or get what is no text."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_checkpoints import CHAT_TEMPLATE
from tiny_data import tiny_data_directory

from apd.cli import main
from apd.errors import ApdError
from apd.models.pairs import Pair, load_pair, say_once

NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}{% endfor %}" + CHAT_TEMPLATE
)
BROKEN = {
    "syntax": "{% for m in messages %",
    "name": "{{ undefined_function(messages) }}",
    "type": "{{ messages + 1 }}",
    "refuses all": "{{ raise_exception('no') }}",
}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    say_once.cache_clear()
    with tiny_data_directory(tmp_path) as path:
        yield path


def with_template(data: Path, template: str) -> Pair:
    for path in (data / "models").glob("*/chat_template.jinja"):
        path.write_text(template, encoding="utf-8")
    return load_pair("mini", device="cpu")


def test_a_refused_system_message_is_left_out_and_said_once(data: Path) -> None:
    expected = load_pair("mini", device="cpu").encode_chat("2 + 3", system=None)
    pair = with_template(data, NO_SYSTEM)
    with pytest.warns(UserWarning, match="takes no system message.*System role not supported"):
        assert pair.encode_chat("2 + 3").equal(expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pair.encode_chat("2 + 3").equal(expected)
        assert pair.encode_chat("2 + 3", system=None).equal(expected)


@pytest.mark.parametrize("template", BROKEN.values(), ids=BROKEN)
def test_a_broken_template_is_one_line(data: Path, template: str) -> None:
    pair = with_template(data, template)
    for system in ("Be short.", None):
        with pytest.raises(ApdError, match="cannot be rendered") as caught:
            pair.encode_chat("2 + 3", system=system)
        assert "\n" not in str(caught.value)


def test_the_command_line_says_it_once_and_can_do_without(data: Path, tmp_path, capsys) -> None:
    with_template(data, NO_SYSTEM)
    out = str(tmp_path / "out")
    line = ["eval", "--task", "mini_gsm", "--limit", "2", "--max-new-tokens", "3", "--output", out]
    assert main(line) == 0
    notes = [note for note in capsys.readouterr().err.splitlines() if "system message" in note]
    assert len(notes) == 1 and notes[0].startswith("apd: note: the chat template")
    say_once.cache_clear()
    assert main([*line, "--no-system"]) == 0
    captured = capsys.readouterr()
    assert "takes no system message" not in captured.err
    assert "nosystem" in captured.out.replace("\n", "")
    demo = ["demo", "--prompt", "2 + 3", "--max-new-tokens", "3", "--no-baseline", "--no-system"]
    assert main(demo) == 0
    assert "takes no system message" not in capsys.readouterr().err


def test_no_system_message_is_another_prompt(data: Path) -> None:
    from dataclasses import replace

    from apd.tasks import load_task

    task = load_task("mini_gsm")
    bare = replace(task, system=None)
    assert bare.fingerprint() != task.fingerprint()
    pair = load_pair("mini", device="cpu")
    assert len(bare.prompt_ids(pair, 0)) < len(task.prompt_ids(pair, 0))


def test_lm_eval_goes_without_it_too(data: Path) -> None:
    from lm_eval.api.registry import get_model

    import apd.harness  # noqa: F401

    with_template(data, NO_SYSTEM)
    lm = get_model("apd")(device="cpu")
    history = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "2 + 3"}]
    with pytest.warns(UserWarning, match="takes no system message"):
        assert lm.apply_chat_template(history) == lm.apply_chat_template(history[1:])


@pytest.mark.parametrize("message", ["prompt", "system"])
def test_a_lone_surrogate_is_named(data: Path, message: str) -> None:
    pair = load_pair("mini", device="cpu")
    texts = {"prompt": "2", "system": "3", message: "half \ud83d"}
    with pytest.raises(ValueError, match="lone surrogate") as caught:
        pair.encode_chat(texts["prompt"], system=texts["system"])
    assert "\n" not in str(caught.value)
