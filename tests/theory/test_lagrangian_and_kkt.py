"""Duality, prices and multipliers: the bounds hold for all points, levels and iterates, and are attained where said."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

import optlib as ol
from optlib.methods.constrained import augmented_lagrangian

seeds = st.integers(0, 2**32 - 1)


def affine(a, b):
    """a'x - b."""
    a = np.asarray(a, dtype=float)
    return ol.Problem(lambda x: float(a @ x - b), jac=lambda x: a.copy(), hess=lambda x: np.zeros((a.size, a.size)))


def random_qp(rng, n=4, m=3):
    """A strongly convex quadratic and inequalities Gx <= c, feasible also with c - 1."""
    Q, G = rng.normal(size=(n, n)), rng.normal(size=(m, n))
    q = ol.Quadratic(Q @ Q.T + 0.2 * np.eye(n), 3 * rng.normal(size=n))
    return q, G, G @ rng.normal(size=n) + 1 + rng.uniform(0, 1, m)


def solve_qp(q, G, c):
    """The minimiser and its multipliers, by trying every set of active constraints: those of the KKT conditions."""
    n, m = q.b.size, len(c)
    for k in range(min(n, m) + 1):
        for active in map(list, combinations(range(m), k)):
            B = G[active]
            system = np.block([[q.A, B.T], [B, np.zeros((k, k))]])
            solution = np.linalg.solve(system, np.concatenate([q.b, c[active]]))
            lam = np.zeros(m)
            lam[active] = solution[n:]
            if (lam >= -1e-10).all() and (G @ solution[:n] <= c + 1e-9).all():
                return solution[:n], np.maximum(lam, 0.0)
    raise AssertionError("no set of active constraints fits")


# --- Duality --------------------------------------------------------------------------------------------------------


@given(seeds)
def test_kkt_dual_bound_is_below_the_minimum_from_any_point_and_any_multipliers(seed):
    rng = np.random.default_rng(seed)
    q, G, c = random_qp(rng)
    x, lam = solve_qp(q, G, c)
    L, mu = ol.Lagrangian(q, ineq=[affine(a, b) for a, b in zip(G, c, strict=True)]), q.strong_convexity
    slack = 1e-9 * (1 + abs(q(x)))
    at_best = ol.theory.kkt_dual_bound(L(x, lam), L.residuals(x, lam).stationarity, mu)
    assert at_best == pytest.approx(q(x), abs=slack)
    for _ in range(10):
        other, price = x + rng.normal(size=4), lam + rng.exponential(size=3) * rng.integers(0, 2, 3)
        bound = ol.theory.kkt_dual_bound(L(other, price), L.residuals(other, price).stationarity, mu)
        w = np.linalg.solve(q.A, q.b - G.T @ price)
        dual = L(w, price)  # the dual function itself
        assert bound <= dual + slack
        assert dual <= q(x) + slack


@given(seeds)
def test_kkt_dual_bound_holds_for_curved_constraints_with_their_hessians(seed):
    """f and g both quadratic: L is mu-strongly convex by f alone."""
    rng = np.random.default_rng(seed)
    f = ol.Quadratic(np.diag(rng.uniform(1, 5, 3)), 5 * rng.normal(size=3))
    ball = ol.Problem(lambda x: float(x @ x - 1) / 2, jac=lambda x: x)
    w, V = np.linalg.eigh(f.A)
    lo, hi = 0.0, 1e3  # ||(A + lam I)^-1 b|| = 1 by bisection
    if np.linalg.norm(f.b / w) > 1:
        for _ in range(200):
            mid = (lo + hi) / 2
            lo, hi = (mid, hi) if np.linalg.norm((V.T @ f.b) / (w + mid)) > 1 else (lo, mid)
    best = f(V @ ((V.T @ f.b) / (w + lo)))
    L = ol.Lagrangian(f, ineq=ball)
    for _ in range(10):
        x, lam = rng.normal(size=3), [rng.exponential() * 3]
        bound = ol.theory.kkt_dual_bound(L(x, lam), L.residuals(x, lam).stationarity, f.strong_convexity)
        assert bound <= best + 1e-8 * (1 + abs(best))


