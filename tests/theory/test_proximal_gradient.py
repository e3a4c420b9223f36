"""The theorems of the chapter on proximal gradient methods, at every iterate, and cases near the bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory
from optlib.methods.momentum import next_theta

seeds = st.integers(0, 2**32 - 1)
L1, ElasticNet, GroupL2, L2, Zero = (
    ol.penalties.L1,
    ol.penalties.ElasticNet,
    ol.penalties.GroupL2,
    ol.penalties.L2,
    ol.penalties.Zero,
)
KINDS = ["lasso", "wide lasso", "logistic", "group", "elastic net"]
EPS = np.finfo(float).eps


def instance(kind, rng):
    """A smooth risk and a penalty that leaves some weights at zero."""
    n, d = (12, 15) if kind == "wide lasso" else (30, 6)
    X = rng.normal(size=(n, d)) * rng.uniform(0.3, 2, size=d)
    if kind == "logistic":
        y = rng.integers(0, 2, n)
        y[:2] = 0, 1
        f = ol.EmpiricalRisk(ol.losses.Logistic(), X, y)
    else:
        f = ol.EmpiricalRisk(ol.losses.Squared(), X, X[:, :2] @ rng.normal(size=2) + 0.3 * rng.normal(size=n))
    lam = rng.uniform(0.05, 0.8) * np.abs(f.grad(np.zeros(d))).max()
    groups = np.arange(d) // 2
    g = {"group": GroupL2(lam / 2, groups), "elastic net": ElasticNet(lam, lam / 3)}.get(kind, L1(lam))
    return f, g, d


def solved(f, g, d):
    """A minimiser; the gradient mapping is at rounding level there."""
    return ol.minimize(f, np.zeros(d), ol.FISTA(g, 1 / f.lipschitz), tol=1e-13, maxiter=20000).x


def run(f, g, x0, method, steps=80):
    return ol.minimize(f, x0, method, tol=0, maxiter=steps).history


def total(f, g, x):
    return f(x) + g(x)


def flat(n=1):
    """f = 0, which is L-smooth with every L."""
    return ol.Problem(lambda x: 0.0, jac=np.zeros_like)


# --- The subdifferential and the proximal map -------------------------------------------------------------


@given(seeds, st.sampled_from(KINDS), st.floats(0.01, 5))
@settings(max_examples=40)
def test_prox_is_firmly_nonexpansive_and_meets_the_subgradient_inequality(seed, kind, t):
    rng = np.random.default_rng(seed)
    _, g, d = instance(kind, rng)
    v, w, x = 3 * rng.normal(size=(3, d))
    p, q = g.prox(v, t), g.prox(w, t)
    assert (p - q) @ (v - w) >= (p - q) @ (p - q) - 1e-12
    assert g(x) >= g(p) + (v - p) @ (x - p) / t - 1e-10 * (1 + g(x))


@given(seeds, st.floats(0.01, 3))
@settings(max_examples=30)
def test_moreau_splits_v_into_the_prox_of_a_norm_and_a_projection(seed, t):
    rng = np.random.default_rng(seed)
    v = 2 * rng.normal(size=6)
    assert np.allclose(L1(1.0).prox(v, t) + ol.sets.Box(-t, t).project(v), v, atol=1e-14)
    assert np.allclose(GroupL2(1.0, [0] * 6).prox(v, t) + ol.sets.L2Ball(t * np.sqrt(6)).project(v), v, atol=1e-14)


# --- Rates ------------------------------------------------------------------------------------------------


@given(seeds, st.sampled_from(KINDS), st.floats(0.2, 1.0))
@settings(max_examples=40)
def test_px_ista_and_the_monotone_gap_and_distance(seed, kind, shorter):
    rng = np.random.default_rng(seed)
    f, g, d = instance(kind, rng)
    star, x0, eta = solved(f, g, d), 2 * rng.normal(size=d), shorter / f.lipschitz
    h = run(f, g, x0, ol.ProximalGradient(g, eta))
    gap, r = h.fun - total(f, g, star), np.linalg.norm(h.x - star, axis=1)
    t, rounding = np.arange(1, len(gap)), 200 * EPS * h.fun[0]
    assert (gap[1:] <= theory.px_ista(t, 1 / eta, r[0]) + rounding).all()
    assert (np.diff(gap) <= rounding).all()
    assert (np.diff(r) <= 1e-7).all()


@pytest.mark.parametrize("N", [1, 2, 10, 100])
def test_px_ista_loses_at_most_a_factor_of_two(N):
    L, R = 3.0, 2.0
    h = run(flat(), None, [R], ol.ProximalGradient(L1(L * R / (2 * N)), 1 / L), N)
    assert h.fun[N] == pytest.approx(theory.px_ista(N, L, R) / 2, rel=1e-10)


@given(seeds, st.sampled_from(["lasso", "logistic", "group"]))
@settings(max_examples=30)
def test_px_strongly_convex(seed, kind):
    rng = np.random.default_rng(seed)
    f, g, d = instance(kind, rng)
    f = ol.EmpiricalRisk(f.loss, f.X, f.y, L2(0.1 * f.lipschitz))
    L, mu = f.lipschitz, f.strong_convexity
    star, x0 = solved(f, g, d), rng.normal(size=d)
    r = np.linalg.norm(run(f, g, x0, ol.ProximalGradient(g, 1 / L)).x - star, axis=1)
    assert (r <= theory.px_strongly_convex(np.arange(len(r)), L / mu) * r[0] + 1e-10).all()
    r = np.linalg.norm(run(f, g, x0, ol.ProximalGradient(g, 2 / (L + mu))).x - star, axis=1)
    assert (r <= theory.gd_strongly_convex(np.arange(len(r)), L / mu) * r[0] + 1e-10).all()


@pytest.mark.parametrize("kappa", [1.0, 2.0, 50.0])
def test_px_strongly_convex_is_attained(kappa):
    class Second(ol.penalties.L1):  # a kink in the second coordinate alone
        def __call__(self, x):
            return self.lam * abs(x[1])

        def prox(self, v, t):
            return np.array([v[0], *L1(self.lam).prox(v[1:], t)])

    h = run(ol.Quadratic([1.0, kappa]), None, [2.0, 0.0], ol.ProximalGradient(Second(0.7), 1 / kappa), 40)
    assert np.linalg.norm(h.x, axis=1) == pytest.approx(2 * theory.px_strongly_convex(h.nit, kappa), rel=1e-10)


@given(seeds, st.sampled_from(KINDS), st.floats(0.2, 1.0))
@settings(max_examples=40)
def test_px_fista(seed, kind, shorter):
    rng = np.random.default_rng(seed)
    f, g, d = instance(kind, rng)
    star, x0, eta = solved(f, g, d), 2 * rng.normal(size=d), shorter / f.lipschitz
    h = run(f, g, x0, ol.FISTA(g, eta, restart=False))
    gap, R = h.fun - total(f, g, star), np.linalg.norm(x0 - star)
    t = np.arange(1, len(gap))
    assert (gap[1:] <= theory.px_fista(t, 1 / eta, R) + 200 * EPS * h.fun[0]).all()


@given(seeds, st.sampled_from(["lasso", "logistic"]))
@settings(max_examples=15)
def test_px_ista_and_px_fista_hold_with_backtracking_for_the_shortest_step(seed, kind):
    rng = np.random.default_rng(seed)
    f, g, d = instance(kind, rng)
    star, x0 = solved(f, g, d), rng.normal(size=d)
    rule = ol.line_search.Backtracking(start=10 / f.lipschitz, shrink=0.7)
    for method, bound in ((ol.ProximalGradient(g, rule), theory.px_ista), (ol.FISTA(g, rule, False), theory.px_fista)):
        h = run(f, g, x0, method, 60)
        shortest = np.minimum.accumulate(h.step[:-1])  # over the steps taken up to each iterate
        assert shortest.min() >= 0.7 / f.lipschitz * (1 - 1e-9)
        values = [float(bound(t, 1 / shortest[t - 1], np.linalg.norm(x0 - star))) for t in range(1, len(h.fun))]
        assert (h.fun[1:] - total(f, g, star) <= np.array(values) + 200 * EPS * h.fun[0]).all()


def test_px_fista_is_nearly_attained():
    L, R, theta, d, ratios = 3.0, 2.0, 1.0, 0.0, []
    for N in range(1, 401):
        d = theta + (1 - 1 / theta) * d  # the distance travelled on a slope, in units of the gradient step
        assert d <= theta * (theta + 1) / 2 * (1 + 1e-12)
        if N in (1, 10, 100, 400):
            h = run(flat(), None, [R], ol.FISTA(L1(L * R / (2 * d)), 1 / L, restart=False), N)
            assert h.fun[N] == pytest.approx(L * R**2 / (4 * d), rel=1e-9)
            ratios.append(h.fun[N] / theory.px_fista(N, L, R))
            assert theta / (theta + 1) <= h.fun[N] * 2 * theta**2 / (L * R**2) <= 1
        theta = next_theta(theta)
    assert ratios == sorted(ratios)
    assert 0.96 < ratios[-1] < 1


# --- The gradient mapping ---------------------------------------------------------------------------------


@given(seeds, st.sampled_from(KINDS), st.floats(0.2, 1.0))
@settings(max_examples=30)
def test_px_mapping(seed, kind, shorter):
    rng = np.random.default_rng(seed)
    f, g, d = instance(kind, rng)
    star, x0, eta = solved(f, g, d), 2 * rng.normal(size=d), shorter / f.lipschitz
    G = run(f, g, x0, ol.ProximalGradient(g, eta)).optimality
    t = np.arange(1, len(G))
    assert (G[1:] <= theory.px_mapping(t, 1 / eta, np.linalg.norm(x0 - star)) + 1e-9).all()
    assert (np.diff(G) <= 1e-9 * G[0]).all()
    assert np.linalg.norm(ol.gradient_mapping(f, g, star, eta)) < 1e-8


@pytest.mark.parametrize("N", [1, 5, 50])
def test_px_mapping_loses_at_most_a_factor_of_two(N):
    L, R = 3.0, 2.0
    G = run(flat(), None, [R], ol.ProximalGradient(L1(L * R / (N + 1)), 1 / L), N).optimality
    assert G[N] == pytest.approx(L * R / (N + 1), rel=1e-9)
    assert G[N] == pytest.approx(theory.px_mapping(N, L, R) * np.sqrt(N / (2 * N + 2)), rel=1e-9)


@given(seeds, st.floats(0.05, 1.95))
@settings(max_examples=20)
def test_gd_decrease_and_gd_nonconvex_hold_with_a_penalty_and_without_convexity(seed, eta_L):
    rng = np.random.default_rng(seed)
    X, y, lam = rng.normal(size=(20, 3)), rng.normal(size=20), rng.uniform(0.01, 0.3)
    L = np.linalg.eigvalsh(X.T @ X / 20)[-1]
    f = ol.Problem(  # mean of r^2 / (2 (1 + r^2)), whose curvature lies in [-1/4, 1]
        lambda w: float(np.mean((X @ w - y) ** 2 / (2 + 2 * (X @ w - y) ** 2))),
        jac=lambda w: X.T @ ((X @ w - y) / (1 + (X @ w - y) ** 2) ** 2) / 20,
    )
    g, x0 = L1(lam), 3 * rng.normal(size=3)
    h = run(f, g, x0, ol.ProximalGradient(g, eta_L / L), 60)
    promised = theory.gd_decrease(eta_L / L, L) * h.optimality[:-1] ** 2
    assert (-np.diff(h.fun) >= promised - 50 * EPS * h.fun[0]).all()
    G = run(f, g, x0, ol.ProximalGradient(g, 1 / L), 60).optimality
    smallest, t = np.minimum.accumulate(G**2), np.arange(1, len(G))
    assert (smallest[:-1] <= theory.gd_nonconvex(t, L, h.fun[0]) * (1 + 1e-12)).all()


def shortest_subgradient(f, lam, x):
    g = f.grad(x)
    return np.linalg.norm(np.where(x == 0, np.maximum(np.abs(g) - lam, 0), g + lam * np.sign(x)))


@given(seeds, st.sampled_from(["lasso", "wide lasso", "logistic"]), st.floats(0.1, 4.0))
@settings(max_examples=40)
def test_px_stationarity(seed, kind, eta_L):
    rng = np.random.default_rng(seed)
    f, g, d = instance(kind, rng)
    y, eta = rng.normal(size=d), eta_L / f.lipschitz
    p = g.prox(y - eta * f.grad(y), eta)
    G = np.linalg.norm(y - p) / eta
    assert shortest_subgradient(f, g.lam, p) <= theory.px_stationarity(eta, f.lipschitz) * G * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("eta_L", [0.3, 1.0, 2.0, 3.0])
def test_px_stationarity_is_attained(eta_L):
    for curvature, convex in ((0.0, True), (1.0, True), (-1.0, False)):
        y = 2.0
        p = y - eta_L * curvature * y if curvature else y - eta_L * 0.5  # with f = 0: g = |x| / 2, far from its kink
        G = abs(y - p) / eta_L
        shortest = abs(curvature * p) if curvature else 0.5
        factor = theory.px_stationarity(eta_L, 1.0, convex)
        assert shortest <= factor * G + 1e-15
        if convex == (curvature >= 0) and (curvature != 1.0 or eta_L >= 2) and (curvature or eta_L <= 2):
            assert shortest == pytest.approx(factor * G)


# --- The duality gap --------------------------------------------------------------------------------------


@given(seeds, st.sampled_from(KINDS))
@settings(max_examples=30)
def test_duality_gap_bounds_the_gap_at_every_iterate_and_closes(seed, kind):
    rng = np.random.default_rng(seed)
    f, g, d = instance(kind, rng)
    star = solved(f, g, d)
    h = run(f, g, 2 * rng.normal(size=d), ol.FISTA(g, 1 / f.lipschitz), 60)
    for x, value in zip(h.x, h.fun, strict=True):
        assert value - total(f, g, star) <= ol.duality_gap(f, g, x) + 200 * EPS * h.fun[0]
    assert ol.duality_gap(f, g, star) <= 1e-9 * (1 + h.fun[0])


# --- The support ------------------------------------------------------------------------------------------


@given(seeds)
@settings(max_examples=20)
def test_the_support_is_found_in_as_many_steps_as_the_exercise_says(seed):
    rng = np.random.default_rng(seed)
    f, g, d = instance("lasso", rng)
    L, mu, star = f.lipschitz, f.strong_convexity, solved(f, g, d)
    slack = (g.lam - np.abs(f.grad(star)))[star == 0]
    slack = slack[slack > 1e-6 * g.lam]
    if not slack.size or (star == 0).sum() != slack.size:
        return
    x0 = rng.normal(size=d)
    R = np.linalg.norm(x0 - star)
    steps = max(1, int(np.ceil(L / mu * np.log(L * R / slack.min()))))
    if steps > 3000:
        return
    h = run(f, g, x0, ol.ProximalGradient(g, 1 / L), steps + 20)
    assert (h.x[steps:][:, star == 0] == 0).all()
