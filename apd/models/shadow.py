"""WINO's shadow of a block: what is at a position, predicted without the token that stands there.

The shadow is a second copy of the block that nothing else sees. Its i-th position stands where the
output for the i-th of the block comes from, and sees the canvas without the token that it is to
predict; what it sees has seen that token, so that it is hidden in the first layer only. Without a
shift the shadow is all masks, which see each other. With one it repeats the positions before, which
hold tokens of the block: each sees itself alone, in place of the original.
"""

from __future__ import annotations

import torch

from apd.decoding.protocols import ShadowRequest
from apd.models.kv_cache import KeyValueCache
from apd.models.segments import Segment


def shadow_segment(
    request: ShadowRequest, cache: KeyValueCache, mask_token_id: int, offset: int
) -> Segment:
    """The shadow of a block; its keys and values are stored behind the canvas.

    Args:
        request: the canvas and its block.
        cache: holds the keys and values of the whole canvas; gives the device.
        mask_token_id: stands for an undecoded position.
        offset: of the output that predicts a position: 1 with a shift, 0 without.

    Raises:
        ValueError: the block begins where nothing predicts it.
    """
    block, n, device = request.rows, len(request.tokens), cache.stored.device
    if block.start < offset:
        raise ValueError(f"rows from {block.start} on: nothing predicts the first position")
    B, before = len(block), block.start - offset
    sight = torch.ones(B, n + B, dtype=torch.bool, device=device)
    own = torch.arange(B, device=device)
    sight[own, own + block.start] = False
    tokens = torch.full((B,), mask_token_id, device=device)
    if offset:
        tokens = request.tokens[before : before + B].to(device)
        sight[:, n:] = torch.eye(B, dtype=torch.bool, device=device)
        sight[own, own + before] = False
    return Segment(tokens, n, cache, rotated_as=before, sight=sight)
