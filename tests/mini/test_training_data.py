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

VOCABULARY = "296626e3fc7ff4c5"
WITH_RECALL = {RECALL: 0.06} | {task: 0.94 * share for task, share in TRAIN_SHARES.items()}
BATCHES = [  # name, shares, seed, step, size, windows, taught_every, digest
    ("repeat", {REPEAT: 1.0}, 1, 7, 32, False, 1, "b385077152057e37"),
    ("recall", {RECALL: 1.0}, 2, 500, 32, False, 2, "fc870932e4cb265f"),
    ("suite", WITH_RECALL, 1, 904, 32, False, 1, "d140def31d83db62"),
    ("suite, large batch", WITH_RECALL, 1, 1799, 256, False, 1, "738201534d648ed1"),
    ("few plans", WITH_RECALL, 2, 904, 32, False, 2, "112d2cd16fe8de49"),
    ("few plans, late", WITH_RECALL, 102, 5999, 32, False, 2, "391d4192dc90ec24"),
    ("diffusion", TRAIN_SHARES, 3, 0, 64, True, 1, "3489210988c0d30d"),
    ("diffusion, other windows", TRAIN_SHARES, 104, 3999, 64, True, 1, "da39d93803e4c6b3"),
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
    ("shares", "seed", "step", "size", "windows", "taught_every", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in BATCHES],
)
def test_batches_are_those_of_the_training_runs(
    tokenizer, shares, seed, step, size, windows, taught_every, expected
):
    batch = training_batch(tokenizer, shares, seed, step, size, windows, taught_every)
    assert digest(batch.tokens, batch.response_start, batch.response_end) == expected
