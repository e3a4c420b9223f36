"""Checks of the coding exercises of `gradient-descent`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing

import optlib as ol


def _instances(rng, count=5):
    """Quadratics with random curvatures, and a point away from their minimisers."""
    for n in range(2, 2 + count):
        A = rng.standard_normal((n, n))
        yield ol.Quadratic(A @ A.T + np.eye(n), rng.standard_normal(n)), rng.standard_normal(n)


def check_gd_step(gd_step):
    """`gd_step(grad, x, eta)` returns the next point."""
    for q, x in _instances(np.random.default_rng(0)):
        eta, before = 1 / q.lipschitz, x.copy()
        new = gd_step(q.grad, x, eta)
        if missing(new):
            return NOT_DONE
        if np.shape(new) != x.shape:
            return f"the new point must have the shape of x, {x.shape}, and has {np.shape(new)}"
        if not np.array_equal(x, before):
            return "x itself was changed: return a new array (x - ..., not x -= ...)"
        if not np.isfinite(new).all():
            return f"the new point is not finite: {np.asarray(new)}"
        if np.allclose(new, -eta * q.grad(x)):
            return "that is the step, and the new point is wanted: x plus the step"
        if np.allclose(np.linalg.norm(new - x), eta):
            return "the step has length eta whatever the slope: multiply eta by the gradient as it is, not normalised"
        if q(new) >= q(x):
            return "with eta = 1/L the step did not lower f: is the sign right, and the gradient multiplied by eta?"
        rest = gd_step(q.grad, q.minimisers[0], eta)
        if not np.allclose(rest, q.minimisers[0], atol=1e-8):
            return "at a minimiser the gradient is zero, so the step must stay there; yours moves"
    for L in (0.5, 4.0):
        bowl = ol.Quadratic([L, L], [L, 2 * L])  # L/2 ||x - (1, 2)||^2 and a constant
        if not np.allclose(gd_step(bowl.grad, np.array([-3.0, 0.5]), 1 / L), [1.0, 2.0]):
            return "on L/2 ||x - c||^2 the step 1/L must land on c: is the length eta times that of the gradient?"
    return PASSED


def check_exact_step(exact_step):
    """`exact_step(X, y, w)` returns the best step along the negative gradient of the mean squared loss."""
    rng = np.random.default_rng(1)
    for n, d in ((5, 1), (20, 3), (50, 8)):
        X, y, w = rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal(d)
        risk = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
        eta = exact_step(X, y, w)
        if missing(eta):
            return NOT_DONE
        if np.ndim(eta) != 0 or not eta > 0:
            return f"the step must be one positive number, got {eta!r}"
        g = risk.grad(w)
        cosine = risk.grad(w - eta * g) @ g / (g @ g)
        if abs(cosine) > 1e-6:
            length = "short" if cosine > 0 else "long"
            return (
                f"too {length} for {n} samples: along the line f still {'falls' if cosine > 0 else 'rises'} there "
                "(at the best step the new gradient is orthogonal to the old)"
            )
    return PASSED


class _Shrink(float):
    """A factor that counts its uses, so that a loop in which f is not computed anew ends all the same."""

    used = 0

    def _count(self):
        self.used += 1
        if self.used > 2000:
            raise TooManyCalls

    def __mul__(self, other):
        self._count()
        return float(self) * other

    __rmul__ = __mul__

    def __pow__(self, k):
        self._count()
        return float(self) ** k


def check_backtracking(backtracking):
    """`backtracking(f, x, g, start, shrink, c)` returns the first step size along -g that meets Armijo's condition."""
    problems = [*_instances(np.random.default_rng(2)), (ol.Rosenbrock(), np.array([-1.2, 1.0]))]
    for problem, x in problems:
        for start, shrink, c in ((1.0, 0.5, 1e-4), (10.0, 0.8, 0.3), (1e-6, 0.5, 0.1)):
            verdict = _one_search(backtracking, problem, x, start, shrink, c)
            if verdict != PASSED:
                return verdict
    return PASSED


def _one_search(backtracking, problem, x, start, shrink, c):
    g, calls = problem.grad(x), 0

    def f(point):
        nonlocal calls
        calls += 1
        if calls > 500:
            raise TooManyCalls
        return problem(point)

    def accepted(step):
        return problem(x - step * g) <= problem(x) - c * step * (g @ g)

    try:
        eta = backtracking(f, x.copy(), g.copy(), start, _Shrink(shrink), c)
    except TooManyCalls:
        return "no step was accepted: does eta shrink each time, and is f computed anew for each trial?"
    if missing(eta):
        return NOT_DONE
    if np.ndim(eta) != 0 or not eta > 0:
        return f"the step must be one positive number, got {eta!r}"
    k = np.log(eta / start) / np.log(shrink)
    if abs(k - round(k)) > 1e-6 or round(k) < 0:
        return f"the steps to try are start, start * shrink, start * shrink^2, ...: {eta:.4g} is none of them"
    least = ol.theory.armijo_step(getattr(problem, "lipschitz", 1e4), c, shrink, start)
    if eta < least / 1000:
        return f"{eta:.4g} is far below {least:.4g}, which theory promises: are the points tried x - eta g?"
    if not accepted(eta):
        return f"eta = {eta:.4g} does not meet Armijo's condition with c = {c}: must f fall by c eta ||g||^2?"
    if round(k) > 0 and accepted(eta / shrink):
        return f"eta = {eta / shrink:.4g} meets the condition, and {eta:.4g} was returned: you shrink too often"
    return PASSED


def check_estimate_L(estimate_L):
    """`estimate_L(hessp, n, iterations)` estimates the largest eigenvalue from products hessp(v) alone."""
    rng = np.random.default_rng(3)
    Q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    spread = Q @ np.diag([0.1, 0.5, 1.0, 2.0, 3.0, 4.0]) @ Q.T
    # The leading eigenvector of the second is orthogonal to (1, 1): a start with equal entries never finds it.
    for A in (spread, np.array([[2.0, -1.0], [-1.0, 2.0]]), 1e8 * spread, np.diag([1.0, 7.0])):
        verdict = _one_estimate(estimate_L, A)
        if verdict != PASSED:
            return verdict
    return PASSED


def _one_estimate(estimate_L, A):
    calls, L = 0, np.linalg.eigvalsh(A)[-1]

    def hessp(v):
        nonlocal calls
        calls += 1
        return A @ v

    with np.errstate(all="ignore"):
        estimate = estimate_L(hessp, len(A), 100)
    if missing(estimate):
        return NOT_DONE
    if np.ndim(estimate) != 0 or not np.isfinite(estimate):
        return f"the estimate must be one finite number, got {estimate!r}: do you normalise v in each iteration?"
    if calls > 101:
        return f"{calls} products for 100 iterations: one an iteration is enough, and one more at the end"
    if estimate > L * (1 + 1e-9):
        return f"{estimate:.4g} is above the largest eigenvalue {L:.4g}, which no Rayleigh quotient can be"
    if estimate < L * (1 - 1e-3):
        return (
            f"{estimate:.4g} is far below the largest eigenvalue {L:.4g} after 100 iterations: is v the normalised "
            "product of the iteration before, and the start random?"
        )
    return PASSED
