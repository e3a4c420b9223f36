"""Lagrangian, KKT residuals, projected gradient and augmented Lagrangian: known multipliers, prices, SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import optlib as ol
from optlib.methods.constrained import augmented_lagrangian

seeds = st.integers(0, 2**32 - 1)


def affine(a, b):
    """a'x - b."""
    a = np.asarray(a, dtype=float)
    return ol.Problem(lambda x: float(a @ x - b), jac=lambda x: a.copy(), hess=lambda x: np.zeros((a.size, a.size)))


def random_qp(seed, n=4, m=2):
    """A strongly convex quadratic with equalities, and its solution by the linear system of the KKT conditions."""
    rng = np.random.default_rng(seed)
    Q, A = rng.normal(size=(n, n)), rng.normal(size=(m, n))
    q, b = ol.Quadratic(Q @ Q.T + np.eye(n), rng.normal(size=n)), rng.normal(size=m)
    system = np.block([[q.A, A.T], [A, np.zeros((m, m))]])
    solution = np.linalg.solve(system, np.concatenate([q.b, b]))
    return q, A, b, solution[:n], solution[n:]


# --- Lagrangian and residuals -------------------------------------------------------------------------------------


@given(seeds)
def test_value_gradient_and_hessian_are_the_sums_that_they_are(seed):
    rng = np.random.default_rng(seed)
    f, g, h = ol.Rosenbrock(), ol.Himmelblau(), ol.Booth()
    x, lam, nu = rng.normal(size=2), rng.normal(size=2), rng.normal(size=1)
    L = ol.Lagrangian(f, ineq=[g, h], eq=g)
    assert L(x, lam, nu) == pytest.approx(f(x) + lam[0] * g(x) + lam[1] * h(x) + nu[0] * g(x))
    assert np.allclose(L.grad(x, lam, nu), f.grad(x) + (lam[0] + nu[0]) * g.grad(x) + lam[1] * h.grad(x))
    assert np.allclose(L.hess(x, lam, nu), f.hess(x) + (lam[0] + nu[0]) * g.hess(x) + lam[1] * h.hess(x))
    fixed = L.at(lam, nu)
    assert fixed(x) == L(x, lam, nu)
    assert np.array_equal(fixed.grad(x), L.grad(x, lam, nu))
    assert np.array_equal(fixed.hess(x), L.hess(x, lam, nu))
    assert ol.Lagrangian(f, ineq=lambda x: x[0]).at([1.0]).lacks("hess")


@given(seeds)
def test_residuals_vanish_at_the_solution_and_each_sees_its_own_violation(seed):
    q, A, b, x, nu = random_qp(seed)
    eq = [affine(a, c) for a, c in zip(A, b, strict=True)]
    assert max(ol.kkt_residuals(q, x, eq=eq, nu=nu)) < 1e-8 * (1 + np.abs(nu).max())
    moved = ol.kkt_residuals(q, x, eq=eq, nu=nu + np.array([1.0, 0.0]))
    assert moved.stationarity == pytest.approx(np.linalg.norm(A[0]), rel=1e-6)
    off = ol.kkt_residuals(q, x + A[0], eq=eq, nu=nu)
    assert off.primal_feasibility == pytest.approx(np.linalg.norm(A @ A[0]), rel=1e-6)


def test_residuals_of_inequalities_by_hand():
    f, g = ol.Quadratic([2.0, 2.0]), [affine([1.0, 0.0], 1.0), affine([0.0, 1.0], -3.0)]
    r = ol.kkt_residuals(f, [3.0, -1.0], ineq=g, lam=[-2.0, 5.0])
    assert r.stationarity == pytest.approx(np.hypot(6 - 2, -2 + 5))
    assert r.primal_feasibility == pytest.approx(np.hypot(2.0, 2.0))  # 3 - 1 and -1 + 3
    assert r.dual_feasibility == 2.0
    assert r.complementarity == pytest.approx(np.hypot(-2 * 2, 5 * 2))
    inactive = ol.kkt_residuals(f, [0.0, 0.0], ineq=affine([1.0, 0.0], 1.0), lam=0.0)
    assert tuple(inactive) == (0.0, 0.0, 0.0, 0.0)


def test_the_dual_function_is_below_the_optimum_and_touches_it():
    q, A, b, x, nu = random_qp(3)
    L = ol.Lagrangian(q, eq=[affine(a, c) for a, c in zip(A, b, strict=True)])

    def dual(nu):
        return ol.minimize(L.at(nu=nu), np.zeros(4), ol.Newton(), tol=1e-9).fun

    assert dual(nu) == pytest.approx(q(x))
    assert all(dual(nu + d) < q(x) for d in np.random.default_rng(0).normal(size=(10, 2)))


