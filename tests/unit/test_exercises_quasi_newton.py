"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import quasi_newton as checks
from solutions import versions

bfgs_update = versions("quasi-newton", "bfgs_update")[1]
two_loop = versions("quasi-newton", "two_loop")[1]


def test_other_correct_answers_pass_too():
    def by_rank_two(H, s, y):
        rho, Hy = 1 / np.dot(s, y), H @ y
        return H - rho * (np.outer(s, Hy) + np.outer(Hy, s)) + rho * (1 + rho * np.dot(y, Hy)) * np.outer(s, s)

    def by_inverses(H, s, y):
        B = np.linalg.inv(H)
        Bs = B @ s
        return np.linalg.inv(B - np.outer(Bs, Bs) / (s @ Bs) + np.outer(y, y) / (s @ y))

    def recursive(g, S, Y):
        if not len(S):
            return g
        gamma = np.sum(S[-1] * Y[-1]) / np.sum(Y[-1] * Y[-1])

        def times(v, k):
            if k < 0:
                return gamma * v
            rho = 1 / np.dot(S[k], Y[k])
            alpha = rho * np.dot(S[k], v)
            r = times(v - alpha * Y[k], k - 1)
            return r + (alpha - rho * np.inner(Y[k], r)) * S[k]

        return times(g, len(S) - 1)

    def with_dot_methods(g, S, Y):
        rho = [1 / s.dot(y) for s, y in zip(S, Y, strict=True)]
        q, alpha = g.copy(), np.zeros(len(S))
        for i in reversed(range(len(S))):
            alpha[i] = rho[i] * S[i].dot(q)
            q -= alpha[i] * Y[i]
        q /= rho[-1] * np.vdot(Y[-1], Y[-1])
        for i in range(len(S)):
            q += (alpha[i] - rho[i] * Y[i].dot(q)) * S[i]
        return q

    assert checks.check_bfgs_update(by_rank_two) == checks.PASSED
    assert checks.check_bfgs_update(by_inverses) == checks.PASSED
    assert checks.check_two_loop(recursive) == checks.PASSED
    assert checks.check_two_loop(with_dot_methods) == checks.PASSED


def parts(H, s, y):
    rho, identity = 1 / (s @ y), np.eye(len(s))
    return rho, identity - rho * np.outer(s, y), identity - rho * np.outer(y, s), rho * np.outer(s, s)


def in_place(H, s, y):
    H -= np.outer(s, s)
    return H


def dfp(H, s, y):
    Hy = H @ y
    return H - np.outer(Hy, Hy) / (y @ Hy) + np.outer(s, s) / (s @ y)


def rank_one(H, s, y):
    r = s - H @ y
    return H + np.outer(r, r) / (r @ y)


def without_rho(H, s, y):
    identity = np.eye(len(s))
    return (identity - np.outer(s, y)) @ H @ (identity - np.outer(y, s)) + np.outer(s, s)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda H, s, y: bfgs_update(H, y, s), "wrong way round"),
        (without_rho, "rho = 1 / s'y missing"),
        (lambda H, s, y: (lambda r, L, R, last: R @ H @ L + last)(*parts(H, s, y)), "wrong order"),
        (lambda H, s, y: (lambda r, L, R, last: L @ H @ L + last)(*parts(H, s, y)), "not symmetric"),
        (lambda H, s, y: (lambda r, L, R, last: L @ H @ R)(*parts(H, s, y)), "rho s s' is missing"),
        (lambda H, s, y: (lambda r, L, R, last: H @ R + last)(*parts(H, s, y)), "not symmetric"),
        (lambda H, s, y: (lambda r, L, R, last: L @ H @ R - last)(*parts(H, s, y)), "wrong sign"),
        (lambda H, s, y: (lambda r, L, R, last: L @ H @ R + last / r)(*parts(H, s, y)), "is rho missing from the term"),
        (lambda H, s, y: (lambda r, L, R, last: L @ H @ R + r * np.outer(y, y))(*parts(H, s, y)), "with y y'"),
        (
            lambda H, s, y: (lambda i, L, R, last: (i - L) @ H @ (i - R) + last)(
                2 * np.eye(len(s)), *parts(H, s, y)[1:]
            ),
            "sign in V",
        ),
        (lambda H, s, y: np.linalg.inv(bfgs_update(np.linalg.inv(H), s, y)), "wrong way round"),
        (dfp, "another update of the family"),
        (rank_one, "another update of the family"),
        (in_place, "was changed"),
        (lambda H, s, y: H @ y, "shape"),
        (lambda H, s, y: H * np.nan, "not finite"),
        (lambda H, s, y: H, "H+ y must be s"),
    ],
)
def test_wrong_updates(wrong, message):
    assert message in checks.check_bfgs_update(wrong)


