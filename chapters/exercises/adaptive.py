"""Checks of the coding exercises of `adaptive`.

They test properties and compare with the formula written out, so that every correct answer passes. Each check returns
one sentence: PASSED, NOT_DONE, or what is wrong.
"""

from itertools import islice

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing

import optlib as ol


def _adam(grad, x, lr, beta1, beta2, eps, steps, wrong=None):
    """Adam by its formula, or with one typical mistake."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    if wrong == "swapped":
        beta1, beta2 = beta2, beta1
    first = grad(x)
    for t in range(1, steps + (wrong != "one less")):
        g = first if wrong == "one gradient" else grad(x)
        square = {"norm": g @ g, "no square": np.abs(g)}.get(wrong, g * g)
        m = beta1 * m + (1 if wrong == "no weights" else 1 - beta1) * g
        v = beta2 * v + (1 if wrong == "no weights" else 1 - beta2) * square
        power = t + 1 if wrong == "late" else steps if wrong == "all steps" else t
        m_hat = m if wrong in ("uncorrected", "only v") else m / (1 - beta1**power)
        v_hat = v if wrong in ("uncorrected", "only m") else v / (1 - beta2**power)
        if wrong == "kept":
            m, v = m_hat, v_hat
        if wrong == "no root":
            x = x - lr * m_hat / (v_hat + eps)
        elif wrong == "eps inside":
            x = x - lr * m_hat / np.sqrt(v_hat + eps)
        elif wrong == "no eps":
            x = x - lr * m_hat / np.sqrt(v_hat)
        elif wrong == "eps before":
            x = x - lr * m_hat * np.sqrt(1 - beta2**t) / (np.sqrt(v) + eps)
        elif wrong == "ascent":
            x = x + lr * m_hat / (np.sqrt(v_hat) + eps)
        elif wrong == "no momentum":
            x = x - lr * g / (np.sqrt(v_hat) + eps)
        else:
            x = x - lr * m_hat / (np.sqrt(v_hat) + eps)
    return x


MISTAKES = {
    "uncorrected": "that is Adam without bias correction: divide m by 1 - beta1^t and v by 1 - beta2^t",
    "only m": "v has no bias correction: divide it by 1 - beta2^t, as m by 1 - beta1^t",
    "only v": "m has no bias correction: divide it by 1 - beta1^t, as v by 1 - beta2^t",
    "late": "the bias correction is off by one: after the first gradient the exponent is 1",
    "swapped": "beta1 and beta2 are swapped: beta1 belongs to the mean of g, beta2 to that of its square",
    "norm": "the squares are summed over the coordinates: v is a vector, with g * g entry by entry",
    "no root": "the square root of v is missing",
    "eps inside": "eps stands inside the square root here; add it to the root",
    "ascent": "the step goes uphill: subtract it",
    "no momentum": "the step is along g: it must be along m, the mean of the gradients",
    "kept": "m and v are overwritten by their corrected values: the next step starts from the uncorrected ones",
    "all steps": "the exponent of the bias correction is the number of gradients so far, not that of all steps",
    "no weights": "the new gradient's weight is missing: 1 - beta1 in m, 1 - beta2 in v",
    "no square": "v is the mean of the squares g * g, not of the sizes of g",
    "no eps": "eps is missing: it is added to the root",
    "eps before": "eps is added to the root of v before the bias correction: add it to the root of the corrected v",
    "one gradient": "the gradient is computed once: each step needs the one at the present x",
    "one less": "one step is missing: count them, the first has the number 1",
}


def check_adam(adam):
    """`adam(grad, x, lr, beta1, beta2, eps, steps)` returns the point after these steps."""
    scale = np.array([1.0, 10.0, 0.1])

    def grad(x):
        return scale * (x - 1) + np.array([0.0, 1.0, 0.0]) * x**3

    x0, settings = np.array([3.0, -2.0, 0.5]), (0.05, 0.8, 0.95, 0.02)
    for steps in (0, 1, 2, 25):
        given = x0.copy()
        try:
            with np.errstate(all="ignore"):
                new = adam(grad, given, *settings, steps)
        except ZeroDivisionError:
            return "there is a division by 0: in the bias correction the exponent of the first step is 1, not 0"
        if missing(new):
            return NOT_DONE
        if isinstance(new, tuple) and any(np.ndim(part) for part in new):
            return "return the point alone"
        if np.shape(new) != x0.shape:
            return f"the point must have the shape of x, {x0.shape}, and has {np.shape(new)}"
        if not np.array_equal(given, x0):
            return "x itself was changed: make new arrays (x = x - ..., not x -= ...)"
        if steps == 0 and not np.array_equal(new, x0):
            return "after 0 steps the point must be x"
        if not np.isfinite(new).all():
            return "the point is not finite: in the bias correction the exponent of the first step is 1, not 0"
        if not np.allclose(new, _adam(grad, x0, *settings, steps), rtol=1e-7, atol=1e-9):
            return _diagnosis(adam, grad, x0, settings, steps)
    return PASSED


def _diagnosis(adam, grad, x0, settings, steps):
    with np.errstate(all="ignore"):
        long = adam(grad, x0.copy(), *settings, 25)
        for wrong, message in MISTAKES.items():
            if np.allclose(long, _adam(grad, x0, *settings, 25, wrong), rtol=1e-7, atol=1e-9):
                return message
        fixed = adam(lambda x: np.array([2.0, -3.0, 5.0]), x0.copy(), 0.1, 0.8, 0.95, 1e-12, 3)
    if not np.allclose(fixed, x0 - 0.3 * np.array([1.0, -1.0, 1.0])):
        return "under a constant gradient each step must be lr times its sign; yours is not: are both means corrected?"
    return f"after {steps} step{'s' if steps > 1 else ''} the point is wrong: do m and v live on from step to step?"


class _DenseError(Exception):
    """Raised by an operation on a whole watched array."""


class _Watched(np.ndarray):
    """An array that notices arithmetic on all of its entries, and masks as long as itself."""

    full = -1

    def __array_finalize__(self, parent):
        self.full = getattr(parent, "full", -1)

    def __getitem__(self, index):
        self._refuse_mask(index)
        return super().__getitem__(index)

    def __setitem__(self, index, value):
        self._refuse_mask(index)
        super().__setitem__(index, value)

    def _refuse_mask(self, index):
        if np.asarray(index).dtype.kind == "b" and np.size(index) == self.full:
            raise _DenseError

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **keywords):
        operands = (*inputs, *out)
        if method != "at" and any(isinstance(a, _Watched) and a.size == a.full for a in operands):
            raise _DenseError
        plain = [a.view(np.ndarray) if isinstance(a, _Watched) else a for a in inputs]
        if out:
            keywords["out"] = tuple(a.view(np.ndarray) if isinstance(a, _Watched) else a for a in out)
        return getattr(ufunc, method)(*plain, **keywords)


def _watched(values):
    array = values.copy().view(_Watched)
    array.full = array.size
    return array


def check_adagrad_sparse(adagrad_sparse):
    """`adagrad_sparse(x, s, rows, values, lr, eps)` changes x and s in place, at the rows alone."""
    rng = np.random.default_rng(0)
    n, lr, eps = 200, 0.3, 0.01
    x, s = _watched(rng.standard_normal(n)), _watched(np.zeros(n))
    expected_x, expected_s = np.array(x), np.array(s)
    for _ in range(6):
        rows = np.sort(rng.choice(40, 7, replace=False)) * 5
        values = rng.standard_normal(7)
        given = rows.copy(), values.copy()
        old = expected_x[rows] - lr * values / (np.sqrt(expected_s[rows]) + eps)  # with the s of the round before
        expected_s[rows] += values**2
        inside = expected_x[rows] - lr * values / np.sqrt(expected_s[rows] + eps)
        expected_x[rows] -= lr * values / (np.sqrt(expected_s[rows]) + eps)
        before = np.array(x), np.array(s)
        try:
            with np.errstate(all="ignore"):
                answer = adagrad_sparse(x, s, rows, values, lr, eps)
        except _DenseError:
            return "an operation ran over all entries of x or s: index with rows first, as in s[rows]"
        now_x, now_s = np.array(x), np.array(s)
        if missing(answer) and np.array_equal(now_x, before[0]) and np.array_equal(now_s, before[1]):
            return NOT_DONE
        if not (np.array_equal(rows, given[0]) and np.array_equal(values, given[1])):
            return "rows or values were changed: they are the caller's"
        if np.array_equal(now_x, before[0]):
            return "x was not changed: write into it, as in x[rows] -= ... (x[rows] alone is a copy)"
        if np.array_equal(now_s, before[1]):
            return "s was not changed: it must grow by the squares of the values, s[rows] += ..."
        others = np.setdiff1d(np.arange(n), rows)
        if not np.array_equal(now_x[others], before[0][others]) or not np.array_equal(now_s[others], before[1][others]):
            return "entries outside rows were changed; their gradient is 0"
        if not np.allclose(now_s, expected_s):
            return "s is not the sum of the squares of all values so far"
        if np.allclose(now_x[rows], old):
            return "the step uses the old s: add the squares first, then divide by the root of the new s"
        if np.allclose(now_x[rows], inside):
            return "eps stands inside the square root here; add it to the root"
        if not np.allclose(now_x, expected_x):
            return "s is right and x is not: is the step lr * values / (sqrt(s[rows]) + eps), and subtracted?"
    return PASSED


def check_longest_step(longest_step):
    """`longest_step(beta1, beta2, t)` returns t gradients after which Adam's last step is as long as can be."""
    for beta1, beta2, t in ((0.9, 0.999, 1), (0.9, 0.999, 60), (0.5, 0.9, 10), (0.9, 0.9, 8)):
        gs = longest_step(beta1, beta2, t)
        if missing(gs):
            return NOT_DONE
        if np.shape(gs) != (t,):
            return f"{t} gradients are wanted, an array of shape ({t},), got shape {np.shape(gs)}"
        gs = np.asarray(gs, dtype=float)
        if not np.isfinite(gs).all() or not gs.any():
            return "the gradients must be finite, and not all 0"
        gs = gs / np.abs(gs).max()
        rounds = _Rounds(gs)
        path = [it.x[0] for it in islice(ol.Adam(1.0, beta1, beta2, eps=1e-300).iterate(rounds, np.zeros(1)), t + 1)]
        length = abs(path[-1] - path[-2])
        bound = float(ol.theory.ad_step_bound(t, beta1, beta2))
        if length < (1 - 1e-6) * bound:
            return (
                f"with beta1 = {beta1}, beta2 = {beta2}, t = {t} the last step is {length:.4f} eta long, and "
                f"{bound:.4f} eta is possible: when is Cauchy-Schwarz an equality?"
            )
    return PASSED


class _Rounds:
    """A linear loss for each gradient, and one more of 0."""

    def __init__(self, gs):
        self.gs = iter([*gs, 0.0])

    def value_and_grad(self, x):
        return 0.0, np.array([next(self.gs)])
