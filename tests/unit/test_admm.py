"""ADMM and its consensus form: the formula, closed forms of the proximal maps, limits that do not depend on rho."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import optlib as ol
from optlib.methods.admm import prox_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 5))
Y = X @ [2.0, -1.0, 0.0, 0.0, 0.5] + 0.1 * RNG.normal(size=30)
SIGNS = np.where(RNG.random(30) < 0.5, 1.0, -1.0)
L1 = ol.penalties.L1(0.3)


def least_squares(make=np.asarray, n=30, lam=0.0):
    return ol.EmpiricalRisk(ol.losses.Squared(), make(X[:n]), Y[:n], ol.penalties.L2(lam))


def logistic(lam=0.1):
    return ol.EmpiricalRisk(ol.losses.Logistic(), X, SIGNS, ol.penalties.L2(lam))


M = RNG.normal(size=(5, 5))
PROBLEMS = {
    "diagonal quadratic": ol.Quadratic([0.1, 2.0, 3.0, 4.0, 5.0], np.ones(5)),
    "dense quadratic": ol.Quadratic(M @ M.T, np.ones(5)),
    "least squares": least_squares(),
    "least squares, sparse": least_squares(sparse.csr_array),
    "least squares, n < d": least_squares(n=3, lam=0.2),
    "least squares, n < d, sparse": least_squares(sparse.csr_array, n=3),
    "logistic": logistic(),
}


@pytest.mark.parametrize("name", PROBLEMS)
@given(seed=st.integers(0, 2**32 - 1), t=st.floats(0.05, 20))
def test_proximal_maps_of_f_meet_their_condition(name, seed, t):
    f, v = PROBLEMS[name], np.random.default_rng(seed).normal(size=5)
    x = prox_of(f, t)(v, np.zeros(5), 1e-9)
    assert np.linalg.norm(f.grad(x) + (x - v) / t) <= 1e-7 * (1 + 1 / t)


class Proximable(ol.Problem):
    """A problem that brings its own proximal map."""

    def prox(self, v, t):
        return v / (1 + t)


def test_a_proximal_map_of_the_problems_own_is_used():
    f = Proximable(lambda x: 0.5 * float(x @ x), jac=lambda x: x)
    assert prox_of(f, 3.0)(np.array([4.0]), np.zeros(1), 0.0).tolist() == [1.0]


@pytest.mark.parametrize("name", ["dense quadratic", "least squares", "least squares, n < d"])
@pytest.mark.parametrize("rho", [0.5, 2.0])
def test_admm_is_its_formula(name, rho):
    f = PROBLEMS[name]
    H, c = f.hess(np.zeros(5)), -f.grad(np.zeros(5))  # f = x'Hx/2 - c'x + const
    result = ol.minimize(f, np.ones(5), ol.ADMM(L1, rho), tol=0, maxiter=20)
    e = result.history.extras
    x = z = np.ones(5)
    u = np.zeros(5)
    first = rho * np.linalg.norm(z - L1.prox(z - f.grad(z) / rho, 1 / rho))
    assert result.history.optimality[0] == pytest.approx(first)
    for t in range(20):
        before = z
        x = np.linalg.solve(H + rho * np.eye(5), c + rho * (z - u))
        z = L1.prox(x + u, 1 / rho)
        u = u + x - z
        for key, value in (("x", x), ("z", z), ("u", u)):
            assert np.allclose(e[key][t + 1], value, atol=1e-10), key
        assert e["primal"][t + 1] == pytest.approx(np.linalg.norm(x - z), abs=1e-12)
        assert e["dual"][t + 1] == pytest.approx(rho * np.linalg.norm(z - before), abs=1e-12)
        assert np.array_equal(result.history.x[t + 1], e["z"][t + 1])
        assert result.history.fun[t + 1] == pytest.approx(f(z) + L1(z))
    assert np.allclose(result.jac, f.grad(result.x))
    assert np.allclose(result.history.optimality[1:], np.maximum(e["primal"], e["dual"])[1:])
    assert result.history.step[0] == 1 / rho


@pytest.mark.parametrize("rho", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_limit_is_that_of_fista_whatever_rho(name, rho):
    f = PROBLEMS[name]
    result = ol.minimize(f, np.zeros(5), ol.ADMM(L1, rho), tol=1e-8, maxiter=20_000)
    reference = ol.minimize(f, np.zeros(5), ol.FISTA(L1, 1 / f.lipschitz), tol=1e-10, maxiter=20_000)
    assert result.success
    assert result.fun == pytest.approx(reference.fun, abs=1e-7)
    assert np.array_equal(result.x == 0, np.abs(reference.x) < 1e-6)  # exact zeros


def test_lasso_by_its_duality_gap():
    f = least_squares()
    result = ol.minimize(f, np.zeros(5), ol.ADMM(L1), tol=1e-9, maxiter=5000)
    assert ol.duality_gap(f, L1, result.x) < 1e-8


@pytest.mark.parametrize("C", [ol.sets.L2Ball(0.5), ol.sets.Simplex(), ol.sets.Box(-0.1, 0.2)], ids=repr)
def test_with_a_set_it_solves_the_constrained_problem_from_outside(C):
    f = least_squares()
    result = ol.minimize(f, np.full(5, 3.0), ol.ADMM(C), tol=1e-8, maxiter=5000)
    reference = ol.minimize(f, np.zeros(5), ol.ProjectedGradient(C, 1 / f.lipschitz), tol=1e-9, maxiter=5000)
    assert result.success
    assert np.isfinite(result.history.fun).all()
    assert np.allclose(result.x, reference.x, atol=1e-6)


@pytest.mark.parametrize("A", [[[-2.0, 0.0], [0.0, 1.0]], [-2.0, 1.0]], ids=["dense", "diagonal"])
@pytest.mark.parametrize("rho", [1.0, 2.0])  # with 2 the system is singular
def test_an_indefinite_quadratic_with_too_small_a_rho_ends_with_a_status(A, rho):
    result = ol.minimize(ol.Quadratic(A), [1.0, 1.0], ol.ADMM(L1, rho))
    assert result.status is ol.Status.SINGULAR


# --- Consensus ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [1, 2, 4, 7, 30])
@pytest.mark.parametrize("make", [lambda: least_squares(lam=0.1), logistic], ids=["least squares", "logistic"])
def test_the_blocks_agree_on_the_minimiser_of_the_whole(make, blocks):
    f = make()
    result = ol.minimize(f, np.zeros(5), ol.ConsensusADMM(blocks, rho=0.3 / blocks), tol=1e-7, maxiter=5000)
    newton = ol.minimize(f, np.zeros(5), ol.Newton(), tol=1e-10)
    assert result.success, result.message
    assert np.allclose(result.x, newton.x, atol=1e-5)
    xs = result.extras["x"]
    assert xs.shape == (blocks, 5)
    assert np.allclose(xs, result.x, atol=1e-6)
    assert np.allclose(result.jac, f.grad(result.x))


def test_consensus_is_its_formula():
    """Two blocks of 10 and 9 samples; each subproblem solved as a linear system."""
    f = ol.EmpiricalRisk(ol.losses.Squared(), X[:19], Y[:19], ol.penalties.L2(0.1))
    rho, N = 0.7, 2
    result = ol.minimize(f, np.ones(5), ol.ConsensusADMM(N, rho, L1), tol=0, maxiter=15)
    e = result.history.extras
    z, us = np.ones(5), np.zeros((2, 5))
    step = 1 / (N * rho)
    assert e["dual"][0] == pytest.approx(np.linalg.norm(z - L1.prox(z - step * f.grad(z), step)) / step)
    for t in range(15):
        xs = []
        for rows, u in zip((slice(0, 10), slice(10, 19)), us, strict=True):
            A, b = X[:19][rows], Y[:19][rows]
            weight = len(A) / 19
            H = weight * (A.T @ A / len(A) + 0.1 * np.eye(5)) + rho * np.eye(5)
            xs.append(np.linalg.solve(H, weight * A.T @ b / len(A) + rho * (z - u)))
        xs, before = np.array(xs), z
        z = L1.prox((xs + us).mean(axis=0), step)
        us = us + xs - z
        assert np.allclose(e["x"][t + 1], xs, atol=1e-10)
        assert np.allclose(e["z"][t + 1], z, atol=1e-10)
        assert np.allclose(e["u"][t + 1], us, atol=1e-10)
        assert e["primal"][t + 1] == pytest.approx(np.linalg.norm(xs - z), abs=1e-12)
        assert e["dual"][t + 1] == pytest.approx(rho * np.sqrt(2) * np.linalg.norm(z - before), abs=1e-12)
        assert result.history.fun[t + 1] == pytest.approx(f(z) + L1(z))
    assert result.history.step[0] == pytest.approx(1 / rho)


def test_consensus_on_a_finite_sum_of_ones_own_with_a_penalty():
    a = np.array([1.0, 2.0, 6.0, 7.0])
    f = ol.FiniteSum(lambda x, rows: (0.5 * float(((x - a[rows]) ** 2).mean()), x - a[rows].mean()), 4, jac=True)
    result = ol.minimize(f, [0.0], ol.ConsensusADMM(2, penalty=ol.penalties.L1(1.0)), tol=1e-8)
    assert result.x == pytest.approx([3.0])  # the mean 4, less 1
