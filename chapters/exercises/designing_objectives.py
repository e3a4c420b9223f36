"""Checks of the coding exercises of `designing-objectives`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing

CASES = [([8.0, 5.0, 1.0, 1.0], alpha) for alpha in (1.0, 0.5, 0.375, 0.25, 0.1)]


def _samples():
    """Losses and shares: whole and broken, with ties, unsorted, negative, a single one."""
    rng = np.random.default_rng(0)
    yield from ((np.array(losses), alpha) for losses, alpha in CASES)
    yield np.array([3.0]), 0.4
    yield np.array([2.0, 2.0, 2.0]), 0.5
    yield np.array([1.0, -4.0, 2.5]), 0.8
    for n in (5, 12, 40):
        yield rng.normal(size=n), rng.uniform(0.05, 1)
        yield rng.integers(0, 5, n).astype(float), round(rng.uniform(0.05, 1), 2)


def _worst(losses, alpha):
    """The value, by the least tau among the losses."""
    excess = np.maximum(losses[:, None] - losses, 0).sum(axis=0)
    return float((losses + excess / (alpha * losses.size)).min())


def _number(value):
    try:
        return None if np.ndim(value) else float(value)
    except (TypeError, ValueError):
        return None


def check_cvar(cvar):
    """`cvar(losses, alpha)` is the mean of the worst share alpha of the losses."""
    for losses, alpha in _samples():
        given = losses.copy()
        answer = cvar(given, alpha)
        if missing(answer):
            return NOT_DONE
        if not np.array_equal(given, losses):
            return "the losses themselves were changed (sorted in place?): work on a copy"
        value = _number(answer)
        if value is None:
            return f"the answer must be one number, not {answer!r}"
        if not np.isfinite(value):
            return f"for losses {losses.round(2)} and alpha = {alpha:.3g} the answer is not finite"
        right = _worst(losses, alpha)
        if np.isclose(value, right, atol=1e-9):
            continue
        n, falling = losses.size, np.sort(losses)[::-1]
        case = f"for losses {losses.round(2)} and alpha = {alpha:.3g} you return {value:.4g}, and it is {right:.4g}"
        if np.isclose(value, -_worst(-losses, alpha)):
            return f"{case}: that is the mean of the best share; the worst losses are the large ones"
        whole = {int(np.floor(alpha * n)), int(np.ceil(alpha * n)), max(1, round(alpha * n))} - {0}
        if any(np.isclose(value, falling[:k].mean()) for k in whole):
            return f"{case}: if alpha n is no whole number, the next loss counts in part"
        if np.isclose(value, np.quantile(losses, 1 - alpha)):
            return f"{case}: that is the threshold, a quantile; what lies above it must be averaged"
        if np.isclose(value, right * alpha):
            return f"{case}: divide by alpha n, the size of the share, not by n"
        if np.isclose(value, right * alpha * n):
            return f"{case}: that is a sum; divide by alpha n"
        return case
    return PASSED


def check_worst_weights(worst_weights):
    """`worst_weights(losses, alpha)` attains the maximum of q'losses over the weights that alpha allows."""
    for losses, alpha in _samples():
        given, n = losses.copy(), losses.size
        answer = worst_weights(given, alpha)
        if missing(answer):
            return NOT_DONE
        if not np.array_equal(given, losses):
            return "the losses themselves were changed (sorted in place?): work on a copy"
        try:
            q = np.asarray(answer, dtype=float)
        except (TypeError, ValueError):
            return f"the answer must be a vector of weights, not {answer!r}"
        if q.shape != (n,):
            return f"the answer must hold one weight a loss, shape ({n},), and has shape {q.shape}"
        case = f"for losses {losses.round(2)} and alpha = {alpha:.3g}"
        if not np.isfinite(q).all() or (q < -1e-12).any():
            return f"{case} a weight is negative or not finite: {q.round(3)}"
        if np.isclose(q.max(initial=0), 1.0) and np.isclose(q.sum(), alpha * n) and not np.isclose(q.sum(), 1):
            return f"{case} the largest weight is 1: it must be 1/(alpha n), so that they add up to 1"
        if not np.isclose(q.sum(), 1):
            part = "does the next sample get what is left?" if q.sum() < 1 else "is there too much for the last one?"
            return f"{case} the weights add up to {q.sum():.4g}, not to 1: {part}"
        if (q > 1 / (alpha * n) + 1e-9).any():
            return f"{case} a weight is {q.max():.3g}, more than 1/(alpha n) = {1 / (alpha * n):.3g}"
        right = _worst(losses, alpha)
        if not np.isclose(q @ losses, right, atol=1e-9):
            if np.isclose(np.sort(q) @ np.sort(losses), right, atol=1e-9):
                return (
                    f"{case} these are the right weights in a wrong order: give them back in the order of the losses, "
                    "the largest to the largest loss"
                )
            return f"{case} the weighted sum is {q @ losses:.4g}, and {right:.4g} is possible"
    return PASSED


def check_reweight(reweight):
    """`reweight(q, risks, eta)` is q_g exp(eta R_g), divided by the sum, without overflow."""
    rng = np.random.default_rng(1)
    for i in range(12):
        m = 2 + i % 4
        q, risks, eta = rng.dirichlet(np.ones(m)), rng.exponential(size=m), rng.uniform(0.1, 2.0)
        shift = (0.0, 1e4, 3.0, -1e4)[i // 3]
        given, big = q.copy(), risks + shift
        with np.errstate(all="ignore"):
            answer = reweight(given, big, eta)
        if missing(answer):
            return NOT_DONE
        if not np.array_equal(given, q):
            return "q itself was changed: compute new weights, q *= ... is the caller's array"
        try:
            new = np.asarray(answer, dtype=float)
        except (TypeError, ValueError):
            return f"the answer must be a vector of weights, not {answer!r}"
        if new.shape != q.shape:
            return f"the answer must hold one weight a group, shape {q.shape}, and has shape {new.shape}"
        if not np.isfinite(new).all() or (shift != 0 and not new.sum() > 0.5):
            return f"for risks near {shift:.0e} the weights are {new}: subtract the same number from all risks first"
        right = q * np.exp(eta * (risks - risks.max()))
        right = right / right.sum()
        if np.allclose(new, right, rtol=1e-6, atol=1e-9):
            continue
        if not np.isclose(new.sum(), 1):
            return f"the new weights add up to {new.sum():.4g}, not to 1: divide by their sum"
        mirrored = q * np.exp(-eta * (risks - risks.min()))
        if np.allclose(new, mirrored / mirrored.sum()):
            return "the group with the largest risk loses weight: mind the sign"
        forgetful = np.exp(eta * (risks - risks.max()))
        if np.allclose(new, forgetful / forgetful.sum()):
            return "the old weights do not enter: multiply q, do not replace it"
        return (
            f"for q = {q.round(3)}, risks = {risks.round(3)} and eta = {eta:.3g} the weights must be {right.round(3)}"
        )
    return PASSED