# --- Projected gradient ------------------------------------------------------------------------------------------


@given(seeds)
def test_projected_gradient_is_its_formula(seed):
    rng = np.random.default_rng(seed)
    q, C, x = ol.Quadratic([1.0, 3.0, 2.0], rng.normal(size=3)), ol.sets.Simplex(), rng.normal(size=3)
    result = ol.minimize(q, x, ol.ProjectedGradient(C, step=0.2), tol=0, maxiter=10)
    path = [C.project(x)]
    for _ in range(10):
        path.append(C.project(path[-1] - 0.2 * q.grad(path[-1])))
    n = result.nit  # fewer than 10 where a vertex is reached, and optimality is 0
    assert np.allclose(result.history.x, path[: n + 1], atol=1e-12)
    measure = np.linalg.norm(np.diff(path, axis=0), axis=1) / 0.2
    assert np.allclose(result.history.optimality[:n], measure[:n], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("step", [0.2, ol.line_search.Backtracking()], ids=["fixed", "searched"])
@pytest.mark.parametrize(
    ("C", "bounds", "constraints"),
    [
        (ol.sets.Box(-0.2, 0.3), [(-0.2, 0.3)] * 4, ()),
        (ol.sets.Simplex(), [(0, None)] * 4, {"type": "eq", "fun": lambda x: x.sum() - 1}),
        (ol.sets.L2Ball(0.5), None, {"type": "ineq", "fun": lambda x: 0.25 - x @ x}),
    ],
    ids=["box", "simplex", "ball"],
)
def test_projected_gradient_agrees_with_slsqp(C, bounds, constraints, step):
    rng = np.random.default_rng(0)
    M = rng.normal(size=(4, 4))
    q = ol.Quadratic((M @ M.T + np.eye(4)) / 3, rng.normal(size=4))
    result = ol.minimize(q, np.ones(4), ol.ProjectedGradient(C, step), tol=1e-9, maxiter=5000)
    start = C.project(np.ones(4))
    reference = optimize.minimize(
        q, start, jac=q.grad, method="SLSQP", bounds=bounds, constraints=constraints, options={"ftol": 1e-14}
    )
    assert result.success
    assert np.allclose(result.x, reference.x, atol=1e-5)


# --- Augmented Lagrangian ------------------------------------------------------------------------------------------


@given(seeds)
def test_equalities_give_the_solution_and_the_multipliers_of_the_linear_system(seed):
    q, A, b, x, nu = random_qp(seed)
    eq = [affine(a, c) for a, c in zip(A, b, strict=True)]
    result = ol.minimize(q, np.zeros(4), ol.AugmentedLagrangian(eq=eq), tol=1e-7)
    assert result.success, result.message
    assert np.allclose(result.x, x, atol=1e-5)
    assert np.allclose(result.extras["nu"], nu, atol=1e-4 * (1 + np.abs(nu).max()))
    assert result.optimality == max(ol.kkt_residuals(q, result.x, eq=eq, nu=result.extras["nu"]))


def hs(number):
    """Problems of Hock and Schittkowski (1981): f, inequalities <= 0, equalities, start, solution, minimum."""
    P = ol.Problem
    return {
        6: (P(lambda x: (1 - x[0]) ** 2), (), P(lambda x: 10 * (x[1] - x[0] ** 2)), [-1.2, 1], [1, 1], 0),
        7: (
            P(lambda x: np.log(1 + x[0] ** 2) - x[1]), (), P(lambda x: (1 + x[0] ** 2) ** 2 + x[1] ** 2 - 4), [2, 2],
            [0, 3**0.5], -(3**0.5),
        ),
        28: (
            P(lambda x: (x[0] + x[1]) ** 2 + (x[1] + x[2]) ** 2), (), P(lambda x: x[0] + 2 * x[1] + 3 * x[2] - 1),
            [-4, 1, 1], [0.5, -0.5, 0.5], 0,
        ),
        35: (
            P(
                lambda x: 9 - 8 * x[0] - 6 * x[1] - 4 * x[2] + 2 * x[0] ** 2 + 2 * x[1] ** 2 + x[2] ** 2
                + 2 * x[0] * x[1] + 2 * x[0] * x[2]
            ),
            [P(lambda x: x[0] + x[1] + 2 * x[2] - 3), *(P(lambda x, i=i: -x[i]) for i in range(3))], (),
            [0.5, 0.5, 0.5], [4 / 3, 7 / 9, 4 / 9], 1 / 9,
        ),
        43: (
            P(
                lambda x: x[0] ** 2 + x[1] ** 2 + 2 * x[2] ** 2 + x[3] ** 2 - 5 * x[0] - 5 * x[1] - 21 * x[2] + 7 * x[3]
            ),
            [
                P(lambda x: x @ x + x[0] - x[1] + x[2] - x[3] - 8),
                P(lambda x: x[0] ** 2 + 2 * x[1] ** 2 + x[2] ** 2 + 2 * x[3] ** 2 - x[0] - x[3] - 10),
                P(lambda x: 2 * x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + 2 * x[0] - x[1] - x[3] - 5),
            ],
            (), [0, 0, 0, 0], [0, 1, 2, -1], -44,
        ),
        71: (
            P(lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2]),
            [
                P(lambda x: 25 - np.prod(x)),
                *(P(lambda x, i=i: 1 - x[i]) for i in range(4)), *(P(lambda x, i=i: x[i] - 5) for i in range(4)),
            ],
            P(lambda x: x @ x - 40), [1, 5, 5, 1], [1, 4.7429994, 3.8211503, 1.3794082], 17.0140173,
        ),
    }[number]  # fmt: skip


