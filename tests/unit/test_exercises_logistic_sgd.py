"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import itertools
import math

import numpy as np
import pytest
from exercises import logistic_sgd as checks
from scipy.special import expit, log_expit


def test_other_correct_answers_pass_too():
    def by_scipy(z, p):
        return -p * log_expit(z) - (1 - p) * log_expit(-z)

    def by_masks(z, p):
        loss = np.empty_like(z)
        for i, (score, label) in enumerate(zip(z, p, strict=True)):
            tail = math.log1p(math.exp(-abs(score)))
            loss[i] = tail + (label * -score if score < 0 else (1 - label) * score)
        return loss

    def with_expit(X, y, lam, lr, batches):
        w = np.zeros(X.shape[1])
        for t, i in enumerate(batches):
            w = (1 - lr(t) * lam) * w - lr(t) * np.mean((expit(X[i] @ w) - y[i])[:, None] * X[i], axis=0)
        return w

    def with_signs(X, y, lam, lr, batches):
        s, w = 2 * y - 1, np.zeros(X.shape[1])
        for t, i in enumerate(batches):
            g = -(X[i].T @ (s[i] * expit(-s[i] * (X[i] @ w)))) / len(i) + lam * w
            w -= lr(t) * g
        return w

    def by_a_list(losses, patience):
        seen = []
        for value in losses:
            seen.append(value)
            best = int(np.argmin(seen))
            if len(seen) - 1 - best == patience:
                break
        return best, seen[best]

    def by_a_wait(losses, patience):
        best, waited = (None, math.inf), 0
        for epoch, value in enumerate(losses):
            best, waited = ((epoch, value), 0) if value < best[1] else (best, waited + 1)
            if waited >= patience:
                return [*best]
        return best

    def by_svd(X, w):
        p = 1 / (1 + np.exp(-X @ w))
        _, s, V = np.linalg.svd(np.sqrt(p * (1 - p))[:, None] * X, full_matrices=False)
        return np.sqrt(((V.T / s) ** 2).sum(axis=1))

    for answer in (by_scipy, by_masks):
        assert checks.check_soft_loss(answer) == checks.PASSED
    for answer in (with_expit, with_signs):
        assert checks.check_sgd(answer) == checks.PASSED
    for answer in (by_a_list, by_a_wait):
        assert checks.check_stop_early(answer) == checks.PASSED
    assert checks.check_standard_errors(by_svd) == checks.PASSED


def with_eps(z, p):
    s = 1 / (1 + np.exp(-z))
    return -(p * np.log(s + 1e-12) + (1 - p) * np.log(1 - s + 1e-12))


def textbook(z, p):
    return p * np.log(1 + np.exp(-z)) + (1 - p) * np.log(1 + np.exp(z))


def clipped(z, p):
    return textbook(np.clip(z, -500, 500), p)


def rounded(z, p):
    a = np.abs(z)
    return p * (np.maximum(-z, 0) + np.log(1 + np.exp(-a))) + (1 - p) * (np.maximum(z, 0) + np.log(1 + np.exp(-a)))


def by_math(z, p):
    return np.array(
        [q * math.log(1 + math.exp(-x)) + (1 - q) * math.log(1 + math.exp(x)) for x, q in zip(z, p, strict=True)]
    )


def right(z, p):
    return p * np.logaddexp(0, -z) + (1 - p) * np.logaddexp(0, z)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (with_eps, "something added"),
        (textbook, "overflows"),
        (by_math, "which exponent can be positive"),
        (clipped, "a clipped score"),
        (rounded, "1 + tiny is rounded"),
        (lambda z, p: right(z, 1 - p), "p is the probability of 1"),
        (lambda z, p: right(z, np.round(p)), "was rounded to 0 or 1"),
        (lambda z, p: -right(z, p), "the sign is wrong"),
        (lambda z, p: p * np.logaddexp(0, -z), "other outcome is missing"),
        (lambda z, p: right(z, p).mean(), "one loss for each entry"),
        (lambda z, p: right(2 * z, p), "and yours"),
    ],
)
def test_wrong_losses(wrong, message):
    verdict = checks.check_soft_loss(wrong)
    assert message in verdict, verdict


def loop(gradient=None, start=0, skip=0, stop=None, sign=-1, shift=0):
    """Minibatch SGD with one part replaced by a wrong one."""
    gradient = gradient or (lambda X, y, i, w, lam: X[i].T @ (expit(X[i] @ w) - y[i]) / len(i) + lam * w)

    def sgd(X, y, lam, lr, batches):
        w = np.zeros(X.shape[1])
        for t, i in enumerate(itertools.islice(batches, skip, stop)):
            w = w + sign * lr(t + shift) * gradient(X, y, i, w, lam)
        return w

    return sgd


def unstable(X, y, i, w, lam):
    e = np.exp(X[i] @ w)
    return X[i].T @ (e / (1 + e) - y[i]) / len(i) + lam * w


def counting(X, y, lam, lr, batches):
    w = np.zeros(X.shape[1])
    for t in range(len(list(batches))):
        i = list(batches)[t]
        w = w - lr(t) * (X[i].T @ (expit(X[i] @ w) - y[i]) / len(i) + lam * w)
    return w


