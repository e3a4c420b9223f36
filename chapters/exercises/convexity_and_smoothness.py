"""Checks of the coding exercises of `convexity-and-smoothness`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

from itertools import combinations

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing

import optlib as ol


def _norm_of_sums(x):
    """Convex, with chords that are no parabola's."""
    return np.linalg.norm(x) + np.exp(x.sum() / 4)


def check_worst_chord(worst_chord):
    """`worst_chord(f, points)` returns (excess, x, y): the pair whose midpoint lies highest above its chord."""
    rng = np.random.default_rng(0)
    saddle = ol.Quadratic([1.0, -1.0])
    bowl, plane = ol.Quadratic([1.0, 3.0, 0.5]), (lambda x: 2.0 * x[0] - x[1] + 1.0)
    cases = [
        (saddle, rng.standard_normal((8, 2)), False),
        (ol.Himmelblau(), rng.uniform(-4, 4, (12, 2)), False),
        (lambda x: float(np.sqrt(np.abs(x[0]))), rng.standard_normal((6, 1)), False),
        (bowl, rng.standard_normal((8, 3)), True),
        (_norm_of_sums, rng.standard_normal((9, 2)), True),
        (plane, rng.standard_normal((7, 2)), True),
    ]
    for f, points, convex in cases:
        before = points.copy()
        answer = worst_chord(f, points)
        if missing(answer):
            return NOT_DONE
        if not np.array_equal(points, before):
            return "the points themselves were changed: work on copies"
        if not isinstance(answer, tuple | list) or len(answer) != 3:
            return f"return three things, the excess and the two points x and y; got {answer!r}"
        excess, x, y = answer
        if np.ndim(excess) != 0 or not np.isfinite(excess):
            return f"the excess must be one finite number, got {excess!r}"
        if not all(np.shape(z) == points[0].shape and (points == z).all(axis=1).any() for z in (x, y)):
            return "x and y must be two of the points, as they were given"
        x, y = np.asarray(x), np.asarray(y)
        if np.array_equal(x, y):
            return "x and y must be different: the chord of a point with itself says nothing"
        if wrong := _one_chord(f, points, excess, x, y, convex):
            return wrong
    return PASSED


def _one_chord(f, points, excess, x, y, convex):
    def above(x, y):
        return f((x + y) / 2) - (f(x) + f(y)) / 2

    best = max(above(p, q) for p, q in combinations(points, 2))
    size = 1e-9 * (1 + max(abs(f(p)) for p in points))
    own = above(x, y)
    if abs(excess - own) > size:
        if abs(excess + own) <= size:
            return "the excess has the wrong sign: it is f at the midpoint, less the mean of f at the ends"
        if abs(excess - 2 * own) <= size:
            return "the excess is twice too large: take the mean of f(x) and f(y), not their sum"
        if excess == 0 and best < 0:
            return "no pair has the excess 0: on a convex function all can be negative, so start from -np.inf"
        return f"for the pair that you return, f(midpoint) - (f(x) + f(y)) / 2 is {own:.4g}, and not {excess:.4g}"
    if own < best - size:
        kind = "a convex" if convex else "a nonconvex"
        return f"on {kind} function another pair has the larger excess {best:.4g}: are all pairs compared?"
    return ""


def _two_numbers(answer):
    return (
        isinstance(answer, tuple | list | np.ndarray)
        and len(np.atleast_1d(answer)) == 2
        and not any(map(np.ndim, answer))
    )


def check_pair_constants(pair_constants):
    """`pair_constants(grad, points)` returns (mu, L), the least and largest curvature that the pairs show."""
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    along = np.vstack([np.zeros(3), 2 * basis[:, 0], -3 * basis[:, 1], 0.5 * basis[:, 2]])
    wavy = ol.Problem(lambda x: float(np.cos(2 * x).sum()), jac=lambda x: -2 * np.sin(2 * x))
    cases = [
        (ol.Quadratic(basis * [0.5, 2.0, 7.0] @ basis.T, rng.standard_normal(3)), along),
        (ol.Quadratic(np.array([1.0, 2.0, 4.0, 8.0])), rng.standard_normal((6, 4))),
        (ol.Quadratic(np.array([-3.0, 1.0])), rng.standard_normal((5, 2))),
        (wavy, rng.uniform(-2, 2, (9, 2))),
    ]
    for p, points in cases:
        before = points.copy()
        answer = pair_constants(p.grad, points)
        if missing(answer):
            return NOT_DONE
        if not np.array_equal(points, before):
            return "the points themselves were changed: work on copies"
        if not _two_numbers(answer):
            return f"return two numbers, mu and L; got {answer!r}"
        if wrong := _one_pair_of_constants(p, points, *answer):
            return wrong
    return PASSED


