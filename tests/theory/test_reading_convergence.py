"""The theorems of the chapter on reading convergence: at every iterate of random runs, and where they are attained."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)
SLACK = 1 + 1e-9


def flat_quadratic(rng, n):
    """A quadratic with a flat direction or more, so not strongly convex: problem, distance to its minimisers, mu, L."""
    curvatures = 10 ** rng.uniform(-2, 1, size=n)
    curvatures[: rng.integers(1, n)] = 0.0
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    A, x_star = basis * curvatures @ basis.T, rng.normal(size=n)
    p = ol.Problem(lambda x: float(((x - x_star) @ basis) ** 2 @ curvatures / 2), jac=lambda x: A @ (x - x_star))
    seen = basis[:, curvatures > 0]
    return p, lambda x: np.linalg.norm(seen.T @ (x - x_star)), curvatures[curvatures > 0].min(), curvatures.max()


def wave(rng):
    """(x - c)^2 + 3 sin^2(x - c), not convex: the inequality holds with mu = 0.175 (up to 0.1755), and L = 8."""
    c = rng.normal()
    p = ol.Problem(
        lambda x: float((x[0] - c) ** 2 + 3 * np.sin(x[0] - c) ** 2),
        jac=lambda x: 2 * (x - c) + 3 * np.sin(2 * (x - c)),
    )
    return p, lambda x: abs(x[0] - c), 0.175, 8.0


def runs(rng):
    """Problems that satisfy the inequality, and runs of gradient descent on them: fun, gradient norm, distance."""
    for (p, distance, mu, L), n in ((flat_quadratic(rng, 4), 4), (wave(rng), 1)):
        eta = rng.uniform(0.05, 1.9) / L
        h = ol.minimize(p, 3 * rng.normal(size=n), ol.GradientDescent(eta), tol=0, maxiter=300).history
        keep = h.fun > 1e-12  # f* = 0; below is rounding
        yield h.x, h.fun[keep], h.optimality[keep], np.array([distance(x) for x in h.x])[keep], mu, L, eta


@given(seeds)
@settings(max_examples=15)
def test_gap_from_gradient_and_gap_from_distance_and_distance_from_gradient_without_convexity(seed):
    for _, gap, g, r, mu, L, _ in runs(np.random.default_rng(seed)):
        for measured, (low, high) in (
            (gap, theory.gap_from_gradient(g, mu, L)),
            (gap, theory.gap_from_distance(r, mu, L)),
            (r, theory.distance_from_gradient(g, mu, L)),
        ):
            assert (low <= measured * SLACK).all()
            assert (measured <= high * SLACK).all()


def test_gap_from_gradient_gap_from_distance_distance_from_gradient_are_attained_with_a_flat_direction():
    p = ol.Problem(lambda x: float(x[1] ** 2 + 4 * x[2] ** 2), jac=lambda x: np.array([0, 2, 8]) * x)
    for x, end in (([5.0, 1.0, 0.0], 1), ([5.0, 0.0, 1.0], 0)):  # along mu = 2; along L = 8
        g = np.linalg.norm(p.grad(x))
        assert theory.gap_from_gradient(g, 2.0, 8.0)[end] == pytest.approx(p(x), rel=1e-12)
        assert theory.gap_from_distance(1.0, 2.0, 8.0)[1 - end] == pytest.approx(p(x), rel=1e-12)
        assert theory.distance_from_gradient(g, 2.0, 8.0)[end] == pytest.approx(1.0, rel=1e-12)


@given(seeds)
@settings(max_examples=15)
def test_rc_path_bounds_the_way_from_every_iterate(seed):
    for x, gap, _, r, mu, L, eta in runs(np.random.default_rng(seed)):
        steps = np.linalg.norm(np.diff(x, axis=0), axis=1)
        to_go = np.cumsum(steps[::-1])[::-1][: len(gap)]
        bound = theory.rc_path(gap, mu, L, eta)[: len(to_go)]
        assert (to_go <= bound * SLACK + 1e-7).all()
        assert (r <= theory.rc_path(gap, mu, L, eta) * SLACK).all()


def test_rc_path_is_nearly_attained_by_short_steps():
    p = ol.Quadratic([2.0])
    x = ol.minimize(p, [1.0], ol.GradientDescent(0.001), tol=1e-9, maxiter=20000).history.x[:, 0]
    way = np.abs(np.diff(x)).sum()
    assert way == pytest.approx(1.0, rel=1e-8)
    assert way <= theory.rc_path(p([1.0]), 2.0, 2.0, 0.001) <= 1.0011 * way


@given(seeds)
@settings(max_examples=15)
def test_rc_convex_gap_at_every_iterate(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 3)) * rng.uniform(0.2, 2)
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, rng.integers(0, 2, 30))
    huber = ol.Huber1D(delta=rng.uniform(0.05, 0.5), L=rng.uniform(0.5, 5))
    for p, n in ((risk, 3), (huber, 1)):
        best = ol.minimize(p, np.zeros(n), ol.Newton(), tol=1e-12) if p is risk else None
        x_star, f_star = (best.x, best.fun) if best is not None else (np.zeros(1), 0.0)
        x0 = x_star + 2 * rng.normal(size=n)
        h = ol.minimize(p, x0, ol.GradientDescent(1 / p.lipschitz), tol=0, maxiter=100).history
        keep = h.optimality > 1e-7  # below, the distance is rounding
        r = np.linalg.norm(h.x - x_star, axis=1)[keep]
        assert (h.fun[keep] - f_star <= theory.rc_convex_gap(h.optimality[keep], r, p.lipschitz) * SLACK + 1e-13).all()


def test_rc_convex_gap_is_attained_by_huber():
    p = ol.Huber1D(delta=0.5, L=3.0)
    for x in (0.5, 1.0, 7.0):
        g = abs(p.grad([x])[0])
        assert theory.rc_convex_gap(g, x, 3.0) == pytest.approx(p([x]), rel=1e-12)
    assert theory.rc_convex_gap(g, x + 1, 3.0) > p([x])  # a larger bound of the distance


@given(seeds, st.sampled_from(["l1", "group", "box", "ball"]))
@settings(max_examples=40)
def test_rc_mapping_at_random_points(seed, kind):
    rng = np.random.default_rng(seed)
    n = 4
    A = rng.normal(size=(n, n))
    p = ol.Quadratic(A + A.T, rng.normal(size=n))  # not convex: that plays no role
    g = {
        "l1": ol.penalties.L1(rng.uniform(0.01, 2)),
        "group": ol.penalties.GroupL2(rng.uniform(0.01, 2), np.array([0, 0, 1, 1])),
        "box": ol.sets.Box(-np.ones(n), np.ones(n)),
        "ball": ol.sets.L2Ball(1.0),
    }[kind]
    eta = 10 ** rng.uniform(-2, 1)
    for x in g.prox(rng.normal(size=(1, n))[0], 0.1), 2 * rng.normal(size=n):
        G = np.linalg.norm(ol.gradient_mapping(p, g, x, eta))
        for other in 10 ** rng.uniform(-2, 1, size=5):
            measured = np.linalg.norm(ol.gradient_mapping(p, g, x, other))
            low, high = theory.rc_mapping(G, eta, other)
            assert low <= measured * SLACK + 1e-12
            assert measured <= high * SLACK + 1e-12


def test_rc_mapping_is_attained_on_both_sides():
    p, x = ol.Quadratic([1.0, 3.0]), np.array([1.0, -2.0])
    free, point = ol.penalties.Zero(), ol.sets.Box(np.zeros(2), np.zeros(2))
    for other in (0.1, 0.7):
        for g, end in ((free, other < 0.3), (point, other > 0.3)):
            G = np.linalg.norm(ol.gradient_mapping(p, g, x, 0.3))
            measured = np.linalg.norm(ol.gradient_mapping(p, g, x, other))
            assert theory.rc_mapping(G, 0.3, other)[0 if end else 1] == pytest.approx(measured, rel=1e-12)


@given(seeds)
@settings(max_examples=25)
def test_rc_rate_is_above_every_ratio_and_every_observed_rate(seed):
    rng = np.random.default_rng(seed)
    curvatures = rng.uniform(0.1, 4, size=5)
    mu, L = curvatures.min(), curvatures.max()
    eta = rng.uniform(0.05, 1.9) / L
    h = ol.minimize(ol.Quadratic(curvatures), rng.normal(size=5), ol.GradientDescent(eta), tol=0, maxiter=80).history
    e = np.linalg.norm(h.x, axis=1)
    for errors, bound in ((e, theory.rc_rate(eta, mu, L)), (h.fun, theory.rc_rate(eta, mu, L) ** 2)):
        errors = errors[errors > 1e-10 * errors[0]]
        ratios = errors[1:] / errors[:-1]
        assert (np.diff(ratios) > -1e-5).all()
        assert (ratios <= bound * SLACK).all()
        if len(errors) >= 8:
            for end in range(8, len(errors) + 1, 5):
                observed = ol.observed_rate(errors[:end])
                assert observed <= ratios[end - 2] * SLACK
                assert observed <= bound * SLACK


def test_rc_rate_is_attained_along_an_extreme_eigenvector():
    for eta, x0 in ((0.1, [1.0, 0.0]), (0.45, [0.0, 1.0])):
        h = ol.minimize(ol.Quadratic([1.0, 4.0]), x0, ol.GradientDescent(eta), tol=0, maxiter=30).history
        assert ol.observed_rate(np.linalg.norm(h.x, axis=1)) == pytest.approx(theory.rc_rate(eta, 1.0, 4.0), rel=1e-12)


@given(seeds)
@settings(max_examples=30)
def test_rc_rounding_leaves_at_most_two_values(seed):
    rng = np.random.default_rng(seed)
    f_star, L = float(rng.normal() * 10.0 ** rng.uniform(-3, 3)), float(10 ** rng.uniform(-2, 2))
    if rng.integers(2):
        f_star = math.copysign(2.0 ** round(math.log2(abs(f_star))), f_star)  # where the spacing changes
    radius = theory.rc_rounding(f_star, L)
    distances = radius * (1 - 1e-9) * np.r_[0, np.sort(rng.uniform(size=200)), 1]
    exactly = [Fraction(f_star) + Fraction(L) * Fraction(float(r)) ** 2 / 2 for r in distances]
    assert len({float(f) for f in exactly}) <= 2  # Fraction to float rounds correctly
    farther = 4 * radius
    assert float(Fraction(f_star) + Fraction(L) * Fraction(farther) ** 2 / 2) > f_star  # not out of sight for long


def test_rc_rounding_is_sharp_just_below_a_power_of_two():
    ulp = Fraction(1, 2**52)
    f_star = 2 - 100 * ulp + Fraction(499999, 10**6) * ulp  # a real number, a little below a midpoint of two doubles
    radius = theory.rc_rounding(float(f_star), 1.0)
    for share, values in ((1 - 1e-9, 2), (1.001, 3)):
        gaps = [(Fraction(share * radius) * i / 2000) ** 2 / 2 for i in range(2001)]
        assert len({float(f_star + gap) for gap in gaps}) == values


def test_rc_smooth_gap_at_every_step():
    for rho, r in ((0.9, 0.95), (0.9, 0.5), (0.5, 0.99), (0.7, 0.7), (0.7, 0.7 + 1e-8), (0.0, 0.3)):
        m, t = 1.0, np.arange(60)
        for k in t:
            m = rho * m + (1 - rho) * r**k if k else 1.0
            assert theory.rc_smooth_gap(k, rho, r) == pytest.approx(m, rel=1e-7)
            assert m >= r**k * (1 - 1e-12)
        assert theory.rc_smooth_gap(t, rho, r)[-1] == pytest.approx(m, rel=1e-7)


def test_rc_smooth_noise_at_every_step_over_many_seeds():
    noise = np.random.default_rng(0).normal(size=(40, 40000))
    for rho in (0.0, 0.5, 0.9):
        m = noise[0]
        for t, e in enumerate(noise):
            m = rho * m + (1 - rho) * e if t else e
            variance = m.var()
            assert abs(variance - theory.rc_smooth_noise(t, rho)) <= 4.5 * variance * math.sqrt(2 / 40000)


@given(seeds)
@settings(max_examples=20)
def test_rc_early_at_every_iterate_also_with_fewer_samples_than_weights(seed):
    rng = np.random.default_rng(seed)
    n, d = rng.integers(2, 12), rng.integers(2, 6)
    X, y = rng.normal(size=(n, d)), rng.normal(size=n)
    risk = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
    eta = rng.uniform(0.1, 1.9) / risk.lipschitz
    lam, V = np.linalg.eigh(X.T @ X / n)
    shortest = V.T @ (np.linalg.pinv(X) @ y)
    path = ol.minimize(risk, np.zeros(d), ol.GradientDescent(eta), tol=0, maxiter=40).history.x @ V
    for j in range(d):
        size = theory.rc_early(np.arange(len(path)), max(lam[j], 0.0), eta) * shortest[j]
        assert path[:, j] == pytest.approx(size, abs=1e-8 * (1 + abs(shortest[j])))


def test_rc_early_ratio_between_both_filters_at_every_iterate():
    u = np.geomspace(1e-6, 1, 600)  # eta lambda
    sharp = []
    for t in [*range(1, 20), 100, 1000, 10**5]:
        gd, ridge = np.array([theory.rc_early(t, v, 1.0) for v in u]), u / (u + 1 / t)
        assert (ridge <= gd * SLACK).all()
        assert (gd <= theory.rc_early_ratio(t) * ridge * SLACK).all()
        assert ridge == pytest.approx(theory.er_ridge_factor(np.sqrt(7 * u), n=7, lam=1 / t), rel=1e-12)
        sharp.append((gd / ridge).max())
    assert sharp[0] == pytest.approx(2.0, rel=1e-12)  # attained
    assert sharp[-1] == pytest.approx(theory.rc_early_ratio(10**5), rel=1e-4)  # and in the limit
    assert (np.diff(sharp) < 0).all()


def test_rc_fooled_over_many_seeds():
    sigma, tol, S, T = 0.2, 0.01, 4000, 60
    losses = np.random.default_rng(0).normal(scale=sigma, size=(T + 1, S))
    stopped = np.maximum.accumulate(np.abs(np.diff(losses, axis=0)) <= tol, axis=0).mean(axis=1)
    t = np.arange(1, T + 1)
    error = 4.5 * np.sqrt(0.25 / S)
    p = theory.rc_fooled(1, tol, sigma)
    assert (theory.rc_fooled(t, tol, sigma) <= stopped + error).all()
    assert (stopped <= t * p + error).all()
    wide = np.random.default_rng(2).normal(size=(7, 60000))  # a tolerance as large as the noise: differences depend
    stopped = np.maximum.accumulate(np.abs(np.diff(wide, axis=0)) <= 1.0, axis=0).mean(axis=1)
    assert (theory.rc_fooled(t[:6], 1.0, 1.0) <= stopped + 4.5 * np.sqrt(0.25 / 60000)).all()
    many = np.random.default_rng(1).normal(scale=sigma, size=(2, 10**6))
    assert abs((np.abs(many[1] - many[0]) <= tol).mean() - p) <= 4.5 * math.sqrt(p / 10**6)  # exact at one step


def test_the_stochastic_runs_of_the_chapter_see_what_the_oracle_sees():
    """The loss on a fresh batch is an unbiased reading of the full one, with the variance that `pc_variance` says."""
    rng = np.random.default_rng(0)
    risk = ol.EmpiricalRisk(ol.losses.Squared(), rng.normal(size=(12, 2)), rng.normal(size=12))
    w = np.array([0.3, -1.0])
    each = np.array([risk.part([i])(w) for i in range(12)])
    oracle = risk.minibatch(3, seed=0, replace=True)
    seen = np.array([oracle.value_and_grad(w)[0] for _ in range(8000)])
    variance = theory.pc_variance(3, each.std(), 12, True)
    assert abs(seen.mean() - risk(w)) <= 4.5 * math.sqrt(variance / 8000)
    assert seen.var() == pytest.approx(variance, rel=0.1)
