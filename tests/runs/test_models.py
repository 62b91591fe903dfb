"""Which models of a pair an experiment loads."""

from apd.runs.decode import NotLoaded
from apd.runs.models import load_models


def test_the_verifier_may_be_all_that_is_needed():
    pair = load_models("mini", ["verifier"], device="cpu")
    assert pair.verifier is not None and not pair.baselines
    assert isinstance(pair.dllm, NotLoaded)
    assert pair.tokenizer is pair.verifier.tokenizer
