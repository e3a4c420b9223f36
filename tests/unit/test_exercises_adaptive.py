"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import adaptive as checks
from solutions import versions

import optlib as ol

adam = versions("adaptive", "adam")[1]
adagrad_sparse = versions("adaptive", "adagrad_sparse")[1]
longest_step = versions("adaptive", "longest_step")[1]


def test_other_correct_answers_pass_too():
    def by_optlib(grad, x, lr, beta1, beta2, eps, steps):
        problem = ol.Problem(lambda x: 0.0, jac=grad)
        return ol.minimize(problem, x, ol.Adam(lr, beta1, beta2, eps), tol=0, maxiter=steps).x

    def by_weights(grad, x, lr, beta1, beta2, eps, steps):  # each mean as the weighted sum that it is
        gs = []
        for _ in range(steps):
            gs.append(grad(x))
            k = np.arange(len(gs))[::-1]
            a, b = beta1**k / (beta1**k).sum(), beta2**k / (beta2**k).sum()
            x = x - lr * (a @ np.array(gs)) / (np.sqrt(b @ np.array(gs) ** 2) + eps)
        return x

    def loop(x, s, rows, values, lr, eps):
        for i, g in zip(rows, values, strict=True):
            s[i] += g**2
            x[i] -= lr * g / (s[i] ** 0.5 + eps)
        return x

    def by_at(x, s, rows, values, lr, eps):
        np.add.at(s, rows, values * values)
        np.subtract.at(x, rows, lr * values / (np.sqrt(s[rows]) + eps))

    def by_recursion(beta1, beta2, t):
        gs = [-1e-9]
        while len(gs) < t:
            gs.append(gs[-1] * beta2 / beta1)
        return gs

    assert checks.check_adam(by_optlib) == checks.PASSED
    assert checks.check_adam(by_weights) == checks.PASSED
    assert checks.check_adagrad_sparse(loop) == checks.PASSED
    assert checks.check_adagrad_sparse(by_at) == checks.PASSED
    assert checks.check_longest_step(by_recursion) == checks.PASSED


@pytest.mark.parametrize("wrong", checks.MISTAKES)
def test_typical_mistakes_in_adam_get_their_sentence(wrong):
    assert checks.check_adam(lambda *args: checks._adam(*args, wrong)) == checks.MISTAKES[wrong]


def from_zero(grad, x, lr, beta1, beta2, eps, steps):
    m, v = 0 * x, 0 * x
    for t in range(steps):
        g = grad(x)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        x = x - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return x


def in_place(grad, x, lr, beta1, beta2, eps, steps):
    m, v = 0 * x, 0 * x
    for t in range(1, steps + 1):
        g = grad(x)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        x -= lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return x


def one_array(grad, x, lr, beta1, beta2, eps, steps):
    m = v = np.zeros_like(x)  # two names for one array
    for t in range(1, steps + 1):
        g = grad(x)
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        x = x - lr * (m / (1 - beta1**t)) / (np.sqrt(np.abs(v) / (1 - beta2**t)) + eps)
    return x


def forgetful(grad, x, lr, beta1, beta2, eps, steps):
    for _ in range(steps):
        x = adam(grad, x, lr, beta1, beta2, eps, 1)
    return x


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (from_zero, "exponent of the first step is 1"),
        (in_place, "x itself was changed"),
        (one_array, "constant gradient"),
        (forgetful, "live on from step to step"),
        (lambda grad, x, *rest: x[:1], "shape"),
        (lambda grad, x, *rest: x + 1, "after 0 steps"),
        (lambda grad, x, *rest: (x, 1), "the point alone"),
    ],
)
def test_wrong_adams(wrong, message):
    assert message in checks.check_adam(wrong)


def dense(x, s, rows, values, lr, eps):
    g = np.zeros(len(x))
    g[rows] = values
    s += g * g
    x -= lr * g / (np.sqrt(s) + eps)


def masked(x, s, rows, values, lr, eps):
    mask = np.zeros(len(x), dtype=bool)
    mask[rows] = True
    s[mask] += values**2
    x[mask] -= lr * values / (np.sqrt(s[mask]) + eps)


def old_sum(x, s, rows, values, lr, eps):
    x[rows] -= lr * values / (np.sqrt(s[rows]) + eps)
    s[rows] += values**2


def eps_inside(x, s, rows, values, lr, eps):
    s[rows] += values**2
    x[rows] -= lr * values / np.sqrt(s[rows] + eps)


def forgets_s(x, s, rows, values, lr, eps):
    x[rows] -= lr * values / (np.abs(values) + eps)


def copies(x, s, rows, values, lr, eps):
    s[rows] += values**2
    part = x[rows]
    part -= lr * values / (np.sqrt(s[rows]) + eps)


def not_squared(x, s, rows, values, lr, eps):
    s[rows] += np.abs(values)
    x[rows] -= lr * values / (np.sqrt(s[rows]) + eps)


def uphill(x, s, rows, values, lr, eps):
    s[rows] += values**2
    x[rows] += lr * values / (np.sqrt(s[rows]) + eps)


def neighbours(x, s, rows, values, lr, eps):
    s[rows + 1] += values**2
    x[rows + 1] -= lr * values / (np.sqrt(s[rows + 1]) + eps)


def spoils(x, s, rows, values, lr, eps):
    values *= 2
    adagrad_sparse(x, s, rows, values, lr, eps)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dense, "index with rows first"),
        (masked, "index with rows first"),
        (old_sum, "uses the old s"),
        (eps_inside, "inside the square root"),
        (forgets_s, "s was not changed"),
        (copies, "x was not changed"),
        (not_squared, "not the sum of the squares"),
        (uphill, "subtracted"),
        (neighbours, "outside rows"),
        (spoils, "the caller's"),
    ],
)
def test_wrong_sparse_adagrads(wrong, message):
    assert message in checks.check_adagrad_sparse(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda beta1, beta2, t: np.ones(t), "Cauchy-Schwarz"),
        (lambda beta1, beta2, t: longest_step(beta1, beta2, t)[::-1], "Cauchy-Schwarz"),
        (lambda beta1, beta2, t: np.eye(t)[-1], "Cauchy-Schwarz"),  # silent until the last
        (lambda beta1, beta2, t: np.zeros(t), "not all 0"),
        (lambda beta1, beta2, t: 1.0, "gradients are wanted"),
    ],
)
def test_wrong_longest_steps(wrong, message):
    assert message in checks.check_longest_step(wrong)
