"""Noise fields and couplings: exact bits, distribution, and closed forms against simulation."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from apd.counter_rng import _uniform_anywhere, _uniform_on_cpu, counter_uniform
from apd.coupling import (
    agreement_bounds,
    agreement_distribution,
    agreement_probability,
    greedy_agreement,
    gumbel_max,
    gumbel_noise,
    independent_agreement,
    maximal_agreement,
    maximal_coupling,
    total_variation,
)

torch.set_num_threads(1)
SAMPLES = 40_000
TOLERANCE = 5 / math.sqrt(4 * SAMPLES)  # five standard errors of a frequency, at most


def noise(positions: int, tokens: int, seed: int = 0, draw: int = 0) -> Tensor:
    return gumbel_noise(seed, torch.arange(positions), torch.arange(tokens), draw)


def law(seed: int, size: int, spread: float = 2.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, generator=generator, dtype=torch.float64).mul(spread).softmax(-1)


def splitmix64(z: int) -> int:
    """SplitMix64's output function, straight from its definition."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
    return z ^ (z >> 31)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**70), st.integers(0, 2**40), st.integers(0, 2**20), st.integers(0, 2**20))
def test_uniform_is_splitmix64_in_plain_integers(
    seed: int, position: int, token: int, draw: int
) -> None:
    gamma = 0x9E3779B97F4A7C15
    key = splitmix64((seed + gamma) % 2**64) ^ (splitmix64((draw + 1) * gamma % 2**64))
    sequence = splitmix64((splitmix64(key) + (position + 1) * gamma) % 2**64)
    bits = splitmix64((sequence + (token + 1) * gamma) % 2**64) >> 11
    u = counter_uniform(seed, torch.tensor([position]), torch.tensor([token]), draw)
    assert u.item() == max(bits, 1) / 2**53


def test_noise_is_a_pure_function_of_its_arguments() -> None:
    field = noise(40, 30)
    positions, tokens = torch.tensor([31, 2, 17]), torch.tensor([4, 29, 0, 4])
    assert torch.equal(gumbel_noise(0, positions, tokens), field[positions][:, tokens])
    assert torch.equal(noise(40, 30), field)
    for other in (noise(40, 30, seed=1), noise(40, 30, draw=1), field.roll(1, 0), field.roll(1, 1)):
        assert (other != field).all()


def test_noise_has_the_gumbel_distribution() -> None:
    sample = noise(300, 300).flatten().sort().values
    empirical = (torch.arange(len(sample)) + 0.5) / len(sample)
    distance = ((-(-sample).exp()).exp() - empirical).abs().max().item()
    assert distance < 1.95 / math.sqrt(len(sample))  # Kolmogorov-Smirnov at 0.1 %
    assert sample.mean().item() == pytest.approx(0.5772, abs=0.02)
    assert sample.var().item() == pytest.approx(math.pi**2 / 6, abs=0.03)


@pytest.mark.parametrize("lag", [(1, 0), (0, 1), (1, 1), (1, -1), (0, 2)])
def test_neighbours_in_the_field_are_uncorrelated(lag: tuple[int, int]) -> None:
    u = counter_uniform(3, torch.arange(300), torch.arange(300))
    pairs = torch.stack((u.flatten(), u.roll(lag, (0, 1)).flatten()))
    assert abs(torch.corrcoef(pairs)[0, 1].item()) < 4 / 300


@pytest.mark.parametrize(("seed", "draw"), [(4, 0), (3, 1), (3, 4)])
def test_fields_of_other_seeds_and_draws_are_uncorrelated(seed: int, draw: int) -> None:
    axes = torch.arange(300), torch.arange(300)
    pairs = torch.stack([counter_uniform(*a).flatten() for a in ((3, *axes), (seed, *axes, draw))])
    assert abs(torch.corrcoef(pairs)[0, 1].item()) < 4 / 300


def test_the_noise_of_a_cpu_is_that_of_any_device_bit_by_bit():
    generator = torch.Generator().manual_seed(0)
    positions = torch.cat([torch.arange(20), torch.tensor([2**31, 2**63 - 2])])
    token_ids = torch.randint(0, 2**63 - 1, (len(positions), 50), generator=generator)
    keys = torch.randint(0, 2**62, (5,), generator=generator).tolist()
    for key in (0, 1, 2**63 - 1, 2**63, 2**64 - 1, *keys):
        for ids in (token_ids[0], token_ids):
            ours = torch.from_numpy(_uniform_on_cpu(key, positions.numpy(), ids.numpy()))
            assert torch.equal(ours, _uniform_anywhere(key, positions, ids))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_noise_bits_do_not_depend_on_the_device() -> None:
    on_cpu = counter_uniform(5, torch.arange(200), torch.arange(3000), 7)
    axes = torch.arange(200, device="cuda"), torch.arange(3000, device="cuda")
    assert torch.equal(counter_uniform(5, *axes, 7).cpu(), on_cpu)


