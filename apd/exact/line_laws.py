r"""How often a draft of a waiting line is right, and what it loses, in closed form.

Marginals are exact and K tokens are drawn at a time, so what goes wrong is the price of drawing
them independently and nothing else. As long as chance has not decided the result, a line is *open*,
with r choices left; a group of g tokens then settles it, leaves r - g choices, or makes no result
of it. Counted out for the first group, with n names:

=================  =====================================================  =======================
operation          one shot is right with probability                     marginal at position i
=================  =====================================================  =======================
any order          n! / n^n                                               1/n each
insert anywhere    n! 2^n / (n+1)^(n+1)                                   1, n - i, i over n + 1
remove any         (n-1)! 2^(n-1) / n^(n-1)                               n - 1 - i, i + 1 over n
replace any        (1 - 1/n)^(n-1)                                        1, n - 1 over n
=================  =====================================================  =======================

The loss is the total correlation of each group, averaged over what stands before it. A shuffle is
any order but that of the line; as long as it repeats the line it is open.

For every law, P(right) >= exp(-loss): the expectation of q/p under p is at least exp of that of its
logarithm. Equality means that all right results are equally likely in the draft, as they are for
any order, and for a replacement in one shot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import comb, factorial, log

from apd.exact.lines import check_line

Probabilities = list[float]


@dataclass(frozen=True, kw_only=True)
class OpenLine:
    """An operation by what a group of g tokens does to a line that is open, with r choices left.

    Attributes:
        choices: n names -> r at first.
        tokens: r -> tokens still to be drawn.
        settles: (r, g) -> P(the drawn group decides the result, rightly).
        leaves: (r, g) -> P(the drawn group is right so far, and r - g choices are left).
        marginals: (r, i) -> law of the group's i-th token.
        stays: (r, g) -> P(r - g choices are left) under the true law.
        entropy: (r, g) -> entropy of the group under the true law, nats.
        closed: P(right) of a line that is open to its very end.
        then: the operation that a settled line goes on with, one whose choices are the tokens left;
            None if nothing is left to chance.
    """

    choices: Callable[[int], int]
    tokens: Callable[[int], int]
    settles: Callable[[int, int], float]
    leaves: Callable[[int, int], float]
    marginals: Callable[[int, int], Probabilities]
    stays: Callable[[int, int], float]
    entropy: Callable[[int, int], float]
    closed: float
    then: OpenLine | None = None


def _falling(r: int, g: int) -> int:
    """r (r - 1) ... (r - g + 1); 0 if g > r."""
    return factorial(r) // factorial(r - g) if g <= r else 0


def _entropy(probabilities: Probabilities) -> float:
    return -sum(p * log(p) for p in probabilities if p > 0)


def _of_one_place(r: int, g: int) -> float:
    """Entropy of a place that is uniform over r, if it is among the first g, else unknown."""
    return log(r) - (r - g) / r * log(r - g) if r > g else log(r)


def _matching(r: int, g: int, k: int) -> int:
    """Injections of g places into r names of which k of the g first names are in their place."""
    others = range(g - k + 1)
    signed = ((-1) ** j * comb(g - k, j) * factorial(r - k - j) // factorial(r - g) for j in others)
    return comb(g, k) * sum(signed)


def _shuffled(r: int) -> tuple[float, float]:
    """P(a name in its own place), P(one in a certain other place): any order but the line's.

    One name alone has no other order; both are 0 then.
    """
    orders = factorial(r) - 1
    if orders == 0:
        return 0.0, 0.0
    return (factorial(r - 1) - 1) / orders, factorial(r - 1) / orders


def _shuffle_settles(r: int, g: int) -> float:
    own, other = _shuffled(r)
    return sum(_matching(r, g, k) * own**k * other ** (g - k) for k in range(g))


def _shuffle_entropy(r: int, g: int) -> float:
    orders, rest = factorial(r) - 1, factorial(r - g)
    of_group = [(rest - 1) / orders]
    return _entropy(of_group) + (_falling(r, g) - 1) * _entropy([rest / orders])


ANY_ORDER = OpenLine(
    choices=lambda n: n,
    tokens=lambda r: r,
    settles=lambda r, g: 0.0,
    leaves=lambda r, g: _falling(r, g) / r**g,
    marginals=lambda r, i: [1 / r] * r,
    stays=lambda r, g: 1.0,
    entropy=lambda r, g: log(_falling(r, g)),
    closed=1.0,
)
OPEN: Mapping[str, OpenLine] = {
    "any_order": ANY_ORDER,
    "shuffle": OpenLine(
        choices=lambda n: n,
        tokens=lambda r: r,
        settles=_shuffle_settles,
        leaves=lambda r, g: _shuffled(r)[0] ** g,
        marginals=lambda r, i: [_shuffled(r)[0], *[_shuffled(r)[1]] * (r - 1)],
        stays=lambda r, g: (factorial(r - g) - 1) / (factorial(r) - 1),
        entropy=_shuffle_entropy,
        closed=0.0,
        then=ANY_ORDER,
    ),
    "insert_anywhere": OpenLine(
        choices=lambda n: n + 1,
        tokens=lambda r: r,
        settles=lambda r, g: (
            sum(_falling(r - 1, p) * _falling(g - 1, g - 1 - p) for p in range(g)) / r**g
        ),
        leaves=lambda r, g: _falling(r - 1, g) / r**g,
        marginals=lambda r, i: [1 / r, (r - 1 - i) / r, i / r],
        stays=lambda r, g: (r - g) / r,
        entropy=_of_one_place,
        closed=0.0,
    ),
    "remove_any": OpenLine(
        choices=lambda n: n,
        tokens=lambda r: r - 1,
        settles=lambda r, g: sum(_falling(r - 1, p) * _falling(g, g - p) for p in range(g)) / r**g,
        leaves=lambda r, g: _falling(r - 1, g) / r**g,
        marginals=lambda r, i: [(r - 1 - i) / r, (i + 1) / r],
        stays=lambda r, g: (r - g) / r,
        entropy=_of_one_place,
        closed=1.0,
    ),
    "replace_any": OpenLine(
        choices=lambda n: n,
        tokens=lambda r: r,
        settles=lambda r, g: g / r * (1 - 1 / r) ** (g - 1),
        leaves=lambda r, g: (1 - 1 / r) ** g,
        marginals=lambda r, i: [1 / r, 1 - 1 / r],
        stays=lambda r, g: (r - g) / r,
        entropy=_of_one_place,
        closed=0.0,
    ),
}


def right_probability(operation: str, names: int, tokens_per_pass: int) -> float:
    """P(a result comes out) when K >= 1 tokens at a time are drawn from exact marginals.

    Raises:
        ValueError: an option outside its range.
    """
    _check(operation, names, tokens_per_pass)
    line = OPEN.get(operation)
    return 1.0 if line is None else _right(line, line.choices(names), tokens_per_pass)


def lost_nats(operation: str, names: int, tokens_per_pass: int) -> float:
    """KL(law of the results || law of what is drawn), nats: the groups' conditional total
    correlations, summed. Arguments and errors as of `right_probability`.
    """
    _check(operation, names, tokens_per_pass)
    line = OPEN.get(operation)
    return 0.0 if line is None else _lost(line, line.choices(names), tokens_per_pass)


def right_beginning(operation: str, names: int, tokens: int) -> float:
    """P(the first `tokens` tokens of a one-shot draft are the beginning of a result)."""
    _check(operation, names, max(1, tokens))
    line = OPEN.get(operation)
    if line is None or tokens == 0:
        return 1.0
    r = line.choices(names)
    g = min(tokens, line.tokens(r))
    if g < line.tokens(r):
        no_way_on = line.then is not None and r - g == 1  # all but one name are in their place
        return line.settles(r, g) + (0.0 if no_way_on else line.leaves(r, g))
    return line.settles(r, g) + line.leaves(r, g) * line.closed


def largest_right_group(operation: str, names: int) -> float:
    """Expected tokens of a one-shot draft before the first that no result can have.

    For any order it is how many people come into a room before two share one of n birthdays.
    """
    line = OPEN.get(operation)
    length = names if line is None else line.tokens(line.choices(names))
    length = {"insert": names + 1, "remove": names - 1}.get(operation, length)
    return sum(right_beginning(operation, names, j) for j in range(1, length + 1))


def _right(line: OpenLine, r: int, K: int) -> float:
    left = line.tokens(r)
    if left <= 0:
        return line.closed
    g = min(K, left)
    settled = 1.0 if line.then is None else _right(line.then, left - g, K)
    return line.settles(r, g) * settled + line.leaves(r, g) * _right(line, r - g, K)


def _lost(line: OpenLine, r: int, K: int) -> float:
    left = line.tokens(r)
    if left <= 0:
        return 0.0
    g = min(K, left)
    own = sum(_entropy(line.marginals(r, i)) for i in range(g)) - line.entropy(r, g)
    stays = line.stays(r, g)
    settled = 0.0 if line.then is None or stays == 1 else _lost(line.then, left - g, K)
    return own + (1 - stays) * settled + (stays * _lost(line, r - g, K) if stays > 0 else 0.0)


def _check(operation: str, names: int, tokens_per_pass: int) -> None:
    check_line(operation, names)
    if tokens_per_pass < 1:
        raise ValueError(f"tokens_per_pass={tokens_per_pass} must be >= 1; 1 is exact.")
