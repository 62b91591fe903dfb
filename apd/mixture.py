"""The multiplicative mixture of a marginal and a joint distribution (a product of experts).

Section 4.1 of the paper:  p_T(x) = p_D(x)^R · p̂_AR(x)^(1-R) / Z,  with R = `mixture_weight`.

A token is likely under p_T only if both experts find it likely, so a marginal that is certain is
believed, and so is a joint that is certain. Everything is in log space; V is the marginal's
vocabulary size, V' the joint's, and the leading axes are free.
"""

import torch
from torch import Tensor


def mixture_logits(
    marginal_log_probs: Tensor, joint_log_probs: Tensor, mixture_weight: float
) -> Tensor:
    """log p_T up to a constant per position: R·log p_D + (1-R)·log p̂_AR.

    Args:
        marginal_log_probs: (..., V) log p_D, normalised or not, in nats.
        joint_log_probs: (..., V') log p̂_AR, normalised or not, in nats.
        mixture_weight: R in [0, 1]; 1 is the marginal alone, 0 the joint alone.

    Returns:
        (..., V) log weights. Ids that only one model knows (>= min(V, V')) get -inf. At R = 0 and
        R = 1 the expert without weight is ignored altogether, its zeros included (0^0 = 1).

    Raises:
        ValueError: `mixture_weight` is outside [0, 1].
    """
    if not 0.0 <= mixture_weight <= 1.0:
        raise ValueError(
            f"mixture_weight={mixture_weight!r} is not allowed: it must lie in [0, 1]; "
            "1 trusts the marginals alone, 0 the joint alone"
        )
    joint = align_vocabulary(joint_log_probs, marginal_log_probs.shape[-1])  # (..., V)
    marginal = marginal_log_probs.to(torch.promote_types(marginal_log_probs.dtype, joint.dtype))
    if mixture_weight == 0.0:
        return joint.to(marginal.dtype)
    if mixture_weight == 1.0:
        unknown_to_joint = torch.arange(joint.shape[-1], device=joint.device)
        return marginal.masked_fill(unknown_to_joint >= joint_log_probs.shape[-1], -torch.inf)
    return (mixture_weight * marginal).add_(joint, alpha=1.0 - mixture_weight)


def mixture_log_probs(
    marginal_log_probs: Tensor, joint_log_probs: Tensor, mixture_weight: float
) -> Tensor:
    """log p_T, normalised: `mixture_logits` minus its log Z. (..., V), (..., V') -> (..., V).

    Where no token has mass under both experts p_T does not exist, and the row is nan.
    """
    return mixture_logits(marginal_log_probs, joint_log_probs, mixture_weight).log_softmax(-1)


def align_vocabulary(logits: Tensor, vocab_size: int) -> Tensor:
    """Cut or pad the last axis to `vocab_size`; ids that `logits` lacks get -inf. -> (..., V)."""
    missing = vocab_size - logits.shape[-1]
    if missing == 0:
        return logits
    return torch.nn.functional.pad(logits, (0, missing), value=-torch.inf)
