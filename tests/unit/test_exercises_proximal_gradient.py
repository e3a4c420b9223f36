"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import proximal_gradient as checks


def test_other_correct_answers_pass_too():
    def by_clipping(v, t, lam):
        return v - np.clip(v, -t * lam, t * lam)

    def by_cases(v, t, lam):
        return [x - t * lam if x > t * lam else x + t * lam if x < -t * lam else 0.0 for x in v]

    def for_loop(grad, prox, gap, x, eta, eps):
        for _ in range(100_000):
            if gap(x) <= eps:
                break
            x = prox(x - eta * grad(x), eta)
        return x

    def vectorised(v, t, groups):
        _, member = np.unique(groups, return_inverse=True)
        norms = np.sqrt(np.bincount(member, v**2))
        return np.where(norms > t, 1 - t / np.where(norms > 0, norms, 1), 0.0)[member] * v

    def best_multiple(X, y, lam, w):  # the best of all allowed multiples of the residual
        n, u = len(y), X @ w - y
        limit = lam * n / max(np.abs(X.T @ u).max(), 1e-300)
        s = np.clip(-(u @ y) / (u @ u), -limit, limit)
        return u @ u / (2 * n) + lam * np.abs(w).sum() + (s * s * (u @ u) / 2 + s * (u @ y)) / n

    assert checks.check_prox_l1(by_clipping) == checks.PASSED
    assert checks.check_prox_l1(by_cases) == checks.PASSED
    assert checks.check_ista(for_loop) == checks.PASSED
    assert checks.check_group_prox(vectorised) == checks.PASSED
    assert checks.check_lasso_gap(best_multiple) == checks.PASSED


def scribbles(v, t, lam):
    v -= np.clip(v, -t * lam, t * lam)
    return v


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda v, t, lam: np.where(np.abs(v) > t * lam, v, 0), "hard threshold"),
        (lambda v, t, lam: np.maximum(np.abs(v) - t * lam, 0), "sign is lost"),
        (lambda v, t, lam: np.maximum(v - t * lam, 0), "abs(v)"),
        (lambda v, t, lam: np.sign(v) * (np.abs(v) - t * lam), "changed its sign"),
        (lambda v, t, lam: v - np.clip(v, -lam, lam), "factor t is missing"),
        (lambda v, t, lam: v - np.clip(v, -t, t), "factor lam is missing"),
        (lambda v, t, lam: v / (1 + t * lam), "makes no zeros"),
        (lambda v, t, lam: np.clip(v, -t * lam, t * lam), "cut off"),
        (lambda v, t, lam: np.maximum(0, 1 - t * lam / np.abs(v)) * v, "do not divide"),
        (lambda v, t, lam: (v, t), "got 2 things"),
        (lambda v, t, lam: v - t * lam * np.sign(v) / 2, "optimality condition"),
        (lambda v, t, lam: np.sum(v), "must have shape"),
        (scribbles, "itself was changed"),
    ],
)
def test_wrong_soft_thresholds(wrong, message):
    assert message in checks.check_prox_l1(wrong)


def loop(grad, prox, gap, x, eta, eps, step=None, extra=0):
    step = step or (lambda grad, prox, x, eta: prox(x - eta * grad(x), eta))
    while gap(x) > eps:
        x = step(grad, prox, x, eta)
    for _ in range(extra):
        x = step(grad, prox, x, eta)
    return x


def in_place(grad, prox, gap, x, eta, eps):
    while gap(x) > eps:
        x -= eta * grad(x)
        x[:] = prox(x, eta)
    return x


def test_after(grad, prox, gap, x, eta, eps):
    while True:
        x = prox(x - eta * grad(x), eta)
        if gap(x) <= eps:
            return x


def by_halves(grad, prox, gap, x, eta, eps):
    return loop(grad, prox, gap, x, eta / 2, eps)


test_after.__test__ = False


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda *a: loop(*a, step=lambda grad, prox, x, eta: prox(x - eta * grad(x), 1.0)), "strength eta"),
        (lambda *a: loop(*a, step=lambda grad, prox, x, eta: x - eta * grad(x)), "never asks for the prox"),
        (lambda *a: loop(*a, step=lambda grad, prox, x, eta: prox(x + eta * grad(x), eta)), "does not end"),
        (lambda *a: loop(*a, extra=7), "too late"),
        (lambda *a: a[1](a[3] - a[4] * a[0](a[3]), a[4]), "never asked for"),
        (lambda *a: (a[2](a[3]), a[3])[1], "above eps"),
        (lambda *a: (loop(*a), 3), "got 2 things"),
        (lambda *a: (a[2](a[3]), 0.0)[1], "one point of shape"),
        (lambda *a: (a[2](a[3]), np.full(len(a[3]), np.nan))[1], "not finite"),
        (in_place, "itself was changed"),
        (by_halves, "not the iterates"),
        (test_after, "already"),
    ],
)
def test_wrong_istas(wrong, message):
    with np.errstate(all="ignore"):
        assert message in checks.check_ista(wrong)


