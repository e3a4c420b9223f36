"""Checks of the coding exercises of `gradients-and-hessians`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import tracemalloc

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing
from scipy.special import expit

import optlib as ol


def _misshapen(value, shape, what):
    if np.shape(value) != shape:
        return f"{what} must have shape {shape}, and yours has {np.shape(value)}"
    return "" if np.isfinite(value).all() else f"{what} is not finite: {value}"


def _definite(rng, n):
    """A symmetric matrix with eigenvalues from 1 to 9, its eigenvectors in no special directions."""
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    A = (Q * np.linspace(1, 9, n)) @ Q.T
    return (A + A.T) / 2


def _close(a, b):
    return np.allclose(a, b, rtol=1e-6, atol=1e-9)


def check_central_gradient(central_gradient):
    """`central_gradient(f, x, h)` returns the gradient by central differences with the step h."""
    rng = np.random.default_rng(0)
    for n in (2, 3, 5):
        A, b, x = _definite(rng, n), rng.standard_normal(n), rng.standard_normal(n)
        q, calls, before = ol.Quadratic(A, b), [], x.copy()

        def f(point, q=q, calls=calls):
            calls.append(1)
            return q(point)

        g = q.grad(x)
        approximation = central_gradient(f, x, 0.25)
        if missing(approximation):
            return NOT_DONE
        if wrong := _misshapen(approximation, (n,), "the gradient"):
            return wrong
        if not np.array_equal(x, before):
            return "x itself was changed: shift a copy of it, or x + h e_i, which is a new array"
        if _close(approximation, g + np.diag(A) * 0.125):
            return "those are forward differences: the second point is x - h e_i, and the two are 2h apart"
        if _close(approximation, g - np.diag(A) * 0.125):
            return "those are backward differences: the first point is x + h e_i, and the two are 2h apart"
        for factor, cause in ((2, "the points x + h e_i and x - h e_i are 2h apart"), (0.5, "divide by 2h")):
            if _close(approximation, factor * g):
                return f"each entry is {factor} times what it must be: {cause}"
        if _close(approximation, -g):
            return "each entry has the wrong sign: f(x + h e_i) comes first"
        if not _close(approximation, g):
            return (
                "on a quadratic central differences are exact for every h, and yours are not: is one entry of x "
                "shifted at a time, by h, and the next from x anew?"
            )
        if len(calls) != 2 * n:
            return f"{len(calls)} values of f for {n} entries: two an entry are wanted"
    slopes, x = np.array([1.0, -2.0, 0.5]), np.array([0.3, -1.2, 2.0])
    for h in (0.5, 0.25, 1e-3):  # sum c x^3: the error is c h^2 in every entry
        error = central_gradient(lambda point: float(slopes @ np.asarray(point) ** 3), x, h) - 3 * slopes * x**2
        if not np.allclose(error, slopes * h**2, rtol=1e-4, atol=1e-11):
            return (
                f"on sum c x^3 the error must be c h^2 = {slopes * h**2} for h = {h}, and yours is {error}: "
                "is h the step, as it is given?"
            )
    whole = central_gradient(lambda point: float(1.25 * np.sum(np.asarray(point) ** 2)), np.array([1, 2]), 0.25)
    if np.shape(whole) != (2,) or not np.allclose(whole, [2.5, 5.0]):
        return "with x of integers something is rounded: make the shifted points, and the gradient, arrays of floats"
    return PASSED


def _reference(X, w, v, lam):
    z = X @ w
    return X.T @ (expit(z) * expit(-z) * (X @ v)) / len(X) + lam * v


def check_logistic_hessp(logistic_hessp):
    """`logistic_hessp(X, w, v, lam)` returns the Hessian of the regularised logistic risk at w, times v."""
    rng = np.random.default_rng(1)
    for n, d in ((7, 3), (3, 7), (40, 5)):
        X, w, v, lam = rng.standard_normal((n, d)), rng.standard_normal(d), rng.standard_normal(d), 0.3
        copies = X.copy(), w.copy(), v.copy()
        right = _reference(X, w, v, lam)
        product = logistic_hessp(X, w, v, lam)
        if missing(product):
            return NOT_DONE
        if wrong := _misshapen(product, (d,), "the product"):
            return wrong
        product = np.asarray(product)
        if not all(np.array_equal(now, then) for now, then in zip((X, w, v), copies, strict=True)):
            return "X, w or v was changed: compute new arrays"
        s = expit(X @ w)
        loss = right - lam * v
        for other, sentence in (
            (loss, "the penalty's part is missing: the Hessian of lam/2 ||w||^2 is lam I"),
            (n * loss + lam * v, "the risk is a mean: divide the sum over the samples by n"),
            (n * right, "the risk is a mean: divide the sum over the samples by n"),
            (X.T @ (s * (X @ v)) / n + lam * v, "the weights are sigma(z)(1 - sigma(z)), the derivative of sigma(z)"),
            (X.T @ (X @ v) / n + lam * v, "the weights sigma(z)(1 - sigma(z)) of the samples are missing"),
            (_reference(X, v, v, lam), "the weights are taken at v: the Hessian is that at w"),
        ):
            if _close(product, other):
                return sentence
        if not _close(logistic_hessp(X, w, 2 * v, lam), 2 * product):
            return "twice the v must give twice the product, and does not: a Hessian acts linearly"
        if not _close(product, right):
            t = 1e-5
            risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, np.arange(n) % 2, ol.penalties.L2(lam))
            change = (risk.grad(w + t * v) - risk.grad(w - t * v)) / (2 * t)
            return f"the gradient changes along v at the rate {change.round(3)}, and your product is {product.round(3)}"
    for n, d in ((1000, 4), (4, 1000)):
        X, w, v = rng.standard_normal((n, d)), rng.standard_normal(d), rng.standard_normal(d)
        if _peak(lambda X=X, w=w, v=v: logistic_hessp(X, w, v, 0.3)) > 2e6:  # 1000 x 1000 numbers take 8e6 bytes
            if n > d:
                return "an n x n matrix was formed: the weights times a vector are one product, entry by entry"
            return "a d x d matrix was formed: multiply v by X first, from the right"
    with np.errstate(all="ignore"):
        far = logistic_hessp(X, 1e3 * np.sign(w), v, 0.3)
    if not np.isfinite(far).all():
        return "for large margins the product is not finite: sigma(z) sigma(-z) does not overflow as e^z does"
    return PASSED


def _peak(call):
    """The most bytes that the call held at once."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()


