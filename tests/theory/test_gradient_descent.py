"""The theorems of the chapter on gradient descent, at every iterate of random instances whose constants are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waves import waves

import optlib as ol
from optlib import theory

seeds, dimensions = st.integers(0, 2**32 - 1), st.integers(1, 6)
EPS = np.finfo(float).eps


def rounding(*values):
    """What rounding may do to differences of these: some hundred units in the last place of the largest."""
    return 500 * EPS * max(np.abs(v).max() for v in values)


def rotated(eigenvalues, rng):
    """A quadratic with these eigenvalues in random directions, and a random minimiser."""
    n = len(eigenvalues)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    A = basis * eigenvalues @ basis.T
    return ol.Quadratic((A + A.T) / 2, rng.normal(size=n)), basis


def logistic(rng, n, lam):
    X = rng.normal(size=(20, n)) * rng.uniform(0.2, 3)
    y = (X @ rng.normal(size=n) + rng.normal(size=20) > 0).astype(float)
    y[:2] = 0, 1
    return ol.EmpiricalRisk(ol.losses.Logistic(), X, y, ol.penalties.L2(lam))


def solved(p, x0):
    """Minimiser and minimum by Newton's method."""
    result = ol.minimize(p, np.zeros(p.dimension), ol.Newton(ol.line_search.Backtracking()), tol=1e-13, maxiter=200)
    return result.x, result.fun


def convex_instances(seed, n):
    """(problem, L, minimiser, minimum, start) of functions that are convex and L-smooth."""
    rng = np.random.default_rng(seed)
    q, _ = rotated(10 ** rng.uniform(-3, 2, size=n), rng)
    yield q, q.lipschitz, q.minimisers[0], q.minimum, q.minimisers[0] + rng.normal(size=n)
    h = ol.Huber1D(delta=rng.uniform(0.01, 2), L=rng.uniform(0.1, 10))
    yield h, h.lipschitz, h.minimisers[0], 0.0, rng.normal(size=1) * 3
    r = logistic(rng, n, 1e-3)
    x0 = rng.normal(size=n)
    yield r, r.lipschitz, *solved(r, x0), x0


def descend(p, x0, step, steps=60):
    return ol.minimize(p, x0, ol.GradientDescent(step), tol=0, maxiter=steps).history


# --- Descent lemma ----------------------------------------------------------------------------------------


@given(seeds, dimensions, st.floats(0.05, 1.95))
@settings(max_examples=30)
def test_gd_decrease(seed, n, relative):
    rng = np.random.default_rng(seed)
    indefinite = ol.Quadratic(rng.uniform(-3, 3, size=n))
    instances = [(p, L, x0) for p, L, _, _, x0 in convex_instances(seed, n)]
    instances += [
        (*waves(rng, n)[:2], rng.normal(size=n) * 3),
        (indefinite, indefinite.lipschitz, rng.normal(size=n)),
    ]
    for p, L, x0 in instances:
        h = descend(p, x0, relative / L, 30)
        decrease, promised = h.fun[:-1] - h.fun[1:], theory.gd_decrease(relative / L, L) * h.optimality[:-1] ** 2
        assert (decrease >= promised - rounding(h.fun, promised)).all()


def test_gd_decrease_is_attained_where_all_curvature_is_L():
    q = ol.Quadratic([4.0, 4.0])
    for eta in (0.05, 0.25, 0.45):
        h = descend(q, [1.0, -2.0], eta, 5)
        assert h.fun[:-1] - h.fun[1:] == pytest.approx(theory.gd_decrease(eta, 4.0) * h.optimality[:-1] ** 2, rel=1e-12)
    best = theory.gd_decrease(0.25, 4.0)
    assert best == pytest.approx(1 / 8, rel=1e-15)
    assert theory.gd_decrease(0.5, 4.0) == 0
    assert max(theory.gd_decrease(eta, 4.0) for eta in np.linspace(0.01, 0.5, 99)) <= best


# --- Convex ------------------------------------------------------------------------------------------------


@given(seeds, dimensions)
@settings(max_examples=30)
def test_gd_convex_and_its_sharp_form(seed, n):
    for p, L, minimiser, minimum, x0 in convex_instances(seed, n):
        h = descend(p, x0, 1 / L)
        gap, t, R = h.fun - minimum, h.nit, np.linalg.norm(x0 - minimiser)
        assert (gap[1:] <= theory.gd_convex(t[1:], L, R) + rounding(h.fun)).all()
        assert (gap <= theory.gd_convex_sharp(t, L, R) * (1 + 1e-9) + rounding(h.fun)).all()


@pytest.mark.parametrize("N", [1, 2, 5, 20, 100])
@pytest.mark.parametrize("L", [1.0, 3.7])
def test_gd_convex_sharp_is_attained_by_huber(N, L):
    R = 2.0
    h = descend(ol.Huber1D(delta=R / (2 * N + 1), L=L), [R], 1 / L, N)
    assert h.fun[-1] == pytest.approx(float(theory.gd_convex_sharp(N, L, R)), rel=1e-12)
    t = np.arange(1, N + 1)
    assert (theory.gd_convex_sharp(t, L, R) < theory.gd_convex(t, L, R)).all()


# --- Strongly convex ---------------------------------------------------------------------------------------


