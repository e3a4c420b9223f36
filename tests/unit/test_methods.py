"""Gradient descent, momentum and Newton: each against its formula written out and against references."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse

import optlib as ol
from optlib.methods.momentum import fista_momentum

RNG = np.random.default_rng(0)
M = RNG.normal(size=(5, 5))
DENSE = ol.Quadratic(M @ M.T + np.eye(5), RNG.normal(size=5))
X, Y = RNG.normal(size=(40, 3)), (RNG.random(40) < 0.5).astype(float)
LOGISTIC = ol.EmpiricalRisk(ol.losses.Logistic(), X, Y, ol.penalties.L2(0.1))
backtracking = ol.line_search.Backtracking()


# --- Trajectories ---------------------------------------------------------------------------------------


def gradient_descent(grad, x, steps):
    path = [x]
    for eta in steps:
        x = x - eta * grad(x)
        path.append(x)
    return path


def heavy_ball(grad, x, steps, beta):
    path, before = [x], x
    for eta in steps:  # the two-term form of Polyak, which needs a constant step
        x, before = x - eta * grad(x) + beta * (x - before), x
        path.append(x)
    return path


def nesterov(grad, x, steps, beta):
    path, before = [x], x  # y_t = x_t + beta (x_t - x_{t-1}), x_{t+1} = y_t - eta grad(y_t)
    for eta in steps:
        y = x + beta * (x - before)
        x, before = y - eta * grad(y), x
        path.append(x + beta * (x - before))
    return path


@pytest.mark.parametrize("problem", [DENSE, LOGISTIC, ol.Rosenbrock(3)], ids=["quadratic", "logistic", "Rosenbrock"])
@pytest.mark.parametrize(
    ("method", "formula"),
    [
        (ol.GradientDescent(1e-3), lambda grad, x, n: gradient_descent(grad, x, [1e-3] * n)),
        (
            ol.GradientDescent(ol.schedules.InverseSqrt(1e-3)),
            lambda grad, x, n: gradient_descent(grad, x, [1e-3 / np.sqrt(k + 1) for k in range(n)]),
        ),
        (ol.HeavyBall(1e-4, 0.9), lambda grad, x, n: heavy_ball(grad, x, [1e-4] * n, 0.9)),
        (ol.Nesterov(1e-4, 0.9), lambda grad, x, n: nesterov(grad, x, [1e-4] * n, 0.9)),
    ],
    ids=["gradient descent", "gradient descent with a schedule", "heavy ball", "Nesterov"],
)
def test_iterates_are_those_of_the_plain_loop(method, formula, problem):
    x0 = np.linspace(-1.2, 1.0, problem.dimension)
    result = ol.minimize(problem, x0, method, tol=0, maxiter=200)
    assert np.allclose(result.history.x, formula(problem.grad, x0, 200), rtol=1e-10, atol=1e-12)


def test_momentum_with_a_schedule_multiplies_the_velocity_by_the_new_rate():
    lr = ol.schedules.InverseTime(0.1)
    for method, look_ahead in ((ol.HeavyBall(lr, 0.5), 0.0), (ol.Nesterov(lr, 0.5), 0.5)):
        x, v, path = np.ones(5), np.zeros(5), []
        for t in range(30):
            y = x - lr(t) * look_ahead * v
            path.append(y)
            v = 0.5 * v + DENSE.grad(y)
            x = x - lr(t) * v
        result = ol.minimize(DENSE, np.ones(5), method, tol=0, maxiter=29)
        assert np.allclose(result.history.x, path, rtol=1e-12)
        assert np.allclose(result.history.step[:-1], [lr(t) for t in range(29)])


@pytest.mark.parametrize("method", [ol.HeavyBall, ol.Nesterov])
def test_momentum_zero_is_gradient_descent(method):
    a = ol.minimize(DENSE, np.ones(5), method(0.01, beta=0.0), maxiter=50)
    b = ol.minimize(DENSE, np.ones(5), ol.GradientDescent(0.01), maxiter=50)
    assert np.array_equal(a.history.x, b.history.x)


@pytest.mark.parametrize("method", [ol.HeavyBall, ol.Nesterov])
def test_momentum_of_a_callable(method):
    """A constant function is the number; a function of t is asked for t, and multiplies the velocity of step t."""
    a = ol.minimize(DENSE, np.ones(5), method(0.01, 0.9), maxiter=50).history
    b = ol.minimize(DENSE, np.ones(5), method(0.01, lambda t: 0.9), maxiter=50).history
    assert np.array_equal(a.x, b.x)
    x, v, path = np.ones(5), np.zeros(5), []
    for t in range(30):
        y = x - 0.01 * (t / (t + 3)) * v if method is ol.Nesterov else x
        path.append(y)
        v = t / (t + 3) * v + DENSE.grad(y)
        x = x - 0.01 * v
    result = ol.minimize(DENSE, np.ones(5), method(0.01, lambda t: t / (t + 3)), tol=0, maxiter=29)
    assert np.allclose(result.history.x, path, rtol=1e-13)


@pytest.mark.parametrize(("method", "last"), [(ol.HeavyBall, 3), (ol.Nesterov, 4)])
def test_the_momentum_of_each_iteration_is_asked_once(method, last):
    asked = []
    ol.minimize(DENSE, np.ones(5), method(0.01, lambda t: asked.append(t) or 0.5), tol=0, maxiter=4)
    assert [t for t in asked if t > 0] == list(range(1, last + 1))


@pytest.mark.parametrize("problem", [DENSE, LOGISTIC], ids=["quadratic", "logistic"])
def test_nesterov_with_the_momentum_of_fista_makes_its_steps(problem):
    n, eta = problem.dimension, 1 / problem.lipschitz
    fista = ol.minimize(problem, np.ones(n), ol.FISTA(ol.penalties.Zero(), eta, restart=False), tol=0, maxiter=60)
    ahead = ol.minimize(problem, np.ones(n), ol.Nesterov(eta, fista_momentum()), tol=0, maxiter=60)
    x = [np.ones(n), *(y - eta * problem.grad(y) for y in ahead.history.x[:-1])]
    assert np.allclose(fista.history.x, x, rtol=1e-11, atol=1e-13)


def test_the_momentum_of_fista():
    beta, theta = fista_momentum(), [1.0]
    for _ in range(50):
        theta.append((1 + np.sqrt(1 + 4 * theta[-1] ** 2)) / 2)
    expected = [0.0, *((theta[t - 1] - 1) / theta[t] for t in range(1, 51))]
    assert [beta(t) for t in (50, 3, 0, 1)] == pytest.approx([expected[t] for t in (50, 3, 0, 1)], rel=1e-14)
    assert [beta(t) for t in range(51)] == pytest.approx(expected, rel=1e-14)
    assert abs(beta(1000) - 999 / 1002) < 2e-3


def test_momentum_pays_on_an_ill_conditioned_quadratic():
    q, kappa = ol.Quadratic([1.0, 1000.0]), 1000.0
    root = np.sqrt(kappa)
    plain = ol.minimize(q, [1.0, 1.0], ol.GradientDescent(2 / 1001), maxiter=20_000)
    ball = ol.minimize(q, [1.0, 1.0], ol.HeavyBall(4 / (root + 1) ** 2, ((root - 1) / (root + 1)) ** 2))
    ahead = ol.minimize(q, [1.0, 1.0], ol.Nesterov(1e-3, (root - 1) / (root + 1)))
    assert plain.success
    assert 10 * max(ball.nit, ahead.nit) < plain.nit


def test_heavy_ball_cycles_on_the_function_of_lessard_recht_and_packard():
    """1-strongly convex and 25-smooth, with the step and momentum that are best on quadratics: a cycle of three."""

    def slope(x):
        return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))

    def value(x):
        y = x[0]
        return float(12.5 * y**2 if y < 1 else y**2 / 2 + 24 * y - 12 if y < 2 else 12.5 * y**2 - 24 * y + 36)

    p = ol.Problem(value, jac=slope)
    assert ol.check_gradient(p, [1.5]) < 1e-8
    assert ol.check_gradient(p, [2.5]) < 1e-8
    result = ol.minimize(p, [3.3], ol.HeavyBall(lr=1 / 9, beta=4 / 9), maxiter=999)
    assert result.status is ol.Status.MAXITER
    cycle = sorted(result.history.x[-3:, 0])
    assert np.allclose(cycle, [-2208 / 1225, 792 / 1225, 2592 / 1225], rtol=1e-9)
    assert ol.minimize(p, [3.3], ol.GradientDescent(1 / 25), maxiter=999).success


# --- Newton ---------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_newton_ends_in_one_step_on_a_quadratic(seed, n):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    q = ol.Quadratic(A @ A.T + np.eye(n), rng.normal(size=n))
    result = ol.minimize(q, rng.normal(size=n), ol.Newton(), tol=1e-9)
    assert (result.nit, result.success) == (1, True)
    assert np.allclose(result.x, q.minimisers[0], rtol=1e-9, atol=1e-9)


def test_newton_is_affine_invariant_and_gradient_descent_is_not():
    rng = np.random.default_rng(1)
    T = rng.normal(size=(3, 3)) + 3 * np.eye(3)  # x = T y
    p = LOGISTIC
    moved = ol.Problem(lambda y: p(T @ y), jac=lambda y: T.T @ p.grad(T @ y), hess=lambda y: T.T @ p.hess(T @ y) @ T)
    x0 = np.array([1.0, -1.0, 0.5])
    for step in (1.0, backtracking):
        a = ol.minimize(p, x0, ol.Newton(step), tol=0, maxiter=4)
        b = ol.minimize(moved, np.linalg.solve(T, x0), ol.Newton(step), tol=0, maxiter=4)
        assert np.allclose(a.history.x, b.history.x @ T.T, rtol=1e-9, atol=1e-11)
    a = ol.minimize(p, x0, ol.GradientDescent(0.1), tol=0, maxiter=4)
    b = ol.minimize(moved, np.linalg.solve(T, x0), ol.GradientDescent(0.1), tol=0, maxiter=4)
    assert not np.allclose(a.history.x, b.history.x @ T.T, rtol=1e-3)


def test_newton_converges_quadratically():
    result = ol.minimize(ol.Rosenbrock(), [1.2, 1.2], ol.Newton(), tol=1e-12)
    errors = np.linalg.norm(result.history.x - 1.0, axis=1)
    assert ol.observed_order(errors[errors > 1e-13]) > 1.7


def test_newton_on_a_sparse_hessian_is_newton_on_the_dense_one():
    thin = ol.EmpiricalRisk(ol.losses.Logistic(), sparse.csr_array(X), Y, ol.penalties.L2(0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a, b = (ol.minimize(p, np.ones(3), ol.Newton(), tol=1e-12) for p in (LOGISTIC, thin))
    assert a.nit == b.nit
    assert np.allclose(a.history.x, b.history.x, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("make", [np.asarray, sparse.csc_array, sparse.coo_array])
def test_a_singular_hessian_ends_the_run_with_a_status_and_no_warning(make):
    p = ol.Problem(
        lambda x: float(x[0] ** 2), jac=lambda x: 2 * x * [1, 0], hess=lambda x: make([[2.0, 0.0], [0.0, 0.0]])
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = ol.minimize(p, [1.0, 1.0], ol.Newton())
    assert (result.status, result.nit) == (ol.Status.SINGULAR, 0)
    assert result.x.tolist() == [1.0, 1.0]
    assert "Singular matrix" in result.message


def test_pure_newton_goes_to_a_saddle_point_and_the_damped_one_says_so():
    pure = ol.minimize(ol.Himmelblau(), [0.2, 2.9], ol.Newton())
    assert pure.success
    assert np.linalg.eigvalsh(ol.Himmelblau().hess(pure.x))[0] < 0
    damped = ol.minimize(ol.Himmelblau(), [0.2, 2.9], ol.Newton(backtracking))
    assert damped.status is ol.Status.LINE_SEARCH_FAILED
    assert "no descent direction" in damped.message


def test_damping_saves_newton_where_the_full_step_diverges():
    p = ol.Problem(
        lambda x: float(np.sqrt(1 + x[0] ** 2)), lambda x: x / np.sqrt(1 + x**2), lambda x: (1 + x**2) ** -1.5
    )
    assert ol.minimize(p, [1.1], ol.Newton(), maxiter=6).status is not ol.Status.CONVERGED
    assert ol.minimize(p, [1.1], ol.Newton(backtracking)).success


# --- Newton's root finding ------------------------------------------------------------------------------


def test_newton_root_in_one_dimension():
    result = ol.newton_root(lambda x: x**3 - 2, 1.0, jac=lambda x: 3 * x**2)
    assert result.success
    assert result.x == pytest.approx([2 ** (1 / 3)], rel=1e-15)
    path, x = [1.0], 1.0
    for _ in range(result.nit):
        x = x - (x**3 - 2) / (3 * x**2)
        path.append(x)
    assert np.allclose(result.history.x[:, 0], path, rtol=1e-14)
    assert (result.nfev, result.njev, result.nhev) == (result.nit + 1, result.nit, 0)
    assert result.fun == result.optimality == abs(result.jac[0])
    assert result.history.step[:-1].tolist() == [1.0] * result.nit


def test_newton_root_of_a_system_is_that_of_scipy():
    def F(x):
        return np.array([x[0] ** 2 + x[1] ** 2 - 4, np.exp(x[0]) + x[1] - 1])

    def jac(x):
        return np.array([[2 * x[0], 2 * x[1]], [np.exp(x[0]), 1.0]])

    result = ol.newton_root(F, [1.0, -1.0], jac, tol=1e-13)
    assert result.success
    assert np.allclose(result.x, optimize.root(F, [1.0, -1.0], jac=jac, tol=1e-13).x, rtol=1e-10)


def test_newton_root_ends_with_a_status():
    flat = ol.newton_root(lambda x: x**2 - 1, 0.0, jac=lambda x: 2 * x)
    assert (flat.status, flat.x.tolist()) == (ol.Status.SINGULAR, [0.0])
    cycle = ol.newton_root(lambda x: x**3 - 2 * x + 2, 0.0, jac=lambda x: 3 * x**2 - 2, maxiter=10)
    assert cycle.status is ol.Status.MAXITER
    assert cycle.history.x[:, 0].tolist() == [0.0, 1.0] * 5 + [0.0]
    with np.errstate(invalid="ignore"):
        outside = ol.newton_root(lambda x: np.sqrt(x) - 2, [20.0], jac=lambda x: 0.5 / np.sqrt(x))
    assert outside.status is ol.Status.NON_FINITE
    assert outside.x.tolist() == [20.0]


def test_newton_root_takes_a_sparse_jacobian():
    def jac(x):
        return np.diag(3 * x**2)

    a = ol.newton_root(lambda x: x**3 - [1, 8], [2.0, 3.0], jac)
    b = ol.newton_root(lambda x: x**3 - [1, 8], [2.0, 3.0], lambda x: sparse.csc_array(jac(x)))
    assert a.success
    assert np.array_equal(a.history.x, b.history.x)


def test_newton_root_hands_out_points_that_nobody_can_change():
    def F(x):
        x -= 1.0
        return x

    with pytest.raises(ValueError, match="read-only"):
        ol.newton_root(F, [2.0], lambda x: 1.0)


def test_newton_root_of_a_gradient_is_newtons_minimisation():
    p = LOGISTIC
    a = ol.newton_root(p.grad, np.ones(3), p.hess, tol=1e-10)
    b = ol.minimize(p, np.ones(3), ol.Newton(), tol=1e-10)
    assert np.allclose(a.history.x, b.history.x, rtol=1e-13)


def test_a_root_without_a_step_is_told_in_the_words_of_roots():
    result = ol.newton_root(lambda x: x**2 + 1, 0.0, jac=lambda x: 2 * x)
    assert result.status is ol.Status.SINGULAR
    assert result.message == "the Jacobian is singular at iteration 0: try another x0"
    cycling = ol.newton_root(lambda x: x**3 - 2 * x + 2, 0.0, jac=lambda x: 3 * x**2 - 2, maxiter=20)
    assert cycling.status is ol.Status.MAXITER
    assert cycling.message == "20 iterations made, norm of F 2 > tol: try another x0 or raise maxiter"
