"""Checks of the coding exercises of `quasi-newton`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing

from optlib.methods.quasi_newton import bfgs_update as reference


def _near(a, b, scale=1.0):
    return np.allclose(a, b, rtol=1e-7, atol=1e-8 * scale)


def check_bfgs_update(bfgs_update):
    """`bfgs_update(H, s, y)` returns the BFGS update of the inverse Hessian H."""
    rng = np.random.default_rng(0)
    for n in (2, 1, 3, 5, 8):
        A, C = rng.standard_normal((2, n, n))
        H, s = C @ C.T + np.eye(n), rng.standard_normal(n)
        y = (A @ A.T + 0.5 * np.eye(n)) @ s
        verdict = _one_update(bfgs_update, H, s, y, rng)
        if verdict != PASSED:
            return verdict
    return PASSED


def _one_update(bfgs_update, H, s, y, rng):
    n, given = len(s), (H.copy(), s.copy(), y.copy())
    new = bfgs_update(*given)
    if missing(new):
        return NOT_DONE
    if np.shape(new) != (n, n):
        return f"the new matrix must have the shape of H, {(n, n)}, and has {np.shape(new)}"
    if not all(np.array_equal(a, b) for a, b in zip(given, (H, s, y), strict=True)):
        return "H, s or y was changed: return a new matrix, and leave what is given as it is"
    new = np.asarray(new)
    scale = float(np.abs(reference(H, s, y)).max())
    if not np.isfinite(new).all():
        return "the new matrix is not finite"
    if n > 1 and not _near(new, new.T, np.abs(new).max()):
        return "the new matrix is not symmetric: is the left factor the transpose of the right one?"
    if _near(new @ s, y, max(scale, np.abs(new).max())) and not _near(new @ y, s, scale):
        return "you have s and y the wrong way round: the new matrix must send y to s, and yours sends s to y"
    if not _near(new @ y, s, scale):
        return "the secant equation does not hold: " + _why(new, H, s, y, scale)
    for _ in range(5 if n > 1 else 0):
        v = rng.standard_normal(n)
        v -= (s @ v) / (s @ s) * s
        if not _near(v @ new @ v, v @ H @ v, scale * (v @ v)):
            return (
                "the secant equation holds, but for v orthogonal to s BFGS leaves v'Hv as it was, and yours changes "
                "it: another update of the family, such as DFP's?"
            )
    return PASSED


def _why(new, H, s, y, scale):
    """What may be wrong with a matrix that does not send y to s."""
    identity = np.eye(len(s))
    if _near(new @ y, 0, scale):
        return "H+ y = 0, so the term rho s s' is missing"
    size = np.abs(new).max()
    no_rho = (identity - np.outer(s, y)) @ H @ (identity - np.outer(y, s))
    if _near(new, no_rho + np.outer(s, s), size) or _near(new, no_rho + np.outer(s, s) / (s @ y), size):
        return "is rho = 1 / s'y missing from the factors?"
    if _near(new @ y, -s, scale):
        return "H+ y = -s: has the term rho s s' the wrong sign?"
    if _near(new @ y, (s @ y) * s, scale):
        return "H+ y is a multiple of s: is rho missing from the term rho s s'?"
    if _near(new @ y, (y @ y) / (s @ y) * y, max(scale, size)):
        return "H+ y is a multiple of y: is the last term yours with y y', and not rho s s'?"
    plus = identity + np.outer(y, s) / (s @ y)
    if _near(new, plus.T @ H @ plus + np.outer(s, s) / (s @ y), size):
        return "is the sign in V wrong? The factor on the right must send y to 0"
    V = identity - np.outer(s, y) / (s @ y)
    if _near(new, V.T @ H @ V + np.outer(s, s) / (s @ y), size):
        return "are the two factors in the wrong order? The one on the right meets y first, and must send it to 0"
    return "H+ y must be s, and is not"


class _Tally:
    """How many numbers were made of vectors, and the largest array on the way."""

    products, largest, limit = 0, 0, 10**9

    def saw(self, result, product):
        self.products += product
        self.largest = max(self.largest, np.size(result))
        if self.products > self.limit:
            raise TooManyCalls


class _Counted(np.ndarray):
    """A vector whose products are counted."""

    tally = _Tally()

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        plain = [_plain(a) for a in inputs]
        if out is not None:
            kwargs["out"] = tuple(_plain(a) for a in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        self.tally.saw(result, np.ndim(result) == 0 and (ufunc is np.matmul or method == "reduce"))
        return out[0] if out is not None else _counted(result)

    def __array_function__(self, function, types, args, kwargs):
        result = function(*_plain(args), **_plain(kwargs))
        names = ("dot", "inner", "vdot", "einsum", "sum", "tensordot", "vecdot")
        self.tally.saw(result, np.ndim(result) == 0 and function.__name__ in names)
        return _counted(result)

    def dot(self, other, out=None):
        return np.dot(self, other)


def _plain(value):
    if isinstance(value, _Counted):
        return value.view(np.ndarray)
    if isinstance(value, list | tuple):
        return type(value)(_plain(part) for part in value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value


def _counted(result):
    return result.view(_Counted) if isinstance(result, np.ndarray) and result.ndim else result


def check_two_loop(two_loop):
    """`two_loop(g, S, Y)` returns H g for the H of L-BFGS that belongs to the pairs, the oldest first."""
    rng = np.random.default_rng(1)
    for m, n in ((1, 3), (2, 6), (4, 12), (8, 20)):
        A = rng.standard_normal((n, n))
        A = A @ A.T + 0.5 * np.eye(n)
        S = list(rng.standard_normal((m, n)))
        Y = [A @ s for s in S]
        verdict = _one_product(two_loop, S, Y, rng)
        if verdict != PASSED:
            return verdict
    return PASSED


def _one_product(two_loop, S, Y, rng):
    m, n = len(S), len(S[0])

    def times(v):
        return two_loop(v.copy(), [s.copy() for s in S], [y.copy() for y in Y])

    g = rng.standard_normal(n)
    kept = g.copy()
    first = two_loop(g, [s.copy() for s in S], [y.copy() for y in Y])
    if missing(first):
        return NOT_DONE
    if np.shape(first) != (n,):
        return f"the product must have the shape of g, {(n,)}, and has {np.shape(first)}"
    if not np.array_equal(g, kept):
        return "g itself was changed: begin with a copy, or write q = q - ... in place of q -= ..."
    H = S[-1] @ Y[-1] / (Y[-1] @ Y[-1]) * np.eye(n)
    gamma = H[0, 0]
    for s, y in zip(S, Y, strict=True):
        H = reference(H, s, y)
    scale = np.abs(H).max()
    if _near(first, -H @ g, scale):
        return "that is the direction -Hg, and the product Hg is wanted"
    if _near(times(Y[-1]), 0, scale):
        return "the newest y is sent to 0: the second loop must add (alpha - y'r / s'y) s for each pair, the newest too"
    if _near(times(S[-1]), Y[-1], scale):
        return "you have s and y the wrong way round: the newest y must be sent to the newest s, not s to y"
    if not _near(times(Y[-1]), S[-1], scale):
        return (
            "the newest y must be sent to the newest s, and is not: does the first loop go from the newest pair to the "
            "oldest, and the second back?"
        )
    v = rng.standard_normal(n)
    basis = np.linalg.qr(np.array(S + Y).T)[0]
    v -= basis @ (basis.T @ v)
    if n > 2 * m and not _near(times(v), gamma * v):
        return (
            f"a vector orthogonal to all pairs must be multiplied by gamma = s'y / y'y of the newest pair, "
            f"{gamma:.4g}, and yours by {times(v) @ v / (v @ v):.4g}"
        )
    u = rng.standard_normal(n)
    if not _near(u @ first, g @ times(u), scale * n):
        return (
            "H must be symmetric, u'Hg = g'Hu, and yours is not: does the second loop subtract y'r / s'y, and go "
            "through the pairs in the other order than the first?"
        )
    if not _near(first, H @ g, scale):
        return "the product is not that of gamma I updated by all pairs in turn: is each pair used once in each loop?"
    return _cost(two_loop, S, Y, g)


def _cost(two_loop, S, Y, g):
    m, n = len(S), len(g)
    tally = _Counted.tally = _Tally()
    tally.limit = 6 * m + 4
    try:
        two_loop(_counted(g.copy()), [_counted(s.copy()) for s in S], [_counted(y.copy()) for y in Y])
    except TooManyCalls:
        return f"more than {tally.limit} inner products for {m} pairs: two for each pair, and its s'y, are enough"
    if n > 4 and tally.largest >= n * n:
        return "an n x n matrix was formed: for a million weights it would not fit in memory; vectors are enough"
    return PASSED
