"""Theorems of `distributed`: asserted at every iterate of random instances, and where they are attained."""

from functools import partial
from itertools import product

import numpy as np
import pytest

import optlib as ol
from optlib import theory

Identity, Sign, TopK = ol.compressors.Identity, ol.compressors.Sign, ol.compressors.TopK


def quadratics(A, c, copies=2):
    """The mean of terms 1/2 (x - c_i)'A_i(x - c_i), each ``copies`` times, so that N workers hold one each."""
    A, c = np.repeat(A, copies, axis=0), np.repeat(c, copies, axis=0)

    def fun(x, rows):
        r = x - c[rows]
        Ar = np.einsum("ijk,ik->ij", A[rows], r)
        return float((r * Ar).sum() / (2 * len(rows))), Ar.mean(axis=0)

    problem = ol.FiniteSum(fun, len(A), jac=True)
    problem.star = np.linalg.solve(A.sum(0), np.einsum("ijk,ik->j", A, c))
    return problem


def symmetric(rng, d, low, high):
    Q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    return Q * np.concatenate([[low, high], rng.uniform(low, high, d - 2)]) @ Q.T


def points(problem, x0, method, T):
    return ol.minimize(problem, x0, method, tol=0, maxiter=T).history


# --- Data-parallel: the variance --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_ds_variance_is_exact(seed):
    """Every batch enumerated; and a sample from all alike has sigma^2 / (N b)."""
    rng = np.random.default_rng(seed)
    N, m, b, d = 2, 3, 2, 4
    g = rng.normal(size=(N, m, d)) + 2 * rng.normal(size=(N, 1, d))  # gradients, block by block
    mean = g.mean(axis=(0, 1))
    sigma = np.sqrt(np.mean(np.sum((g - mean) ** 2, axis=2)))
    zeta = np.sqrt(np.mean(np.sum((g.mean(axis=1) - mean) ** 2, axis=1)))
    means = np.array(
        [
            np.mean([g[0, list(first)].mean(0), g[1, list(second)].mean(0)], axis=0)
            for first in product(range(m), repeat=b)
            for second in product(range(m), repeat=b)
        ]
    )
    assert np.allclose(means.mean(axis=0), mean, rtol=1e-12)
    variance = np.mean(np.sum((means - mean) ** 2, axis=1))
    assert variance == pytest.approx(theory.ds_variance(sigma, zeta, N, b), rel=1e-12)
    assert variance <= theory.pc_variance(N * b, sigma, N * m, replace=True) * (1 + 1e-12)


def test_ds_variance_of_the_method_over_seeds():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    risk = ol.EmpiricalRisk(ol.losses.Squared(), X[np.argsort(y)], np.sort(y))  # sorted by label: unlike blocks
    x, each = np.ones(3), np.array([risk.part([j]).grad(np.ones(3)) for j in range(60)])
    sigma = np.sqrt(np.mean(np.sum((each - each.mean(0)) ** 2, axis=1)))
    zeta = np.sqrt(np.mean(np.sum((each.reshape(4, 15, 3).mean(1) - each.mean(0)) ** 2, axis=1)))
    errors = []
    for seed in range(400):
        oracle = risk.minibatch(8, seed=seed, replace=True, every=1)
        moved = x - points(oracle, x, ol.DistributedSGD(4, 1.0), 1).x[-1]
        errors.append(np.sum((moved - each.mean(0)) ** 2))
    assert np.mean(errors) == pytest.approx(theory.ds_variance(sigma, zeta, 4, 2), abs=4 * np.std(errors) / 400**0.5)


# --- Local steps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_ds_local_rate_and_ds_local_drift_on_quadratics(seed):
    rng = np.random.default_rng(seed)
    N, d, H, L = rng.integers(2, 5), 4, int(rng.integers(1, 9)), 5.0
    A = np.array([symmetric(rng, d, 1.0, L) for _ in range(N)])
    c = rng.normal(size=(N, d))
    problem, x0 = quadratics(A, c), rng.normal(size=d)
    for eta in (rng.uniform(0.02, 1) / L, 2 / (L + 1)):
        B = np.array([np.eye(d) - np.linalg.matrix_power(np.eye(d) - eta * a, H) for a in A])
        limit = np.linalg.solve(B.sum(0), np.einsum("ijk,ik->j", B, c))  # in closed form
        path = points(problem, x0, ol.DistributedSGD(int(N), eta, local_steps=H), 40).x
        distance = np.linalg.norm(path - limit, axis=1)
        rate = theory.ds_local_rate(np.arange(41), eta, 1.0, H)
        assert (distance <= rate * distance[0] * (1 + 1e-9) + 1e-13).all()
        zeta = np.mean([np.linalg.norm(a @ (problem.star - ci)) for a, ci in zip(A, c, strict=True)])
        bias = np.linalg.norm(limit - problem.star)
        general = theory.ds_local_drift(eta, H, L, 1.0, zeta)
        assert bias <= general * (1 + 1e-9) + 1e-13
        if eta <= 1 / L:
            sharp = theory.ds_local_drift(eta, H, L, 1.0, zeta, quadratic=True)
            assert bias <= sharp * (1 + 1e-9) + 1e-13
            assert sharp <= general * (1 + 1e-12)
        if H == 1:
            assert general == 0


