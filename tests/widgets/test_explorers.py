"""The explorers' Python side: bundled scripts, checked state, the numbers that they are given."""

import re

import numpy as np
import pytest
import traitlets
import widget_recordings

from apd import exact
from apd.paper import figure
from apd.widgets import (
    apd_stepper,
    coupling_explorer,
    lookahead_explorer,
    marginals_explorer,
    staleness_explorer,
    weights_explorer,
)
from apd.widgets import bundle as bundling
from apd.widgets.marginals import describe_language, sentences

EXPLORERS = ("coupling", "marginals", "stepper", "staleness", "lookahead", "weights", "decode-live")
SCRIPTS = (*EXPLORERS, "live/worker")


class TestBundle:
    @pytest.mark.parametrize("name", EXPLORERS)
    def test_is_one_module_without_imports_that_exports_a_widget(self, name):
        script = bundling.bundle(f"{name}.js")
        assert not re.search(r"^\s*import\b|^export (?!default)", script, re.MULTILINE)
        assert script.count("export default") == 1

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_no_name_is_taken_twice(self, name):
        script = bundling.bundle(f"{name}.js")
        kinds = r"const|let|class|(?:async )?function\*?"
        names = re.findall(rf"^(?:{kinds}) (\w+)", script, re.MULTILINE)
        assert len(names) == len(set(names))

    def test_a_module_follows_those_it_needs(self):
        assert bundling.modules("live/noise.js")[-2:] == ["live/warpers.js", "live/noise.js"]
        assert "rng.js" in bundling.modules("live/noise.js")
        assert bundling.modules("coupling.js") == ["laws.js", "rng.js", "dom.js", "coupling.js"]

    def test_an_import_of_another_kind_is_an_error(self, tmp_path, monkeypatch):
        (tmp_path / "odd.js").write_text('import odd from "./other.js";\n', encoding="utf-8")
        monkeypatch.setattr(bundling, "STATIC", tmp_path)
        with pytest.raises(ValueError, match=r"odd\.js"):
            bundling.bundle("odd.js")

    @pytest.mark.parametrize("path", sorted(bundling.STATIC.rglob("*.*")), ids=lambda p: p.name)
    def test_names_no_other_host(self, path):
        addresses = re.findall(r"(?:https?:)?//[\w.]+\.\w+", path.read_text(encoding="utf-8"))
        assert [a for a in addresses if a != "http://www.w3.org"] == []


class TestState:
    def test_every_explorer_carries_script_style_and_state(self):
        explorer = coupling_explorer()
        state = explorer.get_state()
        assert state["_esm"] == bundling.bundle("coupling.js")
        assert ".apd-explorer" in state["_css"] and "--apd-colour-0" in state["_css"]
        assert {"words", "draft_weights", "mixture_weight", "seed", "draws"} <= set(state)

    def test_changes_can_be_observed(self):
        explorer, seen = coupling_explorer(), []
        explorer.observe(lambda change: seen.append(change.new), "mixture_weight")
        explorer.mixture_weight = 0.75
        assert seen == [0.75]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"mixture_weight": 1.5},
            {"seed": -1},
            {"draws": 10**6},
            {"draft_weights": [1, 2]},
            {"verifier_weights": [-1, 1, 1, 1, 1]},
        ],
    )
    def test_coupling_rejects_what_is_out_of_range(self, wrong):
        with pytest.raises(traitlets.TraitError):
            coupling_explorer(**wrong)

    @pytest.mark.parametrize("wrong", [{"language": 3}, {"group_size": 0}, {"samples": -1}])
    def test_marginals_rejects_what_is_out_of_range(self, wrong):
        with pytest.raises(traitlets.TraitError):
            marginals_explorer(**wrong)

    def test_stepper_finds_its_decode_and_rejects_what_was_not_recorded(self):
        recording = widget_recordings.decodes()
        stepper = apd_stepper(recording, mixture_weight=0.7, max_lookahead=8, prompt=1)
        assert (stepper.weight, stepper.lookahead) == (1, 1)
        assert stepper.decode is stepper.recording["decodes"][-1]
        with pytest.raises(ValueError, match=r"0\.3, 0\.7"):
            apd_stepper(recording, mixture_weight=0.6)
        with pytest.raises(traitlets.TraitError):
            stepper.prompt = 2

    def test_staleness_stays_on_its_map(self):
        explorer = staleness_explorer(widget_recordings.staleness(), kv_window=4)
        with pytest.raises(traitlets.TraitError, match=r"0\.\.2"):
            explorer.layer = 3
        with pytest.raises(ValueError, match="key_drift"):
            staleness_explorer(widget_recordings.staleness(), measure="age")

    def test_lookahead_knows_what_was_recorded(self):
        explorer = lookahead_explorer(widget_recordings.lookahead(), max_lookahead=None)
        assert explorer.lookahead == 2
        with pytest.raises(ValueError, match="2, 4, None"):
            lookahead_explorer(widget_recordings.lookahead(), max_lookahead=3)
        with pytest.raises(traitlets.TraitError):
            explorer.fraction = 2

    def test_weights_know_what_was_recorded(self):
        parts = widget_recordings.weights(), widget_recordings.averages()
        assert weights_explorer(*parts, mixture_weight=0.9).weight == 2
        with pytest.raises(ValueError, match=r"0\.1, 0\.5, 0\.9"):
            weights_explorer(*parts, mixture_weight=0.6)
        with pytest.raises(traitlets.TraitError):
            weights_explorer(*parts, mixture_weight=0.5, prompt=2)

    def test_averages_are_those_of_the_stored_figure(self):
        explorer = weights_explorer(mixture_weight=0.7)
        stored = figure("fig3", "mini").point("accuracy", mixture_weight=0.7, acceptance="gumbel")
        assert explorer.measured["accuracy"][explorer.weight][0] == pytest.approx(
            stored["mean"], abs=1e-4
        )

    def test_provenance_stays_at_home(self):
        recording = widget_recordings.decodes() | {"provenance": {"git_commit": "0"}}
        assert "provenance" not in apd_stepper(recording).recording


class TestLanguages:
    @pytest.mark.parametrize("worded", [exact.cities(), exact.sums(), sentences()])
    def test_the_front_end_is_given_the_language_and_its_exact_laws(self, worded):
        described = describe_language("name", worded)
        rebuilt = np.zeros_like(worded.joint)
        for sentence in described["sentences"]:
            rebuilt[tuple(sentence["tokens"])] = sentence["probability"]
        np.testing.assert_array_equal(rebuilt, worded.joint)
        assert len(described["loss"]) == len(described["incoherent"]) == worded.joint.ndim
        assert described["incoherent"][0] == 0 and described["loss"][0] == pytest.approx(0)
        law = exact.semi_autoregressive_law(exact.EnumerableLanguage(worded.joint), 2)
        assert described["incoherent"][1] == pytest.approx(1 - law[worded.joint > 0].sum())

    def test_groups_of_three_break_agreement_of_number_and_verb(self):
        described = describe_language("sentences", sentences())
        assert np.all(np.diff(described["incoherent"]) >= 0)
        assert described["incoherent"][-1] == pytest.approx(1 - 8 / 64)
