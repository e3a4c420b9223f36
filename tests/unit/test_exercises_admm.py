"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import admm as checks


def soft(v, t):
    return np.sign(v) * np.maximum(np.abs(v) - t, 0)


def lasso(X, y, lam, rho, z, u, to=None, left=None, right=None, of=None, cut=None, move=None):
    n, d = X.shape
    to = (z - u) if to is None else to(z, u)
    A = X.T @ X / n + (rho if left is None else left(rho)) * np.eye(d)
    x = np.linalg.solve(A, X.T @ y / n + (rho if right is None else right(rho)) * to)
    v = (x + u) if of is None else of(x, z, u)
    new = soft(v, lam / rho if cut is None else cut(lam, rho))
    return x, new, (u + x - new) if move is None else move(x, z, new, u, rho)


def with_changes(**changes):
    return lambda *args: lasso(*args, **changes)


def by_inversion_lemma(X, y, lam, rho, z, u):
    n = len(y)
    b = X.T @ y / n + rho * (z - u)
    x = (b - X.T @ np.linalg.solve(X @ X.T + n * rho * np.eye(n), X @ b)) / rho
    new = (x + u) - np.clip(x + u, -lam / rho, lam / rho)
    return [x, new, x + u - new]


def by_least_squares(X, y, lam, rho, z, u):
    n, d = X.shape
    tall = np.vstack([X / np.sqrt(n), np.sqrt(rho) * np.eye(d)])
    x = np.linalg.lstsq(tall, np.concatenate([y / np.sqrt(n), np.sqrt(rho) * (z - u)]), rcond=None)[0]
    new = soft(x + u, lam / rho)
    return x, new, u + x - new


@pytest.mark.parametrize("right", [lasso, by_inversion_lemma, by_least_squares])
def test_correct_steps_pass(right):
    assert checks.check_lasso_step(right) == checks.PASSED


def scribbles(X, y, lam, rho, z, u):
    x, new, _ = lasso(X, y, lam, rho, z, u)
    u += x - new
    return x, new, u


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (with_changes(to=lambda z, u: z + u), "sign of u in the step for x"),
        (with_changes(right=lambda rho: 1), "rho is missing on the right"),
        (with_changes(left=lambda rho: 1), "rho is missing on the left"),
        (with_changes(left=lambda rho: 1, right=lambda rho: 1), "rho is missing in the step for x"),
        (with_changes(to=lambda z, u: z), "u is missing in the step for x"),
        (with_changes(left=lambda rho: 3 * rho), "does not solve"),
        (lambda X, y, *rest: lasso(X * np.sqrt(len(y)), y * np.sqrt(len(y)), *rest), "factor 1/n"),
        (lambda X, y, *rest: (np.linalg.lstsq(X.T @ X, X.T @ y, rcond=None)[0], *rest[-2:]), "least-squares solution"),
        (with_changes(cut=lambda lam, rho: lam), "thresholded by lam:"),
        (with_changes(cut=lambda lam, rho: lam * rho), "thresholded by lam rho"),
        (with_changes(cut=lambda lam, rho: 0), "not thresholded"),
        (with_changes(cut=lambda lam, rho: 3 * lam / rho), "not the soft threshold"),
        (with_changes(of=lambda x, z, u: x - u), "sign of u in the step for z"),
        (with_changes(of=lambda x, z, u: x), "u is missing in the step for z"),
        (with_changes(of=lambda x, z, u: z + u), "needs the new x"),
        (with_changes(move=lambda x, z, new, u, rho: u - x + new), "sign in the step for u"),
        (with_changes(move=lambda x, z, new, u, rho: u + x - z), "needs the new z"),
        (with_changes(move=lambda x, z, new, u, rho: u + rho * (x - new)), "without rho"),
        (with_changes(move=lambda x, z, new, u, rho: u), "did not move"),
        (with_changes(move=lambda x, z, new, u, rho: 2 * u), "the new u must be"),
        (scribbles, "itself was changed"),
        (lambda *args: lasso(*args)[1], "three things"),
        (lambda *args: (0.0, *lasso(*args)[1:]), "must have shape"),
        (lambda *args: None, checks.NOT_DONE),
    ],
)
def test_wrong_steps(wrong, message):
    assert message in checks.check_lasso_step(wrong)


def consensus(proxes, prox_g, rho, z, us, to=None, of=None, strength=None, move=None, pool=np.mean):
    N = len(proxes)
    xs = np.array([prox(z - u if to is None else to(z, u)) for prox, u in zip(proxes, us, strict=True)])
    v = pool(xs + us if of is None else of(xs, us), axis=0)
    new = prox_g(v, 1 / (N * rho) if strength is None else strength(N, rho))
    return xs, new, us + xs - new if move is None else move(xs, z, new, us)


def changed(**changes):
    return lambda *args: consensus(*args, **changes)


def in_a_loop(proxes, prox_g, rho, z, us):
    N, xs = len(proxes), []
    total = 0
    for i in range(N):
        xs.append(proxes[i](z - us[i]))
        total = total + xs[i] + us[i]
    new = prox_g(total / N, 1 / rho / N)
    return xs, new, [us[i] + xs[i] - new for i in range(N)]


@pytest.mark.parametrize("right", [consensus, in_a_loop])
def test_correct_rounds_pass(right):
    assert checks.check_consensus_round(right) == checks.PASSED


def scribbles_on_us(proxes, prox_g, rho, z, us):
    xs, new, _ = consensus(proxes, prox_g, rho, z, us)
    us += xs - new
    return xs, new, us


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (changed(to=lambda z, u: z + u), "sign of u in the blocks"),
        (changed(to=lambda z, u: z), "u is missing in the blocks"),
        (changed(to=lambda z, u: 2 * z), "xs[i] must be"),
        (changed(strength=lambda N, rho: 1 / rho), "N squares"),
        (changed(strength=lambda N, rho: rho), "not rho"),
        (changed(strength=lambda N, rho: 0), "prox of g is missing"),
        (changed(strength=lambda N, rho: 3 / rho), "z must be"),
        (changed(of=lambda xs, us: xs), "of x alone"),
        (changed(of=lambda xs, us: xs - us), "sign of u in the mean"),
        (changed(pool=np.sum), "made of the sum"),
        (changed(move=lambda xs, z, new, us: us + xs - z), "needs the new z"),
        (changed(move=lambda xs, z, new, us: us - xs + new), "sign in the step for us"),
        (changed(move=lambda xs, z, new, us: us + (xs - new).mean(axis=0)), "its own x - z"),
        (changed(move=lambda xs, z, new, us: 2 * us), "the new us[i]"),
        (scribbles_on_us, "itself was changed"),
        (lambda *args: consensus(*args)[0], "three things"),
        (lambda *args: (*consensus(*args)[:2], 0.0), "must have shape"),
        (lambda *args: NotImplemented, checks.NOT_DONE),
    ],
)
def test_wrong_rounds(wrong, message):
    assert message in checks.check_consensus_round(wrong)