@pytest.mark.parametrize("seed", range(6))
def test_ds_local_drift_on_logistic_regression(seed):
    """Not quadratic, blocks sorted by label, and different shares; the distance to x* at every round."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 3)) + 0.5
    y = (rng.random(50) < 0.4).astype(float)
    order = np.argsort(y, kind="stable")
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X[order], y[order], ol.penalties.L2(0.1))
    N, H = 3, int(rng.integers(2, 20))
    parts = [risk.part(rows) for rows in np.array_split(np.arange(50), N)]
    L, mu = max(p.lipschitz for p in parts), 0.1
    eta = 2 / (L + mu) * rng.uniform(0.2, 1)
    star = ol.minimize(risk, np.zeros(3), ol.Newton(), tol=1e-13).x
    zeta = sum(p.n_samples / 50 * np.linalg.norm(p.grad(star)) for p in parts)
    path = points(risk, 2 * rng.normal(size=3), ol.DistributedSGD(N, eta, local_steps=H), 200).x
    drift = theory.ds_local_drift(eta, H, L, mu, zeta)
    rate = theory.ds_local_rate(np.arange(201), eta, mu, H)
    distance = np.linalg.norm(path - star, axis=1)
    assert (distance <= rate * (distance[0] + drift) + drift + 1e-12).all()
    assert distance[-1] > 1e-6  # there is a drift


def test_ds_local_rate_is_attained():
    problem = quadratics(np.ones((2, 1, 1)), np.array([[1.0], [-3.0]]))
    path = points(problem, [2.0], ol.DistributedSGD(2, 0.1, local_steps=4), 20).x
    assert np.allclose(path[:, 0] + 1, 3 * theory.ds_local_rate(np.arange(21), 0.1, 1.0, 4), rtol=1e-12)


@pytest.mark.parametrize(("eta", "H"), [(0.01, 2), (0.1, 5), (0.2, 50)])
def test_ds_local_drift_is_attained_in_the_limit(eta, H):
    """One worker of curvature L = 5 and share 1/1000, the others of curvature 1; far apart, so that they disagree."""
    N, L = 1000, 5.0
    w = np.array([1 - 1 / N, 1 / N])
    a, c = np.array([1.0, L]), np.array([0.0, 1.0])
    b = 1 - (1 - eta * a) ** H
    star, limit = (w @ (v * c) / (w @ v) for v in (a, b))
    zeta = w @ np.abs(a * (star - c))
    bound = theory.ds_local_drift(eta, H, L, 1.0, float(zeta), quadratic=True)
    assert 0.99 < abs(limit - star) / bound <= 1
    if eta == 0.01:  # a small step: the bound for all functions is as good
        assert bound / theory.ds_local_drift(eta, H, L, 1.0, float(zeta)) > 0.98


def test_ds_local_drift_is_attained_for_any_shares_as_H_grows():
    for w in (0.2, 0.5, 0.9):
        star = (w * 1.0 * 0 + (1 - w) * 4.0) / (w + 4 * (1 - w))
        zeta = 2 * w * star
        bound = theory.ds_local_drift(0.25, 400, 4.0, 1.0, zeta, quadratic=True)
        assert abs((1 - w) - star) == pytest.approx(bound, rel=1e-12)


@pytest.mark.parametrize("H", [1, 5])
def test_ds_local_noise_is_exact(H):
    """In expectation over 3000 seeds, N workers with the terms mu/2 (x - c)^2 of unlike blocks."""
    rng = np.random.default_rng(1)
    N, m, mu, eta, T = 4, 5, 2.0, 0.2, 6
    c = np.tile(rng.normal(size=m), N) + np.repeat(rng.normal(size=N), m)
    sigma = mu * np.std(c[:m])  # within a block, the same in each
    worker = partial(rng.integers, m, size=(3000, N))
    x, path = np.full(3000, c.mean() + 3), [np.full(3000, 9.0)]
    for _ in range(T):
        y = np.repeat(x[:, None], N, axis=1)
        for _ in range(H):
            y = y - eta * mu * (y - c.reshape(N, m)[np.arange(N), worker()])
        x = y.mean(axis=1)
        path.append((x - c.mean()) ** 2)
    expected = theory.ds_local_noise(np.arange(T + 1), eta, mu, sigma, 3.0, N, H)
    for t in range(T + 1):
        assert np.mean(path[t]) == pytest.approx(expected[t], abs=4 * np.std(path[t]) / 3000**0.5 + 1e-12)
    alone = theory.sg_quadratic(H * np.arange(T + 1), eta, mu, sigma / 2, 3.0)
    assert np.array_equal(expected, alone)


# --- Compression ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_ds_top_k(seed):
    rng = np.random.default_rng(seed)
    for _ in range(40):
        d = int(rng.integers(1, 30))
        v, k = rng.standard_t(1.5, d), int(rng.integers(1, d + 1))
        assert np.sum((TopK(k)(v) - v) ** 2) <= (1 - theory.ds_top_k(k, d)) * (v @ v) * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_ds_sign(seed):
    rng = np.random.default_rng(seed)
    for _ in range(40):
        v = rng.standard_t(1.5, int(rng.integers(1, 30)))
        d, square = v.size, v @ v
        assert np.sum((Sign()(v) - v) ** 2) == pytest.approx((1 - theory.ds_sign(v)) * square, abs=1e-9 * square)
        assert 1 / d * (1 - 1e-12) <= theory.ds_sign(v) <= 1 + 1e-12


def test_ds_top_k_is_attained_and_ds_sign_has_its_ends():
    v = np.array([1.0, -1.0, 1.0, 1.0])
    assert np.sum((TopK(1)(v) - v) ** 2) == (1 - theory.ds_top_k(1, 4)) * 4
    assert theory.ds_sign(v) == 1.0
    assert theory.ds_sign([0.0, 0.0, 7.0, 0.0]) == 0.25
    assert theory.ds_top_k(9, 4) == 1.0


class Scale(ol.compressors.Compressor):
    """C(v) = factor v: a contraction with s = |factor - 1|, for what no contraction can do better."""

    def __init__(self, factor):
        self.factor = factor

    def compress(self, v):
        return (v,)

    def expand(self, message, d):
        return self.factor * message[0]


def errors_of(problem, x0, eta, compressor, T, workers=1):
    """The path with error feedback, and the errors e_t that the workers keep: the moves say what was sent."""
    x, e, path, kept = np.array(x0, dtype=float), np.zeros((workers, len(x0))), [], []
    parts = [problem.part(rows) for rows in np.array_split(np.arange(problem.n_samples), workers)]
    for _ in range(T + 1):
        path.append(x)
        kept.append(np.linalg.norm(e, axis=1).max())
        p = e + eta * np.array([part.grad(x) for part in parts])
        sent = np.array([compressor(v) for v in p])
        x, e = x - sent.mean(axis=0), p - sent
    run = points(problem, x0, ol.DistributedSGD(workers, eta, compressor=compressor), T)
    assert np.allclose(run.x, path, rtol=1e-9, atol=1e-12)  # it is the method
    return run, np.array(kept)


@pytest.mark.parametrize("seed", range(8))
def test_ds_memory(seed):
    """Gradients of the loss log(cosh) of a linear model are bounded."""
    rng = np.random.default_rng(seed)
    X, y, d = rng.normal(size=(12, 6)), rng.normal(size=12), 6
    bounded = ol.FiniteSum(
        lambda x, rows: (
            float(np.log(np.cosh(X[rows] @ x - y[rows])).mean()),
            X[rows].T @ np.tanh(X[rows] @ x - y[rows]) / len(rows),
        ),
        12, jac=True,
    )  # fmt: skip
    G = np.linalg.norm(X, axis=1).max()
    for compressor, delta in ((TopK(2), theory.ds_top_k(2, d)), (Sign(), 1 / d), (Scale(0.5), 0.75)):
        _, kept = errors_of(bounded, 3 * rng.normal(size=d), 0.1, compressor, 60, workers=3)
        bound = theory.ds_memory(np.arange(61), 0.1, delta, G)
        assert (kept <= bound * (1 + 1e-12)).all()
        assert (bound <= 2 * np.sqrt(1 - delta) / delta * 0.1 * G).all()


def test_ds_memory_is_attained():
    flat = ol.FiniteSum(lambda x, rows: (2.0 * x[0], np.array([2.0])), 1, jac=True)
    _, kept = errors_of(flat, [0.0], 0.1, Scale(0.4), 30)
    assert np.allclose(kept, theory.ds_memory(np.arange(31), 0.1, 1 - 0.36, 2.0), rtol=1e-12)


def nonconvex(rng, n=24, d=6):
    """The mean of log(1 + r^2), r = Xw - y, with its L; not convex, bounded below by 0."""
    X, y = rng.normal(size=(n, d)), 3 * rng.standard_t(2, n)
    X, y = X[np.argsort(y)], np.sort(y)

    def fun(x, rows):
        r = X[rows] @ x - y[rows]
        return float(np.log1p(r**2).mean()), X[rows].T @ (2 * r / (1 + r**2)) / len(rows)

    problem = ol.FiniteSum(fun, n, jac=True)
    problem.lipschitz = 2 * np.linalg.norm(X, 2) ** 2 / n
    problem.terms = X, y
    return problem


@pytest.mark.parametrize("seed", range(8))
def test_ds_feedback_one_worker(seed):
    rng = np.random.default_rng(seed)
    problem, x0, T = nonconvex(rng), 2 * rng.normal(size=6), 80
    L = problem.lipschitz
    for compressor, delta in ((TopK(3), 0.5), (TopK(1), 1 / 6), (Sign(), 1 / 6), (Identity(), 1.0), (Scale(1.6), 0.64)):
        eta = rng.uniform(0.1, 0.99) * theory.ds_feedback_step(L, delta)
        run, _ = errors_of(problem, x0, eta, compressor, T)
        least = np.minimum.accumulate(run.optimality**2)[:-1]
        assert (least <= theory.ds_feedback(np.arange(1, T + 1), eta, L, run.fun[0], delta) * (1 + 1e-12)).all()


@pytest.mark.parametrize("seed", range(8))
def test_ds_feedback_unlike_workers(seed):
    """Sorted by label; zeta is the largest at any iterate, which is where the proof needs it."""
    rng = np.random.default_rng(seed)
    problem, x0, T, N = nonconvex(rng), 2 * rng.normal(size=6), 80, 4
    L = problem.lipschitz
    parts = [problem.part(rows) for rows in np.array_split(np.arange(24), N)]
    for compressor, delta in ((TopK(3), 0.5), (Sign(), 1 / 6)):
        eta = rng.uniform(0.05, 0.9) * theory.ds_feedback_step(L, delta)
        run, _ = errors_of(problem, x0, eta, compressor, T, workers=N)
        spread = [np.mean([np.sum((p.grad(x) - problem.grad(x)) ** 2) for p in parts]) for x in run.x]
        bound = theory.ds_feedback(np.arange(1, T + 1), eta, L, run.fun[0], delta, zeta=float(np.sqrt(max(spread))))
        assert (np.minimum.accumulate(run.optimality**2)[:-1] <= bound * (1 + 1e-12)).all()


def test_ds_feedback_with_noise_in_expectation():
    """300 seeds at once: additive noise of variance sigma^2 at each of 4 workers, top-2 of 6."""
    rng = np.random.default_rng(3)
    curvatures, N, S, T, sigma, delta = np.linspace(0.2, 1.0, 6), 4, 300, 60, 2.0, 1 / 3
    eta = 0.5 * theory.ds_feedback_step(1.0, delta)
    x, e, squares = np.ones((S, 6)), np.zeros((S, N, 6)), []
    for _ in range(T):
        squares.append(np.sum((curvatures * x) ** 2, axis=1))
        noise = sigma / np.sqrt(6) * rng.normal(size=(S, N, 6))
        p = e + eta * ((curvatures * x)[:, None] + noise)
        small = np.abs(p) < np.sort(np.abs(p), axis=2)[..., -2:-1]
        e = np.where(small, p, 0.0)
        x = x - (p - e).mean(axis=1)
    squares = np.array(squares)
    mean, error = squares.mean(axis=1), squares.std(axis=1) / np.sqrt(S)
    least = np.minimum.accumulate(mean + 3 * error)
    bound = theory.ds_feedback(np.arange(1, T + 1), eta, 1.0, curvatures.sum() / 2, delta, sigma=sigma, workers=N)
    assert (least <= bound).all()


def test_ds_feedback_contains_the_theorems_without_compression():
    t = np.arange(1, 9)
    plain = theory.ds_feedback(t, 0.3, 2.0, 1.5, 1.0, sigma=0.7)
    assert np.allclose(plain, theory.sg_nonconvex(t, 0.3, 2.0, 1.5, 0.7), rtol=1e-14)
    assert np.allclose(theory.ds_feedback(t, 0.5, 2.0, 1.5, 1.0), theory.gd_nonconvex(t, 2.0, 1.5), rtol=1e-14)
    s = 0.5
    as_if = theory.sg_nonconvex(t, 0.1, 2.0 * (1 + s) / (1 - s), 1.5, 0.0)
    assert np.allclose(theory.ds_feedback(t, 0.1, 2.0, 1.5, 1 - s**2), as_if, rtol=1e-14)
    hard = ol.FiniteSum(lambda x, rows: (float(x @ x), 2 * x), 1, jac=True)  # L = 2: attained at t = 1, delta = 1
    assert hard.grad([1.0])[0] ** 2 == pytest.approx(theory.ds_feedback(1, 0.5, 2.0, hard([1.0]), 1.0), rel=1e-14)


class OneSided(Scale):
    """C(v) = v - s |v|: the errors of all workers have the same sign, and add up."""

    def expand(self, message, d):
        return message[0] - self.factor * np.abs(message[0])


def test_ds_feedback_floor_is_nearly_attained():
    """For the mean of the squares, which the proof bounds; from the minimiser, before the slow drift back to it."""
    pair, s, eta, T = quadratics(np.ones((2, 1, 1)), np.array([[1.0], [-1.0]])), 0.1, 1e-3, 60
    run, _ = errors_of(pair, [1e-6], eta, OneSided(s), T, workers=2)
    t = np.arange(1, T + 1)
    mean = np.cumsum(run.optimality[:-1] ** 2) / t
    bound = theory.ds_feedback(t, eta, 1.0, 5e-13, 1 - s**2, zeta=1.0)
    assert (mean <= bound).all()
    assert mean[-1] > 0.7 * bound[-1]


def test_ds_feedback_floor_is_of_the_second_order_in_eta():
    bounds = [theory.ds_feedback(10**12, eta, 1.0, 1.0, 0.5, zeta=1.0) for eta in (1e-2, 1e-3)]
    assert bounds[0] / bounds[1] == pytest.approx(100, rel=0.05)


def test_ds_feedback_step_is_sharp():
    """C(v) = (1 + s) v on L/2 x^2: converges just below, and not with the step itself."""
    L, s = 2.0, 0.6
    limit = theory.ds_feedback_step(L, 1 - s**2)
    bowl = ol.FiniteSum(lambda x, rows: (L / 2 * float(x @ x), L * x), 1, jac=True)
    below, _ = errors_of(bowl, [1.0], 0.98 * limit, Scale(1 + s), 2000)
    assert abs(below.x[-1, 0]) < 1e-6
    on, _ = errors_of(bowl, [1.0], limit, Scale(1 + s), 2000)
    assert abs(on.x[-1, 0]) > 0.2
    beyond, _ = errors_of(bowl, [1.0], 1.02 * limit, Scale(1 + s), 500)
    assert abs(beyond.x[-1, 0]) > 20


@pytest.mark.parametrize("seed", range(8))
def test_ds_one_worker(seed):
    rng = np.random.default_rng(seed)
    problem, x0, T = nonconvex(rng), 2 * rng.normal(size=6), 80
    L = problem.lipschitz
    for compressor, delta in ((TopK(3), 0.5), (TopK(1), 1 / 6), (Sign(), 1 / 6), (Identity(), 1.0)):
        eta = rng.uniform(0.1, 1.9) / L
        method = ol.DistributedSGD(1, eta, compressor=compressor, feedback=False)
        run = points(problem, x0, method, T)
        least = np.minimum.accumulate(run.optimality**2)[:-1]
        assert (least <= theory.ds_one_worker(np.arange(1, T + 1), eta, L, run.fun[0], delta) * (1 + 1e-12)).all()
        assert (np.diff(run.fun) <= 1e-12).all()