def check_steepest_direction(steepest_direction):
    """`steepest_direction(g, A)` returns the u with u'Au = 1 along which the slope g'u is largest."""
    rng = np.random.default_rng(2)
    for n in (2, 3, 6):
        A, g = _definite(rng, n), 3 * rng.standard_normal(n)
        copies = g.copy(), A.copy()
        u = steepest_direction(g, A)
        if missing(u):
            return NOT_DONE
        if wrong := _misshapen(u, (n,), "the direction"):
            return wrong
        if not (np.array_equal(g, copies[0]) and np.array_equal(A, copies[1])):
            return "g or A was changed: compute new arrays"
        if g @ u < 0:
            return "f falls along your direction: the steepest ascent is wanted, so g'u must be positive"
        length = np.sqrt(max(u @ A @ u, 0.0))
        if not np.isclose(length, 1, rtol=1e-8):
            along = u / length
            right = "the direction is right, but " if np.isclose(g @ along, _dual(g, A)) else ""
            return f"{right}u'Au must be 1, and yours is {length**2:.3g}: divide by the norm that A defines"
        if not np.isclose(g @ u, best := _dual(g, A), rtol=1e-8):
            return f"the slope along your u is {g @ u:.4g}, and {best:.4g} can be had: which equation does u solve?"
    return PASSED


def _dual(g, A):
    return np.sqrt(g @ np.linalg.solve(A, g))
