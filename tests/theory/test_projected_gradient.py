"""Projected gradient keeps gradient descent's bounds, with the gradient mapping in place of the gradient."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optlib as ol

SETS = {
    "box": lambda rng: ol.sets.Box(-rng.uniform(0, 1, 4), rng.uniform(0, 1, 4)),
    "ball": lambda rng: ol.sets.L2Ball(rng.uniform(0.2, 1.5), rng.normal(size=4)),
    "simplex": lambda rng: ol.sets.Simplex(rng.uniform(0.5, 2.0)),
    "half-space": lambda rng: ol.sets.Halfspace(rng.normal(size=4), rng.normal()),
    "1-norm ball": lambda rng: ol.sets.L1Ball(rng.uniform(0.2, 1.5)),
}


def instance(name, seed, kind="quadratic"):
    rng = np.random.default_rng(seed)
    C = SETS[name](rng)
    if kind == "quadratic":
        Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        f = ol.Quadratic(Q @ np.diag([1.0, *rng.uniform(1, 15, 2), 15.0]) @ Q.T, 8 * rng.normal(size=4))
    else:
        X, y = rng.normal(size=(30, 4)), rng.integers(0, 2, 30)
        f = ol.EmpiricalRisk(ol.losses.Logistic(), X, y, ol.penalties.L2(0.1))
    return f, C, C.project(3 * rng.normal(size=4))


def minimiser(f, C, x0):
    step = 2 / (f.lipschitz + f.strong_convexity)
    return ol.minimize(f, x0, ol.ProjectedGradient(C, step), tol=1e-12, maxiter=5000).x


CASES = [(name, kind, seed) for name in SETS for kind in ("quadratic", "logistic") for seed in range(4)]


@pytest.mark.parametrize(("name", "kind", "seed"), CASES)
def test_the_convex_rate_and_the_decrease_hold_at_every_iterate(name, kind, seed):
    f, C, x0 = instance(name, seed, kind)
    L, best = f.lipschitz, minimiser(f, C, x0)
    h = ol.minimize(f, x0, ol.ProjectedGradient(C, 1 / L), tol=0, maxiter=60).history
    # a vertex may be reached exactly, and then the run is over
    gap, t, slack = h.fun - f(best), h.nit[1:], 1e-11 * (1 + np.abs(h.fun).max())
    R = np.linalg.norm(x0 - best)
    assert (gap[1:] <= ol.theory.gd_convex(t, L, R) + slack).all()
    promised = ol.theory.gd_decrease(1 / L, L) * h.optimality[:-1] ** 2
    assert (-np.diff(h.fun) >= promised - slack).all()
    smallest = np.minimum.accumulate(h.optimality**2)[:-1]
    assert (smallest <= ol.theory.gd_nonconvex(t, L, max(gap[0], 0.0)) + slack * L).all()


@pytest.mark.parametrize("share", [0.3, 1.0, 1.7, 2.2])
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", range(3))
def test_the_decrease_needs_no_convexity(name, seed, share):
    """Sums of waves in random directions, with any step; f is at least minus the sum of the amplitudes."""
    rng = np.random.default_rng(seed)
    C, a, W, b = SETS[name](rng), rng.normal(size=5), 2 * rng.normal(size=(5, 4)), rng.uniform(0, 6, 5)
    L = np.linalg.eigvalsh((W.T * abs(a)) @ W)[-1]
    f = ol.Problem(lambda x: float(a @ np.cos(W @ x + b)), jac=lambda x: -(a * np.sin(W @ x + b)) @ W)
    start = C.project(3 * rng.normal(size=4))
    h = ol.minimize(f, start, ol.ProjectedGradient(C, share / L), tol=0, maxiter=30).history
    promised = ol.theory.gd_decrease(share / L, L) if share < 2 else share / L * (1 - share / 2)
    assert (-np.diff(h.fun) >= promised * h.optimality[:-1] ** 2 - 1e-12).all()
    if share == 1.0:
        smallest = np.minimum.accumulate(h.optimality**2)[:-1]
        assert (smallest <= ol.theory.gd_nonconvex(h.nit[1:], L, h.fun[0] + abs(a).sum()) + 1e-9).all()


def test_the_nonconvex_bound_is_attained_by_the_first_step():
    h = ol.minimize(ol.Quadratic([3.0]), [1.0], ol.ProjectedGradient(ol.sets.L2Ball(5.0), 1 / 3), maxiter=1).history
    assert h.optimality[0] ** 2 == pytest.approx(float(ol.theory.gd_nonconvex(1, 3.0, h.fun[0])), rel=1e-12)


@pytest.mark.parametrize("N", [1, 3, 10, 40])
def test_a_slope_on_a_half_line_needs_twice_what_a_free_run_may(N):
    """f(x) = x / (2N) from 1 with steps of 1: the gap after N is 1/(4N), above the sharp bound without constraints."""
    p = ol.Problem(lambda x: float(x[0]) / (2 * N), jac=lambda x: np.full(1, 1 / (2 * N)))
    run = ol.minimize(p, [1.0], ol.ProjectedGradient(ol.sets.Nonnegative(), 1.0), tol=0, maxiter=N)
    assert run.fun == pytest.approx(1 / (4 * N), rel=1e-12)
    assert ol.theory.gd_convex_sharp(N, 1.0, 1.0) < run.fun <= ol.theory.gd_convex(N, 1.0, 1.0)


@pytest.mark.parametrize("share", [0.2, 0.9, 1.0, 1.6, 1.95])
@pytest.mark.parametrize(("name", "kind", "seed"), CASES[::2])
def test_pg_contraction(name, kind, seed, share):
    f, C, x0 = instance(name, seed, kind)
    L, mu, best = f.lipschitz, f.strong_convexity, minimiser(f, C, x0)
    x = ol.minimize(f, x0, ol.ProjectedGradient(C, share / L), tol=0, maxiter=40).history.x
    distance = np.linalg.norm(x - best, axis=1)
    bound = ol.theory.pg_contraction(np.arange(len(x)), share / L, mu, L) * distance[0]
    assert (distance <= bound * (1 + 1e-9) + 1e-9).all()


@pytest.mark.parametrize("eta", [0.02, 2 / 21, 0.0999])
def test_pg_contraction_is_attained_inside_the_set(eta):
    q = ol.Quadratic([1.0, 20.0])
    slowest = [1.0, 0.0] if abs(1 - eta) >= abs(1 - 20 * eta) else [0.0, 1.0]
    x = ol.minimize(q, slowest, ol.ProjectedGradient(ol.sets.L2Ball(2.0), eta), tol=0, maxiter=30).history.x
    assert np.linalg.norm(x, axis=1) == pytest.approx(ol.theory.pg_contraction(np.arange(31), eta, 1.0, 20.0), rel=1e-9)
    assert ol.theory.pg_contraction(1, 2 / 21, 1.0, 20.0) == pytest.approx(ol.theory.gd_strongly_convex(1, 20.0))


@given(seed=st.integers(0, 10**6), name=st.sampled_from(sorted(SETS)))
def test_the_angle_of_a_projection_and_firm_non_expansiveness(seed, name):
    rng = np.random.default_rng(seed)
    C = SETS[name](rng)
    v, w, y = 3 * rng.normal(size=(3, 4))
    p, q, y = C.project(v), C.project(w), C.project(y)
    assert (v - p) @ (y - p) <= 1e-9
    assert (p - q) @ (p - q) <= (v - w) @ (p - q) + 1e-9


@pytest.mark.parametrize(("name", "kind", "seed"), CASES[::5])
def test_the_gradient_mapping_certifies_the_gap(name, kind, seed):
    """f(x+) - f* <= (1 + eta L) ||G|| D, with D the distance to the minimiser."""
    f, C, x0 = instance(name, seed, kind)
    L, best = f.lipschitz, minimiser(f, C, x0)
    h = ol.minimize(f, x0, ol.ProjectedGradient(C, 1 / L), tol=0, maxiter=40).history
    D = np.linalg.norm(h.x[1:] - best, axis=1)
    assert (h.fun[1:] - f(best) <= 2 * h.optimality[:-1] * D + 1e-10).all()
