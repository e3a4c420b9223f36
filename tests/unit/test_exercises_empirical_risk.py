"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import math

import numpy as np
import pytest
from exercises import empirical_risk as checks
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit

import optlib as ol


def right(w, X, y):
    s = 2 * y - 1
    m = s * (X @ w)
    return np.logaddexp(0, -m).mean(), -X.T @ (s * expit(-m)) / len(y)


def test_other_correct_answers_pass_too():
    def by_hand(w, X, y):  # max(0, -m) + log1p(exp(-|m|)), and p by two cases
        z = X @ w
        value = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
        e = np.exp(-np.abs(z))
        p = np.where(z >= 0, 1, e) / (1 + e)
        return float(np.mean(value)), (p - y) @ X / X.shape[0]

    def by_library(w, X, y):
        risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, np.asarray(y, dtype=float))
        return risk.value_and_grad(w)

    def in_lists(w, X, y):
        value, gradient = right(w, X, y)
        return [value, gradient.tolist()]

    for answer in (right, by_hand, by_library, in_lists):
        assert checks.check_logistic_risk(answer) == checks.PASSED

    def dual(X, y, lam):  # X'(XX' + n lam I)^-1 y
        return X.T @ np.linalg.solve(X @ X.T + len(y) * lam * np.eye(len(y)), y)

    def by_svd(X, y, lam):
        U, s, V = np.linalg.svd(X, full_matrices=False)
        return V.T @ (s / (s**2 + len(y) * lam) * (U.T @ y))

    def stacked(X, y, lam):
        n, d = X.shape
        return np.linalg.lstsq(np.vstack([X, np.sqrt(n * lam) * np.eye(d)]), np.append(y, np.zeros(d)), rcond=None)[0]

    def by_search(X, y, lam):
        return minimize(lambda w: ((X @ w - y) ** 2).mean() / 2 + lam / 2 * w @ w, np.zeros(X.shape[1])).x.tolist()

    for answer in (dual, by_svd, stacked, by_search):
        assert checks.check_ridge(answer) == checks.PASSED

    def by_bisection(y, delta):
        low, high = y.min(), y.max()
        for _ in range(80):
            z = (low + high) / 2
            low, high = (low, z) if np.clip(z - y, -delta, delta).sum() > 0 else (z, high)
        return z

    def by_fixed_point(y, delta):
        z = np.median(y)
        for _ in range(5000):
            z = z - np.clip(z - y, -delta, delta).mean()
        return z

    def by_weights(y, delta):  # iteratively reweighted means
        z = np.mean(y)
        for _ in range(5000):
            weights = np.minimum(1, delta / np.maximum(np.abs(y - z), 1e-300))
            z = weights @ y / weights.sum()
        return float(z)

    def by_values(y, delta):
        return minimize_scalar(lambda z: float(ol.losses.Huber(delta)(z - y, 0.0).sum())).x

    for answer in (by_bisection, by_fixed_point, by_weights, by_values):
        assert checks.check_huber_location(answer) == checks.PASSED


def naive(w, X, y):
    p = 1 / (1 + np.exp(-X @ w))
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), X.T @ (p - y) / len(y)


def with_eps(w, X, y):
    p = expit(X @ w)
    return -(y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12)).mean(), X.T @ (p - y) / len(y)


def naive_exp(w, X, y):
    m = (2 * y - 1) * (X @ w)
    return np.log(1 + np.exp(-m)).mean(), right(w, X, y)[1]


def with_math(w, X, y):  # math.exp raises
    m = (2 * y - 1) * (X @ w)
    return sum(math.log(1 + math.exp(-a)) for a in m) / len(m), right(w, X, y)[1]


def rounded(w, X, y):
    m = (2 * y - 1) * (X @ w)
    return np.where(m < -30, -m, np.log(1 + np.exp(-np.maximum(m, -30)))).mean(), right(w, X, y)[1]


def signs_not_made(w, X, y):
    m = y * (X @ w)
    return np.logaddexp(0, -m).mean(), -X.T @ (y * expit(-m)) / len(y)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (naive, "overflow"),
        (naive_exp, "overflow"),
        (with_math, "overflow"),
        (lambda w, X, y: (right(w, X, y)[0], None), checks.NOT_DONE),
        (with_eps, "small number added inside the logarithm"),
        (rounded, "1 + tiny is rounded"),
        (signs_not_made, "label 0 costs log 2"),
        (lambda w, X, y: (right(w, X, 1 - y)[0], right(w, X, y)[1]), "sign of the margin"),
        (lambda w, X, y: (right(w, X, y)[0] * len(y), right(w, X, y)[1]), "divide by n"),
        (lambda w, X, y: (right(w, X, y)[0], -right(w, X, y)[1]), "minus what it should be"),
        (lambda w, X, y: (right(w, X, y)[0], right(w, X, y)[1] * len(y)), "missing in the gradient"),
        (lambda w, X, y: (right(w, X, y)[0], 2 * right(w, X, y)[1]), "not the slope"),
        (lambda w, X, y: (right(w, X, y)[0] / np.log(2), right(w, X, y)[1]), "log 2 = 0.6931"),
        (lambda w, X, y: (np.logaddexp(0, -(2 * y - 1) * (X @ w)), right(w, X, y)[1]), "one number"),
        (lambda w, X, y: (right(w, X, y)[0], right(w, X, y)[1][None]), "shape of w"),
        (lambda w, X, y: right(w, X, y)[0], "a pair"),
    ],
)
def test_wrong_logistic_risks(wrong, message):
    assert message in checks.check_logistic_risk(wrong)


def solve(X, y, penalty):
    return np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda X, y, lam: solve(X, y, lam), "n lam"),
        (lambda X, y, lam: np.linalg.lstsq(X, y, rcond=None)[0], "without a penalty"),
        (lambda X, y, lam: solve(X, y, 2 * len(y) * lam), "twice the penalty"),
        (lambda X, y, lam: solve(X, y, len(y) * lam / 2), "half the penalty"),
        (lambda X, y, lam: solve(X, y, -len(y) * lam), "wrong sign"),
        (lambda X, y, lam: X.T @ y / len(y) / lam, "the gradient at your weights"),
        (lambda X, y, lam: solve(X, y, len(y) * lam)[None], "shape"),
        (lambda X, y, lam: np.linalg.solve(X.T @ X + len(y) * lam, X.T @ y), "the gradient at your weights"),  # no I
    ],
)
def test_wrong_ridges(wrong, message):
    assert message in checks.check_ridge(wrong)


def test_a_singular_matrix_is_told():
    def fails(X, y, lam):
        raise np.linalg.LinAlgError

    assert "singular" in checks.check_ridge(fails)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda y, delta: np.mean(y), "that is the mean"),
        (lambda y, delta: np.median(y), "that is the median"),
        (lambda y, delta: np.clip(y, np.median(y) - delta, np.median(y) + delta).mean(), "one step from the median"),
        (lambda y, delta: (np.mean(y) + np.median(y)) / 2, "must go"),
        (lambda y, delta: np.clip(y, -delta, delta).mean(), "must go"),
        (lambda y, delta: y, "one finite number"),
        (lambda y, delta: np.nan, "one finite number"),
    ],
)
def test_wrong_huber_locations(wrong, message):
    assert message in checks.check_huber_location(wrong)
