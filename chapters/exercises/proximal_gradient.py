"""Checks of the coding exercises of `proximal-gradient`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing

import optlib as ol


def check_prox_l1(prox_l1):
    """`prox_l1(v, t, lam)` returns the minimiser of 1/2 ||x - v||^2 + t lam ||x||_1."""
    rng = np.random.default_rng(0)
    for t, lam in ((0.5, 2.0), (0.2, 1.5), (2.0, 0.3), (1.0, 1.0), (0.7, 0.0)):
        v = np.r_[rng.normal(size=6), 2.5, -2.5, 0.0, t * lam, -t * lam]
        kept, cut = v.copy(), t * lam
        with np.errstate(all="ignore"):
            p = prox_l1(v, t, lam)
        if missing(p):
            return NOT_DONE
        if isinstance(p, tuple):
            return f"one array is wanted, got {len(p)} things"
        if np.shape(p) != v.shape:
            return f"the answer must have shape {v.shape}, and has {np.shape(p)}"
        if not np.array_equal(v, kept):
            return "v itself was changed: make a new array"
        p = np.asarray(p, dtype=float)
        if np.allclose(p, v - np.clip(v, -cut, cut), rtol=1e-10, atol=1e-12):
            continue
        if np.isnan(p).any():
            return "there is a nan: do not divide by v, which has an entry 0"
        if np.allclose(p, np.clip(v, -cut, cut)):
            return "that is the part that is cut off: the prox is what remains, v minus it"
        if np.allclose(p, np.where(np.abs(v) > cut, v, 0)) or np.allclose(p, np.where(np.abs(v) >= cut, v, 0)):
            return "that is the hard threshold: entries that survive are shrunk by t lam too"
        if np.allclose(p, np.maximum(np.abs(v) - cut, 0)):
            return "the sign is lost: negative entries shrink towards zero from below"
        if np.allclose(p, np.maximum(v - cut, 0)):
            return "negative entries must not all become zero: the threshold looks at abs(v)"
        if np.allclose(p, np.sign(v) * (np.abs(v) - cut)):
            return "an entry shorter than the threshold changed its sign: it must become 0"
        if np.allclose(p, v - np.clip(v, -lam, lam)):
            return "the threshold is lam here, and the factor t is missing"
        if np.allclose(p, v - np.clip(v, -t, t)):
            return "the threshold is t here, and the factor lam is missing"
        if np.allclose(p, v / (1 + cut)):
            return "that is the prox of lam/2 ||x||^2, which makes no zeros"
        return "the optimality condition fails: where p is not 0, v - p must be t lam sign(p), elsewhere at most t lam"
    return PASSED


def check_ista(ista):
    """`ista(grad, prox, gap, x, eta, eps)` returns the first iterate whose gap is at most eps."""
    rng = np.random.default_rng(1)
    for n, d, share in ((20, 4, 0.3), (30, 8, 0.1), (20, 4, 0.2)):
        X = rng.normal(size=(n, d))
        f = ol.EmpiricalRisk(ol.losses.Squared(), X, X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=n))
        g = ol.penalties.L1(share * np.abs(f.grad(np.zeros(d))).max())
        eta, x0 = 0.9 / f.lipschitz, rng.normal(size=d)
        certified = share == 0.2  # the start is good enough already, and no fixed point
        eps = 2 * ol.duality_gap(f, g, x0) if certified else 1e-3
        path = [x0]
        while ol.duality_gap(f, g, path[-1]) > eps:
            path.append(g.prox(path[-1] - eta * f.grad(path[-1]), eta))
        x = _run(ista, f, g, x0, eta, eps, 20 * len(path) + 50)
        if isinstance(x, str):
            return x
        if isinstance(x, tuple):
            return f"one point is wanted, got {len(x)} things"
        if np.shape(x) != (d,):
            return f"one point of shape ({d},) is wanted, got shape {np.shape(x)}"
        if not np.all(np.isfinite(x)):
            return "the result is not finite: is the step x - eta grad(x)?"
        if ol.duality_gap(f, g, x) > eps:
            return "the gap at the point returned is above eps: go on until gap(x) <= eps"
        if np.allclose(x, path[-1], atol=1e-9):
            continue
        if certified:
            return "the start had a gap of at most eps already: test before the step, not after it"
        later = path[-1]
        for _ in range(20 * len(path)):
            later = g.prox(later - eta * f.grad(later), eta)
            if np.allclose(x, later, atol=1e-9):
                return "it stops some steps too late: return the first x whose gap is at most eps"
        return "the gap is small, but these are not the iterates of prox(x - eta grad(x), eta)"
    return PASSED


def _run(ista, f, g, x0, eta, eps, limit):
    kept, calls = x0.copy(), {"grad": 0, "prox": 0, "gap": 0}
    strengths = []

    def counted(name, function):
        def call(*args):
            calls[name] += 1
            if calls[name] > limit:
                raise TooManyCalls
            return function(*args)

        return call

    def prox(v, t):
        strengths.append(t)
        return g.prox(np.asarray(v, dtype=float), t)

    try:
        with np.errstate(all="ignore"):
            x = ista(
                counted("grad", f.grad),
                counted("prox", prox),
                counted("gap", lambda x: ol.duality_gap(f, g, x)),
                x0,
                eta,
                eps,
            )
    except TooManyCalls:
        if strengths and not np.allclose(strengths, eta):
            return "the prox must be taken with the strength eta, the step: prox(v, eta)"
        if not calls["prox"]:
            return "it does not end, and never asks for the prox: a gradient step alone leaves the penalty out"
        return "it does not end: is it prox(x - eta grad(x), eta), and does it stop where gap(x) <= eps?"
    if missing(x):
        return NOT_DONE
    if not np.array_equal(x0, kept):
        return "x itself was changed: make new arrays (x = x - ..., not x -= ...)"
    if not calls["gap"]:
        return "the gap was never asked for: without it nothing is certified"
    return x


def check_group_prox(group_prox):
    """`group_prox(v, t, groups)` returns the minimiser of 1/2 ||x - v||^2 + t sum_G ||x_G||."""
    rng = np.random.default_rng(2)
    for groups, t in (
        ([0, 0, 1, 1, 1, 2], 0.8),
        ([0, 1, 0, 1, 0, 1], 0.5),
        ([3, 3, 3, 3, 3, 3], 1.3),
        ([0, 0, 0, 1, 1, 1], 5.0),
    ):
        groups = np.array(groups)
        for v in (rng.normal(size=6), np.where(groups == groups[0], 0.0, rng.normal(size=6)), 0.1 * rng.normal(size=6)):
            kept = v.copy()
            with np.errstate(all="ignore"):
                p = group_prox(v, t, groups)
            if missing(p):
                return NOT_DONE
            if isinstance(p, tuple):
                return f"one array is wanted, got {len(p)} things"
            if np.shape(p) != (6,):
                return f"the answer must have the shape of v, (6,), and has {np.shape(p)}"
            if not np.array_equal(v, kept):
                return "v itself was changed: make a new array"
            p = np.asarray(p, dtype=float)
            if np.isnan(p).any():
                return "a group of zeros became nan: do not divide by its norm 0"
            norms = np.array([np.linalg.norm(v[groups == k]) for k in groups])
            sizes = np.array([np.sum(groups == k) for k in groups])
            safe = np.where(norms > 0, norms, 1.0)
            right = np.where(norms > t, 1 - t / safe, 0.0) * v
            if np.allclose(p, right, atol=1e-12):
                continue
            last = groups.max()
            if np.allclose(p, np.where(groups == last, 0.0, right)):
                return f"group {last} was not visited: the numbers of the groups are np.unique(groups)"
            if np.allclose(p, (1 - t / safe) * v):
                return "a group shorter than t turned round: its factor 1 - t/norm is negative and must become 0"
            if np.allclose(p, v - np.clip(v, -t, t)):
                return "each entry was shrunk by itself: a group shrinks as a whole, by one factor"
            if np.allclose(p, np.maximum(norms - t, 0) * v):
                return "the new length is norm - t, so the factor is that divided by the norm"
            if np.allclose(p, np.where(norms > t, t / safe, 1.0) * v):
                return "that is the part that is cut off, the projection: the prox is what remains, v minus it"
            if np.allclose(p, np.where(norms > t, v, 0)):
                return "a group that survives must be shortened by t too"
            if np.allclose(p, np.maximum(0, 1 - t * np.sqrt(sizes) / safe) * v):
                return "the weight sqrt(|G|) is not part of this penalty"
            if np.allclose(p, np.maximum(0, 1 - t / safe**2) * v):
                return "the factor is 1 - t/norm, and the norm stands there squared"
            if np.allclose(p, np.maximum(0, 1 - t / max(np.linalg.norm(v), 1e-300)) * v):
                return "all of v was taken for one group: each group has its own norm"
            return "a group does not minimise its part: it must be max(0, 1 - t/norm) times what it was"
    return PASSED


def check_lasso_gap(lasso_gap):
    """`lasso_gap(X, y, lam, w)` bounds F(w) - F* for F = ||X w - y||^2 / (2n) + lam ||w||_1."""
    rng = np.random.default_rng(3)
    for n, d, share in ((30, 5, 0.3), (12, 20, 0.1), (25, 4, 1.5)):
        X = rng.normal(size=(n, d))
        y = X[:, 0] + 0.3 * rng.normal(size=n)
        f = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
        lam = share * np.abs(f.grad(np.zeros(d))).max()
        g = ol.penalties.L1(lam)
        star = ol.minimize(f, np.zeros(d), ol.FISTA(g, 1 / f.lipschitz), tol=1e-11, maxiter=20000).x
        for w in (star, np.zeros(d), rng.normal(size=d), star + 0.05 * rng.normal(size=d)):
            answer = lasso_gap(X, y, lam, w)
            if missing(answer):
                return NOT_DONE
            if np.ndim(answer) != 0:
                return f"one number is wanted, got shape {np.shape(answer)}"
            if not np.isfinite(answer):
                return "the gap must be a finite number: where X^T u = 0 no u has to be shrunk"
            gap, true = float(answer), f(w) + g(w) - f(star) - g(star)
            known, size = ol.duality_gap(f, g, w), 1e-7 * (1 + f(w) + g(w))
            if true - size <= gap <= known + size:
                continue
            return _what_is_wrong(gap, X, y, lam, w, true, share)
    return PASSED


def _what_is_wrong(gap, X, y, lam, w, true, share):
    n, u = len(y), X @ w - y
    F = u @ u / (2 * n) + lam * np.abs(w).sum()
    size = np.abs(X.T @ u).max() / n

    def value(s, u=u, half=0.5):
        return F + s * (half * s * (u @ u) + u @ y) / n

    s = min(1.0, lam / size)
    for wrong, sentence in (
        (value(1.0), "the residual was not shrunk: u must be scaled until max |X^T u| / n is at most lam"),
        (
            value(min(1.0, lam / (n * size))),
            "the factor 1/n is missing where u is scaled: it is max |X^T u| / n <= lam",
        ),
        (F + s * (0.5 * (u @ u) + u @ y) / n, "scaled by s, u^2 gets the factor s^2"),
        (F + s * (0.5 * s * (u @ u) + u @ y), "the dual value is a mean too: divide it by n"),
        (value(s) - lam * np.abs(w).sum(), "F has a penalty: add lam ||w||_1"),
        (value(s) + u @ u / (2 * n), "the loss is half the square: F = ||Xw - y||^2 / (2n) + lam ||w||_1"),
        (F, "that is F(w) itself: subtract the dual value"),
        (value(s, half=0.0), "the conjugate of r^2/2 is u^2/2 + u y, and the u^2/2 is missing"),
        (F + s * (0.5 * s * (u @ u) - u @ y) / n, "the sign of u y in the conjugate is wrong"),
        (F - value(s) + F, "the dual value has the wrong sign: the gap is F minus the lower bound"),
        (value(s) - F, "that is minus the dual value alone: the gap is F(w) minus the dual value"),
    ):
        if np.isclose(gap, wrong, rtol=1e-6, atol=1e-9):
            return sentence
    if share > 1 and np.isclose(gap, value(lam / size), rtol=1e-6, atol=1e-9):
        return "s must be at most 1: where u is feasible already, it stays as it is"
    if gap < true:
        return f"it promises a gap of {gap:.3g} where the true one is {true:.3g}: is the scaled u feasible?"
    return f"it is a bound, but a poor one, {gap:.3g} where {true:.3g} is true: it must close at the minimiser"
