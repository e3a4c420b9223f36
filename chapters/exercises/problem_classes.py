"""Checks of the coding exercises of `problem-classes`.

They test properties, so that every correct answer passes, whichever way it draws. Each check returns one sentence:
PASSED, NOT_DONE, or what is wrong.
"""

from itertools import combinations_with_replacement

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing

DRAWS = 3000  # of one sample, to see how often each comes


def _close(a, b):
    return np.allclose(a, b, rtol=1e-8, atol=1e-10)


def _among(value, candidates):
    return any(_close(value, candidate) for candidate in candidates)


def _pairs(rows):
    """The means of all pairs of rows, equal ones included."""
    return [(rows[i] + rows[j]) / 2 for i, j in combinations_with_replacement(range(len(rows)), 2)]


def _numbers(value):
    """An estimate as an array, so that a list will do; what is no list of numbers stays as it is."""
    if missing(value):
        return value
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return value


def _shape(value, d):
    """What is wrong with an answer's form, or None."""
    if missing(value):
        return NOT_DONE
    if np.shape(value) != (d,):
        return f"the estimate must have the shape of w, ({d},), and has {np.shape(value)}"
    if not np.isfinite(value).all():
        return f"the estimate is not finite: {value}"
    return None


def _random(call):
    """What is wrong with the use of the generator, or None; ``call(rng)`` draws one estimate of one sample."""
    rng = np.random.default_rng(1)
    first = call(rng)
    if all(_close(call(rng), first) for _ in range(100)):
        return "a hundred calls gave the same estimate: draw from the rng that is handed in, which goes on, no new one"
    one, other = np.random.default_rng(7), np.random.default_rng(7)
    if not all(_close(call(one), call(other)) for _ in range(30)):  # one draw may agree by chance
        return "two generators in the same state gave different estimates: draw from the rng that is handed in alone"
    return None


def _frequencies(call, rows):
    """How often each row came in DRAWS estimates of one sample."""
    rng, counts = np.random.default_rng(2), np.zeros(len(rows))
    for _ in range(DRAWS):
        counts[np.argmin(((rows - call(rng)) ** 2).sum(axis=1))] += 1
    return counts


def _twice(call, rows):
    """In which share of 200 estimates of two samples both were one and the same."""
    rng = np.random.default_rng(5)
    return np.mean([_among(call(rng), rows) for _ in range(200)])


def _unlikely(counts, p):
    """The sample whose count is farthest from its probability, if farther than chance allows."""
    z = (counts - DRAWS * p) / np.sqrt(DRAWS * p * (1 - p))
    worst = int(np.abs(z).argmax())
    return worst if abs(z[worst]) > 6 else None


def check_minibatch_gradient(minibatch_gradient):
    """`minibatch_gradient(X, y, w, lam, size, rng)`: unbiased for (1/2n)||Xw - y||^2 + (lam/2)||w||^2."""
    data = np.random.default_rng(0)
    for n, d in ((7, 2), (12, 4)):
        X, y, w = data.standard_normal((n, d)), data.standard_normal(n), data.standard_normal(d)
        copies = X.copy(), y.copy(), w.copy()
        each = X * (X @ w - y)[:, None]

        def estimate(lam, size, rng, data=(X, y, w)):
            return _numbers(minibatch_gradient(*data, lam, size, rng))

        def one(rng, estimate=estimate):
            return estimate(0.0, 1, rng)

        g = one(np.random.default_rng(0))
        if (wrong := _shape(g, d)) is not None:
            return wrong
        if not all(map(np.array_equal, (X, y, w), copies)):
            return "X, y or w was changed: compute from them, and leave them as they are"
        if _close(g, each.mean(axis=0)):
            return f"for a batch of 1 you used all {n} samples: that is the full gradient"
        if (wrong := _random(one)) is not None:
            return wrong
        if _among(g, each / n):
            return f"a batch of 1 is divided by n = {n}: its mean has as many terms as the batch, not as the data"
        if _among(-g, each):
            return "the sign is wrong: the gradient of a term is x_i (x_i'w - y_i)"
        if _among(g, 2 * each):
            return "twice too long: the loss carries a 1/2, so that a term's gradient is x_i (x_i'w - y_i)"
        if not _among(g, each):
            return "a batch of 1 without penalty must give x_i (x_i'w - y_i) for one sample i; yours is none of them"
        pairs, g = _pairs(each), estimate(0.0, 2, np.random.default_rng(3))
        if _among(g / 2, pairs):
            return "a batch of 2 gives the sum of its two terms: the mean is wanted, or the step grows with the batch"
        if _among(g * n / 2, pairs):
            return f"a batch of 2 is divided by n = {n}: divide by the size of the batch"
        if not _among(g, pairs):
            return "a batch of 2 must give the mean of two samples' gradients; yours is no such mean"
        if _twice(lambda rng, estimate=estimate: estimate(0.0, 2, rng), each) == 1:
            return "a batch of 2 is one sample taken twice: draw each anew, or a larger batch is no better"
        for size, means in ((1, each), (2, np.array(pairs))):
            penalised = estimate(0.5, size, np.random.default_rng(3)) - means
            if _among(0 * w, penalised):
                return "the penalty is missing: lam w is part of the gradient, whatever the batch"
            if not _among(0.5 * w, penalised):
                return (
                    "the penalty adds lam w to the gradient, once, whatever the batch; "
                    f"with a batch of {size} yours adds something else"
                )
        if (worst := _unlikely(_frequencies(one, each), np.full(n, 1 / n))) is not None:
            return f"sample {worst} is not drawn as often as the others: all rows from 0 to n - 1 must be as likely"
    return PASSED


