"""Checks of the coding exercises of `reading-convergence`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

from itertools import product

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing


def check_squared_norm(squared_norm):
    """`squared_norm(G)` estimates the squared length of the mean gradient from the gradients of a batch."""
    rng = np.random.default_rng(0)
    for n, b, d in ((4, 2, 3), (3, 4, 2), (5, 3, 1)):
        terms = rng.normal(size=(n, d)) + rng.normal(size=d)
        true = np.sum(terms.mean(axis=0) ** 2)
        variance = ((terms - terms.mean(axis=0)) ** 2).sum(axis=1).mean()
        values = []
        for rows in product(range(n), repeat=b):  # all batches, equally likely
            G = terms[list(rows)]
            before = G.copy()
            value = squared_norm(G)
            if missing(value):
                return NOT_DONE
            if isinstance(value, str) or np.ndim(value) != 0 or not np.isfinite(value):
                return f"the estimate must be one finite number, got {value!r}"
            if not np.array_equal(G, before):
                return "G itself was changed: leave the gradients as they are"
            values.append(float(value))
        mean = np.mean(values)
        if np.isclose(mean, true, rtol=1e-9):
            continue
        if np.isclose(mean, true + variance / b):
            return "that is the square of the batch gradient's length: its mean is too large by sigma^2/b"
        if np.isclose(mean, true + variance):
            return "that is the mean square of the single gradients: its mean is too large by sigma^2"
        if np.isclose(mean, true * (b - 1) / b):
            return "of the b^2 pairs only b (b - 1) are of different rows: divide by their number"
        if np.isclose(mean, true + variance / b**2):
            return "the variance was estimated from the same batch: for that, divide by b - 1, not by b"
        if value != 0 and np.isclose(squared_norm(2 * G), 2 * value):  # the square would be four times as large
            return "the square of the length is wanted, not the length"
        return f"over all batches the mean is {mean:.4g}, and the squared length of the gradient {true:.4g}"
    return PASSED


def _laws():
    """Error sequences, what they are, and in words."""
    for r in (0.3, 0.7, 0.95, 0.99):
        t = np.arange(int(np.clip(20 / -np.log(r), 12, 600)))
        yield r**t, "linear", f"{r}^t"
        yield 5e3 * (r**t + 3 * (r / 3) ** t), "linear", f"5000 ({r}^t + 3 ({r}/3)^t)"
    for p in (0.5, 1.0, 2.0):
        for shift in (1, 8):
            for T in (60, 1000):
                yield 0.01 * (np.arange(T) + shift) ** -p, "sublinear", f"0.01 (t + {shift})^-{p:g} for t < {T}"
    for q, start in ((1.5, 0.3), ((1 + 5**0.5) / 2, 0.5), (2.0, 0.2), (2.0, 0.5)):
        errors = [start]
        while errors[-1] ** q > 1e-15:
            errors.append(errors[-1] ** q)
        yield np.array(errors), "superlinear", f"e <- e^{q:.3g} from {start}"
        yield 40 * np.array(errors), "superlinear", f"40 times: e <- e^{q:.3g} from {start}"


def check_which_rate(which_rate):
    """`which_rate(errors)` says of a sequence whether it falls sublinearly, linearly or superlinearly."""
    for errors, kind, words in _laws():
        got = which_rate(errors.copy())
        if missing(got):
            return NOT_DONE
        if not isinstance(got, str) or got not in ("sublinear", "linear", "superlinear"):
            return f'the answer must be "sublinear", "linear" or "superlinear", got {got!r}'
        if got == kind:
            continue
        why = {
            (
                "sublinear",
                "linear",
            ): "its observed rate moves towards 1 as the stretch grows, so it is no rate; and its order is 1",
            ("linear", "sublinear"): "slow, but the steps of log e are all equal in the end",
            ("superlinear", "linear"): "the steps of log e grow from one to the next",
            (
                "linear",
                "superlinear",
            ): "the steps of log e are equal in the end; does the answer hang on the scale or the transient?",
            ("sublinear", "superlinear"): "the steps of log e shrink",
            ("superlinear", "sublinear"): "the steps of log e grow in length: mind that they are negative",
        }[kind, got]
        return f"{words} is {kind}, and you say {got}: {why}"
    return PASSED
