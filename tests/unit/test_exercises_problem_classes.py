"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import problem_classes as checks
from solutions import versions

import optlib as ol

minibatch_gradient = versions("problem-classes", "minibatch_gradient")[1]
importance_gradient = versions("problem-classes", "importance_gradient")[1]


def test_other_correct_answers_pass_too():
    def without_replacement(X, y, w, lam, size, rng):
        rows = rng.permutation(len(y))[:size]
        return sum(X[i] * (X[i] @ w - y[i]) for i in rows) / size + lam * w

    def by_optlib(X, y, w, lam, size, rng):
        risk = ol.EmpiricalRisk(ol.losses.Squared(), X, y, ol.penalties.L2(lam) if lam else None)
        return risk.part(rng.choice(len(y), size)).grad(w)

    def one_by_one(gradients, p, size, rng):
        total = np.zeros(gradients.shape[1])
        for _ in range(size):
            i = min(np.searchsorted(np.cumsum(p), rng.random()), len(p) - 1)
            total += gradients[i] / p[i]
        return total / (size * len(p))

    def lists(X, y, w, lam, size, rng):
        return list(without_replacement(X, y, w, lam, size, rng))

    def counted(gradients, p, size, rng):
        return (rng.multinomial(size, p) / (size * len(p) * p) @ gradients).tolist()

    assert checks.check_minibatch_gradient(lists) == checks.PASSED
    assert checks.check_importance_gradient(counted) == checks.PASSED
    assert checks.check_minibatch_gradient(without_replacement) == checks.PASSED
    assert checks.check_minibatch_gradient(by_optlib) == checks.PASSED
    assert checks.check_importance_gradient(one_by_one) == checks.PASSED


def with_rows(rows_of, scale=lambda n, size: 1 / size, penalty=True):
    """A minibatch gradient that draws and scales in its own way."""

    def gradient(X, y, w, lam, size, rng):
        rows = rows_of(len(y), size, rng)
        g = X[rows].T @ (X[rows] @ w - y[rows]) * scale(len(y), size)
        return g + lam * w if penalty else g

    return gradient


def uniform(n, size, rng):
    return rng.integers(n, size=size)


def in_place(X, y, w, lam, size, rng):
    w *= 1 - lam
    w += 1.0
    return minibatch_gradient(X, y, w, lam, size, rng)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (with_rows(uniform, lambda n, size: 1.0), "the sum of its two terms"),
        (with_rows(uniform, lambda n, size: 1 / n), "divided by n"),
        (with_rows(uniform, lambda n, size: 1 / n if size > 1 else 1), "a batch of 2 is divided by n"),
        (with_rows(uniform, penalty=False), "penalty is missing"),
        (with_rows(uniform, lambda n, size: -1 / size), "sign"),
        (with_rows(uniform, lambda n, size: 2 / size), "twice too long"),
        (with_rows(lambda n, size, rng: np.random.default_rng(0).integers(n, size=size)), "gave the same estimate"),
        (with_rows(lambda n, size, rng: np.arange(size)), "gave the same estimate"),
        (with_rows(lambda n, size, rng: np.random.default_rng().integers(n, size=size)), "rng that is handed in alone"),
        (with_rows(lambda n, size, rng: rng.integers(1, n, size=size)), "sample 0 is not drawn as often"),
        (with_rows(lambda n, size, rng: rng.integers(n - 1, size=size)), "is not drawn as often"),
        (with_rows(lambda n, size, rng: slice(None), lambda n, size: 1 / n), "full gradient"),
        (lambda X, y, w, lam, size, rng: minibatch_gradient(X, y, w, 2 * lam, size, rng), "adds lam w"),
        (lambda X, y, w, lam, size, rng: minibatch_gradient(X, y, w, lam / size, size, rng), "with a batch of 2 yours"),
        (with_rows(lambda n, size, rng: np.repeat(rng.integers(n), size)), "one sample taken twice"),
        (lambda X, y, w, lam, size, rng: "w", "shape"),
        (lambda X, y, w, lam, size, rng: minibatch_gradient(X, y, w, lam, size, rng)[0], "shape"),
        (lambda X, y, w, lam, size, rng: w / 0, "not finite"),
        (lambda X, y, w, lam, size, rng: rng.standard_normal(len(w)), "none of them"),
        (lambda X, y, w, lam, size, rng: minibatch_gradient(X, y, w, lam, 1, rng) / size, "sum|mean of two"),
        (in_place, "was changed"),
    ],
)
def test_wrong_minibatch_gradients(wrong, message):
    with np.errstate(all="ignore"):
        verdict = checks.check_minibatch_gradient(wrong)
    assert verdict not in (checks.PASSED, checks.NOT_DONE)
    assert any(part in verdict for part in message.split("|")), verdict


def drawn(rows_of, weight):
    """An importance-weighted gradient that draws and weights in its own way."""

    def gradient(gradients, p, size, rng):
        rows = rows_of(len(p), p, size, rng)
        return (gradients[rows] * weight(len(p), p[rows])[:, None]).mean(axis=0)

    return gradient


def by_p(n, p, size, rng):
    return rng.choice(n, size, p=p)


def fixed_weights(gradients, p, size, rng):
    p /= p.sum() * 2
    return gradients[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (drawn(by_p, lambda n, p: np.ones_like(p)), "without a weight"),
        (drawn(by_p, lambda n, p: len(p) / p / (1 / p).sum()), "without a weight"),  # self-normalised
        (drawn(by_p, lambda n, p: 1 / p), "the sum of the rows"),
        (drawn(by_p, lambda n, p: n * p), "multiplied by p_i"),
        (drawn(by_p, lambda n, p: p), "multiplied by p_i"),
        (drawn(lambda n, p, size, rng: rng.integers(n, size=size), lambda n, p: 1 / (n * p)), "drawn uniformly"),
        (drawn(lambda n, p, size, rng: rng.choice(n, size, p=p[::-1]), lambda n, p: 1 / (n * p)), "promises"),
        (
            drawn(lambda n, p, size, rng: np.random.default_rng(0).choice(n, size, p=p), lambda n, p: 1 / (n * p)),
            "same",
        ),
        (lambda *args: args[2] * importance_gradient(*args), "sum of its two terms"),
        (lambda *args: importance_gradient(args[0], args[1], 1, args[3]) / args[2], "no such mean"),
        (
            drawn(lambda n, p, size, rng: rng.choice(n, size, False, p), lambda n, p: 1 / (n * p)),
            "came twice in a batch",
        ),
        (
            drawn(lambda n, p, size, rng: np.repeat(rng.choice(n, p=p), size), lambda n, p: 1 / (n * p)),
            "row taken twice",
        ),
        (lambda *args: 0.9 * importance_gradient(*args), "none of these"),
        (lambda gradients, p, size, rng: gradients.mean(axis=0), "their mean itself"),
        (lambda *args: importance_gradient(*args)[0], "shape"),
        (fixed_weights, "was changed"),
    ],
)
def test_wrong_importance_gradients(wrong, message):
    verdict = checks.check_importance_gradient(wrong)
    assert verdict not in (checks.PASSED, checks.NOT_DONE)
    assert message in verdict, verdict
