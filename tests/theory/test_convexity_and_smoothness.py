"""The theorems of the chapter on convexity and smoothness, at random pairs of points of functions whose constants are
known; the bounds of the gap at every iterate of a run."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waves import waves

import optlib as ol
from optlib import theory

seeds, dimensions = st.integers(0, 2**32 - 1), st.integers(1, 6)
EPS = np.finfo(float).eps


def quadratic(eigenvalues, rng):
    """A quadratic with these eigenvalues in random directions, and the directions."""
    n = len(eigenvalues)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    A = basis * np.asarray(eigenvalues, dtype=float) @ basis.T
    return ol.Quadratic((A + A.T) / 2, rng.normal(size=n)), basis


def risk(loss, rng, n, lam):
    X = rng.normal(size=(20, n)) * rng.uniform(0.2, 3)
    z = X @ rng.normal(size=n) + rng.normal(size=20)
    y = z if isinstance(loss, ol.losses.Huber | ol.losses.Squared) else (z > 0).astype(float)
    return ol.EmpiricalRisk(loss, X, y, ol.penalties.L2(lam))


def strongly_convex(rng, n):
    yield quadratic(10 ** rng.uniform(-2, 2, size=n), rng)[0]
    yield risk(ol.losses.Logistic(), rng, n, 10 ** rng.uniform(-3, 0))
    yield risk(ol.losses.Huber(0.5), rng, n, 10 ** rng.uniform(-3, 0))
    yield risk(ol.losses.SquaredHinge(), rng, n, 10 ** rng.uniform(-3, 0))
    yield risk(ol.losses.Squared(), rng, n, 0.0)


def convex(rng, n):
    yield from strongly_convex(rng, n)
    yield risk(ol.losses.Logistic(), rng, n, 0.0)
    if n == 1:
        yield ol.Huber1D(delta=rng.uniform(0.01, 2), L=rng.uniform(0.1, 10))


class Pair:
    """What the inequalities speak of, for two points, and what rounding may do to it."""

    def __init__(self, p, x, y):
        self.x, self.y = x, y
        g, self.d, self.a = p.grad(x), np.linalg.norm(x - y), np.linalg.norm(p.grad(x) - p.grad(y))
        self.above_tangent = p(y) - p(x) - g @ (y - x)
        self.product = (g - p.grad(y)) @ (x - y)
        largest = max(abs(p(x)), abs(p(y)), abs(g @ (y - x)), abs(p.grad(y) @ (x - y)))
        self.rounding = 500 * EPS * (largest + p.lipschitz * self.d**2)


def pairs(p, rng, n, count=6):
    for _ in range(count):
        x = rng.normal(size=n) * 3
        yield Pair(p, x, x + rng.normal(size=n) * 10 ** rng.uniform(-1, 1))


# --- Pairs of points ---------------------------------------------------------------------------------------


@given(seeds, dimensions)
@settings(max_examples=25)
def test_cs_upper_also_without_convexity(seed, n):
    rng = np.random.default_rng(seed)
    for p in (*convex(rng, n), waves(rng, n)[0], ol.Quadratic(rng.uniform(-3, 3, size=n))):
        for pair in pairs(p, rng, n):
            assert abs(pair.above_tangent) <= theory.cs_upper(pair.d, p.lipschitz) + pair.rounding


@given(seeds, dimensions)
@settings(max_examples=25)
def test_cs_lower(seed, n):
    rng = np.random.default_rng(seed)
    for p in convex(rng, n):
        for pair in pairs(p, rng, n):
            assert pair.above_tangent >= theory.cs_lower(pair.d, p.strong_convexity) - pair.rounding
            assert pair.product >= 2 * theory.cs_lower(pair.d, p.strong_convexity) - pair.rounding  # monotone gradient


@given(seeds, dimensions)
@settings(max_examples=10)
def test_chords_lie_above_by_the_mu_of_cs_lower(seed, n):
    rng = np.random.default_rng(seed)
    for p in convex(rng, n):
        for pair in pairs(p, rng, n):
            share = rng.uniform()
            chord = share * p(pair.x) + (1 - share) * p(pair.y)
            spare = share * (1 - share) * theory.cs_lower(pair.d, p.strong_convexity)
            assert p(share * pair.x + (1 - share) * pair.y) <= chord - spare + pair.rounding


@given(seeds, dimensions)
@settings(max_examples=25)
def test_cs_interpolation(seed, n):
    rng = np.random.default_rng(seed)
    for p in convex(rng, n):
        for pair in pairs(p, rng, n):
            assert pair.above_tangent >= theory.cs_interpolation(pair.a, p.lipschitz) - pair.rounding


@given(seeds, dimensions)
@settings(max_examples=25)
def test_cs_cocoercive(seed, n):
    rng = np.random.default_rng(seed)
    for p in convex(rng, n):
        for pair in pairs(p, rng, n):
            assert pair.product >= theory.cs_cocoercive(pair.a, p.lipschitz) - pair.rounding


@given(seeds, dimensions)
@settings(max_examples=25)
def test_cs_strong(seed, n):
    rng = np.random.default_rng(seed)
    for p in strongly_convex(rng, n):
        for pair in pairs(p, rng, n):
            bound = theory.cs_strong(pair.a, pair.d, p.strong_convexity, p.lipschitz)
            assert pair.product >= bound - pair.rounding


@given(seeds)
@settings(max_examples=10)
def test_cs_upper_lower_and_interpolation_are_attained_where_all_curvature_is_the_same(seed):
    rng = np.random.default_rng(seed)
    p = quadratic([2.5, 2.5, 2.5], rng)[0]
    for pair in pairs(p, rng, 3):
        for bound in (theory.cs_upper(pair.d, 2.5), theory.cs_lower(pair.d, 2.5), theory.cs_interpolation(pair.a, 2.5)):
            assert pair.above_tangent == pytest.approx(float(bound), rel=1e-9, abs=pair.rounding)


@given(seeds, st.floats(0.01, 1.0))
@settings(max_examples=10)
def test_cs_cocoercive_and_cs_strong_are_attained_by_two_curvatures(seed, mu):
    rng = np.random.default_rng(seed)
    flat, p = quadratic([0.0, 2.0, 2.0], rng)[0], quadratic([mu, 2.0, mu, 2.0], rng)[0]
    for pair in pairs(flat, rng, 3):
        assert pair.product == pytest.approx(float(theory.cs_cocoercive(pair.a, 2.0)), rel=1e-9, abs=pair.rounding)
    for pair in pairs(p, rng, 4):
        bound = float(theory.cs_strong(pair.a, pair.d, mu, 2.0))
        assert pair.product == pytest.approx(bound, rel=1e-9, abs=pair.rounding)
    third = quadratic([mu, 3.0, 6.0], rng)[0]  # a curvature between the two: no equality
    assert any(pair.product > 1.001 * theory.cs_strong(pair.a, pair.d, mu, 6.0) for pair in pairs(third, rng, 3, 20))


def test_without_convexity_the_upper_bound_does_not_bound_the_gradient():
    """-e^x lies below its tangents, so the inequality holds for every L, yet its gradient is not Lipschitz."""
    x, y = 3.0, 4.0
    assert -np.exp(y) + np.exp(x) + np.exp(x) * (y - x) <= theory.cs_upper(1.0, 1e-3)
    assert np.exp(y) - np.exp(x) > 30


# --- The gap, the distance and the gradient, at every iterate ------------------------------------------------


def iterates(seed, n):
    """(mu, L, gap, g, r) along runs of gradient descent: gap of f, gradient norm, distance to the minimiser."""
    rng = np.random.default_rng(seed)
    for p in strongly_convex(rng, n):
        newton = ol.Newton(ol.line_search.Backtracking())
        minimiser = ol.minimize(p, np.zeros(n), newton, tol=1e-13, maxiter=300).x
        h = ol.minimize(p, rng.normal(size=n) * 3, ol.GradientDescent(1 / p.lipschitz), tol=0, maxiter=40).history
        gap, g, r = h.fun - p(minimiser), h.optimality, np.linalg.norm(h.x - minimiser, axis=1)
        clear = (g > 1e-6 * g[0]) & (gap > 1e-9 * (1 + np.abs(h.fun[0])))  # above rounding, and above x* itself
        yield p.strong_convexity, p.lipschitz, gap[clear], g[clear], r[clear]


def between(ends, value):
    lower, upper = ends
    return (lower <= value * (1 + 1e-5)).all() and (value <= upper * (1 + 1e-5)).all()


@given(seeds, dimensions)
@settings(max_examples=10)
def test_gap_from_gradient(seed, n):
    for mu, L, gap, g, _ in iterates(seed, n):
        assert between(theory.gap_from_gradient(g, mu, L), gap)


@given(seeds, dimensions)
@settings(max_examples=10)
def test_gap_from_distance(seed, n):
    for mu, L, gap, _, r in iterates(seed, n):
        assert between(theory.gap_from_distance(r, mu, L), gap)


@given(seeds, dimensions)
@settings(max_examples=10)
def test_distance_from_gradient(seed, n):
    for mu, L, _, g, r in iterates(seed, n):
        assert between(theory.distance_from_gradient(g, mu, L), r)


@given(seeds, dimensions)
@settings(max_examples=10)
def test_distance_from_gap(seed, n):
    for mu, L, gap, _, r in iterates(seed, n):
        assert between(theory.distance_from_gap(gap, mu, L), r)


@given(seeds)
@settings(max_examples=15)
def test_gap_from_gradient_and_the_others_are_attained_along_the_extreme_eigenvectors(seed):
    rng = np.random.default_rng(seed)
    mu, L = 0.5, 8.0
    p, basis = quadratic([mu, 2.0, L], rng)
    for k, end_of_gradient in ((0, 1), (2, 0)):  # along mu the upper end of what g says, along L the lower
        x = p.minimisers[0] + rng.uniform(0.5, 3) * basis[:, k]
        gap, g, r = p(x) - p.minimum, np.linalg.norm(p.grad(x)), np.linalg.norm(x - p.minimisers[0])
        assert theory.gap_from_gradient(g, mu, L)[end_of_gradient] == pytest.approx(gap, rel=1e-8)
        assert theory.distance_from_gradient(g, mu, L)[end_of_gradient] == pytest.approx(r, rel=1e-8)
        assert theory.distance_from_gap(gap, mu, L)[end_of_gradient] == pytest.approx(r, rel=1e-8)
        assert theory.gap_from_distance(r, mu, L)[1 - end_of_gradient] == pytest.approx(gap, rel=1e-8)


def test_distance_from_gap_has_the_ratio_sqrt_kappa():
    inner, outer = theory.distance_from_gap([0.0, 1.0, 4.0], mu=1.0, L=25.0)
    assert inner[0] == outer[0] == 0
    assert outer[1:] / inner[1:] == pytest.approx([5.0, 5.0])


# --- Constants from data -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["Squared", "Logistic", "CrossEntropy"])
def test_the_constants_of_a_risk_bound_its_hessian_everywhere(loss):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 4)) * [0.1, 1, 2, 5]
    y = rng.integers(0, 2 if loss == "Logistic" else 3, size=30)
    p = ol.EmpiricalRisk(getattr(ol.losses, loss)(), X, y, ol.penalties.L2(0.1))
    n = int(np.prod(p.shape))
    for scale in (0.0, 0.3, 3.0, 30.0):
        eigenvalues = np.linalg.eigvalsh(p.hess(scale * rng.normal(size=n)))
        assert p.strong_convexity * (1 - 1e-12) <= eigenvalues[0]
        assert eigenvalues[-1] <= p.lipschitz * (1 + 1e-12)
    if loss == "Logistic":  # L is attained at 0, mu far out
        assert np.linalg.eigvalsh(p.hess(np.zeros(n)))[-1] == pytest.approx(p.lipschitz, rel=1e-12)
        assert np.linalg.eigvalsh(p.hess(1e4 * np.ones(n)))[0] == pytest.approx(p.strong_convexity, rel=1e-9)


# --- What samples say --------------------------------------------------------------------------------------


@pytest.mark.parametrize("N", [1, 10, 200])
@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_cs_unseen(N, delta):
    """A share above the bound stays unseen with a probability below delta; at the bound it is delta."""
    bound, rng = theory.cs_unseen(N, delta), np.random.default_rng(N)
    assert (1 - bound) ** N == pytest.approx(delta, rel=1e-9)
    assert bound <= np.log(1 / delta) / N
    runs = 20_000
    for p in (bound, min(1.0, 1.5 * bound)):
        unseen = (rng.binomial(N, p, size=runs) == 0).mean()
        assert unseen <= delta + 4 * np.sqrt(delta * (1 - delta) / runs)
    assert theory.cs_unseen(10 * N, delta) < bound < theory.cs_unseen(N, delta / 2)


@given(seeds, st.integers(2, 40))
@settings(max_examples=25)
def test_cs_covered(seed, count):
    """On a random sum of waves, in two variables on a grid's square, and on a line."""
    rng = np.random.default_rng(seed)
    w, a = rng.uniform(0.2, 3, size=(4, 2)), rng.uniform(-1, 1, size=4)

    def hessian(x):  # of |x|^2/2 + sum a_k sin(w_k'x), whose third derivative is at most sum |a_k| |w_k|^3
        return np.eye(2) - np.einsum("k,ki,kj->ij", a * np.sin(w @ x), w, w)

    M = (np.abs(a) * np.linalg.norm(w, axis=1) ** 3).sum()
    grid = np.linspace(-1, 1, count)
    least = min(np.linalg.eigvalsh(hessian(np.array([s, t])))[0] for s in grid for t in grid)
    bound = theory.cs_covered(least, M, np.sqrt(2) / (count - 1))
    for x in rng.uniform(-1, 1, size=(60, 2)):
        assert np.linalg.eigvalsh(hessian(x))[0] >= bound - 1e-12


def test_cs_covered_is_attained_between_two_samples():
    M, r = 3.0, 0.25  # f = M/6 |x|^3 has f'' = M |x|, sampled at -r and r, and is 0 half way
    assert theory.cs_covered(M * r, M, r) == 0
