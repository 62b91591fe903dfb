"""Every chapter of *Models* on every registered pair with a verifier, by its one parameter.

The checkpoints are tiny and random, in the layouts of the published ones: what a chapter computes
has to be computable on each family; what it finds on trained models need not be found here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from chapters import MODELS, NOTEBOOKS, run_chapter
from public_layouts import write_cached_pair

from apd.models.registry import PAIRS

ROOT = NOTEBOOKS.parent
VERIFIED = [name for name, spec in PAIRS.items() if spec.verifier and not spec.mini]
UNVERIFIED = [name for name, spec in PAIRS.items() if not spec.verifier and not spec.mini]
WITHOUT_VERIFIER = ["masked_diffusion"]  # the one chapter that is about the dLLM alone
WITHOUT_PAIR = {"explorers", "decode_live"}  # recordings of the mini pair; the page's own models


@pytest.fixture(scope="module")
def pair(request, tmp_path_factory) -> Iterator[str]:
    """A pair's name, under which its tiny models are in the hub cache."""
    from matplotlib import pyplot

    pyplot.switch_backend("Agg")
    hub = tmp_path_factory.mktemp("hub")
    write_cached_pair(hub, request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub))
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        yield request.param
    pyplot.close("all")


@pytest.mark.parametrize("chapter", MODELS)
@pytest.mark.parametrize("pair", VERIFIED, indirect=True)
def test_a_chapter_runs_on_a_pair(pair: str, chapter: str) -> None:
    space = run_chapter(chapter, pair)
    assert space["models"].name == pair and space["models"].verifier is not None


@pytest.mark.parametrize("chapter", WITHOUT_VERIFIER)
@pytest.mark.parametrize("pair", UNVERIFIED, indirect=True)
def test_a_chapter_runs_on_a_pair_without_verifier(pair: str, chapter: str) -> None:
    space = run_chapter(chapter, pair)
    assert space["models"].name == pair and space["models"].verifier is None


def test_these_are_the_chapters_with_a_pair() -> None:
    (part,) = (p for p in yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
               if p["caption"] == "Models")  # fmt: skip
    chapters = {Path(entry["file"]).stem for entry in part["chapters"]}
    assert chapters == {*MODELS, *WITHOUT_PAIR}