def in_place(X, y, lam, lr, batches):
    y -= 1
    y += 1
    X *= 2
    return loop()(X / 2, y, lam, lr, batches)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (loop(lambda X, y, i, w, lam: X[i].T @ (expit(X[i] @ w) - y[i]) / len(i)), "penalty is missing"),
        (loop(lambda X, y, i, w, lam: X[i].T @ (expit(X[i] @ w) - y[i]) / len(i) + 2 * lam * w), "twice the penalty"),
        (loop(lambda X, y, i, w, lam: X[i].T @ (expit(X[i] @ w) - y[i]) / len(i) + lam * w / 2), "half the penalty"),
        (loop(lambda X, y, i, w, lam: X[i].T @ (expit(X[i] @ w) - y[i]) + lam * w), "the mean over the batch"),
        (loop(lambda X, y, i, w, lam: X.T @ (expit(X @ w) - y) / len(y) + lam * w), "uses all samples"),
        (
            loop(lambda X, y, i, w, lam: X[i].T @ (expit(X[i] @ w) - 2 * y[i] + 1) / len(i) + lam * w),
            "labels are 0 and 1",
        ),
        (loop(lambda X, y, i, w, lam: X[i].T @ (0.5 - y[i]) / len(i) + lam * w), "taken at 0"),
        (loop(shift=1), "counted from 0"),
        (lambda X, y, lam, lr, batches: loop()(X, y, lam, lambda t: lr(0), batches), "never changes"),
        (loop(sign=1), "uphill"),
        (loop(stop=1), "only one step"),
        (loop(stop=29), "last batch"),
        (loop(unstable), "inf/inf"),
        (counting, "generator"),
        (in_place, "was changed"),
        (lambda X, y, lam, lr, batches: 0.0, "return the last weights"),
        (lambda X, y, lam, lr, batches: np.ones(3), "after 30 steps"),
    ],
)
def test_wrong_sgd(wrong, message):
    verdict = checks.check_sgd(wrong)
    assert message in verdict, verdict


def stopping(better, answer=lambda best, last: best, extra=0):
    """Early stopping with another idea of what is better, or of what is returned."""

    def stop(losses, patience):
        best = last = (None, math.inf)
        before, waited = math.inf, 0
        for epoch, value in enumerate(losses):
            last = (epoch, value)
            if better(value, best[1], before):
                best, waited = last, 0
            else:
                waited += 1
            before = value
            if waited >= patience + extra:
                break
        return answer(best, last)

    return stop


def strictly(value, best, before):
    return value < best


def total_waits(losses, patience):
    best, waited = (None, math.inf), 0
    for epoch, value in enumerate(losses):
        if value < best[1]:
            best = (epoch, value)
        else:
            waited += 1
        if waited >= patience:
            break
    return best


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (stopping(lambda value, best, before: value < before), "not with the one before"),
        (stopping(lambda value, best, before: value <= best), "an equal loss is no improvement"),
        (stopping(strictly, extra=1), "you asked for|stop after the last"),
        (stopping(strictly, extra=-1), "without a new best are wanted"),
        (stopping(strictly, answer=lambda best, last: last), "not that of the last"),
        (stopping(strictly, answer=lambda best, last: (best[0] + 1, best[1])), "counted from 0"),
        (stopping(strictly, answer=lambda best, last: best[0]), "return two things"),
        (stopping(strictly, answer=lambda best, last: (best[0], last[1])), "the best loss is"),
        (total_waits, "without a new best are wanted"),
        (lambda losses, patience: min(enumerate(losses), key=lambda pair: pair[1]), "never end"),
    ],
)
def test_wrong_stops(wrong, message):
    verdict = checks.check_stop_early(wrong)
    assert any(part in verdict for part in message.split("|")), verdict


def information(X, w):
    p = expit(X @ w)
    return X.T @ ((p * (1 - p))[:, None] * X)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda X, w: np.diag(np.linalg.inv(information(X, w))), "these are variances"),
        (lambda X, w: np.sqrt(np.diag(np.linalg.inv(information(X, w) / len(X)))), "a sum, not a mean"),
        (lambda X, w: np.sqrt(np.diag(np.linalg.inv(information(X, w))) / len(X)), "in the sum already"),
        (lambda X, w: 1 / np.sqrt(np.diag(information(X, w))), "invert the matrix first|one over"),
        (lambda X, w: np.sqrt(np.diag(np.linalg.inv(X.T @ X))), "least squares"),
        (lambda X, w: 2 * np.sqrt(np.diag(np.linalg.inv(X.T @ X))), "taken at w = 0"),
        (lambda X, w: np.linalg.inv(information(X, w)), "one standard error a weight|these are variances"),
        (lambda X, w: np.sqrt(np.diag(np.linalg.inv(information(X, 2 * w)))), "the information is the sum"),
    ],
)
def test_wrong_errors(wrong, message):
    verdict = checks.check_standard_errors(wrong)
    assert any(part in verdict for part in message.split("|")), verdict
