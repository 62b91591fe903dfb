"""What the shipped models were trained on: tokenizer and batches are held by their digests.

A change of the suite, of a sampler's order of draws or of the batches changes them, and then the
models in ``data/models`` are no longer single runs of the recipes here: train them again.
"""

import hashlib
import json

import pytest
import torch

from apd.mini.tasks import TRAIN_SHARES
from apd.mini.tokenizer import train_tokenizer
from apd.mini.training.batches import training_batch
from apd.mini.training.recall import RECALL, REPEAT

VOCABULARY = "1b635c38ff68fa1c"
WITH_RECALL = {RECALL: 0.06} | {task: 0.94 * share for task, share in TRAIN_SHARES.items()}
BATCHES = [  # name, shares, seed, step, size, windows, curriculum, digest
    ("repeat", {REPEAT: 1.0}, 1, 7, 32, False, "all plans", "4ca038d621571402"),
    ("recall", {RECALL: 1.0}, 2, 500, 32, False, "few plans", "412f12fb2c9bbe37"),
    ("suite", WITH_RECALL, 1, 904, 32, False, "all plans", "b83cfe2e5c3e2d16"),
    ("suite, late", WITH_RECALL, 1, 6999, 32, False, "all plans", "c115bf54a89a6c3d"),
    ("few plans", WITH_RECALL, 2, 904, 32, False, "few plans", "e953d85ea027a611"),
    ("few plans, late", WITH_RECALL, 2, 5999, 32, False, "few plans", "001d1548a4acfbe9"),
    ("diffusion", TRAIN_SHARES, 3, 0, 64, True, "all plans", "f187df79d716efd9"),
    ("diffusion, other windows", TRAIN_SHARES, 4, 4321, 64, True, "all plans", "d8f96a5c05c21b76"),
]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer()


def digest(*tensors: torch.Tensor) -> str:
    """Of shapes and values."""
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(f"{tuple(tensor.shape)}".encode() + tensor.numpy().tobytes())
    return found.hexdigest()[:16]


def test_the_vocabulary_is_the_one_that_the_models_know(tokenizer):
    text = json.dumps(tokenizer.get_vocab(), sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == VOCABULARY


@pytest.mark.parametrize(
    ("shares", "seed", "step", "size", "windows", "curriculum", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in BATCHES],
)
def test_batches_are_those_of_the_training_runs(
    tokenizer, shares, seed, step, size, windows, curriculum, expected
):
    batch = training_batch(tokenizer, shares, seed, step, size, windows, curriculum)
    assert digest(batch.tokens, batch.response_start, batch.response_end) == expected
