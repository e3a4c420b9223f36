"""Checks of the coding exercises of `comparison`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing

INF = np.inf


def check_profile(profile):
    """`profile(costs, tau)` returns, for one number tau, the share of problems within tau of the best, by method."""
    rng = np.random.default_rng(0)
    plain = np.array([[10.0, 30.0], [50.0, 20.0], [90.0, 90.0], [7.0, 21.0]])
    failing = np.array([[4.0, INF, 8.0], [INF, INF, 5.0], [3.0, 1.0, INF], [INF, INF, INF]])
    cases = [(plain, 1.0), (plain, 2.5), (plain, 3.0), (plain, 100.0), (failing, 1.0), (failing, 2.0), (failing, 1e9)]
    cases += [(rng.integers(1, 30, size=(7, 4)).astype(float), tau) for tau in (1.0, 1.7, 4.0)]
    for costs, tau in cases:
        given = costs.copy()
        with np.errstate(all="ignore"):
            rho = profile(given, tau)
        if missing(rho):
            return NOT_DONE
        if not np.array_equal(given, costs):
            return "costs was changed: leave it as it is"
        if np.shape(rho) != costs.shape[1:]:
            return f"one share for each of the {costs.shape[1]} methods (columns), and yours has shape {np.shape(rho)}"
        verdict = _one_profile(np.asarray(rho, dtype=float), costs, tau)
        if verdict != PASSED:
            return verdict
    return PASSED


def _one_profile(rho, costs, tau):
    solved = np.isfinite(costs)
    best = costs.min(axis=1, keepdims=True)
    within = solved & (costs <= tau * best * (1 + 1e-12))
    right = within.mean(axis=0)
    if np.allclose(rho, right, atol=1e-12):
        return PASSED
    if not np.isfinite(rho).all():
        return "a share is not finite: where nobody solves a problem, inf / inf is nan"
    if np.allclose(rho, 100 * right):
        return "shares lie between 0 and 1: these are per cent"
    if np.allclose(rho, within.sum(axis=0)):
        return "that is how many problems; divide by the number of problems"
    if (~solved).any() and np.allclose(rho, within.sum(axis=0) / np.maximum(solved.sum(axis=0), 1)):
        return "divide by the number of all problems, not by those that the method solved: failures must count"
    if np.allclose(rho, (solved & (costs < tau * best)).mean(axis=0)):
        return f"at tau = {tau:g} a ratio of exactly tau counts too: <=, not <"
    unsolved = ~solved.any(axis=1)
    if unsolved.any() and np.allclose(rho, right + unsolved.mean()):
        return "a problem that nobody solved counts for nobody, although inf <= inf"
    columns = np.where(solved, costs, INF).min(axis=0)
    if np.allclose(rho, (solved & (costs <= tau * columns)).mean(axis=0)):
        return "compare with the best method on the same problem (row), not with a method's own best problem"
    if np.allclose(rho, (solved & (costs <= tau * costs.min())).mean(axis=0)):
        return "compare with the best on each problem, not with the lowest cost of all"
    return (
        f"for costs {costs.tolist()} and tau = {tau:g} the shares are {right.round(3).tolist()}, "
        f"and yours {rho.round(3).tolist()}"
    )


def check_calls_to_tolerance(calls_to_tolerance):
    """`calls_to_tolerance(calls, values, minimum, tol)`: the calls spent when the gap first was tol times the first."""
    calls = np.array([1.0, 3.0, 4.0, 8.0, 9.0, 15.0])
    up_and_down = np.array([12.0, 7.0, 2.4, 6.0, 2.2, 2.1])
    cases = [
        ("plain", calls, np.array([10.0, 5.0, 2.0, 0.15, 0.1, 0.05]), 0.0, 0.2, 4.0),
        ("minimum", calls, np.array([12.0, 7.0, 4.0, 2.35, 2.15, 2.1]), 2.0, 0.2, 4.0),
        ("below", calls, np.array([0.0, -1.0, -3.0, -3.5, -3.9, -3.99]), -4.0, 0.3, 4.0),
        ("first", calls, up_and_down, 2.0, 0.05, 4.0),
        ("never", calls, np.array([12.0, 7.0, 4.0, 3.0, 2.5, 2.1]), 2.0, 1e-3, INF),
        ("nan", calls, np.array([12.0, 7.0, 4.0, np.nan, np.nan, np.nan]), 2.0, 1e-3, INF),
        ("start", calls, np.array([12.0, 7.0, 4.0, 3.0, 2.5, 2.1]), 2.0, 1.0, 1.0),
    ]
    for kind, spent, values, minimum, tol, right in cases:
        given = spent.copy(), values.copy()
        with np.errstate(all="ignore"):
            found = calls_to_tolerance(*given, minimum, tol)
        if missing(found):
            return NOT_DONE if kind == "plain" else f"nothing was returned where {right:g} is right"
        if not (np.array_equal(given[0], spent) and np.array_equal(given[1], values, equal_nan=True)):
            return "calls or values was changed: leave them as they are"
        if np.shape(found) != ():
            return f"the answer is one number, and yours has shape {np.shape(found)}"
        if found == right:
            continue
        return _why(kind, float(found), spent, values, minimum, tol, right)
    return PASSED


def _why(kind, found, calls, values, minimum, tol, right):
    gaps = values - minimum
    met = np.flatnonzero(gaps <= tol * gaps[0])
    if kind in ("never", "nan"):
        return f"the tolerance was never met: the answer is inf, and yours is {found:g}"
    if met.size and found in (met[0], met[0] + 1) and found != right:
        return f"that is the number of the iterate: the calls spent by then are calls[{met[0]}] = {right:g}"
    absolute = np.flatnonzero(gaps <= tol)
    if found == (calls[absolute[0]] if absolute.size else INF):
        return "the tolerance is a share of the gap at the start: compare with tol * (values[0] - minimum)"
    raw = np.flatnonzero(values <= tol * values[0])
    if kind in ("minimum", "below", "first") and found == (calls[raw[0]] if raw.size else INF):
        return "the gap is values - minimum: here the minimum is not 0"
    if met.size > 1 and found == calls[met[-1]]:
        return "that is the last time; the first one counts"
    falls_for_good = next((calls[i] for i in met if (gaps[i:] <= tol * gaps[0]).all()), None)
    if kind == "first" and found == falls_for_good:
        return "that is from when on it stayed below; the first time counts, even if the gap rises again"
    return f"for calls {calls.tolist()}, values {values.tolist()}, minimum {minimum:g}, tol {tol:g}: {right:g} is right"
