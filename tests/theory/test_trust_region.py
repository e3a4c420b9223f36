"""The theorems of the chapter on trust regions, at every iterate and for every way to solve the subproblem."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waves import oblique_waves

import optlib as ol
from optlib import theory
from optlib.methods.trust_region import SUBPROBLEMS, cauchy_point, dogleg, exact, steihaug

seeds = st.integers(0, 2**32 - 1)


def steps(g, H, radius):
    """The four steps; conjugate gradients with the tolerance that the method sets."""
    size = np.linalg.norm(g)
    return {
        "cauchy": cauchy_point(g, lambda v: H @ v, radius)[0],
        "dogleg": dogleg(g, H, radius)[0],
        "steihaug": steihaug(g, lambda v: H @ v, radius, min(0.5, np.sqrt(size)) * size)[0],
        "exact": exact(g, H, radius)[0],
    }


@pytest.mark.parametrize("subproblem", sorted(SUBPROBLEMS))
@given(seed=seeds, radius=st.sampled_from([1e-3, 0.1, 1.0, 30.0]))
@settings(max_examples=15)
def test_tr_cauchy(subproblem, seed, radius):
    problem, *_, rng = oblique_waves(seed)
    run = ol.minimize(problem, 3 * rng.normal(size=4), ol.TrustRegion(subproblem, radius), tol=1e-4, maxiter=60)
    for x, delta in zip(run.history.x[:-1], run.history.extras["radius"][:-1], strict=True):
        g, H = problem.grad(x), problem.hess(x)
        p = steps(g, H, delta)[subproblem]
        gain = -g @ p - 0.5 * p @ H @ p
        assert np.linalg.norm(p) <= delta * (1 + 1e-12)
        assert gain >= theory.tr_cauchy(np.linalg.norm(g), np.linalg.norm(H, 2), delta) * (1 - 1e-9)


@given(seed=seeds, n=st.integers(1, 6), radius=st.sampled_from([1e-3, 0.3, 1.0, 10.0]))
@settings(max_examples=60)
def test_tr_cauchy_on_random_models(seed, n, radius):
    rng = np.random.default_rng(seed)
    A, g = rng.normal(size=(n, n)), rng.normal(size=n)
    for H in (A + A.T, A @ A.T + 0.01 * np.eye(n), -A @ A.T, 0 * A):
        least = theory.tr_cauchy(np.linalg.norm(g), np.linalg.norm(H, 2), radius)
        for name, p in steps(g, H, radius).items():
            assert -g @ p - 0.5 * p @ H @ p >= least * (1 - 1e-9), name


@pytest.mark.parametrize("n", [1, 3])
def test_tr_cauchy_is_attained_by_a_multiple_of_the_identity(n):
    g, H = np.full(n, 2.0), 4 * np.eye(n)
    size = np.linalg.norm(g)
    for radius in (size / 4, size, 100.0):
        p = cauchy_point(g, lambda v: H @ v, radius)[0]
        assert -g @ p - 0.5 * p @ H @ p == pytest.approx(float(theory.tr_cauchy(size, 4.0, radius)), rel=1e-13)
    assert float(theory.tr_cauchy(2.0, 0.0, 3.0)) == 3.0  # no curvature: the radius alone counts


@pytest.mark.parametrize("subproblem", sorted(SUBPROBLEMS))
@given(seed=seeds, radius=st.sampled_from([1e-3, 0.1, 1.0, 100.0]))
@settings(max_examples=15)
def test_tr_radius_and_tr_iterations(subproblem, seed, radius):
    problem, L, _, low, rng = oblique_waves(seed)
    run = ol.minimize(problem, 3 * rng.normal(size=4), ol.TrustRegion(subproblem, radius), tol=1e-5, maxiter=300)
    h = run.history
    for t in range(1, len(h.nit)):
        eps = h.optimality[:t].min()
        assert h.extras["radius"][t] >= theory.tr_radius(eps, L, radius) * (1 - 1e-12)
        assert t <= theory.tr_iterations(eps, h.fun[0] - low, L, radius)


def test_tr_radius():
    assert theory.tr_radius(1.0, L=3.0, radius=2.0) == pytest.approx(1 / 32)
    assert theory.tr_radius(1.0, L=3.0, radius=0.01) == 0.01


def test_tr_radius_is_approached_within_a_factor_of_four():
    """A second derivative that leaps from -L to L just behind the start: the model promises most, f gives least."""
    a, least = 0.01, np.inf  # f(x) = -s - s^2/2 for s = -x up to a, with f'' = +1 beyond

    def f(x):
        s, over = -x[0], max(-x[0] - a, 0.0)
        return -s - s**2 / 2 + over**2

    problem = ol.Problem(
        f,
        jac=lambda x: np.array([1 - x[0] - 2 * max(-x[0] - a, 0.0)]),
        hess=lambda x: [[-1.0 if -x[0] <= a else 1.0]],
    )
    for delta in np.linspace(0.2, 4, 400):
        run = ol.minimize(problem, [0.0], ol.TrustRegion("exact", delta), tol=0, maxiter=1)
        ratio = run.history.extras["radius"][1] / theory.tr_radius(1.0, 1.0, delta)
        assert ratio >= 1
        least = min(least, ratio) if run.history.extras["radius"][1] < delta else least
    assert least < 4


def test_tr_iterations_of_a_long_walk_in_a_small_region():
    """With Delta_max = Delta_0 the count grows like the way over the radius, as the bound does, and no faster."""
    problem = ol.Problem(
        lambda x: float(np.logaddexp(0, x[0]) + np.logaddexp(0, -x[0])),
        jac=lambda x: np.tanh(x / 2),
        hess=lambda x: [[0.5 / np.cosh(x[0] / 2) ** 2]],
    )
    for radius in (0.09, 0.03, 0.01):
        run = ol.minimize(problem, [10.0], ol.TrustRegion("exact", radius, radius), tol=0.5)
        gap = run.history.fun[0] - 2 * np.log(2)
        bound = theory.tr_iterations(0.5, gap, 0.5, radius)
        assert run.nit <= bound
        assert run.nit >= bound / 25


@given(seed=seeds, n=st.integers(2, 6))
@settings(max_examples=40)
def test_the_dogleg_path_moves_away_and_goes_down(seed, n):
    rng = np.random.default_rng(seed)
    A, g = rng.normal(size=(n, n)), rng.normal(size=n)
    H = A @ A.T + 0.05 * np.eye(n)
    newton = np.linalg.norm(np.linalg.solve(H, g))
    path = [dogleg(g, H, r)[0] for r in np.linspace(0.01, 1.05, 60) * newton]
    assert (np.diff([np.linalg.norm(p) for p in path]) >= -1e-9 * newton).all()
    m = np.array([g @ p + 0.5 * p @ H @ p for p in path])
    assert (np.diff(m) <= 1e-9 * abs(m[-1])).all()


@given(seed=seeds, n=st.integers(2, 6))
@settings(max_examples=40)
def test_a_larger_radius_never_costs_steihaug_what_it_had(seed, n):
    """Norms of the iterates grow and the model falls, so the step follows one path, cut off at the radius."""
    rng = np.random.default_rng(seed)
    A, g = rng.normal(size=(n, n)), rng.normal(size=n)
    for H in (A + A.T, A @ A.T + 0.05 * np.eye(n)):
        path = [steihaug(g, lambda v, H=H: H @ v, r, 1e-8)[0] for r in np.geomspace(0.01, 10, 40)]
        sizes = np.array([np.linalg.norm(p) for p in path])
        m = np.array([g @ p + 0.5 * p @ H @ p for p in path])
        assert (np.diff(sizes) >= -1e-6 * sizes[1:]).all()
        assert (np.diff(m) <= 1e-6 * abs(m[1:])).all()


@given(seed=seeds, n=st.integers(1, 6), share=st.floats(0.05, 0.95))
def test_newton_on_the_secular_equation_climbs_to_the_root(seed, n, share):
    """From a multiplier whose step is too long the iterates rise, never pass the root, and reach it."""
    rng = np.random.default_rng(seed)
    values, c = rng.normal(size=n), rng.normal(size=n)
    lam = start = 0.1 - values.min()

    def length(at):
        return np.linalg.norm(c / (values + at))

    radius = share * length(start)
    for _ in range(60):
        size = length(lam)
        slope = np.sum(c**2 / (values + lam) ** 3)
        new = lam + size**2 / slope * (size - radius) / radius
        assert new >= lam - 1e-12 * abs(lam)
        assert length(new) >= radius * (1 - 1e-9)
        lam = new
    assert length(lam) == pytest.approx(radius, rel=1e-9)