@given(seeds, dimensions)
@settings(max_examples=30)
def test_gd_strongly_convex(seed, n):
    rng = np.random.default_rng(seed)
    q, _ = rotated(10 ** rng.uniform(-1, 2, size=n), rng)
    r = logistic(rng, n, 0.05)
    for p, minimiser in ((q, q.minimisers[0]), (r, solved(r, np.zeros(n))[0])):
        L, mu = p.lipschitz, p.strong_convexity
        x0 = rng.normal(size=n)
        h = descend(p, x0, 2 / (L + mu), 80)
        errors = np.linalg.norm(h.x - minimiser, axis=1)
        bound = theory.gd_strongly_convex(h.nit, L / mu) * errors[0]
        assert (errors <= bound * (1 + 1e-9) + 1e-11 * (1 + np.linalg.norm(minimiser))).all()


@given(seeds, st.floats(1.5, 100))
@settings(max_examples=20)
def test_gd_strongly_convex_is_attained_on_the_extreme_eigenvectors(seed, kappa):
    rng = np.random.default_rng(seed)
    q, basis = rotated(np.array([1.0, (1 + kappa) / 2, kappa]), rng)
    x0 = q.minimisers[0] + basis @ [rng.normal(), 0.0, rng.normal()]
    h = descend(q, x0, 2 / (1 + kappa), 20)
    errors = np.linalg.norm(h.x - q.minimisers[0], axis=1)
    expected = theory.gd_strongly_convex(h.nit, kappa) * errors[0]
    assert np.allclose(errors, expected, rtol=1e-9, atol=1e-12 * (1 + errors[0] + np.linalg.norm(q.minimisers)))


# --- Exact line search -------------------------------------------------------------------------------------


@given(seeds, st.integers(2, 6))
@settings(max_examples=30)
def test_gd_exact_line_search(seed, n):
    rng = np.random.default_rng(seed)
    q, _ = rotated(10 ** rng.uniform(-1, 2, size=n), rng)
    h = descend(q, rng.normal(size=n) * 5, ol.line_search.Exact(), 40)
    gap = h.fun - q.minimum
    bound = theory.gd_exact_line_search(h.nit, q.lipschitz / q.strong_convexity) * gap[0]
    assert (gap <= bound * (1 + 1e-9) + rounding(h.fun)).all()


@pytest.mark.parametrize(("mu", "L"), [(1.0, 10.0), (0.5, 2.0), (1.0, 1000.0), (2.0, 2.0)])
def test_gd_exact_line_search_is_attained_from_the_worst_start(mu, L):
    h = descend(ol.Quadratic([mu, L]), [1 / mu, 1 / L], ol.line_search.Exact(), 30)
    expected = theory.gd_exact_line_search(h.nit, L / mu) * h.fun[0]
    assert np.allclose(h.fun, expected, rtol=1e-10, atol=1e-30)


# --- Nonconvex ---------------------------------------------------------------------------------------------


@given(seeds, dimensions)
@settings(max_examples=30)
def test_gd_nonconvex(seed, n):
    rng = np.random.default_rng(seed)
    p, L, _ = waves(rng, n)
    instances = [(p, L, 0.0, rng.normal(size=n) * 3)]
    instances += [(p, L, minimum, x0) for p, L, _, minimum, x0 in convex_instances(seed, n)]
    for p, L, minimum, x0 in instances:
        h = descend(p, x0, 1 / L)
        smallest = np.minimum.accumulate(h.optimality) ** 2  # over k <= t, so the bound is that at t + 1
        bound = theory.gd_nonconvex(h.nit + 1, L, max(h.fun[0] - minimum, 0.0))
        assert (smallest <= bound * (1 + 1e-9) + L * rounding(h.fun)).all()


def test_gd_nonconvex_is_attained_in_its_first_step_on_a_quadratic():
    q = ol.Quadratic([3.0])
    assert descend(q, [2.0], 1 / 3, 1).optimality[0] ** 2 == pytest.approx(float(theory.gd_nonconvex(1, 3.0, q([2.0]))))


# --- Armijo ------------------------------------------------------------------------------------------------


@given(seeds, dimensions, st.floats(0.01, 0.9), st.floats(0.1, 0.9), st.floats(0.01, 50))
@settings(max_examples=40)
def test_armijo_step(seed, n, c, shrink, start):
    rng = np.random.default_rng(seed)
    rule = ol.line_search.Backtracking(start, shrink, c, maxiter=500)
    instances = [(p, L, x0) for p, L, _, _, x0 in convex_instances(seed, n)] + [
        (*waves(rng, n)[:2], rng.normal(size=n) * 3)
    ]
    for p, L, x0 in instances:
        h = descend(p, x0, rule, 30)
        clear = h.optimality[:-1] ** 2 / L > 1e-9 * (1 + np.abs(h.fun).max())  # decreases well above rounding
        taken = h.step[:-1][clear]
        assert clear[0]
        assert (taken >= theory.armijo_step(L, c, shrink, start) * (1 - 1e-12)).all()
        assert (taken <= start).all()


@pytest.mark.parametrize(("L", "c", "shrink"), [(4.0, 0.5, 0.5), (1.0, 0.1, 0.9), (10.0, 0.9, 0.1)])
def test_armijo_step_is_attained_from_a_start_that_is_refused_by_a_hair(L, c, shrink):
    refused = 2 * (1 - c) / L * (1 + 1e-9)
    rule = ol.line_search.Backtracking(refused, shrink, c)
    taken = descend(ol.Quadratic([L]), [1.0], rule, 1).step[0]
    assert taken == pytest.approx(theory.armijo_step(L, c, shrink, refused), rel=1e-8)
    assert theory.armijo_step(L, c, shrink, 1e-3 / L) == 1e-3 / L  # a small start is accepted as it is