def test_kkt_dual_bound_is_attained_by_round_bowls_from_anywhere():
    rng = np.random.default_rng(0)
    q, G, c = ol.Quadratic(2.5 * np.ones(4), rng.normal(size=4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    L = ol.Lagrangian(q, ineq=[affine(a, b) for a, b in zip(G, c, strict=True)])
    for _ in range(20):
        x, lam = rng.normal(size=4), rng.exponential(size=3)
        dual = L((q.b - G.T @ lam) / 2.5, lam)
        assert ol.theory.kkt_dual_bound(L(x, lam), L.residuals(x, lam)[0], 2.5) == pytest.approx(dual)


def test_kkt_dual_bound_holds_at_every_iterate_of_the_augmented_lagrangian():
    rng = np.random.default_rng(1)
    for _ in range(6):
        q, G, c = random_qp(rng)
        best = q(solve_qp(q, G, c)[0])
        ineq = [affine(a, b) for a, b in zip(G, c, strict=True)]
        run = ol.minimize(q, np.zeros(4), ol.AugmentedLagrangian(ineq=ineq, rho=1.0), tol=1e-8)
        L, bounds = ol.Lagrangian(q, ineq=ineq), []
        for x, lam in zip(run.history.x, run.history.extras["lam"], strict=True):
            r = L.residuals(x, lam).stationarity
            bounds.append(ol.theory.kkt_dual_bound(L(x, lam), r, q.strong_convexity))
        assert (np.array(bounds) <= best + 1e-8 * (1 + abs(best))).all()
        assert bounds[-1] == pytest.approx(best, abs=1e-6 * (1 + abs(best)))


# --- Prices ---------------------------------------------------------------------------------------------------------


@given(seeds)
def test_kkt_price_bounds_the_minimum_at_every_level(seed):
    rng = np.random.default_rng(seed)
    q, G, c = random_qp(rng)
    x, lam = solve_qp(q, G, c)
    for u in np.vstack([-rng.uniform(size=(3, 3)), rng.uniform(-1, 1, (3, 3)), 10 * rng.exponential(size=(3, 3))]):
        p = q(solve_qp(q, G, c + u)[0])
        assert p >= ol.theory.kkt_price(u, q(x), lam) - 1e-8 * (1 + abs(p))


@given(seeds)
def test_kkt_price_holds_for_equalities_with_either_sign_and_is_the_tangent(seed):
    """For equalities alone p is a quadratic: p(v) = p(0) - nu'v + v' S^-1 v / 2."""
    rng = np.random.default_rng(seed)
    q, B, c = random_qp(rng, m=2)
    S = B @ np.linalg.solve(q.A, B.T)

    def solve(v):
        nu = np.linalg.solve(S, B @ np.linalg.solve(q.A, q.b) - c - v)
        return q(np.linalg.solve(q.A, q.b - B.T @ nu)), nu

    minimum, nu = solve(np.zeros(2))
    for v in rng.normal(size=(10, 2)):
        p, bend = solve(v)[0], v @ np.linalg.solve(S, v) / 2
        bound = ol.theory.kkt_price(v, minimum, nu)
        assert p == pytest.approx(bound + bend, rel=1e-7, abs=1e-7 * (1 + abs(p) + abs(bound)))


def test_kkt_price_is_attained_by_linear_problems_and_at_no_change():
    u = np.array([[-2.0], [0.0], [3.0]])  # min -2x subject to x <= 1 + u
    assert np.allclose(ol.theory.kkt_price(u, -2.0, [2.0]), -2 * (1 + u[:, 0]))


def test_where_the_price_is_infinite_no_multiplier_works():
    """min x subject to x^2 <= u has p(u) = -sqrt(u): every line through p(0) = 0 is cut."""
    for lam in (1.0, 1e3, 1e6):
        u = 1 / (4 * lam**2)
        assert -np.sqrt(u) < ol.theory.kkt_price([u], 0.0, [lam])


# --- The method of multipliers --------------------------------------------------------------------------------------


def equality_qp(rng, n=5, m=3):
    q, B, c = random_qp(rng, n, m)
    S = B @ np.linalg.solve(q.A, B.T)
    nu = np.linalg.solve(S, B @ np.linalg.solve(q.A, q.b) - c)
    return q, B, c, S, nu


@given(seeds, st.floats(0.01, 100.0))
def test_kkt_multipliers_and_the_exact_factor_hold_at_every_iterate(seed, rho):
    rng = np.random.default_rng(seed)
    q, B, c, S, best = equality_qp(rng)
    s, nu = np.linalg.eigvalsh(S)[0], rng.normal(size=3)
    e0, size = np.linalg.norm(nu - best), 1e-8 * (1 + np.linalg.norm(best)) * np.linalg.cond(q.A) * np.linalg.cond(S)
    for t in range(1, 9):
        x = np.linalg.solve(q.A + rho * B.T @ B, q.b - B.T @ nu + rho * B.T @ c)
        new = nu + rho * (B @ x - c)
        assert np.linalg.norm(new - best) <= ol.theory.kkt_multipliers(t, rho, s) * e0 + size
        assert np.allclose(new - best, np.linalg.solve(np.eye(3) + rho * S, nu - best), atol=size)
        nu = new


def test_kkt_multipliers_is_attained_along_the_flattest_direction():
    rng = np.random.default_rng(2)
    q, B, c, S, best = equality_qp(rng)
    w, V = np.linalg.eigh(S)
    for rho in (0.1, 1.0, 10.0):
        nu = best + V[:, 0]
        for t in range(1, 6):
            x = np.linalg.solve(q.A + rho * B.T @ B, q.b - B.T @ nu + rho * B.T @ c)
            nu = nu + rho * (B @ x - c)
            assert np.linalg.norm(nu - best) == pytest.approx(ol.theory.kkt_multipliers(t, rho, w[0]), rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_kkt_multiplier_step_holds_at_every_iterate_of_optlib(seed):
    rng = np.random.default_rng(seed)
    q, B, c, S, best = equality_qp(rng)
    eq = [affine(a, b) for a, b in zip(B, c, strict=True)]
    run = ol.minimize(q, np.zeros(5), ol.AugmentedLagrangian(eq=eq, rho=0.5), tol=1e-9, maxiter=12)
    h, L, s = run.history, ol.Lagrangian(q, eq=eq), np.linalg.eigvalsh(S)[0]
    e = np.linalg.norm(h.extras["nu"] - best, axis=1)
    assert len(e) > 3
    for t in range(len(e) - 1):
        rho, nu = h.extras["rho"][t], h.extras["nu"][t]
        delta = augmented_lagrangian(L, np.zeros(0), nu, rho).grad(h.x[t + 1])
        error = np.linalg.norm(B @ np.linalg.solve(q.A, delta))
        bound = ol.theory.kkt_multiplier_step(e[t], error, rho, s)
        assert e[t + 1] <= bound * (1 + 1e-9) + 1e-9 * (1 + np.linalg.norm(best))


def test_kkt_multiplier_step_is_attained_when_both_errors_agree():
    q, B = ol.Quadratic([2.0, 1.0], [1.0, 1.0]), np.array([[1.0, 0.0]])  # s = 1/2, x1 = 3, nu* = 1 - 6 = -5
    rho, e, delta = 4.0, 1.0, np.array([0.5, 0.0])
    nu = np.array([-5.0 + e])
    x = np.linalg.solve(np.diag(q.A) + rho * B.T @ B, q.b + delta - B.T @ nu + rho * B.T @ [3.0])
    new = nu + rho * (B @ x - 3.0)
    assert new[0] + 5.0 == pytest.approx(ol.theory.kkt_multiplier_step(e, 0.25, rho, 0.5))


# --- Necessity and sufficiency --------------------------------------------------------------------------------------


@given(seeds)
def test_points_that_meet_the_conditions_are_minimisers_and_no_others(seed):
    rng = np.random.default_rng(seed)
    q, G, c = random_qp(rng)
    x, lam = solve_qp(q, G, c)
    ineq = [affine(a, b) for a, b in zip(G, c, strict=True)]
    assert max(ol.kkt_residuals(q, x, ineq, lam=lam)) < 1e-7 * (1 + np.abs(lam).max())
    for y in x + rng.normal(size=(20, 4)):
        if (G @ y <= c).all():
            assert q(y) >= q(x) - 1e-9 * (1 + abs(q(x)))


# --- The support vector machine of the chapter ----------------------------------------------------------------------


@pytest.mark.parametrize("C", [0.01, 0.1])
def test_the_dual_of_the_support_vector_machine_agrees_with_scikit_learn(C):
    rng = np.random.default_rng(0)
    y = np.where(rng.uniform(size=80) < 0.5, -1.0, 1.0)
    X = np.column_stack([rng.normal(size=(80, 2)) + y[:, None], np.ones(80)])
    Z = y[:, None] * X
    dual = ol.Problem(lambda a: float(0.5 * np.sum((Z.T @ a) ** 2) - a.sum()), jac=lambda a: Z @ (Z.T @ a) - 1)
    step = 1 / np.linalg.norm(Z, 2) ** 2
    a = ol.minimize(dual, np.zeros(80), ol.FISTA(ol.sets.Box(0.0, C), step), tol=1e-9, maxiter=20000).x
    w = Z.T @ a
    gap = 0.5 * w @ w + C * np.maximum(0, 1 - Z @ w).sum() + dual(a)
    assert -1e-12 <= gap < 1e-7
    reference = LinearSVC(loss="hinge", C=C, fit_intercept=False, tol=1e-10, max_iter=1_000_000).fit(X, y)
    assert np.allclose(w, reference.coef_[0], atol=1e-5)
    margins = Z @ w
    assert (margins[a <= 1e-12] >= 1 - 1e-5).all()
    assert (margins[a >= C - 1e-12] <= 1 + 1e-5).all()
    assert np.allclose(margins[(a > 1e-12) & (a < C - 1e-12)], 1, atol=1e-5)