def grouped(factor):
    def group_prox(v, t, groups):
        p = np.zeros(len(v))
        for k in np.unique(groups):
            m = groups == k
            with np.errstate(all="ignore"):
                p[m] = factor(v[m], t) * v[m]
        return p

    return group_prox


def shrink(norm, t):
    return max(0.0, 1 - t / norm) if norm else 0.0


def counted_from_zero(v, t, groups, number=lambda groups: len(np.unique(groups))):
    p = np.zeros(len(v))
    for k in range(number(groups)):
        m = groups == k
        p[m] = shrink(np.linalg.norm(v[m]), t) * v[m]
    return p


def overwrites(v, t, groups):
    v *= shrink(np.linalg.norm(v), t)
    return v


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (grouped(lambda v, t: 1 - t / np.linalg.norm(v) if v.any() else 0.0), "turned round"),
        (grouped(lambda v, t: 1 - min(t, np.linalg.norm(v)) / np.linalg.norm(v)), "nan"),
        (lambda v, t, groups: v - np.clip(v, -t, t), "by itself"),
        (grouped(lambda v, t: float(np.linalg.norm(v) > t)), "shortened by t"),
        (grouped(lambda v, t: shrink(np.linalg.norm(v), t * np.sqrt(len(v)))), "weight sqrt"),
        (grouped(lambda v, t: shrink(v @ v, t)), "squared"),
        (lambda v, t, groups: shrink(np.linalg.norm(v), t) * v, "one group"),
        (grouped(lambda v, t: max(0.0, np.linalg.norm(v) - t)), "divided by the norm"),
        (grouped(lambda v, t: min(1.0, t / max(np.linalg.norm(v), 1e-300))), "cut off"),
        (counted_from_zero, "not visited"),
        (lambda *a: counted_from_zero(*a, number=max), "not visited"),
        (lambda v, t, groups: (v, t), "got 2 things"),
        (grouped(lambda v, t: 1 / (1 + t)), "does not minimise"),
        (lambda v, t, groups: 0.0, "shape of v"),
        (overwrites, "itself was changed"),
    ],
)
def test_wrong_group_shrinkages(wrong, message):
    assert message in checks.check_group_prox(wrong)


def gap_of(scale, dual=lambda s, u, y: -(s * s * (u @ u) / 2 + s * (u @ y)) / len(y), combine=lambda F, D: F - D):
    def lasso_gap(X, y, lam, w):
        u = X @ w - y
        s = scale(np.abs(X.T @ u).max(), lam, len(y))
        return combine(u @ u / (2 * len(y)) + lam * np.abs(w).sum(), dual(s, u, y))

    return lasso_gap


def right(size, lam, n):
    return min(1.0, lam * n / size)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (gap_of(lambda size, lam, n: 1.0), "not shrunk"),
        (gap_of(lambda size, lam, n: min(1.0, lam / size)), "1/n is missing"),
        (gap_of(right, dual=lambda s, u, y: -s * (u @ y) / len(y)), "u^2/2 is missing"),
        (gap_of(right, dual=lambda s, u, y: -(s * s * (u @ u) / 2 - s * (u @ y)) / len(y)), "sign of u y"),
        (gap_of(right, dual=lambda s, u, y: -s * (0.5 * (u @ u) + u @ y) / len(y)), "factor s^2"),
        (gap_of(right, dual=lambda s, u, y: -s * (0.5 * s * (u @ u) + u @ y)), "divide it by n"),
        (lambda X, y, lam, w: gap_of(right)(X, y, lam, w) - lam * np.abs(w).sum(), "F has a penalty"),
        (lambda X, y, lam, w: gap_of(right)(X, y, lam, w) + np.sum((X @ w - y) ** 2) / (2 * len(y)), "half the square"),
        (gap_of(right, combine=lambda F, D: F), "F(w) itself"),
        (gap_of(right, combine=lambda F, D: np.nan), "finite"),
        (gap_of(right, combine=lambda F, D: F + D), "wrong sign"),
        (gap_of(right, combine=lambda F, D: -D), "minus the dual value alone"),
        (gap_of(lambda size, lam, n: lam * n / size), "at most 1"),
        (gap_of(right, combine=lambda F, D: 3 * (F - D) + 1), "a poor one"),
        (gap_of(right, combine=lambda F, D: (F - D) / 10), "where the true one is"),
        (lambda X, y, lam, w: w, "one number"),
    ],
)
def test_wrong_gaps(wrong, message):
    assert message in checks.check_lasso_gap(wrong)
