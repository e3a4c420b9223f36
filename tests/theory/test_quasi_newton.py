"""The theorems of the chapter on quasi-Newton methods, at every iterate of random instances with known constants."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit

import optlib as ol
from optlib import theory
from optlib.methods.quasi_newton import bfgs_update

seeds = st.integers(0, 2**32 - 1)
C1, C2 = 1e-4, 0.9  # of ol.line_search.Wolfe()


def spd(rng, n):
    A = rng.normal(size=(n, n))
    return A @ A.T + 0.2 * np.eye(n)


def root(W):
    """The symmetric square root of a positive definite matrix."""
    values, vectors = np.linalg.eigh(W)
    return vectors * np.sqrt(values) @ vectors.T


def psi(B):
    """tr B - ln det B - n, for positive definite B."""
    values = np.linalg.eigvalsh(B)
    return float((values - 1 - np.log(values)).sum())


def soft_logistic(rng, n):
    """Regularised logistic regression on soft labels with minimiser 0; f, mu, L, and M of the Hessian."""
    A, b, s, lam = rng.normal(size=(2 * n, n)), rng.normal(size=2 * n), rng.uniform(size=2 * n), rng.uniform(0.05, 1)
    problem = ol.Problem(
        lambda x: float(lam / 2 * x @ x + s @ (np.logaddexp(0, A @ x + b) - np.logaddexp(0, b) - expit(b) * (A @ x))),
        jac=lambda x: lam * x + A.T @ (s * (expit(A @ x + b) - expit(b))),
        hess=lambda x: lam * np.eye(n) + (A.T * (s * expit(A @ x + b) * expit(-A @ x - b))) @ A,
    )
    M = float(s @ np.linalg.norm(A, axis=1) ** 3 / (6 * np.sqrt(3)))
    return problem, lam, lam + float(np.linalg.norm((A.T * s) @ A, 2)) / 4, M


def pairs(problem, run):
    """The steps and changes of the gradient of a run, while they are clear of rounding."""
    g = np.array([problem.grad(x) for x in run.history.x])
    s, y = np.diff(run.history.x, axis=0), np.diff(g, axis=0)
    clear = np.linalg.norm(g, axis=1)[1:] > 1e-7 * np.linalg.norm(g[0])
    last = len(clear) if clear.all() else int(np.argmin(clear))
    return g, s[:last], y[:last]


def hessians(s, y):
    """B_0 = y'y / s'y I of the first pair, and what BFGS makes of it by all pairs in turn; by the dual formula."""
    assume(len(s) > 0)
    Bs = [y[0] @ y[0] / (s[0] @ y[0]) * np.eye(s.shape[1])]
    for step, change in zip(s, y, strict=True):
        Bv = Bs[-1] @ step
        Bs.append(Bs[-1] - np.outer(Bv, Bv) / (step @ Bv) + np.outer(change, change) / (step @ change))
    return Bs


# --- Least change ------------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 6))
@settings(max_examples=40)
def test_qn_least_change_from_every_other_solution(seed, n):
    rng = np.random.default_rng(seed)
    W, s = spd(rng, n), rng.normal(size=n)
    y, R = W @ s, root(W)

    def distance(X, Y):
        return np.linalg.norm(R @ (X - Y) @ R)

    H = rng.normal(size=(n, n))
    H = H + H.T  # need not be definite
    new = bfgs_update(H, s, y)
    other = rng.normal(size=(n, n))
    other = bfgs_update(other + other.T, s, y)  # a random symmetric matrix with H'y = s; all are of this form
    expected = theory.qn_least_change(distance(H, other), distance(H, new))
    assert distance(new, other) == pytest.approx(float(expected), rel=1e-6, abs=1e-6 * distance(H, other))


@given(seeds, st.integers(2, 6))
@settings(max_examples=20)
def test_qn_least_change_at_every_update_on_a_quadratic_whatever_the_steps(seed, n):
    rng = np.random.default_rng(seed)
    A = spd(rng, n)
    R, H, last = root(A), spd(rng, n), np.inf
    for _ in range(3 * n):
        s = rng.normal(size=n)
        new = bfgs_update(H, s, A @ s)
        before, change = np.linalg.norm(R @ H @ R - np.eye(n)), np.linalg.norm(R @ (new - H) @ R)
        after = np.linalg.norm(R @ new @ R - np.eye(n))
        assert after == pytest.approx(float(theory.qn_least_change(before, change)), rel=1e-6, abs=1e-6 * before)
        assert after <= before * (1 + 1e-9) <= last * (1 + 2e-9)
        H, last = new, before


# --- Curvature ---------------------------------------------------------------------------------------------


@given(seeds, st.floats(0.15, 0.95))
@settings(max_examples=25)
def test_qn_curvature_of_every_wolfe_step(seed, c2):
    rng = np.random.default_rng(seed)
    convex, _, _, _ = soft_logistic(rng, 3)
    for problem, x0 in ((convex, 3 * rng.normal(size=3)), (ol.Rosenbrock(), rng.normal(size=2))):
        run = ol.minimize(problem, x0, ol.BFGS(ol.line_search.Wolfe(C1, c2)), tol=0, maxiter=25)
        g, s, y = pairs(problem, run)
        eta = run.history.step[: len(s)]
        curvature, slope = (s * y).sum(1), (g[: len(s)] * s).sum(1) / eta
        assert (curvature >= theory.qn_curvature(slope, eta, c2) * (1 - 1e-6)).all()


def test_qn_curvature_is_attained_where_the_slope_has_fallen_to_c2_of_it():
    q, c2 = ol.Quadratic([3.0]), 0.4
    eta = (1 - c2) / 3  # along p = -g the slope is then c2 times its size
    rule = ol.line_search.Wolfe(C1, c2)
    run = ol.minimize(q, [2.0], ol.GradientDescent(eta), tol=0, maxiter=5)
    g, s, y = pairs(q, run)
    assert (s * y)[:, 0] == pytest.approx(theory.qn_curvature(-(g[:-1, 0] ** 2), eta, rule.c2), rel=1e-12)


# --- Quadratics --------------------------------------------------------------------------------------------


exact = ol.line_search.Exact()


@pytest.mark.parametrize("method", [ol.BFGS(exact), ol.LBFGS(12, exact)], ids=["BFGS", "L-BFGS"])
@given(seed=seeds, n=st.integers(1, 8), spread=st.floats(0, 2))
@settings(max_examples=25)
def test_qn_quadratic(method, seed, n, spread):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    curvatures = 10 ** rng.uniform(0, spread, size=n)
    A = basis * curvatures @ basis.T
    q = ol.Quadratic((A + A.T) / 2, rng.normal(size=n))
    run = ol.minimize(q, q.minimisers[0] + rng.normal(size=n), method, tol=0, maxiter=n)
    error = run.history.x - q.minimisers[0]
    gap = 0.5 * np.einsum("ti,ij,tj->t", error, A, error)
    bound = theory.qn_quadratic(run.history.nit, curvatures.max() / curvatures.min(), n) * gap[0]
    assert (gap <= bound * (1 + 1e-7) + 1e-14 * gap[0]).all()


@pytest.mark.parametrize("t", [1, 2, 3, 5])
@pytest.mark.parametrize("kappa", [2.0, 30.0])
def test_qn_quadratic_is_attained_for_every_t(t, kappa):
    # the curvatures are the extreme points of Chebyshev's polynomial on [1, kappa], the start is its worst
    curvatures = (kappa + 1) / 2 - (kappa - 1) / 2 * np.cos(np.pi * np.arange(t + 1) / t)
    apart = np.abs(curvatures[:, None] - curvatures) + np.eye(t + 1)
    x0 = 1 / (curvatures * np.sqrt(apart.prod(1)))
    q = ol.Quadratic(curvatures)
    run = ol.minimize(q, x0 / np.linalg.norm(x0), ol.BFGS(exact), tol=0, maxiter=t)
    factor = theory.qn_quadratic(run.history.nit, kappa, t + 1)
    assert run.history.fun[t] / run.history.fun[0] == pytest.approx(factor[t], rel=1e-8)
    assert theory.qn_quadratic(t + 1, kappa, t + 1) == 0
    assert theory.qn_quadratic([0, 1, 2], 1.0, 5).tolist() == [1, 0, 0]


# --- From any start ----------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 6))
@settings(max_examples=40)
def test_qn_start(seed, n):
    rng = np.random.default_rng(seed)
    problem, mu, L, _ = soft_logistic(rng, n)
    x0, x1 = rng.normal(size=n), 5 * rng.normal(size=n)
    s, y = x1 - x0, problem.grad(x1) - problem.grad(x0)
    B = y @ y / (s @ y) * np.eye(n)
    assert psi(B / ((L + mu) / 2)) <= theory.qn_start(n, L / mu) * (1 + 1e-12)
    A = np.diag(np.linspace(mu, L, n)) if n > 1 else np.array([[mu]])  # along the flattest direction, y = mu s
    assert psi(A[0, 0] * np.eye(n) / ((L + mu) / 2)) == pytest.approx(theory.qn_start(n, L / mu), rel=1e-12)


@given(seeds, st.integers(1, 6))
@settings(max_examples=30)
def test_qn_potential_at_every_iterate_and_for_any_steps(seed, n):
    rng = np.random.default_rng(seed)
    problem, mu, L, _ = soft_logistic(rng, n)
    run = ol.minimize(problem, 5 * rng.normal(size=n), ol.BFGS(), tol=0, maxiter=25)
    _, s, y = pairs(problem, run)
    points = rng.normal(size=(2, 15, n)) * 3  # steps that no method takes
    anywhere = np.array([problem.grad(b) - problem.grad(a) for a, b in zip(*points, strict=True)])
    for S, Y in ((s, y), (points[1] - points[0], anywhere)):
        Bs, sigma = hessians(S, Y), (L + mu) / 2
        potential = np.array([psi(B / sigma) for B in Bs])
        cosine = np.array([v @ B @ v / np.linalg.norm(v) / np.linalg.norm(B @ v) for B, v in zip(Bs, S, strict=False)])
        total = potential + np.append(0, np.cumsum(-2 * np.log(cosine)))
        bound = theory.qn_potential(np.arange(len(total)), L / mu, potential[0])
        assert (total <= bound * (1 + 1e-8) + 1e-8).all()


@pytest.mark.parametrize("kappa", [1.0, 3.0, 100.0])
def test_qn_potential_is_attained_by_the_first_update(kappa):
    A, sigma = np.diag([1.0, kappa]), (kappa + 1) / 2
    s = np.array([np.sqrt(kappa), 1.0])  # Kantorovich's vector: no other is turned so far by A
    new = np.linalg.inv(bfgs_update(np.eye(2) / sigma, s, A @ s))
    assert psi(new / sigma) == pytest.approx(float(theory.qn_potential(1, kappa, 0.0)), rel=1e-9, abs=1e-12)


@given(seeds, st.integers(1, 6), st.floats(0.2, 0.9))
@settings(max_examples=30)
def test_qn_global_at_every_iterate(seed, n, c2):
    rng = np.random.default_rng(seed)
    problem, mu, L, _ = soft_logistic(rng, n)
    c1 = 0.1
    run = ol.minimize(problem, 5 * rng.normal(size=n), ol.BFGS(ol.line_search.Wolfe(c1, c2)), tol=0, maxiter=30)
    _, s, y = pairs(problem, run)
    gap, t = run.history.fun[: len(s) + 1], np.arange(1, len(s) + 1)
    excess = psi(hessians(s[:1], y[:1])[0] / ((L + mu) / 2))
    assert (gap[1:] <= theory.qn_global(t, L / mu, excess, c1, c2) * gap[0] * (1 + 1e-9)).all()


def test_qn_global_for_exact_steps_is_attained_where_all_curvature_is_the_same_and_else_safe():
    # kappa = 1, B_0 = sigma I: the first exact step arrives, and the bound says that nothing is left
    assert theory.qn_global(1, 1.0, 0.0, 0.5, 0.0) == 0
    rng = np.random.default_rng(0)
    for _ in range(20):
        q = ol.Quadratic(rng.uniform(1, 4, size=6))
        run = ol.minimize(q, rng.normal(size=6), ol.BFGS(exact), tol=0, maxiter=5)
        kappa = q.lipschitz / q.strong_convexity
        t = np.arange(1, len(run.history.fun))
        bound = theory.qn_global(t, kappa, theory.qn_start(6, kappa), 0.5, 0.0)
        assert (run.history.fun[1:] <= bound * run.history.fun[0]).all()


@given(seeds, st.integers(1, 6), st.integers(1, 4))
@settings(max_examples=30)
def test_qn_lbfgs_at_every_iterate(seed, n, memory):
    rng = np.random.default_rng(seed)
    problem, mu, L, _ = soft_logistic(rng, n)
    c1, c2 = 0.1, 0.5
    method = ol.LBFGS(memory, ol.line_search.Wolfe(c1, c2))
    run = ol.minimize(problem, 5 * rng.normal(size=n), method, tol=0, maxiter=30)
    g, s, _ = pairs(problem, run)
    gap, t = run.history.fun[: len(s) + 1], np.arange(len(s) + 1)
    assert (gap <= theory.qn_lbfgs(t, L / mu, n, memory, c1, c2) * gap[0] * (1 + 1e-9)).all()
    # the angle that the proof bounds: 1 / cos^2 is at most exp of the potential's bound
    cosine = -(g[: len(s)] * s).sum(1) / np.linalg.norm(g[: len(s)], axis=1) / np.linalg.norm(s, axis=1)
    excess = theory.qn_potential(memory, L / mu, theory.qn_start(n, L / mu))
    assert (-2 * np.log(cosine) <= excess * (1 + 1e-9)).all()


def test_qn_lbfgs_is_attained_where_all_curvature_is_the_same():
    run = ol.minimize(ol.Quadratic([2.0, 2.0]), [1.0, 3.0], ol.LBFGS(3, exact), tol=0, maxiter=1)
    assert run.history.fun[1] <= 1e-28
    assert theory.qn_lbfgs(1, 1.0, 2, 3, 0.5, 0.0) == 0


# --- Near the minimiser ------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 5))
@settings(max_examples=30)
def test_qn_dennis_more_at_every_full_step(seed, n):
    rng = np.random.default_rng(seed)
    problem, _, _, M = soft_logistic(rng, n)
    run = ol.minimize(problem, rng.normal(size=n), ol.BFGS(), tol=0, maxiter=25)
    g, s, y = pairs(problem, run)
    A, Bs, e = problem.hess(np.zeros(n)), hessians(s, y), np.linalg.norm(run.history.x, axis=1)
    checked = 0
    for t in range(1, len(s)):  # B_0 was scaled after its step
        if run.history.step[t] == 1:
            size = np.linalg.norm(s[t])
            bound = theory.qn_dennis_more(np.linalg.norm((Bs[t] - A) @ s[t]) / size, e[t], e[t + 1], M)
            assert np.linalg.norm(g[t + 1]) / size <= bound * (1 + 1e-5) + 1e-8
            checked += 1
    assert checked >= 1 or len(s) < 4


def test_qn_dennis_more_is_attained_by_a_cubic_and_by_a_quadratic():
    # f' = x + M/2 x|x|, one variable: from x > 0 with B = f''(0) = 1 the step goes to -M/2 x^2
    M, x = 0.3, 0.1
    full = x + M / 2 * x**2
    after = x - full
    left = abs(after + M / 2 * after * abs(after)) / full
    bound = theory.qn_dennis_more(0.0, x, abs(after), M)
    assert left <= bound
    assert left / bound > 0.97
    A, B, g = np.diag([1.0, 5.0]), np.diag([2.0, 3.0]), np.array([1.0, -2.0])
    s = -np.linalg.solve(B, g)
    new = g + A @ s
    ratio = np.linalg.norm((B - A) @ s) / np.linalg.norm(s)
    assert np.linalg.norm(new) / np.linalg.norm(s) == pytest.approx(float(theory.qn_dennis_more(ratio, 0, 0, 1.0)))
