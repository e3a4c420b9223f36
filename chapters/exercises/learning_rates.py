"""Checks of the coding exercises of `learning-rates`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing


def check_second_moment(second_moment):
    """`second_moment(etas, mu, sigma2, e0)` returns e_0, ..., e_T of SGD on a noisy quadratic."""
    rng = np.random.default_rng(0)
    for T in (1, 2, 7):
        etas, mu, sigma2, e0 = rng.uniform(0.1, 0.9, T), rng.uniform(0.5, 1.5), rng.uniform(1, 3), rng.uniform(1, 5)
        given = etas.copy()
        got = second_moment(etas, mu, sigma2, e0)
        if missing(got):
            return NOT_DONE
        got = np.asarray(got, dtype=float)
        if not np.array_equal(etas, given):
            return "etas itself was changed: leave it as it is"
        if got.shape != (T + 1,):
            return f"for {T} steps there are {T + 1} errors, e_0 among them; your answer has shape {got.shape}"
        if not np.isclose(got[0], e0):
            return f"the first entry must be e0 = {e0:.3f}, before any step, and is {got[0]:.3f}"
        start = np.asarray(second_moment(etas, mu, 0.0, e0), dtype=float)
        left = e0 * np.cumprod((1 - etas * mu) ** 2)
        if np.allclose(start[1:], e0 * np.cumprod(1 - etas * mu)):
            return "without noise the distance shrinks by 1 - eta mu, so its square by the square of that"
        if not np.allclose(start[1:], left):
            return "without noise e_t must be e_0 times the product of all (1 - eta_k mu)^2 so far; yours is not"
        noise = np.asarray(second_moment(etas, mu, sigma2, 0.0), dtype=float)
        if np.isclose(noise[1], etas[0] * sigma2):
            return "a step eta multiplies the noise by eta, so its variance by eta squared"
        if np.isclose(noise[1], etas[0] ** 2 * sigma2**2):
            return "sigma2 is the variance already: do not square it"
        if not np.isclose(noise[1], etas[0] ** 2 * sigma2):
            own = etas[0] ** 2 * sigma2
            return f"from e0 = 0 one step must leave its own noise, here {own:.4g}; yours is {noise[1]:.4g}"
        # The sum of the theorem: the noise of step t, as far as the later steps have left it.
        kept = [etas[t] ** 2 * sigma2 * np.prod((1 - etas[t + 1 :] * mu) ** 2) for t in range(T)]
        if not np.isclose(noise[-1], sum(kept)):
            return "from e0 = 0 the last entry must be the noise of all steps, each shrunk by the steps after it"
        if not np.allclose(got, start + noise):
            return "the error must be what is left of the start plus what the noise has added; the two do not add up"
    return PASSED


def check_warmup_linear(warmup_linear):
    """`warmup_linear(t, eta0, warmup, total)` returns the step at iteration t."""
    for eta0, warmup, total in ((0.3, 5, 20), (2.0, 1, 4), (1.0, 0, 10), (0.7, 10, 11)):
        etas = [warmup_linear(t, eta0, warmup, total) for t in range(total + 4)]
        if any(missing(eta) for eta in etas):
            return NOT_DONE
        if any(np.ndim(eta) != 0 for eta in etas):
            return "the step must be one number for each t"
        etas, case = np.array(etas, dtype=float), f"(eta0 = {eta0}, warmup = {warmup}, total = {total})"
        if (etas < 0).any():
            return f"the step is negative at t = {int(np.argmax(etas < 0))} {case}: after `total` it stays 0"
        if warmup and etas[0] == 0:
            return "the first step is 0, so that it moves nothing: count t + 1, not t"
        if warmup and not np.isclose(etas[warmup - 1], eta0):
            return (
                f"the last step of the warm-up, t = {warmup - 1}, must be eta0 {case}; yours is {etas[warmup - 1]:.4g}"
            )
        if not np.allclose(np.diff(etas[:warmup]), eta0 / max(warmup, 1)):
            return f"in the warm-up the step must rise by eta0 / warmup each time {case}"
        if not np.isclose(etas[warmup], eta0):
            return f"at t = warmup the fall must start from eta0 {case}; yours is {etas[warmup]:.4g}"
        if not np.allclose(etas[total:], 0):
            t = total + int(np.argmax(~np.isclose(etas[total:], 0)))
            return f"from t = total on the step must be 0 {case}; yours at t = {t} is {etas[t]:.4g}"
        if not np.allclose(np.diff(etas[warmup : total + 1]), -eta0 / (total - warmup)):
            return f"after the warm-up the step must fall by the same amount each time {case}"
    return PASSED