@pytest.mark.parametrize("number", [6, 7, 28, 35, 43, 71])
def test_problems_of_hock_and_schittkowski(number):
    f, ineq, eq, x0, solution, minimum = hs(number)
    result = ol.minimize(f, x0, ol.AugmentedLagrangian(ineq, eq), tol=1e-5, maxiter=50)
    assert result.success, result.message
    assert np.allclose(result.x, solution, atol=1e-3)
    assert result.fun == pytest.approx(minimum, abs=1e-4)
    lam, nu = result.extras["lam"], result.extras["nu"]
    assert max(ol.kkt_residuals(f, result.x, ineq, eq, lam, nu)) <= 1e-5
    assert (lam >= 0).all()


def test_multipliers_are_prices_and_inactive_constraints_are_free():
    """Loosening a constraint by d lowers the minimum by lam d; where a constraint does not bind, lam = 0."""
    q = ol.Quadratic([2.0, 4.0], [4.0, 4.0])  # minimiser (2, 1)

    def solve(limit):
        ineq = [affine([1.0, 1.0], limit), affine([1.0, 0.0], 7.0)]
        return ol.minimize(q, [0.0, 0.0], ol.AugmentedLagrangian(ineq=ineq), tol=1e-8)

    result = solve(2.0)
    slope = (solve(2.0 + 1e-3).fun - solve(2.0 - 1e-3).fun) / 2e-3
    assert result.extras["lam"][0] == pytest.approx(-slope, rel=1e-4)
    assert result.extras["lam"][0] == pytest.approx(4 / 3)
    assert result.extras["lam"][1] == 0.0
    assert solve(5.0).extras["lam"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", range(8))
def test_the_multipliers_and_rho_move_as_the_formula_says(seed):
    q, A, b, _, _ = random_qp(seed)
    eq, ineq = affine(A[0], b[0]), affine(A[1], b[1])
    result = ol.minimize(q, np.zeros(4), ol.AugmentedLagrangian(ineq, eq, rho=0.1), tol=1e-8, maxiter=30)
    h = result.history
    assert result.success
    violations = []
    for t in range(result.nit):
        rho, lam, nu = h.extras["rho"][t], h.extras["lam"][t], h.extras["nu"][t]
        x = h.x[t + 1]
        assert np.allclose(h.extras["lam"][t + 1], np.maximum(0, lam + rho * ineq(x)), rtol=1e-12)
        assert np.allclose(h.extras["nu"][t + 1], nu + rho * eq(x), rtol=1e-12)
        violations.append(np.hypot(max(ineq(x), -lam[0] / rho), eq(x)))
        grows = violations[-1] > max(0.25 * (violations[-2] if t else np.inf), 1e-10)
        assert h.extras["rho"][t + 1] == pytest.approx(10 * rho if grows else rho)
        stationarity = q.grad(x) + h.extras["lam"][t + 1] * A[1] + h.extras["nu"][t + 1] * A[0]
        assert np.linalg.norm(stationarity) <= max(10.0 ** (-2 - t), 1e-10)
    assert h.extras["rho"][0] == 0.1
    assert h.extras["lam"][0] == h.extras["nu"][0] == 0.0
    assert (h.extras["rho"][1:] >= h.extras["rho"][:-1]).all()
    assert np.allclose(h.step[:-1], np.linalg.norm(np.diff(h.x, axis=0), axis=1))


@pytest.mark.parametrize(
    "constraints",
    [
        {"eq": [affine([1.0], 0.0), affine([1.0], 1.0)]},
        {"ineq": [affine([1.0], 0.0), affine([-1.0], -1.0)]},
        {"ineq": ol.Problem(lambda x: float(x @ x + 1), jac=lambda x: 2 * x)},
    ],
    ids=["equalities", "inequalities", "empty"],
)
def test_constraints_that_contradict_each_other_end_with_a_status(constraints):
    result = ol.minimize(ol.Quadratic([1.0]), [3.0], ol.AugmentedLagrangian(**constraints))
    assert result.status is ol.Status.INFEASIBLE
    assert "contradict" in result.message
    assert np.isfinite(result.x).all()


def test_a_penalty_that_is_too_small_for_a_minimum_to_exist_is_raised():
    """min -x^2 subject to x = 1: L_rho is unbounded below until rho > 2."""
    f = ol.Problem(lambda x: float(-(x[0] ** 2)), jac=lambda x: -2 * x)
    result = ol.minimize(f, [0.5], ol.AugmentedLagrangian(eq=affine([1.0], 1.0), rho=0.1), tol=1e-6)
    assert result.success, result.message
    assert result.x == pytest.approx([1.0])
    assert result.extras["nu"] == pytest.approx([2.0], rel=1e-4)


@pytest.mark.parametrize("constraints", [{}, {"eq": affine([1.0, 0.0], 1.0)}], ids=["none", "one"])
@pytest.mark.parametrize("f", [affine([0.0, -1.0], 0.0), ol.Quadratic([1.0, -1.0])], ids=["linear", "saddle"])
def test_an_objective_without_a_minimum_ends_with_a_status(constraints, f):
    """f falls for ever, whatever the penalty on x1: the constraints are not to blame."""
    result = ol.minimize(f, [3.0, 0.5], ol.AugmentedLagrangian(**constraints))
    assert result.status is ol.Status.LINE_SEARCH_FAILED
    assert "unbounded below" in result.message
    assert result.nit < 50


@pytest.mark.parametrize("rho", [1e-3, 1.0, 1e3])
def test_no_minimum_is_said_where_rho_has_grown_ten_billionfold(rho):
    method = ol.AugmentedLagrangian(eq=affine([1.0, 0.0], 1.0), rho=rho)
    assert ol.minimize(affine([0.0, -1.0], 0.0), [1.0, 0.5], method).nit == 10


def test_the_augmented_lagrangian_is_its_formula():
    f, g, h = ol.Quadratic([2.0]), affine([1.0], 1.0), affine([1.0], -1.0)
    p = augmented_lagrangian(ol.Lagrangian(f, g, h), np.array([3.0]), np.array([5.0]), 4.0)
    assert p([2.0]) == pytest.approx(4 + (5 * 3 + 2 * 9) + ((3 + 4) ** 2 - 9) / 8)  # f = 4, g = 1, h = 3
    assert p.grad([2.0]) == pytest.approx([4 + (5 + 12) + 7])
    assert p([0.0]) == pytest.approx(0 + (5 + 2) - 9 / 8)  # g = -1: 3 - 4 < 0 pushes no more
    assert p.grad([0.0]) == pytest.approx([5 + 4])


@pytest.mark.parametrize("rho", [0.5, 4.0])
def test_an_inequality_that_is_left_counts_as_violated_while_it_still_has_a_multiplier(rho):
    """The first step violates both, and only the second binds in the end: then max(g, -lam/rho) must fall."""
    A, b = np.array([[3.0, -2.0], [3.0, 1.0]]), np.array([-1.0, -1.0])
    method = ol.AugmentedLagrangian([affine(*row) for row in zip(A, b, strict=True)], rho=rho)
    result = ol.minimize(ol.Quadratic([1.0, 1.0], [-1.0, -1.0]), [0.0, 0.0], method)
    assert result.success
    e, x, before = result.history.extras, result.history.x, np.inf
    assert e["lam"][1][0] > 1e3 * result.extras["lam"][0]
    for t in range(result.nit):
        now = np.linalg.norm(np.maximum(A @ x[t + 1] - b, -e["lam"][t] / e["rho"][t]))
        assert e["rho"][t + 1] == e["rho"][t] * (10 if now > max(0.25 * before, 1e-10) else 1)
        before = now


@pytest.mark.parametrize("rho", [1e-3, 1e3])
def test_infeasible_is_said_where_rho_has_grown_ten_billionfold(rho):
    eq = [affine([1.0], 0.0), affine([1.0], 1.0)]
    result = ol.minimize(ol.Quadratic([1.0]), [3.0], ol.AugmentedLagrangian(eq=eq, rho=rho))
    assert result.status is ol.Status.INFEASIBLE
    assert 1e9 * rho < result.extras["rho"] <= 1.0001e10 * rho