def loops(first, second, scale=lambda S, Y: S[-1] @ Y[-1] / (Y[-1] @ Y[-1]), beta=1.0):
    """A two-loop recursion that goes through the pairs in the given orders."""

    def wrong(g, S, Y):
        q, alpha = g.copy(), {}
        for i in first(range(len(S))):
            alpha[i] = S[i] @ q / (S[i] @ Y[i])
            q = q - alpha[i] * Y[i]
        r = scale(S, Y) * q
        for i in second(range(len(S))):
            r = r + (alpha[i] - beta * (Y[i] @ r) / (S[i] @ Y[i])) * S[i]
        return r

    return wrong


def changes_g(g, S, Y):
    for s, y in zip(S[::-1], Y[::-1], strict=True):
        g -= s @ g / (s @ y) * y
    return g


def dense(g, S, Y):
    H = S[-1] @ Y[-1] / (Y[-1] @ Y[-1]) * np.eye(len(g))
    for s, y in zip(S, Y, strict=True):
        H = bfgs_update(H, s, y)
    return H @ g


def doubling(g, S, Y):
    """By the rank-two form: two products with the older pairs for each."""
    gamma = S[-1] @ Y[-1] / (Y[-1] @ Y[-1])

    def times(v, k):
        if k < 0:
            return gamma * v
        s, y, Hy, Hv = S[k], Y[k], times(Y[k], k - 1), times(v, k - 1)
        rho = 1 / (s @ y)
        return Hv - rho * (Hy @ v) * s - rho * (s @ v) * Hy + rho * (1 + rho * (y @ Hy)) * (s @ v) * s

    return times(g, len(S) - 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (loops(list, reversed), "from the newest pair to the oldest"),
        (loops(reversed, reversed), "newest y must be sent|symmetric"),
        (loops(reversed, list, lambda S, Y: 1.0), "gamma = s'y / y'y of the newest"),
        (loops(reversed, list, lambda S, Y: S[0] @ Y[0] / (Y[0] @ Y[0])), "gamma = s'y / y'y of the newest"),
        (loops(reversed, list, lambda S, Y: S[-1] @ S[-1] / (S[-1] @ Y[-1])), "gamma = s'y / y'y of the newest"),
        (loops(reversed, list, beta=0.0), "symmetric"),
        (loops(lambda r: list(reversed(r))[:1], lambda r: list(r)[-1:]), "each pair used once"),
        (loops(reversed, lambda r: []), "second loop must add"),
        (lambda g, S, Y: two_loop(g, Y, S), "wrong way round"),
        (lambda g, S, Y: -two_loop(g, S, Y), "direction -Hg"),
        (changes_g, "g itself was changed"),
        (dense, "matrix was formed"),
        (doubling, "inner products for"),
        (lambda g, S, Y: g @ S[0], "shape"),
    ],
)
def test_wrong_recursions(wrong, message):
    verdict = checks.check_two_loop(wrong)
    assert verdict != checks.PASSED
    assert any(part in verdict for part in message.split("|")), verdict