def _one_pair_of_constants(p, points, mu, L):
    pairs = [(p.grad(x) - p.grad(y), x - y) for x, y in combinations(points, 2)]
    low = min(a @ d / (d @ d) for a, d in pairs)
    high = max(np.linalg.norm(a) / np.linalg.norm(d) for a, d in pairs)
    if not (np.isfinite(mu) and np.isfinite(L)):
        return f"mu and L must be finite, got {mu} and {L}: is a point compared with itself?"
    if np.isclose(mu, high, rtol=1e-9) and np.isclose(L, low, rtol=1e-9) and low < high:
        return "the two numbers stand the wrong way round: mu first, then L"
    if not np.isclose(L, high, rtol=1e-9):
        if np.isclose(L, high**2, rtol=1e-9):
            return "L is the square of what it should be: divide norms, not squared norms"
        if np.isclose(L, max(np.linalg.norm(a) for a, _ in pairs), rtol=1e-9):
            return "L is the largest difference of gradients: divide each by the distance of its points"
        if np.isclose(L, max(a @ d / (d @ d) for a, d in pairs), rtol=1e-9):
            return "L is the largest a'd / ||d||^2, which misses what turns a away from d: it takes the norm of a"
        return f"the largest ratio ||a|| / ||d|| of all pairs is {high:.4g}, and not {L:.4g}: are all pairs compared?"
    if not np.isclose(mu, low, rtol=1e-9):
        if np.isclose(mu, min(np.linalg.norm(a) / np.linalg.norm(d) for a, d in pairs), rtol=1e-9):
            return "mu is the least ratio of norms, which is never negative: it takes the inner product a'd"
        if np.isclose(mu, min(a @ d for a, d in pairs), rtol=1e-9):
            return "mu is the least inner product a'd: divide each by ||d||^2"
        if np.isclose(mu, min(a @ d / np.linalg.norm(d) for a, d in pairs), rtol=1e-9):
            return "mu is the least a'd / ||d||: divide by the square of the distance"
        if mu == 0 and low < 0:
            return f"mu is cut off at 0, but {low:.4g} is what the pairs show: a negative number refutes convexity"
        return f"the least ratio a'd / ||d||^2 of all pairs is {low:.4g}, and not {mu:.4g}: are all pairs compared?"
    return ""


def check_risk_constants(risk_constants):
    """`risk_constants(X, lam)` returns (mu, L) of the mean logistic loss with the penalty lam/2 ||w||^2."""
    rng = np.random.default_rng(2)
    for (n, d), lam in (((40, 3), 0.1), ((4, 6), 0.5), ((30, 2), 0.0)):
        X = rng.standard_normal((n, d)) * rng.uniform(0.5, 3, d)
        risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, rng.integers(0, 2, n), ol.penalties.L2(lam))
        answer = risk_constants(X, lam)
        if missing(answer):
            return NOT_DONE
        if not _two_numbers(answer):
            return f"return two numbers, mu and L; got {answer!r}"
        if wrong := _one_risk(risk, X, lam, *answer):
            return wrong
    return PASSED


def _one_risk(risk, X, lam, mu, L):
    curvature = np.linalg.eigvalsh(risk.hess(np.zeros(X.shape[1])))[-1]  # at w = 0 all samples have l'' = 1/4
    s = np.linalg.norm(X, 2)
    mistakes = {
        "the loss's own curvature is at most 1/4, and that factor is missing": s**2 / len(X) + lam,
        "the risk is a mean: divide by the number of samples": s**2 / 4 + lam,
        "the curvature lam of the penalty is missing": s**2 / (4 * len(X)),
        "take the largest eigenvalue of X'X, which is the largest singular value of X squared": s / (4 * len(X)) + lam,
    }
    if not (np.isfinite(mu) and np.isfinite(L)):
        return f"mu and L must be finite, got {mu} and {L}"
    if np.isclose(mu, curvature, rtol=1e-7) and np.isclose(L, lam, rtol=1e-7, atol=1e-12):
        return "the two numbers stand the wrong way round: mu first, then L"
    if not np.isclose(L, curvature, rtol=1e-7):
        for told, value in mistakes.items():
            if np.isclose(L, value, rtol=1e-7):
                return f"L = {L:.4g} is wrong: {told}"
        if curvature > L:
            return f"L = {L:.4g} is too small: at w = 0 the Hessian has the eigenvalue {curvature:.4g}"
        return f"L = {L:.4g} is larger than needed: {curvature:.4g} bounds the curvature everywhere"
    if not np.isclose(mu, lam, rtol=1e-7, atol=1e-12):
        if mu > lam:
            return f"mu = {mu:.4g} is too large: far out the loss is flat, and only the penalty has curvature"
        return f"mu = {mu:.4g} is smaller than needed: the penalty alone gives {lam:.4g} everywhere"
    return ""
