"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

from itertools import accumulate, count

import numpy as np
import pytest
from exercises import stochastic_gradient as checks
from solutions import versions

largest_step = versions("stochastic-gradient", "largest_step")[1]


def blocks_of(order, batch):
    return (order[first : first + batch] for first in range(0, len(order), batch))


def test_other_correct_answers_pass_too():
    def by_array_split(grad, n, w, lr, batch, epochs, rng):
        for _ in range(epochs):
            order = np.arange(n)
            rng.shuffle(order)
            for rows in np.split(order, range(batch, n, batch)):
                w = w - lr * np.asarray(grad(w, rows))
        return w

    def by_sorting_random_numbers(grad, n, w, lr, batch, epochs, rng):
        w = w.copy()
        for _ in range(epochs):
            for rows in blocks_of(list(np.argsort(rng.random(n))), batch):
                w -= lr * grad(w, np.array(rows))
        return w

    def by_sums(points):
        total = 0.0
        for t, x in enumerate(points, start=1):
            total = total + x
            yield total / t

    def by_weights(points):
        pairs = ((x, 1) for x in points)
        return (m for m, _ in accumulate(pairs, lambda a, b: ((a[1] * a[0] + b[0]) / (a[1] + 1), a[1] + 1)))

    def by_harmonic_sum(eps, L, mu, sigma):
        return 1 / (L + sigma**2 / (eps * mu))

    assert checks.check_sgd(by_array_split) == checks.PASSED
    assert checks.check_sgd(by_sorting_random_numbers) == checks.PASSED
    assert checks.check_running_means(by_sums) == checks.PASSED
    assert checks.check_running_means(by_weights) == checks.PASSED
    assert checks.check_largest_step(by_harmonic_sum) == checks.PASSED


def sgd_with(order=None, blocks=blocks_of, step=None, end=lambda w: w):
    """Minibatch SGD with one part replaced by a wrong one."""
    order = order or (lambda n, rng, state: rng.permutation(n))
    step = step or (lambda grad, w, rows, lr, n: w - lr * grad(w, rows))

    def sgd(grad, n, w, lr, batch, epochs, rng):
        state = {}
        for _ in range(epochs):
            for rows in blocks(order(n, rng, state), batch):
                w = step(grad, w, rows, lr, n)
        return end(w)

    return sgd


def own_generator(n, rng, state):
    return state.setdefault("own", np.random.default_rng(0)).permutation(n)


def in_place(grad, w, rows, lr, n):
    w -= lr * grad(w, rows)
    return w


def one_step_an_epoch(grad, n, w, lr, batch, epochs, rng):
    for _ in range(epochs):
        gradients = [grad(w, rows) for rows in blocks_of(rng.permutation(n), batch)]
        w = w - lr * np.mean(gradients, axis=0)
    return w


def all_at_the_start(grad, n, w, lr, batch, epochs, rng):
    start = w
    for _ in range(epochs):
        for rows in blocks_of(rng.permutation(n), batch):
            w = w - lr * grad(start, rows)
    return w


def endless(grad, n, w, lr, batch, epochs, rng):
    while True:
        w = w - lr * grad(w, rng.permutation(n)[:batch])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (sgd_with(order=lambda n, rng, state: rng.integers(n, size=n)), "each sample must be used once"),
        (sgd_with(order=lambda n, rng, state: np.arange(n)), "shuffle at the beginning of every epoch"),
        (sgd_with(order=lambda n, rng, state: state.setdefault("once", rng.permutation(n))), "of every epoch"),
        (sgd_with(order=lambda n, rng, state: np.append(0, 1 + rng.permutation(n - 1))), "first block is biased"),
        (sgd_with(order=lambda n, rng, state: np.random.default_rng().permutation(n)), "shuffle with rng"),
        (sgd_with(order=own_generator), "shuffle with rng"),
        (sgd_with(order=lambda n, rng, state: 1 + rng.permutation(n)), "from 0 to n - 1"),
        (sgd_with(order=lambda n, rng, state: rng.permutation(n) - 1), "from 0 to n - 1"),
        (sgd_with(blocks=lambda order, batch: np.split(order, len(order))), "steps; yours makes"),
        (sgd_with(blocks=lambda order, batch: blocks_of(order[: len(order) // batch * batch], batch)), "left out"),
        (sgd_with(blocks=lambda order, batch: reversed(list(blocks_of(order, batch)))), "each block but the last"),
        (sgd_with(step=in_place), "w itself was changed"),
        (sgd_with(step=lambda grad, w, rows, lr, n: w + lr * grad(w, rows)), "must be -lr times"),
        (sgd_with(step=lambda grad, w, rows, lr, n: w - lr * grad(w, rows) / len(rows)), "a mean already"),
        (sgd_with(end=lambda w: w / 2), "after the last step"),
        (sgd_with(end=lambda w: float(w[0])), "of shape"),
        (one_step_an_epoch, "step"),
        (all_at_the_start, "same point|at the current point"),
        (endless, "does your loop end"),
    ],
)
def test_wrong_sgd(wrong, message):
    verdict = checks.check_sgd(wrong)
    assert verdict not in (checks.PASSED, checks.NOT_DONE)
    assert any(part in verdict for part in message.split("|")), verdict


def all_at_once(points):
    yield from np.cumsum(list(points), axis=0)


def storing(points):
    seen = []
    for x in points:
        seen.append(x)
        yield np.mean(seen, axis=0)


def one_array(points):
    mean = np.zeros(3)
    for t, x in enumerate(points, start=1):
        mean += (x - mean) / t
        yield mean


def off_by_one(points):
    mean = 0.0
    for t, x in enumerate(points, start=1):
        mean = mean + (x - mean) / (t + 1)
        yield mean


def sums_only(points):
    yield from accumulate(points, np.add)


def exponential(points):
    mean = None
    for x in points:
        mean = x if mean is None else 0.9 * mean + 0.1 * x
        yield mean


def ahead(points):
    for _ in count():
        yield np.mean([next(points) for _ in range(5)], axis=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (all_at_once, "never end"),
        (storing, "still in memory"),
        (one_array, "fresh array"),
        (off_by_one, "first mean must be the first point"),
        (sums_only, "divide by the number"),
        (exponential, "mean number 2 is wrong"),
        (ahead, "points were taken"),
        (lambda points: iter([next(points)]), "stopped"),
        (lambda points: (x.mean() for x in points), "has that shape"),
    ],
)
def test_wrong_means(wrong, message):
    verdict = checks.check_running_means(wrong)
    assert message in verdict, verdict


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda eps, L, mu, sigma: eps * mu / sigma**2, "mind the factor|above eps"),
        (lambda eps, L, mu, sigma: eps * mu / (sigma + eps * L * mu), "sigma squared|longer step"),
        (lambda eps, L, mu, sigma: largest_step(eps, L, mu, sigma) / 2, "longer step"),
        (lambda eps, L, mu, sigma: 1 / L, "not below 1/L"),
        (lambda eps, L, mu, sigma: 1 / (2 * L), "above eps|longer step"),
        (lambda eps, L, mu, sigma: -1.0, "one positive number"),
    ],
)
def test_wrong_steps(wrong, message):
    verdict = checks.check_largest_step(wrong)
    assert any(part in verdict for part in message.split("|")), verdict