def test_gumbel_max_samples_from_the_law() -> None:
    p = law(0, 5)
    counts = gumbel_max(p.log(), noise(SAMPLES, 5)).bincount(minlength=5)
    torch.testing.assert_close(counts / SAMPLES, p.float(), atol=TOLERANCE, rtol=0)


def brute_force_agreement(p: Tensor, q: Tensor) -> Tensor:
    """The closed form as it is written: 1 / sum_j max(p_j / p_i, q_j / q_i)."""
    by_token = torch.zeros_like(p)
    for i in range(len(p)):
        if p[i] > 0 and q[i] > 0:
            by_token[i] = 1 / torch.maximum(p / p[i], q / q[i]).sum()
    return by_token


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.1, 2.0, 30.0]))
def test_agreement_equals_the_closed_form_and_respects_its_bounds(
    seed: int, size: int, spread: float
) -> None:
    p, q = law(seed, size, spread), law(seed + 1, size, spread)
    torch.testing.assert_close(agreement_distribution(p, q), brute_force_agreement(p, q))
    agreement = agreement_probability(p, q)
    lower, upper = agreement_bounds(p, q)
    assert lower - 1e-12 <= agreement <= upper + 1e-12
    assert agreement >= independent_agreement(p, q) - 1e-12
    torch.testing.assert_close(maximal_agreement(p, q), 1 - total_variation(p, q))
    torch.testing.assert_close(agreement, agreement_probability(q, p))


def test_agreement_limits() -> None:
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.0, 0.5, 0.5])
    assert agreement_probability(p, p).item() == pytest.approx(1.0)
    assert agreement_distribution(p, q).tolist() == pytest.approx([0.0, 1 / 3, 0.0])
    apart = torch.tensor([0.0, 0.0, 1.0])
    assert agreement_probability(p, apart).item() == 0.0
    assert agreement_probability(torch.tensor([[1.0]]), torch.tensor([[1.0]])).shape == (1,)


def test_agreement_of_a_batch_is_that_of_its_rows() -> None:
    p = torch.stack([law(seed, 6) for seed in range(4)]).view(2, 2, 6)
    q = torch.stack([law(seed, 6) for seed in range(4, 8)]).view(2, 2, 6)
    rows = [agreement_probability(a, b) for a, b in zip(p.view(4, 6), q.view(4, 6), strict=True)]
    torch.testing.assert_close(agreement_probability(p, q).flatten(), torch.stack(rows))


@pytest.mark.parametrize("seed", range(4))
def test_simulated_agreement_matches_every_closed_form(seed: int) -> None:
    p, q = law(seed, 6), law(seed + 100, 6)
    draft = gumbel_max(p.log(), noise(SAMPLES, 6, seed))
    targets = {
        agreement_probability: gumbel_max(q.log(), noise(SAMPLES, 6, seed)),
        independent_agreement: gumbel_max(q.log(), noise(SAMPLES, 6, seed, draw=1)),
        greedy_agreement: q.argmax().expand(SAMPLES),
    }
    for closed_form, target in targets.items():
        frequency = (draft == target).double().mean().item()
        assert frequency == pytest.approx(closed_form(p, q).item(), abs=TOLERANCE)
    shared = targets[agreement_probability]
    by_token = draft[draft == shared].bincount(minlength=6) / SAMPLES
    expected = agreement_distribution(p, q).float()
    torch.testing.assert_close(by_token, expected, atol=TOLERANCE, rtol=0)


def test_sharing_noise_beats_independence_by_far_for_spread_out_laws() -> None:
    uniform = torch.full((50,), 0.02, dtype=torch.float64)
    assert agreement_probability(uniform, uniform).item() == pytest.approx(1.0)
    assert independent_agreement(uniform, uniform).item() == pytest.approx(0.02)


@pytest.mark.parametrize("seed", range(3))
def test_maximal_coupling_agrees_as_often_as_possible_and_keeps_the_target_law(seed: int) -> None:
    p, q = law(seed, 6), law(seed + 100, 6)
    draft = gumbel_max(p.log(), noise(SAMPLES, 6, seed))
    uniform = counter_uniform(seed, torch.arange(SAMPLES), torch.arange(1), 2).squeeze(-1)
    log_p, log_q = p.log().expand(SAMPLES, 6), q.log().expand(SAMPLES, 6)
    target = maximal_coupling(draft, log_p, log_q, uniform, noise(SAMPLES, 6, seed, draw=1))
    agreement = (draft == target).double().mean().item()
    assert agreement == pytest.approx(maximal_agreement(p, q).item(), abs=TOLERANCE)
    frequencies = target.bincount(minlength=6) / SAMPLES
    torch.testing.assert_close(frequencies, q.float(), atol=TOLERANCE, rtol=0)


def test_maximal_coupling_keeps_everything_when_the_laws_are_equal() -> None:
    log_p = law(0, 6).log().expand(1000, 6)
    draft = gumbel_max(log_p, noise(1000, 6))
    uniform = counter_uniform(0, torch.arange(1000), torch.arange(1), 2).squeeze(-1)
    assert torch.equal(maximal_coupling(draft, log_p, log_p, uniform, noise(1000, 6, 1)), draft)
