"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import distributed as checks


def test_other_correct_answers_pass_too():
    def by_partition(v, k):
        c = v.copy()
        c[np.argpartition(np.abs(v), v.size - k)[: v.size - k]] = 0
        return c

    def by_sorting_pairs(v, k):
        kept = sorted(range(len(v)), key=lambda j: -abs(v[j]))[:k]
        return np.array([v[j] if j in kept else 0.0 for j in range(len(v))])

    def as_a_list(compress, e, g, eta):
        return [compress(e + g * eta), e + g * eta - compress(e + g * eta)]

    def as_an_array(compress, e, g, eta):
        m = compress(e + g * eta)
        return np.array([m, e + g * eta - m])

    def moved(compress, e, g, eta):
        y = -(e + eta * g)
        m = compress(-y)
        return m, -y - m

    def by_what_moves(grads, weights, x, eta, H):
        total = x.copy()
        for grad, w in zip(grads, weights, strict=True):
            delta = 0.0
            for _ in range(H):
                delta = delta + eta * grad(x - delta)
            total = total - w * delta
        return total

    def by_columns(grads, weights, x, eta, H):
        ends = [x.copy() for _ in grads]
        for _ in range(H):
            ends = [y - eta * grad(y) for y, grad in zip(ends, grads, strict=True)]
        return np.average(ends, axis=0, weights=weights)

    for top_k in (by_partition, by_sorting_pairs):
        assert checks.check_top_k(top_k) == checks.PASSED
    for feedback_round in (as_a_list, as_an_array, moved):
        assert checks.check_feedback_round(feedback_round) == checks.PASSED
    for local_round in (by_what_moves, by_columns):
        assert checks.check_local_round(local_round) == checks.PASSED


def in_place(v, k):
    v[np.argsort(np.abs(v))[:-k]] = 0
    return v


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda v, k: np.where(np.arange(v.size) >= v.size - k, np.sort(v), 0), "must stay as it is"),
        (lambda v, k: np.where(np.isin(np.arange(v.size), np.argsort(v)[-k:]), v, 0), "a large negative number"),
        (lambda v, k: v * (np.abs(v) >= np.sort(np.abs(v))[-k]), "mind equal moduli"),
        (lambda v, k: v * (np.abs(v) > np.sort(np.abs(v))[-k]), "fewer than k"),
        (lambda v, k: v[np.argsort(np.abs(v))[-k:]], "the shape of v"),
        (lambda v, k: np.abs(np.where(np.abs(v) >= np.sort(np.abs(v))[-k], v, 0)), "with its sign"),
        (lambda v, k: np.where(np.abs(v) >= np.sort(np.abs(v))[-k], v, np.nan), "not finite"),
        (lambda v, k: v, "more than k"),
        (lambda v, k: (v, k), "one vector"),
        (in_place, "v itself was changed"),
    ],
)
def test_wrong_top_k(wrong, message):
    assert message in checks.check_top_k(wrong)


def changes_e(compress, e, g, eta):
    e += eta * g
    m = compress(e)
    return m, e - m


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda C, e, g, eta: (C(eta * g), e + eta * g - C(eta * g)), "add what the worker owes"),
        (lambda C, e, g, eta: (eta * C(g + e), e + g - C(g + e)), "belongs inside"),
        (lambda C, e, g, eta: (C(eta * (g + e)), eta * (g + e) - C(eta * (g + e))), "its step size already"),
        (lambda C, e, g, eta: (C(eta * g + e), C(eta * g + e) - eta * g - e), "wrong sign"),
        (lambda C, e, g, eta: (C(eta * g + e), eta * g - C(eta * g + e)), "forgets or counts e wrongly"),
        (lambda C, e, g, eta: (C(eta * g + e), e), "nothing may be lost"),
        (lambda C, e, g, eta: (eta * g + e - C(eta * g + e), C(eta * g + e)), "must be what compress returns"),
        (lambda C, e, g, eta: C(eta * g + e), "return two things"),
        (lambda C, e, g, eta: (eta * g + e, 0 * e), "compress was not called"),
        (lambda C, e, g, eta: (C(eta * g + e)[:2], e), "the shape of e"),
        (changes_e, "itself was changed"),
    ],
)
def test_wrong_feedback(wrong, message):
    assert message in checks.check_feedback_round(wrong)


def walk(grad, y, eta, H):
    for _ in range(H):
        y = y - eta * grad(y)
    return y


def one_after_another(grads, weights, x, eta, H):
    for grad in grads:
        x = walk(grad, x, eta, H)
    return x


def moves_x(grads, weights, x, eta, H):
    total = 0
    for grad, w in zip(grads, weights, strict=True):
        y = x
        for _ in range(H):
            y -= eta * grad(y)
        total = total + w * y
    return total


def ends(grads, x, eta, H):
    return np.array([walk(grad, x, eta, H) for grad in grads])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda g, w, x, eta, H: ends(g, x, eta, H).mean(axis=0), "must be weighted"),
        (lambda g, w, x, eta, H: ends(g, x, eta, H).sum(axis=0), "add up to 1 already"),
        (lambda g, w, x, eta, H: w @ ends(g, x, eta, H) / len(w), "add up to 1 already"),
        (lambda g, w, x, eta, H: w @ ends(g, x, eta, 1), "makes H"),
        (lambda g, w, x, eta, H: w @ (x - eta * np.array([sum(f(x) for _ in range(H)) for f in g])), "of its own"),
        (lambda g, w, x, eta, H: ends(g, x, eta, H), "return one point"),
        (lambda g, w, x, eta, H: w @ ends(g, x, -eta, H), "uphill"),
        (lambda g, w, x, eta, H: x - w @ ends(g, x, eta, H), "where it ends"),
        (one_after_another, "the same x"),
        (moves_x, "x itself was changed"),
    ],
)
def test_wrong_local_round(wrong, message):
    verdict = checks.check_local_round(wrong)
    assert any(part in verdict for part in message.split("|")), verdict


def test_nothing_done():
    for check in (checks.check_top_k, checks.check_feedback_round, checks.check_local_round):
        assert check(lambda *args: None) == check(lambda *args: NotImplemented) == checks.NOT_DONE
    assert checks.check_feedback_round(lambda *args: (None, None)) == checks.NOT_DONE
