"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import lagrangian_and_kkt as checks
from scipy.optimize import brentq
from solutions import versions

residuals = versions("lagrangian-and-kkt", "qp_residuals")[1]
step = versions("lagrangian-and-kkt", "multiplier_step")[1]
water = versions("lagrangian-and-kkt", "water_filling")[1]


def test_other_correct_answers_pass_too():
    def by_loops(A, b, G, c, x, lam):
        stationarity = A.dot(x) - b
        violated, negative, products = 0.0, 0.0, 0.0
        for a, level, m in zip(G, c, lam, strict=True):
            stationarity = stationarity + m * a
            slack = a.dot(x) - level
            violated += max(slack, 0) ** 2
            negative += min(m, 0) ** 2
            products += (m * slack) ** 2
        return [np.sqrt(stationarity.dot(stationarity)), violated**0.5, negative**0.5, products**0.5]

    def by_kkt_system(A, b, B, c, nu, rho):
        m = len(c)
        system = np.block([[A, B.T], [B, -np.eye(m) / rho]])
        solution = np.linalg.solve(system, np.concatenate([b, c - nu / rho]))
        return [solution[: len(b)], solution[len(b) :]]

    def by_bisection(a, budget):
        level = brentq(lambda v: np.maximum(v - a, 0).sum() - budget, a.min(), a.max() + budget + 1, xtol=1e-13)
        return np.maximum(level - a, 0)

    assert checks.check_qp_residuals(by_loops) == checks.PASSED
    assert checks.check_multiplier_step(by_kkt_system) == checks.PASSED
    assert checks.check_water_filling(by_bisection) == checks.PASSED


def with_entry(i, value):
    """The right residuals, but for one of them."""

    def wrong(A, b, G, c, x, lam):
        answer = list(residuals(A, b, G, c, x, lam))
        answer[i] = value(A, b, G, c, x, lam)
        return answer

    return wrong


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (with_entry(0, lambda A, b, G, c, x, lam: np.linalg.norm(A @ x - b)), "stationarity"),
        (with_entry(0, lambda A, b, G, c, x, lam: np.linalg.norm(A @ x - b - G.T @ lam)), "stationarity"),
        (with_entry(1, lambda A, b, G, c, x, lam: np.linalg.norm(G @ x - c)), "max.0, Gx - c"),
        (with_entry(2, lambda A, b, G, c, x, lam: np.linalg.norm(lam)), "only negative multipliers"),
        (with_entry(3, lambda A, b, G, c, x, lam: abs(lam @ (G @ x - c))), "one by one"),
        (lambda *args: max(residuals(*args)), "four finite numbers are wanted"),
        (lambda *args: [np.nan] * 4, "four finite numbers are wanted"),
        (lambda A, b, G, c, x, lam: (A @ x - b + G.T @ lam, G @ x - c, lam, lam * (G @ x - c)), "norm of a vector"),
    ],
)
def test_wrong_residuals(wrong, message):
    verdict = checks.check_qp_residuals(wrong)
    assert any(part in verdict for part in [message, message.replace(".", "(", 1)])


def penalty_only(A, b, B, c, nu, rho):
    x = np.linalg.solve(A + rho * B.T @ B, b + rho * B.T @ c)
    return x, nu + rho * (B @ x - c)


def in_place(A, b, B, c, nu, rho):
    x, new = step(A, b, B, c, nu, rho)
    nu[:] = new
    return x, new


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (penalty_only, "does not minimise"),
        (lambda A, b, B, c, nu, rho: step(A, b, B, c, -nu, rho), "does not minimise"),
        (lambda A, b, B, c, nu, rho: (step(A, b, B, c, nu, rho)[0], nu), "the old one plus rho"),
        (lambda A, b, B, c, nu, rho: (step(A, b, B, c, nu, rho)[0], 2 * nu - step(A, b, B, c, nu, rho)[1]), "old one"),
        (lambda *args: step(*args)[0], "two things"),
        (lambda *args: step(*args)[::-1], "shape"),
        (lambda *args: [np.nan * part for part in step(*args)], "finite"),
        (in_place, "itself was changed"),
    ],
)
def test_wrong_steps(wrong, message):
    assert message in checks.check_multiplier_step(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda a, budget: np.full(len(a), budget / len(a)), "one level"),
        (lambda a, budget: (a.sum() + budget) / len(a) - a, "negative"),
        (lambda a, budget: np.maximum((a.sum() + budget) / len(a) - a, 0), "add up"),
        (lambda a, budget: budget * (a == a.min()), "stays dry"),
        (lambda a, budget: water(a, budget)[:1], "shape"),
        (lambda a, budget: np.nan * a, "finite"),
        (lambda a, budget: (water(a, budget), 1.0), "array of finite numbers"),
        (lambda a, budget: (lambda x: budget * x / x.sum())(np.maximum(a.mean() + budget - a, 0)), "one level"),
    ],
)
def test_wrong_water(wrong, message):
    assert message in checks.check_water_filling(wrong)
