"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import gradient_descent as checks
from solutions import versions

exact_step = versions("gradient-descent", "exact_step")[1]
backtracking = versions("gradient-descent", "backtracking")[1]
estimate_L = versions("gradient-descent", "estimate_L")[1]


def test_other_correct_answers_pass_too():
    def by_division(X, y, w):  # the factors 1/n of g cancel but one
        r = X.T @ (y - X @ w)
        return len(y) * (r @ r) / ((X @ r) @ (X @ r))

    def by_powers(f, x, g, start, shrink, c):
        k = 0
        while not f(x - start * shrink**k * g) <= f(x) - c * start * shrink**k * np.dot(g, g):
            k += 1
        return start * shrink**k

    def by_norms(hessp, n, iterations):
        v = np.random.default_rng(5).uniform(size=n)
        for _ in range(iterations):
            size = np.linalg.norm(v)
            v = hessp(v / size)
        return float(np.linalg.norm(v))

    assert checks.check_exact_step(by_division) == checks.PASSED
    assert checks.check_backtracking(by_powers) == checks.PASSED
    assert checks.check_estimate_L(by_norms) == checks.PASSED


def in_place(grad, x, eta):
    x -= eta * grad(x)
    return x


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda grad, x, eta: x + eta * grad(x), "sign"),
        (lambda grad, x, eta: x - grad(x) / np.linalg.norm(grad(x)) * eta / 100, "stay there|land on c"),
        (lambda grad, x, eta: x - eta / 2 * grad(x), "land on c"),
        (lambda grad, x, eta: x - eta**2 * grad(x), "land on c"),
        (lambda grad, x, eta: x - 0.01, "stay there|sign"),
        (lambda grad, x, eta: x - grad(x), "multiplied by eta"),
        (lambda grad, x, eta: float(x[0]), "shape"),
        (in_place, "itself was changed"),
    ],
)
def test_wrong_gradient_steps(wrong, message):
    with np.errstate(invalid="ignore"):
        verdict = checks.check_gd_step(wrong)
    assert verdict not in (checks.PASSED, checks.NOT_DONE)
    assert any(part in verdict for part in message.split("|"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda X, y, w: exact_step(X, y, w) / len(y), "too short"),  # the mean forgotten
        (lambda X, y, w: 2 * exact_step(X, y, w), "too long"),
        (lambda X, y, w: len(y) / np.linalg.norm(X, 2) ** 2, "too short"),  # 1/L
        (lambda X, y, w: -exact_step(X, y, w), "positive"),
        (lambda X, y, w: X.T @ y, "one positive number"),
    ],
)
def test_wrong_exact_steps(wrong, message):
    assert message in checks.check_exact_step(wrong)


def wrong_sign(f, x, g, start, shrink, c):
    eta = start
    for _ in range(600):
        if f(x + eta * g) <= f(x) - c * eta * (g @ g):
            break
        eta *= shrink
    return eta


def never_shrinks(f, x, g, start, shrink, c):
    while f(x - start * g) > f(x) - c * start * (g @ g):
        pass
    return start


def never_computes_f_anew(f, x, g, start, shrink, c):
    eta, fx, trial = start, f(x), f(x - start * g)
    while trial > fx - c * eta * (g @ g):
        eta *= shrink
    return eta


def any_decrease(f, x, g, start, shrink, c):
    eta = start
    while f(x - eta * g) >= f(x):
        eta *= shrink
    return eta


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (never_shrinks, "no step was accepted"),
        (never_computes_f_anew, "computed anew"),
        (wrong_sign, "are the points tried x - eta g"),
        (any_decrease, "does not meet Armijo"),
        (lambda f, x, g, start, shrink, c: start, "does not meet Armijo"),
        (lambda *args: args[4] * backtracking(*args), "shrink too often"),
        (lambda *args: 0.9 * backtracking(*args), "is none of them"),
        (lambda *args: -1.0, "one positive number"),
    ],
)
def test_wrong_backtracking(wrong, message):
    assert message in checks.check_backtracking(wrong)


def without_normalising(hessp, n, iterations):
    v = np.random.default_rng(0).standard_normal(n)
    for _ in range(iterations):
        v = hessp(v)
    return v @ hessp(v) / (v @ v)


def from_ones(hessp, n, iterations):
    v = np.ones(n)
    for _ in range(iterations):
        v = hessp(v)
        v = v / np.linalg.norm(v)
    return v @ hessp(v)


def by_columns(hessp, n, iterations):
    for _ in range(iterations):
        A = np.array([hessp(e) for e in np.eye(n)])
    return np.linalg.eigvalsh(A)[-1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (without_normalising, "normalise"),
        (from_ones, "start random"),
        (by_columns, "products for 100 iterations"),
        (lambda hessp, n, iterations: estimate_L(hessp, n, 0), "far below"),
        (lambda hessp, n, iterations: estimate_L(hessp, n, iterations) ** 2, "above the largest"),
        (lambda hessp, n, iterations: 1 / estimate_L(hessp, n, iterations), "far below"),
    ],
)
def test_wrong_estimates_of_L(wrong, message):
    assert message in checks.check_estimate_L(wrong)
