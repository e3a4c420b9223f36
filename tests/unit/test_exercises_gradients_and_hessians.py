"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import gradients_and_hessians as checks
from scipy import linalg, sparse
from scipy.special import expit
from solutions import versions

central_gradient = versions("gradients-and-hessians", "central_gradient")[1]
logistic_hessp = versions("gradients-and-hessians", "logistic_hessp")[1]
steepest_direction = versions("gradients-and-hessians", "steepest_direction")[1]


def test_other_correct_answers_pass_too():
    def by_rows(f, x, h):
        return [(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))]

    def restoring(f, x, h):
        x, g = np.array(x, dtype=float), np.zeros(len(x))
        for i in range(len(x)):
            here = x[i]
            x[i] = here + h
            above = f(x)
            x[i] = here - h
            g[i] = (above - f(x)) / (2 * h)
            x[i] = here
        return g

    def by_sparse(X, w, v, lam):
        p = expit(X @ w)
        return X.T @ (sparse.diags_array(p * (1 - p)) @ (X @ v)) / X.shape[0] + lam * v

    def by_samples(X, w, v, lam):
        total = np.zeros(len(w))
        for x in X:
            total += x * (x @ v) / (2 + 2 * np.cosh(np.clip(x @ w, -700, 700)))
        return total / len(X) + lam * v

    def to_list(X, w, v, lam):
        return list(logistic_hessp(X, w, v, lam))

    def by_cholesky(g, A):
        C = np.linalg.cholesky(A)  # A = C C', and C'u is the unit vector along C^-1 g
        y = linalg.solve_triangular(C, g, lower=True)
        return linalg.solve_triangular(C.T, y / np.linalg.norm(y))

    assert checks.check_central_gradient(by_rows) == checks.PASSED
    assert checks.check_central_gradient(restoring) == checks.PASSED
    assert checks.check_logistic_hessp(by_sparse) == checks.PASSED
    assert checks.check_logistic_hessp(by_samples) == checks.PASSED
    assert checks.check_logistic_hessp(to_list) == checks.PASSED
    assert checks.check_steepest_direction(by_cholesky) == checks.PASSED


def forward(f, x, h):
    return np.array([(f(x + e) - f(x)) / h for e in h * np.eye(len(x))])


def backward(f, x, h):
    return np.array([(f(x) - f(x - e)) / h for e in h * np.eye(len(x))])


def into_like_x(f, x, h):
    g = np.zeros_like(x)
    g[:] = central_gradient(f, x, h)
    return g


def in_place(f, x, h):
    g = np.zeros(len(x))
    for i in range(len(x)):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        g[i] = (above - f(x)) / (2 * h)
    return g


def without_going_back(f, x, h):
    x, g = x.astype(float), np.zeros(len(x))
    for i in range(len(x)):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        g[i] = (above - f(x)) / (2 * h)
    return g


def like_x(f, x, h):
    g = np.zeros(len(x))
    for i in range(len(x)):
        above, below = x.copy(), x.copy()
        above[i] += h if x.dtype == float else int(h)  # what NumPy does to an array of integers, or refuses
        below[i] -= h if x.dtype == float else int(h)
        g[i] = (f(above) - f(below)) / (2 * h)
    return g


def fourth_order(f, x, h):
    return (4 * central_gradient(f, x, h / 2) - central_gradient(f, x, h)) / 3


def all_at_once(f, x, h):
    return np.array([f(x + h) - f(x - h)] * len(x)) / (2 * h)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (forward, "forward differences"),
        (backward, "backward differences"),
        (lambda f, x, h: 2 * central_gradient(f, x, h), "2h apart"),
        (lambda f, x, h: central_gradient(f, x, h) / 2, "0.5 times"),
        (lambda f, x, h: -central_gradient(f, x, h), "wrong sign"),
        (in_place, "itself was changed"),
        (without_going_back, "from x anew"),
        (all_at_once, "one entry of x shifted at a time"),
        (like_x, "integers"),
        (into_like_x, "and the gradient, arrays of floats"),
        (lambda f, x, h: central_gradient(f, x, 1e-5), "is h the step"),
        (fourth_order, "two an entry"),
        (lambda f, x, h: central_gradient(f, x, h)[0], "must have shape"),
        (lambda f, x, h: central_gradient(f, x, h) + 0 * central_gradient(f, x, h), "two an entry"),
    ],
)
def test_wrong_central_gradients(wrong, message):
    assert message in checks.check_central_gradient(wrong)


def formed(X, w, v, lam):
    c = expit(X @ w) * expit(-(X @ w)) / len(X)
    return ((X.T * c) @ X + lam * np.eye(X.shape[1])) @ v


def with_diag(X, w, v, lam):
    c = expit(X @ w) * expit(-(X @ w)) / len(X)
    return X.T @ (np.diag(c) @ (X @ v)) + lam * v


def overflowing(X, w, v, lam):
    c = np.exp(X @ w) / (1 + np.exp(X @ w)) ** 2
    return X.T @ (c * (X @ v)) / len(X) + lam * v


def part(c):
    """X'(c(z) Xv)/n + lam v for other weights c."""
    return lambda X, w, v, lam: X.T @ (c(X @ w) * (X @ v)) / len(X) + lam * v


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (formed, "d x d matrix"),
        (with_diag, "n x n matrix"),
        (overflowing, "large margins"),
        (lambda X, w, v, lam: logistic_hessp(X, w, v, 0.0), "penalty's part is missing"),
        (lambda X, w, v, lam: len(X) * logistic_hessp(X, w, v, lam), "mean"),
        (lambda X, w, v, lam: len(X) * logistic_hessp(X, w, v, 0.0) + lam * v, "mean"),
        (part(expit), "the derivative of sigma"),
        (part(np.ones_like), "weights sigma(z)(1 - sigma(z)) of the samples are missing"),
        (lambda X, w, v, lam: logistic_hessp(X, v, v, lam), "that at w"),
        (lambda X, w, v, lam: logistic_hessp(X, w, v, lam) + 1, "twice the v"),
        (part(lambda z: expit(z) ** 2), "the gradient changes along v"),
        (lambda X, w, v, lam: X @ v, "must have shape"),
    ],
)
def test_wrong_hessian_products(wrong, message):
    with np.errstate(over="ignore", invalid="ignore"):
        assert message in checks.check_logistic_hessp(wrong)


def test_a_changed_argument_is_found():
    def changes_v(X, w, v, lam):
        result = logistic_hessp(X, w, v, lam)
        v *= 0
        return result

    assert "was changed" in checks.check_logistic_hessp(changes_v)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda g, A: g / np.linalg.norm(g), "u'Au must be 1"),
        (lambda g, A: g / np.sqrt(g @ A @ g), "which equation does u solve"),
        (lambda g, A: np.linalg.solve(A, g), "the direction is right, but"),
        (lambda g, A: A @ g / np.sqrt(g @ A @ A @ A @ g), "can be had"),
        (lambda g, A: -steepest_direction(g, A), "must be positive"),
        (lambda g, A: steepest_direction(g, A)[:1], "must have shape"),
    ],
)
def test_wrong_steepest_directions(wrong, message):
    assert message in checks.check_steepest_direction(wrong)
