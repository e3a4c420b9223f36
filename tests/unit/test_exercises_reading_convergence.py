"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import reading_convergence as checks
from solutions import versions

import optlib as ol

squared_norm = versions("reading-convergence", "squared_norm")[1]
which_rate = versions("reading-convergence", "which_rate")[1]


def test_other_correct_answers_pass_too():
    def by_pairs(G):
        products = G @ G.T
        b = len(G)
        return np.mean(products[~np.eye(b, dtype=bool)])

    def by_variance(G):
        return np.sum(G.mean(axis=0) ** 2) - G.var(axis=0, ddof=1).sum() / len(G)

    def by_halves(errors):  # fits a line to each kind of axis, over the second half
        y = np.log(errors)[len(errors) // 2 - 1 :]
        t = np.arange(len(errors))[len(errors) // 2 - 1 :]
        steps = np.diff(y)
        if len(steps) >= 2 and steps[-1] < 1.3 * steps[0]:
            return "superlinear"
        return "linear" if steps[-1] < 0.75 * steps[0] and t.size else "sublinear"

    def by_doubling(errors):
        first, second = (np.log(errors[T] / errors[T // 2]) / (T - T // 2) for T in (len(errors) // 2, len(errors) - 1))
        growth = second / first
        return "sublinear" if growth < 0.75 else "superlinear" if growth > 1.4 else "linear"

    assert checks.check_squared_norm(by_pairs) == checks.PASSED
    assert checks.check_squared_norm(by_variance) == checks.PASSED
    assert checks.check_which_rate(by_halves) == checks.PASSED
    assert checks.check_which_rate(by_doubling) == checks.PASSED


def in_place(G):
    G *= 1.5
    return squared_norm(G)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda G: np.sum(G.mean(axis=0) ** 2), "too large by sigma^2/b"),
        (lambda G: np.mean(np.sum(G**2, axis=1)), "too large by sigma^2"),
        (lambda G: squared_norm(G) * (len(G) - 1) / len(G), "divide by their number"),
        (lambda G: np.sum(G.mean(axis=0) ** 2) - G.var(axis=0).sum() / len(G), "divide by b - 1"),
        (lambda G: G.mean(axis=0), "one finite number"),
        (lambda G: np.linalg.norm(G.mean(axis=0)), "not the length"),
        (lambda G: np.sqrt(abs(squared_norm(G))), "not the length"),
        (lambda G: "0", "one finite number"),
        (lambda G: max(squared_norm(G), 0.0), "over all batches"),
        (lambda G: G[0] @ G[1] * 2, "over all batches"),
        (in_place, "was changed"),
    ],
)
def test_wrong_squared_norms(wrong, message):
    verdict = checks.check_squared_norm(wrong)
    assert verdict not in (checks.PASSED, checks.NOT_DONE)
    assert message in verdict


def by_order(errors):
    return "superlinear" if ol.observed_order(errors) > 1.2 else "linear"


def by_last_ratio(errors):
    ratio = errors[-1] / errors[-2]
    return "superlinear" if ratio < 1e-3 else "sublinear" if ratio > 0.97 else "linear"


def by_length(errors):
    return "superlinear" if len(errors) < 12 else "linear" if len(errors) < 55 else "sublinear"


def by_start(errors):  # the first steps, where the transient is
    steps = np.diff(np.log(errors))
    growth = steps[1] / steps[0]
    return "superlinear" if growth > 1.2 else "linear" if growth > 0.9 else "sublinear"


def swapped(errors):
    return {"superlinear": "sublinear", "sublinear": "superlinear", "linear": "linear"}[which_rate(errors)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (by_order, "its order is 1"),
        (by_last_ratio, "you say sublinear: slow, but"),
        (by_length, "you say"),
        (by_start, "you say sublinear"),
        (swapped, "you say superlinear: the steps of log e shrink"),
        (lambda errors: "linear", "you say linear"),
        (lambda errors: "superlinear", "equal in the end; does"),
        (lambda errors: "sublinear" if errors[-1] > 1e-10 else "superlinear", "you say"),
        (lambda errors: "quadratic", "must be"),
        (lambda errors: 1.0, "must be"),
    ],
)
def test_wrong_rates(wrong, message):
    verdict = checks.check_which_rate(wrong)
    assert verdict not in (checks.PASSED, checks.NOT_DONE)
    assert message in verdict
