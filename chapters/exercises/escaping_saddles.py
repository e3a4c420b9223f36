"""Checks of the coding exercises of `escaping-saddles`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing


def check_lowest_direction(lowest_direction):
    """`lowest_direction(hessp, L, n, iterations)` returns a unit vector of nearly the lowest curvature."""
    rng = np.random.default_rng(5)
    cases = [
        ("plain", np.array([-1.0, 0.5, 0.8, 0.2]), 1.0),
        ("modulus", np.array([-0.5, 2.0, 0.7, 1.1, 0.1]), 2.0),
        ("convex", np.array([0.3, 1.0, 2.0]), 2.0),
        ("loose", np.array([-1.0, -0.2, 1.0]), 4.0),
        ("axes", np.array([0.4, -0.3, 1.0, 0.2, 0.9, 0.6]), 2.0),
    ]
    for kind, values, L in cases:
        n = len(values)
        Q = np.eye(n) if kind == "axes" else np.linalg.qr(rng.normal(size=(n, n)))[0]
        if kind == "plain":  # the lowest eigenvector is orthogonal to the vector of ones
            v = np.array([1.0, -1.0, 2.0, -2.0])
            Q = np.linalg.qr(np.column_stack([v, rng.normal(size=(n, n - 1))]))[0]
        verdict = _one_direction(lowest_direction, kind, Q @ np.diag(values) @ Q.T, values, L)
        if verdict != PASSED:
            return verdict
    return PASSED


def _one_direction(lowest_direction, kind, H, values, L):
    n, calls = len(values), [0]
    iterations = 30 if kind in ("plain", "axes") else 200  # few enough that rounding does not hide a bad start

    def hessp(v):
        calls[0] += 1
        if calls[0] > iterations + 2:
            raise TooManyCalls
        return H @ v

    try:
        v = lowest_direction(hessp, L, n, iterations)
    except TooManyCalls:
        return f"at most one product an iteration: {iterations} iterations, and you have asked for more"
    if missing(v):
        return NOT_DONE
    if isinstance(v, tuple) and len(v) != n:
        return "return the direction alone, without its curvature"
    if np.shape(v) != (n,):
        return f"the direction must have shape ({n},), and has {np.shape(v)}"
    v = np.asarray(v, dtype=float)
    if not np.isfinite(v).all():
        return "the direction is not finite: divide by its length at every iteration"
    if not np.isclose(np.linalg.norm(v), 1, rtol=1e-8):
        return f"the direction must have length 1, and has {np.linalg.norm(v):.4g}"
    got, lowest, highest = v @ H @ v, values.min(), values.max()
    if got <= lowest + 1e-3:
        return PASSED
    if kind == "plain" and np.allclose(v @ np.ones(n), np.sqrt(n), rtol=1e-6):
        return "the start is still there: has anything been multiplied?"
    if abs(got - highest) < 1e-3:
        return f"that is the highest curvature, {highest:.3g}, and the lowest is {lowest:.3g}: iterate with L I - H"
    if kind == "plain":
        return (
            f"your direction has the curvature {got:.3g}, and {lowest:.3g} can be had: here the way out is orthogonal "
            "to the vector of ones. Is your start random?"
        )
    if kind == "axes":
        return (
            f"your direction has the curvature {got:.3g}, and {lowest:.3g} can be had, along an axis: start at random"
        )
    return f"your direction has the curvature {got:.3g}, and {lowest:.3g} can be had"


def check_curvature_step(curvature_step):
    """`curvature_step(g, v, gamma, M)` returns the step of length 2 gamma / M along v that does not go uphill."""
    v = np.array([0.6, 0.0, -0.8])
    cases = [
        (np.array([-1.0, 2.0, 0.5]), 1.0, 1.0),
        (np.array([1.0, 2.0, -0.5]), 0.5, 4.0),
        (np.array([3.0, 1.0, 0.0]), 3.0, 0.5),
        (np.array([0.0, 1.0, 0.0]), 1.5, 2.0),
        (np.zeros(3), 0.7, 1.0),
    ]
    for g, gamma, M in cases:
        given = g.copy(), v.copy()
        s = curvature_step(*given, gamma, M)
        if missing(s):
            return NOT_DONE
        if np.shape(s) != v.shape:
            return f"the step must have the shape of v, {v.shape}, and has {np.shape(s)}"
        if not (np.array_equal(given[0], g) and np.array_equal(given[1], v)):
            return "g or v was changed: return a new array"
        s = np.asarray(s, dtype=float)
        if not np.isfinite(s).all():
            return "the step is not finite: is there a division by g'v, which is 0 at a saddle?"
        length = np.linalg.norm(s)
        if length == 0 and g @ v == 0:
            return "where g'v = 0 the step is 0, and the saddle holds you: either sign will do there, but not 0"
        if not np.isclose(abs(s @ v), length, rtol=1e-8):
            return "the step must lie along v"
        if not np.isclose(length, 2 * gamma / M, rtol=1e-8):
            return f"with gamma = {gamma} and M = {M} the length must be {2 * gamma / M:.4g}, and is {length:.4g}"
        if s @ g > 0:
            return "the step goes uphill: choose the sign of v such that g'v is not positive"
    return PASSED


def check_cubic_step(cubic_step):
    """`cubic_step(g, H, M)` returns a global minimiser of g'p + p'Hp/2 + M|p|^3/6."""
    rng = np.random.default_rng(3)
    cases = []
    for n in (1, 2, 4):
        for M in (0.3, 1.0, 20.0):
            A = rng.normal(size=(n, n))
            cases += [("any", rng.normal(size=n), A + A.T, M), ("convex", rng.normal(size=n), A @ A.T + np.eye(n), M)]
    cases += [
        ("saddle", np.zeros(2), np.diag([1.0, -2.0]), 0.5),
        ("hard", np.array([0.0, 1.0]), np.diag([-1.0, 1.0]), 0.5),
        ("almost hard", np.array([0.0, 4.0]), np.diag([-0.1, 1.0]), 1.0),
        ("minimum", np.zeros(2), np.diag([1.0, 3.0]), 1.0),
    ]
    for kind, g, H, M in cases:
        given = g.copy(), H.copy()
        p = cubic_step(*given, M)
        if missing(p):
            return NOT_DONE
        if np.shape(p) != g.shape:
            return f"the step must have the shape of g, {g.shape}, and has {np.shape(p)}"
        if not (np.array_equal(given[0], g) and np.array_equal(given[1], H)):
            return "g or H was changed: return a new array"
        verdict = _judge(kind, np.asarray(p, dtype=float), g, H, M)
        if verdict != PASSED:
            return verdict
    return PASSED


def _judge(kind, p, g, H, M):
    if not np.isfinite(p).all():
        return "the step is not finite: is H + lambda I singular there?"
    lam = M / 2 * np.linalg.norm(p)
    scale = 1 + np.linalg.norm(g) + (np.linalg.norm(H, 2) + lam) * np.linalg.norm(p)
    lowest = np.linalg.eigvalsh(H)[0]
    if kind in ("saddle", "hard") and lam < -lowest - 1e-5:
        where = "At a strict saddle, g = 0," if kind == "saddle" else "In the hard case, g orthogonal to the way out,"
        return f"{where} a part along the lowest eigenvector must be added until M|p|/2 = {-lowest:g}"
    if np.linalg.norm(g + H @ p + lam * p) > 1e-5 * scale:
        if np.linalg.norm(g + H @ p + 2 * lam / 2 * p / 3) <= 1e-5 * scale:
            return "the gradient of M|p|^3/6 is M|p|p/2, so lambda = M|p|/2: yours has a third of it"
        if np.linalg.norm(g + H @ p + 2 * lam * p) <= 1e-5 * scale:
            return "lambda must be M|p|/2, and yours is M|p|"
        if np.linalg.norm(g + H @ p) <= 1e-5 * scale:
            return "that is Newton's step: the cubic term is missing"
        if np.linalg.norm(-g + H @ p + lam * p) <= 1e-5 * scale:
            return "the sign of g is wrong: (H + lambda I)p = -g"
        return "g + Hp + (M|p|/2)p is not zero: the step is no stationary point of the model"
    if lam < -lowest - 1e-5 * (1 + abs(lowest)):
        return (
            "a stationary point of the model, but H + lambda I is not positive semidefinite: not the global minimiser"
        )
    return PASSED
