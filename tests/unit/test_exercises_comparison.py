"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import comparison as checks
from solutions import versions

import optlib as ol


def test_the_worked_solutions_pass_and_the_stubs_are_not_done():
    for name in ("profile", "calls_to_tolerance"):
        stub, solution = versions("comparison", name)
        check = getattr(checks, f"check_{name}")
        assert check(stub) == checks.NOT_DONE
        assert check(lambda *arguments: None) == checks.NOT_DONE
        assert check(solution) == checks.PASSED


def test_other_correct_answers_pass_too():
    def by_loops(costs, tau):
        shares = []
        for s in range(costs.shape[1]):
            good = [row[s] <= tau * min(row) for row in costs if row[s] < np.inf]
            shares.append(sum(good) / len(costs))
        return shares

    def by_search(calls, values, minimum, tol):
        for spent, value in zip(calls, values, strict=True):
            if value - minimum <= tol * (values[0] - minimum):
                return spent
        return float("inf")

    def by_argmax(calls, values, minimum, tol):
        met = values - minimum <= tol * (values[0] - minimum)
        return calls[met.argmax()] if met.any() else np.inf

    assert checks.check_profile(ol.performance_profile) == checks.PASSED
    assert checks.check_profile(by_loops) == checks.PASSED
    assert checks.check_calls_to_tolerance(by_search) == checks.PASSED
    assert checks.check_calls_to_tolerance(by_argmax) == checks.PASSED


def ratios(costs):
    return np.where(np.isfinite(costs), costs / costs.min(axis=1, keepdims=True), np.inf)


def changed(costs, tau):
    costs /= 2
    return ol.performance_profile(costs, tau)


def of_solved(costs, tau):
    return (ratios(costs) <= tau).sum(axis=0) / np.maximum(np.isfinite(costs).sum(axis=0), 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda costs, tau: (ratios(costs) < tau).mean(axis=0), "<=, not <"),
        (lambda costs, tau: (ratios(costs) <= tau).sum(axis=0), "how many problems"),
        (lambda costs, tau: 100 * ol.performance_profile(costs, tau), "per cent"),
        (of_solved, "failures must count"),
        (lambda costs, tau: (costs <= tau * costs.min(axis=1, keepdims=True)).mean(axis=0), "counts for nobody"),
        (lambda costs, tau: (costs <= tau * costs.min(axis=0)).mean(axis=0), "on the same problem"),
        (lambda costs, tau: (costs <= tau * costs.min()).mean(axis=0), "on each problem"),
        (lambda costs, tau: (ratios(costs) <= tau).mean(axis=1), "one share for each"),
        (changed, "changed"),
        (lambda costs, tau: np.full(costs.shape[1], 0.123), "the shares are"),
        (lambda costs, tau: np.full(costs.shape[1], np.nan), "not finite"),
    ],
)
def test_wrong_profiles(wrong, message):
    assert message in checks.check_profile(wrong)


def first(calls, good):
    return calls[np.argmax(good)] if good.any() else np.inf


def last(calls, values, minimum, tol):
    good = values - minimum <= tol * (values[0] - minimum)
    return calls[np.flatnonzero(good)[-1]] if good.any() else np.inf


def for_good(calls, values, minimum, tol):
    bad = np.flatnonzero(~(values - minimum <= tol * (values[0] - minimum)))
    return calls[0] if not bad.size else calls[bad[-1] + 1] if bad[-1] + 1 < len(calls) else np.inf


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda c, v, m, tol: first(c, v - m <= tol), "a share of the gap at the start"),
        (lambda c, v, m, tol: first(c, v <= tol * v[0]), "the gap is values - minimum"),
        (last, "the last time"),
        (for_good, "stayed below"),
        (lambda c, v, m, tol: np.argmax(v - m <= tol * (v[0] - m)), "number of the iterate"),
        (lambda c, v, m, tol: c[np.argmax(v - m <= tol * (v[0] - m))], "the answer is inf"),
        (lambda c, v, m, tol: c, "one number"),
        (lambda c, v, m, tol: v.fill(1.0) or 4.0, "changed"),
        (lambda c, v, m, tol: 1234.5, "is right"),
    ],
)
def test_wrong_calls(wrong, message):
    assert message in checks.check_calls_to_tolerance(wrong)
