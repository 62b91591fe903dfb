"""A counter-based generator: uniform noise as a pure function of (seed, draw, position, token id).

There is no state, so a value does not depend on what else was drawn, in which order, in which
batch or on which device. Each position owns one SplitMix64 sequence (Steele, Lea and Flood, 2014),
seeded by hashing (seed, draw, position); its v-th output belongs to token id v.
"""

import numpy as np
import torch
from torch import Tensor

_MASK_64 = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15  # the golden-ratio increment of SplitMix64
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def counter_uniform(seed: int, positions: Tensor, token_ids: Tensor, draw: int = 0) -> Tensor:
    """Uniform noise in the open interval (0, 1) with 53 random bits.

    Args:
        seed: any integer; taken modulo 2^64.
        positions: (N,) long, absolute positions (>= 0).
        token_ids: (V,) long, or (N, V) with ids of its own for each position; token ids (>= 0), on
            the device of `positions`.
        draw: which independent field, an integer >= 0.

    Returns:
        (N, V) float64, bit-identical on every device: multiples of 2^-53 from 2^-53 to 1 - 2^-53.
    """
    key = _mix_int(_mix_int(seed + _GAMMA) ^ _mix_int((draw + 1) * _GAMMA))
    if positions.device.type == "cpu":
        return torch.from_numpy(_uniform_on_cpu(key, positions.numpy(), token_ids.numpy()))
    return _uniform_anywhere(key, positions, token_ids)


def _uniform_on_cpu(key: int, positions: np.ndarray, token_ids: np.ndarray) -> np.ndarray:
    """NumPy has unsigned numbers, whose shifts fill with zeros, and is quick with small arrays."""
    sequence_seeds = _mix_on_cpu((positions.view(np.uint64) + 1) * _GAMMA + key)  # (N,)
    bits = _mix_on_cpu(sequence_seeds[:, None] + (token_ids.view(np.uint64) + 1) * _GAMMA)
    bits >>= 11
    uniform: np.ndarray = np.maximum(bits, 1, out=bits).astype(np.float64)
    uniform *= 2.0**-53
    return uniform


def _mix_on_cpu(bits: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser on uint64, overwriting `bits`; products wrap modulo 2^64."""
    bits ^= bits >> 30
    bits *= _MIX_1
    bits ^= bits >> 27
    bits *= _MIX_2
    bits ^= bits >> 31
    return bits


def _uniform_anywhere(key: int, positions: Tensor, token_ids: Tensor) -> Tensor:
    """The same in torch, for any device, on int64 with the bits of the unsigned numbers."""
    sequence_seeds = _mix((positions + 1) * _signed(_GAMMA) + _signed(key))  # (N,)
    bits = _mix(sequence_seeds[:, None] + (token_ids + 1) * _signed(_GAMMA))  # (N, V)
    return _shift_right(bits, 11).clamp_(min=1).to(torch.float64).mul_(2.0**-53)


def _mix(z: Tensor) -> Tensor:
    """SplitMix64's finaliser, overwriting `z`; products wrap modulo 2^64."""
    z.bitwise_xor_(_shift_right(z, 30)).mul_(_signed(_MIX_1))
    z.bitwise_xor_(_shift_right(z, 27)).mul_(_signed(_MIX_2))
    return z.bitwise_xor_(_shift_right(z, 31))


def _mix_int(z: int) -> int:
    """SplitMix64's finaliser on a Python integer taken modulo 2^64."""
    z &= _MASK_64
    z = (z ^ (z >> 30)) * _MIX_1 & _MASK_64
    z = (z ^ (z >> 27)) * _MIX_2 & _MASK_64
    return z ^ (z >> 31)


def _shift_right(z: Tensor, bits: int) -> Tensor:
    """Logical (zero-filling) right shift of int64; torch's own keeps the sign."""
    return (z >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _signed(z: int) -> int:
    """The int64 with the same 64 bits as the unsigned `z`."""
    return z - (1 << 64) if z >> 63 else z