def check_importance_gradient(importance_gradient):
    """`importance_gradient(gradients, p, size, rng)`: row i drawn with probability p[i], unbiased for their mean."""
    data = np.random.default_rng(4)
    for n, d in ((4, 2), (9, 3)):
        rows = data.standard_normal((n, d)) * data.uniform(0.5, 3, (n, 1))
        p = np.linalg.norm(rows, axis=1) + 0.3
        p /= p.sum()
        before = rows.copy(), p.copy()

        def draw(size, rng, rows=rows, p=p):
            return _numbers(importance_gradient(rows, p, size, rng))

        def one(rng, draw=draw):
            return draw(1, rng)

        g = one(np.random.default_rng(0))
        if (wrong := _shape(g, d)) is not None:
            return wrong
        if not all(map(np.array_equal, (rows, p), before)):
            return "gradients or p was changed: compute from them, and leave them as they are"
        if _close(g, rows.mean(axis=0)):
            return f"for a batch of 1 you used all {n} rows: that is their mean itself"
        if (wrong := _random(one)) is not None:
            return wrong
        weighted = rows / (n * p[:, None])
        if _among(g, rows):
            return (
                "the row comes without a weight, so that rows drawn often count too much: divide it by n p_i "
                "(weights scaled to add up to 1 cancel in a batch of 1, and are biased in any)"
            )
        if _among(g, n * weighted):
            return "divided by p_i alone this estimates the sum of the rows: for their mean divide by n, too"
        if _among(g, rows * p[:, None]) or _among(g, n * rows * p[:, None]):
            return "multiplied by p_i, likely rows count twice over: divide by p_i, to undo how often they come"
        if not _among(g, weighted):
            return "a batch of 1 must give a row divided by n p_i; yours is none of these"
        pairs, g = _pairs(weighted), draw(2, np.random.default_rng(3))
        if _among(g / 2, pairs):
            return "a batch of 2 gives the sum of its two terms: the mean is wanted"
        if not _among(g, pairs):
            return "a batch of 2 must give the mean of two weighted rows, each drawn anew; yours is no such mean"
        same = _twice(lambda rng, draw=draw: draw(2, rng), weighted)
        if same == 1:
            return "a batch of 2 is one row taken twice: draw each of them anew, or a larger batch is no better"
        if same == 0:
            return "no row ever came twice in a batch: draw with replacement, else later draws are not by p"
        counts = _frequencies(one, weighted)
        if (worst := _unlikely(counts, p)) is not None:
            if _unlikely(counts, np.full(n, 1 / n)) is None:
                return "the rows are drawn uniformly, and weighted as if they were not: draw row i with probability p_i"
            return f"row {worst} came {counts[worst]:.0f} times in {DRAWS}, and p_i promises {DRAWS * p[worst]:.0f}"
    return PASSED
