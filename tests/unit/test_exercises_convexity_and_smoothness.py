"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from exercises import convexity_and_smoothness as checks


def chord(f, points, *, sign=1, ends=0.5, pairs=None, worst=max):
    """The worst chord, with the mistakes that its keywords make."""
    return worst(
        (
            (sign * (f((x + y) / 2) - ends * (f(x) + f(y))), x, y)
            for x, y in (combinations(points, 2) if pairs is None else pairs(points))
        ),
        key=lambda found: found[0],
    )


def with_itself(points):
    return [(x, y) for x in points for y in points]


def test_other_correct_answers_pass_too():
    def by_arrays(f, points):
        values = np.array([f(x) for x in points])
        best, where = -np.inf, (0, 1)
        for i in range(1, len(points)):
            middle = np.array([f(x) for x in 0.5 * points[i] + 0.5 * points[:i]])
            excess = middle - 0.5 * values[i] - 0.5 * values[:i]
            if excess.max() > best:
                best, where = excess.max(), (i, int(excess.argmax()))
        return [best, points[where[0]].copy(), points[where[1]].copy()]

    def both_orders(grad, points):
        G = np.array([grad(x) for x in points])
        D, A = points[:, None] - points[None], G[:, None] - G[None]
        squares = (D**2).sum(-1)
        off = squares > 0
        return ((A * D).sum(-1)[off] / squares[off]).min(), np.sqrt(((A**2).sum(-1)[off] / squares[off]).max())

    def by_gram(X, lam):
        return [lam, np.linalg.eigvalsh(X @ X.T)[-1] / (4 * X.shape[0]) + lam]

    assert checks.check_worst_chord(chord) == checks.PASSED
    assert checks.check_worst_chord(by_arrays) == checks.PASSED
    assert checks.check_worst_chord(lambda f, p: [np.asarray(part).tolist() for part in chord(f, p)]) == checks.PASSED
    assert checks.check_pair_constants(both_orders) == checks.PASSED
    assert checks.check_pair_constants(lambda grad, p: np.array(both_orders(grad, p))) == checks.PASSED
    assert checks.check_risk_constants(by_gram) == checks.PASSED
    assert checks.check_risk_constants(lambda X, lam: np.array(by_gram(X, lam))) == checks.PASSED


def overwrites(f, points):
    answer = chord(f, points.copy())
    points += 1
    return answer


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda f, points: chord(f, points, sign=-1), "wrong sign"),
        (lambda f, points: chord(f, points, ends=1.0), "and not"),
        (lambda f, points: (2 * chord(f, points)[0], *chord(f, points)[1:]), "twice too large"),
        (lambda f, points: chord(f, points, pairs=pairwise), "another pair"),
        (lambda f, points: chord(f, points, pairs=with_itself), "must be different"),
        (lambda f, points: chord(f, points, worst=min), "another pair"),
        (lambda f, points: chord(f, points, pairs=lambda p: combinations(2 * p, 2)), "two of the points"),
        (lambda f, points: chord(f, points)[0] > 0, "three things"),
        (lambda f, points: max((0.0, *points[:2]), chord(f, points), key=lambda found: found[0]), "start from -np.inf"),
        (lambda f, points: (np.nan, points[0], points[1]), "finite"),
        (overwrites, "were changed"),
    ],
)
def test_wrong_chords(wrong, message):
    assert message in checks.check_worst_chord(wrong)


def constants(grad, points, *, low=lambda a, d: a @ d / (d @ d), high=None, pairs=None):
    high = (lambda a, d: np.linalg.norm(a) / np.linalg.norm(d)) if high is None else high
    found = [(grad(x) - grad(y), x - y) for x, y in (combinations(points, 2) if pairs is None else pairs(points))]
    with np.errstate(all="ignore"):
        return np.min([low(a, d) for a, d in found]), np.max([high(a, d) for a, d in found])


def moves(grad, points):
    answer = constants(grad, points.copy())
    points -= 1
    return answer


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda grad, p: constants(grad, p, low=lambda a, d: np.linalg.norm(a) / np.linalg.norm(d)), "never negative"),
        (lambda grad, p: constants(grad, p, low=lambda a, d: a @ d), "divide each by"),
        (lambda grad, p: constants(grad, p, high=lambda a, d: np.linalg.norm(a)), "divide each by the distance"),
        (lambda grad, p: constants(grad, p, high=lambda a, d: a @ a / (d @ d)), "divide norms"),
        (lambda grad, p: constants(grad, p, high=lambda a, d: a @ d / (d @ d)), "the norm of a"),
        (lambda grad, p: constants(grad, p, low=lambda a, d: a @ d / np.sqrt(d @ d)), "square of the distance"),
        (lambda grad, p: constants(grad, p, low=lambda a, d: max(0.0, a @ d / (d @ d))), "cut off at 0"),
        (lambda grad, p: constants(grad, p, high=lambda a, d: np.linalg.norm(a) + 1.0), "largest ratio"),
        (lambda grad, p: constants(grad, p, low=lambda a, d: abs(a @ d) / (d @ d)), "least ratio"),
        (lambda grad, p: constants(grad, p, pairs=pairwise), "all pairs"),
        (lambda grad, p: constants(grad, p, pairs=with_itself), "with itself"),
        (lambda grad, p: constants(grad, p)[::-1], "wrong way round"),
        (lambda grad, p: constants(grad, p)[0], "two numbers"),
        (moves, "were changed"),
    ],
)
def test_wrong_pair_constants(wrong, message):
    assert message in checks.check_pair_constants(wrong)


def largest(X):
    return np.linalg.norm(X, 2) ** 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda X, lam: (lam, largest(X) / len(X) + lam), "at most 1/4"),
        (lambda X, lam: (lam, largest(X) / 4 + lam), "is a mean"),
        (lambda X, lam: (lam, largest(X) / (4 * len(X))), "penalty is missing"),
        (lambda X, lam: (lam, np.sqrt(largest(X)) / (4 * len(X)) + lam), "singular value of X squared"),
        (lambda X, lam: (lam, (X**2).sum() / (4 * len(X)) + lam), "larger than needed"),
        (lambda X, lam: (lam, (X**2).sum(1).min() / (400 * len(X)) + lam), "too small"),
        (
            lambda X, lam: (
                np.linalg.eigvalsh(X.T @ X)[0] / (4 * len(X)) + lam,
                largest(X) / (4 * len(X)) + lam,
            ),
            "far out the loss is flat",
        ),
        (lambda X, lam: (0.0, largest(X) / (4 * len(X)) + lam), "penalty alone"),
        (lambda X, lam: (largest(X) / (4 * len(X)) + lam, lam), "wrong way round"),
        (lambda X, lam: (lam, np.nan), "finite"),
        (lambda X, lam: lam, "two numbers"),
    ],
)
def test_wrong_constants_of_a_risk(wrong, message):
    assert message in checks.check_risk_constants(wrong)
