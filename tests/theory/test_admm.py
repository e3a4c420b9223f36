"""The theorems of the chapter on ADMM, at every iterate, and cases where they are attained."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)
rhos = st.floats(0.05, 20)
KINDS = ["lasso", "group", "box", "none"]


class Line(ol.Problem):
    """The function that is 0 on a line through 0 and infinite elsewhere, by its proximal map alone."""

    def __init__(self, angle):
        self.direction = np.array([np.cos(angle), np.sin(angle)])
        super().__init__(lambda x: 0.0, jac=np.zeros_like)

    def prox(self, v, t):
        return self.direction * (self.direction @ v)


def instance(kind, rng, n=5):
    """A strongly convex quadratic, and a convex function with a proximal map."""
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    values = np.sort(10 ** rng.uniform(-1, 1, size=n))
    f = ol.Quadratic(Q * values @ Q.T, 3 * rng.normal(size=n))
    g = {
        "lasso": ol.penalties.L1(rng.uniform(0.1, 3)),
        "group": ol.penalties.GroupL2(rng.uniform(0.1, 3), np.arange(n) // 2),
        "box": ol.sets.Box(-0.3, 0.4),
        "none": ol.penalties.Zero(),
    }[kind]
    return f, g, values[0], values[-1]


def saddle(f, g, rho, n=5):
    """x* and u* = -grad f(x*) / rho."""
    run = ol.minimize(f, np.zeros(n), ol.FISTA(g, 1 / np.linalg.eigvalsh(f.A)[-1]), tol=1e-13, maxiter=20000)
    return run.x, -f.grad(run.x) / rho


def steps(f, g, x0, rho, T=40):
    extras = [i.extras for i in islice(ol.ADMM(g, rho).iterate(f, x0), T + 1)]
    return {name: np.array([e[name] for e in extras]) for name in extras[0]}


def lengths(a):
    return np.linalg.norm(a, axis=1)


def sums(e):
    """|x_t - z_t|^2 + |z_t - z_{t-1}|^2 for t >= 1."""
    return lengths(e["x"] - e["z"])[1:] ** 2 + lengths(np.diff(e["z"], axis=0)) ** 2


@given(seeds, st.sampled_from(KINDS), rhos)
@settings(max_examples=40, deadline=None)
def test_dr_residuals_holds_at_every_iterate_and_the_distance_never_grows(seed, kind, rho):
    rng = np.random.default_rng(seed)
    f, g, *_ = instance(kind, rng)
    x, u = saddle(f, g, rho)
    for x0, late in ((np.zeros(5), 0), (2 * rng.normal(size=5), 1)):  # 0 minimises each g; another start counts from 1
        e = steps(f, g, x0, rho)
        V = lengths(e["z"] - x) ** 2 + lengths(e["u"] - u) ** 2
        small = 1e-9 * (1 + V[0])
        t = np.arange(1 + late, len(V))
        assert (sums(e)[late:] <= theory.dr_residuals(t - late, np.sqrt(V[0])) + small).all()
        jumps = lengths(e["x"][1:] - e["z"][:-1]) ** 2
        assert (V[1:] <= V[:-1] - jumps + small).all()
        assert jumps.sum() <= V[0] + small
        assert (np.diff(jumps[late:]) <= small).all()
        assert (sums(e)[late:] <= jumps[late:] + small).all()


@pytest.mark.parametrize("t", [1, 2, 3, 10, 50])
def test_dr_residuals_loses_at_most_a_factor_of_e(t):
    angle = np.arccos(np.sqrt(1 - 1 / t))
    g = ol.sets.AffineSet([[0.0, 1.0]], [0.0])
    e = steps(Line(angle), g, np.array([1.0, 0.0]), 1.0, T=t)
    sharp = (1 - 1 / t) ** (t - 1) / t
    assert sums(e)[t - 1] == pytest.approx(sharp, rel=1e-9)
    assert sharp / theory.dr_residuals(t, 1.0) >= np.exp(-1)
    if t == 1:
        assert sums(e)[0] == pytest.approx(theory.dr_residuals(1, 1.0))


@given(seeds, st.sampled_from(KINDS), rhos)
@settings(max_examples=40, deadline=None)
def test_dr_linear_holds_at_every_iterate(seed, kind, rho):
    rng = np.random.default_rng(seed)
    f, g, mu, L = instance(kind, rng)
    x, u = saddle(f, g, rho)
    for x0, late in ((np.zeros(5), 0), (2 * rng.normal(size=5), 1)):
        e = steps(f, g, x0, rho)
        v = lengths(e["z"] + e["u"] - x - u)
        start = np.sqrt(lengths(e["z"] - x)[0] ** 2 + lengths(e["u"] - u)[0] ** 2) if late else v[0]
        t = np.arange(late, len(v))
        assert (v[late:] <= start * theory.dr_linear(t - late, rho, mu, L) + 1e-9 * (1 + start)).all()
        assert (lengths(e["z"] - x)[late:] <= v[late:] + 1e-9 * (1 + start)).all()


@pytest.mark.parametrize("rho", [0.2, 2.0, 3.0, 5.0, 40.0])
def test_dr_contraction_is_attained_for_every_rho(rho):
    mu, L = 1.0, 9.0
    if rho >= 3:
        e = steps(ol.Quadratic([mu, L], [0.0, 0.0]), ol.penalties.Zero(), np.array([1.0, 0.0]), rho, T=8)
        v = lengths(e["z"] + e["u"])
    else:  # g is 0 at 0 only: z = 0, and u carries the error
        e = steps(ol.Quadratic([mu, L], [0.0, 1.0]), ol.sets.Box(0.0, 0.0), np.zeros(2), rho, T=8)
        v = lengths(e["z"] + e["u"] - np.array([0, 1 / rho]))
    assert v[1:] / v[:-1] == pytest.approx(theory.dr_contraction(rho, mu, L), rel=1e-9)
    assert v / v[0] == pytest.approx(theory.dr_linear(np.arange(9), rho, mu, L), rel=1e-9)


def test_dr_contraction_is_least_at_the_root_of_mu_L():
    rho = np.geomspace(0.1, 100, 601)
    q = [theory.dr_contraction(r, 1.0, 9.0) for r in rho]
    assert rho[np.argmin(q)] == pytest.approx(3.0, rel=0.02)
    assert min(q) >= theory.dr_contraction(3.0, 1.0, 9.0) == 3 / 4


@given(seeds, st.sampled_from(KINDS), rhos)
@settings(max_examples=30, deadline=None)
def test_dr_stationarity_bounds_a_subgradient_of_the_sum(seed, kind, rho):
    rng = np.random.default_rng(seed)
    f, g, _, L = instance(kind, rng)
    e = steps(f, g, 2 * rng.normal(size=5), rho, T=30)
    for t in range(1, len(e["z"])):
        z, u = e["z"][t], e["u"][t]
        bound = theory.dr_stationarity(e["primal"][t], e["dual"][t], L)
        assert np.linalg.norm(f.grad(z) + rho * u) <= bound + 1e-9 * (1 + np.linalg.norm(f.grad(z)))
        p = rng.normal(size=5).clip(-0.3, 0.4)  # rho u is a subgradient of g at z
        assert g(p) >= g(z) + rho * u @ (p - z) - 1e-8 * (1 + abs(g(z)) + rho * np.linalg.norm(u))


def test_dr_stationarity_is_attained_in_one_dimension():
    f, rho = ol.Quadratic([4.0], [5.0]), 2.0
    e = steps(f, ol.penalties.L2(1.0), np.zeros(1), rho, T=6)
    r, s = e["x"] - e["z"], rho * np.diff(e["z"], axis=0)
    assert (r[2:] * s[1:] > 0).all()
    measured = [abs(f.grad(z) + rho * u)[0] for z, u in zip(e["z"][2:], e["u"][2:], strict=True)]
    assert measured == pytest.approx(theory.dr_stationarity(e["primal"][2:], e["dual"][2:], 4.0), rel=1e-9)


def test_three_blocks_in_turn_diverge_and_two_do_not():
    A = np.array([[1.0, 1, 1], [1, 1, 2], [1, 2, 2]])

    def radius(blocks):
        def one(state):
            x, u = state[:3].copy(), state[3:]
            for b in blocks:
                x[b] = 0
                x[b] = np.linalg.lstsq(A[:, b], -(A @ x + u), rcond=None)[0]
            return np.concatenate([x, u + A @ x])

        M = np.column_stack([one(e) for e in np.eye(6)])
        return np.abs(np.linalg.eigvals(M)).max()

    assert radius([[0], [1], [2]]) == pytest.approx(1.028, abs=5e-4)
    assert radius([[0], [1, 2]]) < 1
