"""Checks of the coding exercises of `newton`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

from itertools import pairwise

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing
from scipy.special import expit

import optlib as ol


def _misshapen(value, like, what):
    if np.shape(value) != like.shape:
        return f"{what} must have shape {like.shape}, and has {np.shape(value)}"
    return "" if np.isfinite(value).all() else f"{what} is not finite: {value}"


def _with_eigenvalues(rng, eigenvalues):
    """A symmetric matrix with these eigenvalues, its eigenvectors in no special directions."""
    Q = np.linalg.qr(rng.standard_normal((len(eigenvalues), len(eigenvalues))))[0]
    A = (Q * np.asarray(eigenvalues, dtype=float)) @ Q.T
    return (A + A.T) / 2


def _softplus(rng, n=3, m=6):
    """A convex problem that is not quadratic, and its minimiser s."""
    B, b, s = rng.standard_normal((m, n)), rng.standard_normal(m), rng.standard_normal(n)
    problem = ol.Problem(
        lambda x: 0.1 * (x - s) @ (x - s) + np.logaddexp(0, B @ (x - s) + b).sum() - expit(b) @ (B @ (x - s)),
        jac=lambda x: 0.2 * (x - s) + B.T @ (expit(B @ (x - s) + b) - expit(b)),
        hess=lambda x: 0.2 * np.eye(n) + (B.T * (expit(B @ (x - s) + b) * expit(-B @ (x - s) - b))) @ B,
    )
    return problem, s


def _root_form():
    """sqrt(1 + x^2): pure Newton maps x to -x^3."""
    return ol.Problem(
        lambda x: np.hypot(1, x[0]), jac=lambda x: x / np.hypot(1, x), hess=lambda x: np.diag(np.hypot(1, x) ** -3.0)
    )


def check_newton_step(newton_step):
    """`newton_step(grad, hess, x)` returns the next iterate of the pure method."""
    rng = np.random.default_rng(0)
    for n in (2, 3, 4, 5):
        A, target, x = _with_eigenvalues(rng, 0.5 + np.arange(n)), rng.standard_normal(n), rng.standard_normal(n)
        q, before = ol.Quadratic(A, A @ target), x.copy()
        new = newton_step(q.grad, q.hess, x)
        if missing(new):
            return NOT_DONE
        if wrong := _misshapen(new, x, "the next iterate"):
            return wrong
        if not np.array_equal(x, before):
            return "x itself was changed: return a new array (x + p, not x += p)"
        if np.allclose(new, 2 * x - target):
            return "the step leads away from the minimiser, by just the right length: is the sign right?"
        if np.allclose(new, target - x):
            return "that is the step p, and the next iterate x + p is wanted"
        if not np.allclose(new, target, atol=1e-8):
            return (
                "on a positive definite quadratic one step must land on the minimiser, and yours does not: "
                "is the system solved with the whole Hessian, and the full step taken?"
            )
    problem, target = _softplus(rng)
    start = target + 0.3
    x, errors = start, []
    for _ in range(8):
        errors.append(np.linalg.norm(x - target))
        if errors[-1] < 1e-12:
            break
        x = newton_step(problem.grad, problem.hess, x)
    if not errors[-1] < 1e-3 * errors[0] or (order := ol.observed_order(errors)) < 1.8:
        measured = f" (measured: {order:.1f})" if errors[-1] < 1e-3 * errors[0] else ""
        return f"the order of convergence must be 2{measured}: are gradient and Hessian evaluated anew, at x?"
    T = _with_eigenvalues(rng, [0.1, 1.0, 5.0])  # in the coordinates y, x = T y, the same step must result
    moved = T @ newton_step(lambda y: T.T @ problem.grad(T @ y), lambda y: T.T @ problem.hess(T @ y) @ T,
                            np.linalg.solve(T, start))  # fmt: skip
    if not np.allclose(moved, newton_step(problem.grad, problem.hess, start), atol=1e-8):
        return "in other coordinates the step must be the same, and yours is not: was something added to the Hessian?"
    p = newton_step(problem.grad, problem.hess, start) - start
    if not np.allclose(problem.hess(start) @ p, -problem.grad(start), atol=1e-8):
        return "one call must make one step, and the step must solve the system at x"
    return PASSED


def check_damped_newton(damped_newton):
    """`damped_newton(f, grad, hess, x0, tol)` returns all iterates, one a row, with c = 1/4 and shrink 1/2."""
    rng, tol = np.random.default_rng(1), 1e-6
    far = [(_softplus(rng)[0], 10 * rng.standard_normal(3)) for _ in range(5)]
    bowl = ol.Quadratic(_with_eigenvalues(rng, [1.0, 10.0]), [1.0, 1.0])
    quartic = ol.Problem(  # where twice the full step is even better
        lambda x: float(x[0] ** 4), jac=lambda x: 4 * x**3, hess=lambda x: np.array([[12 * x[0] ** 2]])
    )
    runs = [(bowl, np.array([3.0, -2.0])), far[0], (quartic, np.ones(1))]
    runs += [(_root_form(), np.array([a])) for a in (1.5, 20.0)] + far[1:]
    for problem, x0 in runs:
        before, calls = x0.copy(), 0

        def f(x, problem=problem):
            nonlocal calls
            calls += 1
            if calls > 20_000:
                raise TooManyCalls
            return problem(x)

        try:
            path = damped_newton(f, problem.grad, problem.hess, x0, tol)
        except TooManyCalls:
            return (
                "f was asked 20000 times: does eta shrink each time, and stand on the right side of the test too, "
                "and does p point downhill?"
            )
        if missing(path):
            return NOT_DONE
        path = np.asarray(path, dtype=float)
        if path.ndim != 2 or path.shape[1] != x0.size:
            return f"the iterates must have shape (number of iterates, {x0.size}), and have {path.shape}"
        if not np.array_equal(x0, before):
            return "x0 itself was changed: make new arrays (x + eta * p, not x += eta * p)"
        if not np.array_equal(path[0], x0):
            return "the first iterate must be x0"
        for x, new in pairwise(path):
            if np.linalg.norm(problem.grad(x)) <= tol:
                return "the run must stop at the first iterate whose gradient is small enough"
            if wrong := _one_step(problem, x, new):
                return wrong
        if not np.linalg.norm(problem.grad(path[-1])) <= tol:
            return f"the last iterate must have a gradient of norm at most {tol}"
    return PASSED


def _one_step(problem, x, new, c=0.25):
    f, g = problem(x), problem.grad(x)
    p = np.linalg.solve(problem.hess(x), -g)
    eta = (new - x) @ p / (p @ p)
    if not np.allclose(new, x + eta * p, atol=1e-9):
        return "a step is not along Newton's direction: is the Hessian evaluated anew, at x?"
    if eta < 0:
        return "a step goes uphill: is the sign right?"
    k = round(-np.log2(eta)) if eta > 0 else 1000
    if k < 0 or k > 60 or abs(eta * 2**k - 1) > 1e-6:
        return f"the step sizes to try are 1, 1/2, 1/4, ...: {eta:.4g} is none of them"
    eta, rounding = 0.5**k, 1e-14 * (1 + abs(f))
    if problem(x + eta * p) > f + c * eta * (g @ p) + rounding:
        return f"eta = {eta:.4g} does not meet Armijo's condition: must f fall by c eta |g'p|, with c = 1/4?"
    if k > 0 and problem(x + 2 * eta * p) < f + c * 2 * eta * (g @ p) - rounding:
        return f"eta = {2 * eta:.4g} meets Armijo's condition, and {eta:.4g} was taken: you shrink too often"
    return ""


def check_descent_direction(direction, delta=0.1):
    """`direction(g, H)` descends for every symmetric H, and is Newton's own where H is safe."""
    rng = np.random.default_rng(2)
    for smallest in (1.05 * delta, 1.0):
        H, g = _with_eigenvalues(rng, smallest + np.arange(4)), rng.standard_normal(4)
        p = direction(g, H)
        if missing(p):
            return NOT_DONE
        if wrong := _misshapen(p, g, "the direction"):
            return wrong
        if np.allclose(H @ p, g):
            return "the direction goes uphill: is the sign right?"
        if not np.allclose(H @ p, -g):
            return f"where every eigenvalue of H is at least {delta}, Newton's own direction is wanted, not yours"
    for eigenvalues in ([-3, 1, 2], [-1, -2, -0.5], [0, 1, 4], [1e-9, 1, -1e-9], [-1, 1, 1], [-1e-3, -1e-3, 2]):
        for _ in range(5):
            H, g = _with_eigenvalues(rng, eigenvalues), rng.standard_normal(3)
            try:
                p = direction(g, H)
            except np.linalg.LinAlgError:
                return f"for a Hessian with eigenvalues {eigenvalues} the system has no unique solution: mend H first"
            told = f"for a Hessian with eigenvalues {eigenvalues} the direction"
            if wrong := _misshapen(p, g, told):
                return wrong
            if not np.linalg.norm(p) <= (1 + 1e-6) * np.linalg.norm(g) / delta:
                return f"{told} is longer than ||g|| / {delta}: keep what you divide by away from 0"
            if not g @ p < 0:
                return f"{told} does not descend: g'p = {g @ p:.2g} must be negative"
    return PASSED
