"""Checks of the coding exercises of `stochastic-gradient`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import weakref

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing

import optlib as ol


class NoSuchSample(Exception):
    """Raised by a counted gradient that is asked for a sample which does not exist."""


def check_sgd(sgd):
    """`sgd(grad, n, w, lr, batch, epochs, rng)` shuffles once an epoch and makes one step a block."""
    for n, batch, epochs in ((12, 3, 4), (10, 4, 5), (7, 7, 3), (9, 1, 3)):
        verdict = _one_sgd(sgd, n, batch, epochs)
        if verdict != PASSED:
            return verdict
    if _order(sgd, 12, 0) != _order(sgd, 12, 0) or _order(sgd, 12, 0) == _order(sgd, 12, 1):
        return "shuffle with rng: the same seed must give the same orders, another seed other ones"
    first = np.zeros(6)
    for seed in range(600):
        first[_order(sgd, 6, seed)[:2]] += 1
    if np.abs(first / 600 - 1 / 3).max() > 0.1:  # five standard errors
        return "the first block is biased: over many seeds each sample must come in it equally often; shuffle all n"
    return PASSED


def _order(sgd, n, seed):
    """The samples in the order in which one epoch of blocks of 2 asks for them."""
    order = []

    def grad(w, rows):
        order.extend(np.asarray(rows).ravel().tolist())
        return np.zeros(1)

    sgd(grad, n, np.zeros(1), 0.1, 2, 1, np.random.default_rng(seed))
    return order


def _one_sgd(sgd, n, batch, epochs):
    data, asked, points, gradients = np.random.default_rng(n).standard_normal((n, 2)), [], [], []
    blocks = -(-n // batch)

    def grad(w, rows):
        if len(asked) > 10 * blocks * epochs:
            raise TooManyCalls
        rows = np.atleast_1d(np.asarray(rows))
        if rows.dtype.kind in "iu" and not ((rows >= 0) & (rows < n)).all():
            raise NoSuchSample
        asked.append(rows.copy())
        points.append(np.array(w, dtype=float))
        gradients.append(points[-1] - data[rows].mean(axis=0))
        return gradients[-1].copy()

    w, lr = np.array([1.0, -2.0]), 0.1
    before = w.copy()
    try:
        end = sgd(grad, n, w, lr, batch, epochs, np.random.default_rng(0))
    except NoSuchSample:
        return f"rows must be numbers of samples, from 0 to n - 1 = {n - 1}"
    except TooManyCalls:
        return f"more than {10 * blocks * epochs} gradients for {epochs} epochs of {blocks} blocks: does your loop end?"
    if missing(end):
        return NOT_DONE
    if not np.array_equal(w, before):
        return "w itself was changed: w = w - ..., not w -= ..."
    if np.shape(end) != w.shape:
        return f"return the last point, of shape {w.shape}; yours has shape {np.shape(end)}"
    if len(asked) == blocks * epochs - epochs and n % batch:
        return f"with n = {n} and batch = {batch} the last, shorter block of an epoch is left out"
    if len(asked) != blocks * epochs:
        return (
            f"{epochs} epochs of {n} samples in blocks of {batch} are {blocks * epochs} steps; yours makes {len(asked)}"
        )
    orders = []
    for epoch in range(epochs):
        order = np.concatenate(asked[epoch * blocks : (epoch + 1) * blocks])
        if order.dtype.kind not in "iu":
            return "rows must be an array of integers, the numbers of the samples"
        counts = np.bincount(order, minlength=n)
        if not (counts == 1).all():
            return f"in an epoch each sample must be used once; in yours the counts are {counts.tolist()}"
        if any(len(rows) != batch for rows in asked[epoch * blocks : (epoch + 1) * blocks - 1]):
            return f"each block but the last must have {batch} samples"
        orders.append(tuple(order))
    if len(set(orders)) == 1:
        return "each epoch goes through the samples in the same order: shuffle at the beginning of every epoch"
    moves = np.diff([*points, np.asarray(end, dtype=float)], axis=0)
    if len(points) > 1 and np.allclose(moves[:-1], 0):
        return "all gradients were taken at the same point: make the step within the loop over the blocks"
    if not np.allclose(moves[:-1], -lr * np.array(gradients[:-1])):
        return "the step must be -lr times the gradient of the block, which is a mean already, at the current point"
    if not np.allclose(moves[-1], -lr * gradients[-1]):
        return "what is returned is not the point after the last step"
    return PASSED


def check_running_means(running_means):
    """`running_means(points)` yields the mean of the points so far, one for each point, and stores one vector."""
    rng = np.random.default_rng(1)
    taken, alive, originals = 0, [], []

    def points():
        nonlocal taken
        while True:
            if taken > 5000:
                raise TooManyCalls
            x = 5 + rng.standard_normal(3)
            originals.append(tuple(x))
            alive.append(weakref.ref(x))
            taken += 1
            yield x

    try:
        means = running_means(points())
        if missing(means):
            return NOT_DONE
        means = iter(means)
        got = []
        for t in range(300):
            mean = next(means)
            if t < 3 and missing(mean):
                return NOT_DONE
            got.append(mean)
            if taken > t + 2:
                return f"{taken} points were taken for {t + 1} means: yield a mean as soon as its point is there"
        living = sum(ref() is not None for ref in alive)
        copies = [np.array(mean, dtype=float) for mean in got]
    except TooManyCalls:
        return "the points never end, so that you cannot wait for the last: yield a mean after each"
    except StopIteration:
        return f"after {t} means yours stopped, though there were more points"
    if any(np.shape(mean) != (3,) for mean in got):
        return f"a mean of points of shape (3,) has that shape, got {np.shape(got[0])}"
    expected = np.cumsum(originals[:300], axis=0) / np.arange(1, 301)[:, None]
    right = [np.allclose(a, b, rtol=1e-10) for a, b in zip(copies, expected, strict=True)]
    if not all(right):
        if np.allclose(copies[-1], expected[-1], rtol=1e-10):
            return "the means given out earlier have changed since: yield a fresh array each time, mean = mean + ..."
        if not right[0]:
            return "the first mean must be the first point itself, whatever you start from: is its weight 1?"
        if np.allclose(np.mean(originals[:300], axis=0), 5, atol=0.3) and np.abs(copies[-1] - 5).max() > 2:
            return "after 300 points around 5 your mean is far from 5: divide by the number of points so far"
        return (
            f"mean number {right.index(False) + 1} is wrong: the new point must have the weight 1 / (number of points)"
        )
    if living > 20:
        return f"{living} of 300 points are still in memory: keep only the mean and the count"
    return PASSED


def check_largest_step(largest_step):
    """`largest_step(eps, L, mu, sigma)` is the largest eta whose floor in theory is at most eps."""
    for eps, L, mu, sigma in (
        (0.1, 4.0, 0.5, 1.0),
        (1e-3, 100.0, 0.01, 0.7),
        (1.0, 2.0, 2.0, 0.1),
        (5.0, 1.0, 0.3, 2.0),
    ):
        eta = largest_step(eps, L, mu, sigma)
        if missing(eta):
            return NOT_DONE
        if np.ndim(eta) != 0 or not eta > 0:
            return f"the step must be one positive number, got {eta!r}"
        if eta >= 1 / L:
            return f"{eta:.4g} is not below 1/L = {1 / L:.4g}, where the theorem is silent: mind the factor 1 - eta L"
        floor = float(ol.theory.sg_constant(10**9, float(eta), L, mu, sigma, 0.0))
        if floor > eps * (1 + 1e-6):
            return (
                f"with {eta:.4g} the floor is {floor:.4g}, above eps = {eps:g}: is sigma squared, and 1 - eta L there?"
            )
        if floor < eps * (1 - 1e-6):
            return f"with {eta:.4g} the floor is {floor:.4g}, below eps = {eps:g}: a longer step would do"
    return PASSED
