"""The live panel: settings, decode, stop and errors on toy models, and its state in a notebook."""

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import ipywidgets
import nbformat
import pytest
import torch
from nbclient import NotebookClient
from toy_models import consistent_pair

from apd.decoding import AdaptiveConfig, adaptive
from apd.errors import ApdError
from apd.widgets import live_panel

PROMPT = torch.tensor([1, 2, 3])


def toy_pair(error=0.5, ends=(0,), dllm=None):
    own_dllm, verifier = consistent_pair(3, error=error, ends=ends)
    return SimpleNamespace(
        name="toy", dllm=dllm or own_dllm, verifier=verifier, encode_chat=lambda *_: PROMPT
    )


def set_controls(panel, **values):
    for name, value in values.items():
        panel.controls[name].value = value


class Gate:
    """A dLLM that waits at its third pass until it is let through."""

    def __init__(self, dllm):
        self._dllm, self._passes = dllm, 0
        self.reached, self.opened = threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self._dllm, name)

    def marginals(self, requests):
        self._passes += sum(request.opens_pass for request in requests)
        if self._passes == 3:
            self.reached.set()
            assert self.opened.wait(30)
        return self._dllm.marginals(requests)


def test_the_controls_are_the_paper_s_settings_and_become_a_configuration():
    panel = live_panel(toy_pair())
    assert panel.config() == AdaptiveConfig(max_new_tokens=128)
    set_controls(
        panel,
        mixture_weight=0.25,
        kv_window=4,
        max_lookahead=6,
        temperature=0.5,
        top_p=0.9,
        seed=11,
        acceptance="maximal",
        noise="position",
        max_new_tokens=20,
    )
    assert panel.config() == AdaptiveConfig(
        mixture_weight=0.25,
        kv_window=4,
        max_lookahead=6,
        temperature=0.5,
        top_p=0.9,
        seed=11,
        acceptance="maximal",
        noise="position",
        max_new_tokens=20,
    )


def test_it_decodes_what_the_library_decodes_in_the_same_colours():
    pair = toy_pair(error=2.0, ends=())
    panel = live_panel(pair, "a prompt")
    set_controls(panel, mixture_weight=0.1, temperature=1.0, max_new_tokens=30)
    panel.decode_button.click()
    result = panel.wait(30)
    direct = adaptive(pair.dllm, pair.verifier, PROMPT, panel.config())
    assert result.tokens == direct.tokens
    assert "Finished" in panel.status and f"{len(direct.iterations)} iterations" in panel.status
    assert 'class="apd-decode"' in panel.decoded
    assert 'class="apd-colour-0"' in panel.decoded and 'class="apd-colour-1"' in panel.decoded
    assert panel.decoded.count("<span") <= len(direct.iterations)


def test_stop_ends_the_decode_after_the_iteration_under_way():
    dllm, _ = consistent_pair(3, ends=())
    gate = Gate(dllm)
    panel = live_panel(toy_pair(ends=(), dllm=gate), "a prompt")
    set_controls(panel, mixture_weight=0.0, temperature=1.0, max_new_tokens=60, max_lookahead=2)
    assert panel.stop_button.disabled and not panel.decode_button.disabled
    panel.decode_button.click()
    assert gate.reached.wait(30)
    assert panel.decode_button.disabled and not panel.stop_button.disabled
    assert "Decoding" in panel.status
    panel.stop_button.click()
    gate.opened.set()
    result = panel.wait(30)
    assert len(result.iterations) == 3 and not result.finished
    assert "Stopped" in panel.status
    assert panel.stop_button.disabled and not panel.decode_button.disabled


def test_a_second_press_while_decoding_changes_nothing():
    dllm, _ = consistent_pair(3, ends=())
    gate = Gate(dllm)
    panel = live_panel(toy_pair(ends=(), dllm=gate), "a prompt")
    set_controls(panel, mixture_weight=0.0, max_new_tokens=20, max_lookahead=2)
    panel.start()
    assert gate.reached.wait(30)
    panel.start()
    gate.opened.set()
    assert panel.wait(30).generated_tokens == 20


def test_a_prompt_that_is_no_text_is_refused_in_words():
    panel = live_panel(toy_pair(), "half a pair: \ud83d")
    panel.decode_button.click()
    assert r"its character 14 is the lone surrogate &#x27;\ud83d&#x27;" in panel.status


@pytest.mark.parametrize("prompt", ["", "   "])
def test_an_empty_prompt_is_refused_in_words(prompt):
    panel = live_panel(toy_pair(), prompt)
    panel.decode_button.click()
    assert "Error: the prompt is empty" in panel.status
    assert panel.wait() is None


def test_what_goes_wrong_with_the_models_is_shown_and_escaped():
    pair = toy_pair()

    def refuse(*_):
        raise ApdError("no <chat> template\x1b[2J")

    pair.encode_chat = refuse
    panel = live_panel(pair, "a prompt")
    panel.decode_button.click()
    assert "no &lt;chat&gt; template␛[2J" in panel.status

    broken = live_panel(toy_pair(dllm=SimpleNamespace(end_token_ids=frozenset())), "a prompt")
    broken.decode_button.click()
    assert broken.wait(30) is None
    assert "AttributeError" in broken.status and not broken.decode_button.disabled


def test_a_pair_without_a_verifier_is_refused():
    pair = toy_pair()
    pair.verifier = None
    with pytest.raises(ValueError, match="no verifier"):
        live_panel(pair)


def test_every_control_is_labelled():
    panel = live_panel(toy_pair())
    labels = [control.description for control in panel.controls.values()]
    assert all(labels) and len(set(labels)) == len(labels)
    assert isinstance(panel, ipywidgets.VBox)


def test_a_notebook_keeps_the_state_of_the_panel():
    setup = """
import sys
sys.path[:0] = PATHS
import test_live_panel as module
from apd.widgets import live_panel
panel = live_panel(module.toy_pair(), "a prompt")
panel"""
    press = """
module.set_controls(panel, mixture_weight=0.6, temperature=1.0, max_new_tokens=30)
panel.decode_button.click()
panel.wait(60).generated_tokens"""
    paths = [str(Path(__file__).parent), *(path for path in sys.path if path.endswith("support"))]
    cells = [nbformat.v4.new_code_cell(s) for s in (setup.replace("PATHS", repr(paths)), press)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()

    (view,) = [
        output.data["application/vnd.jupyter.widget-view+json"]
        for output in notebook.cells[0].outputs
        if "data" in output
    ]
    kept = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    states = {key: model["state"] for key, model in kept.items()}
    by_label = {s.get("description"): s for s in states.values() if s.get("description")}
    note, controls, status, output = (
        states[child.removeprefix("IPY_MODEL_")] for child in states[view["model_id"]]["children"]
    )
    assert "running kernel" in note["value"]
    assert "apd-live-controls" in controls["_dom_classes"]
    assert by_label["R, mixture"]["value"] == 0.6
    assert by_label["Decode"]["disabled"] is False and by_label["Stop"]["disabled"] is True
    assert "Finished" in status["value"] and 'role="status"' in status["value"]
    assert f"{notebook.cells[1].outputs[0].data['text/plain']} tokens" in status["value"]
    assert 'class="apd-decode"' in output["value"] and "apd-colour-0" in output["value"]
