"""Checks of the coding exercises of `trust-region`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing


def _near(a, b, tol=1e-8):
    return np.allclose(a, b, rtol=tol, atol=tol * (1 + np.abs(b).max() if np.size(b) else 1))


def check_cauchy_point(cauchy_point):
    """`cauchy_point(g, hessp, radius)` returns the minimiser of the model along -g within the radius."""
    cases = [
        ("short", np.array([3.0, 0.0, 4.0]), np.diag([2.0, 1.0, 3.0]), 10.0),
        ("long", np.array([3.0, 0.0, 4.0]), np.diag([2.0, 1.0, 3.0]), 0.5),
        ("negative", np.array([3.0, 1.0, -4.0]), np.diag([-2.0, 1.0, -3.0]), 7.0),
        ("zero", np.array([3.0, 0.0, -4.0]), np.diag([0.0, 1.0, 0.0]), 2.0),
        ("oblique", np.array([1.0, -2.0]), np.array([[3.0, 1.0], [1.0, -0.5]]), 1.5),
        ("oblique", np.array([1.0, -2.0]), np.array([[3.0, 1.0], [1.0, 2.0]]), 30.0),
    ]
    for kind, g, H, radius in cases:
        verdict = _one_cauchy(cauchy_point, kind, g, H, radius)
        if verdict != PASSED:
            return verdict
    return PASSED


def _one_cauchy(cauchy_point, kind, g, H, radius):
    calls = []

    def hessp(v):
        calls.append(np.array(v, dtype=float))
        return H @ v

    given = g.copy()
    p = cauchy_point(given, hessp, radius)
    if missing(p):
        return NOT_DONE
    if np.shape(p) != g.shape:
        return f"the step must have the shape of g, {g.shape}, and has {np.shape(p)}"
    if not np.array_equal(given, g):
        return "g itself was changed: return a new array"
    p, size = np.asarray(p, dtype=float), np.linalg.norm(g)
    if not np.isfinite(p).all():
        return "the step is not finite: is there a division by g'Hg where it is 0?"
    if _near(p, 0):
        return "the step is 0"
    if p @ g > 0:
        return "the step goes uphill: along -g, with a minus"
    if abs(p @ g) < (1 - 1e-8) * np.linalg.norm(p) * size:
        return "the Cauchy point lies on the line along -g, and yours does not"
    length, curvature = np.linalg.norm(p), g @ H @ g
    if length > radius * (1 + 1e-8):
        if curvature <= 0:
            return f"where g'Hg <= 0 stop at the radius {radius}, however far the model falls; yours has {length:.3g}"
        return f"the step must not be longer than the radius {radius}, and has length {length:.3g}"
    best = radius if curvature <= 0 else min(radius, size**3 / curvature)
    if not _near(length, best):
        if kind in ("negative", "zero") or curvature <= 0:
            return f"where g'Hg <= 0 the model falls all along -g, so go to the radius {radius}; yours has {length:.3g}"
        if _near(length, radius):
            return "the model's minimum along -g lies inside the radius, and you went past it to the radius"
        return (
            f"the model along -g is least at length {best:.4g} within the radius, and yours has {length:.4g}: "
            "tau = |g|^2 / g'Hg, times g"
        )
    if len(calls) > 1:
        return f"one product with the Hessian is enough, and you asked for {len(calls)}: keep Hg in a variable"
    return PASSED


def check_to_boundary(to_boundary):
    """`to_boundary(p, d, radius)` returns the tau >= 0 with |p + tau d| = radius."""
    rng = np.random.default_rng(2)
    cases = [(np.zeros(2), np.array([3.0, 4.0]), 10.0)]
    for n in (1, 2, 5):
        p, d = rng.normal(size=(2, n))
        cases += [(p, d, 2 * np.linalg.norm(p)), (p, -d, 1.5 * np.linalg.norm(p))]
    u, v = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    cases += [(u, v, 1.25), (0.5 * u, -2 * u, 1.0)]
    for p, d, radius in cases:
        given = p.copy(), d.copy()
        tau = to_boundary(*given, radius)
        if missing(tau):
            return NOT_DONE
        if np.shape(tau) != ():
            return f"tau is one number, and yours has the shape {np.shape(tau)}"
        if not (np.array_equal(given[0], p) and np.array_equal(given[1], d)):
            return "p or d was changed: leave them as they are"
        if not np.isfinite(tau):
            return "tau is not finite: is the radius squared in the constant term?"
        length = np.linalg.norm(p + tau * d)
        if not _near(length, radius):
            if _near(np.linalg.norm(p + tau * d / np.linalg.norm(d)), radius):
                return "tau counts in units of d, and yours in units of length: d is not a unit vector"
            return f"|p + tau d| must be the radius {radius:.4g}, and is {length:.4g}"
        if tau < 0:
            return "that is the other crossing, behind p: of the two roots take the positive one"
    p, radius = np.array([1.0, 0.0]), 1 + 2.0**-48
    for size in (0.7, 0.9, 1.1, 1.3):
        tau, true = to_boundary(p, np.array([size, 0.0]), radius), 2.0**-48 / size
        if not np.isclose(tau, true, rtol=1e-2, atol=0):
            return (
                f"close to the boundary yours gives {tau:.3g} and {true:.3g} is right: for p'd > 0, (root - b) / a "
                "subtracts two nearly equal numbers. What is the other form of this root?"
            )
    return PASSED
