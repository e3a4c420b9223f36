"""Proximal gradient and FISTA: the formulas written out, known solutions, the bounds of the theory, the search."""

import math
import warnings

import numpy as np
import pytest
from scipy import sparse

import optlib as ol
from optlib.objectives.penalties import Penalty

RNG = np.random.default_rng(0)
L1, Zero, backtracking = ol.penalties.L1, ol.penalties.Zero, ol.line_search.Backtracking
X = RNG.normal(size=(40, 60))
W = np.r_[RNG.normal(size=5), np.zeros(55)]
Y = X @ W + 0.1 * RNG.normal(size=40)
LASSO = ol.EmpiricalRisk(ol.losses.Squared(), X, Y)
LAM = 0.1 * np.abs(LASSO.grad(np.zeros(60))).max()
ETA = 1 / LASSO.lipschitz
LABELS = (RNG.random(40) < 1 / (1 + np.exp(-X @ W))).astype(float)
LOGISTIC = ol.EmpiricalRisk(ol.losses.Logistic(), X, LABELS)
ZERO = np.zeros(60)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def soft(v, t):
    return np.sign(v) * np.maximum(np.abs(v) - t, 0)


def ista_path(problem, lam, x, steps):
    path = [x]
    for eta in steps:
        x = soft(x - eta * problem.grad(x), eta * lam)
        path.append(x)
    return path


def fista_path(problem, lam, x, steps, restart):
    path, y, t, restarts = [x], x, 1.0, 0
    for eta in steps:
        new = soft(y - eta * problem.grad(y), eta * lam)
        if restart and np.dot(y - new, new - x) > 0:
            t, restarts = 1.0, restarts + 1
        t_new = (1 + np.sqrt(1 + 4 * t**2)) / 2
        y, x, t = new + (t - 1) / t_new * (new - x), new, t_new
        path.append(x)
    return path, restarts


# --- Trajectories -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [ETA, ol.schedules.InverseSqrt(ETA)], ids=["constant", "schedule"])
def test_iterates_are_those_of_the_plain_loop(steps):
    etas = [steps(t) if callable(steps) else steps for t in range(80)]
    x0 = RNG.normal(size=60)
    result = ol.minimize(LASSO, x0, ol.ProximalGradient(L1(LAM), steps), tol=0, maxiter=80)
    assert np.allclose(result.history.x, ista_path(LASSO, LAM, x0, etas), rtol=1e-10, atol=1e-12)
    assert np.allclose(result.history.step[:-1], etas)
    for restart in (False, True):
        result = ol.minimize(LASSO, x0, ol.FISTA(L1(LAM), steps, restart=restart), tol=0, maxiter=80)
        path, restarts = fista_path(LASSO, LAM, x0, etas, restart)
        assert np.allclose(result.history.x, path, rtol=1e-9, atol=1e-11)
        assert np.allclose(result.history.step[:-1], etas)
        assert (restarts > 1) == restart


def test_what_is_reported():
    g, x0 = L1(LAM), RNG.normal(size=60)
    ista = ol.minimize(LASSO, x0, ol.ProximalGradient(g, ETA), tol=0, maxiter=30)
    for x, fun, size in zip(ista.history.x, ista.history.fun, ista.history.optimality, strict=True):
        assert fun == pytest.approx(LASSO(x) + g(x), rel=1e-14)
        assert size == pytest.approx(np.linalg.norm(ol.gradient_mapping(LASSO, g, x, ETA)), rel=1e-12)
    assert np.array_equal(ista.jac, LASSO.grad(ista.x))
    assert (ista.nit, ista.nfev, ista.njev) == (30, 31, 31)

    fista = ol.minimize(LASSO, x0, ol.FISTA(g, ETA), tol=0, maxiter=30)
    for x, fun in zip(fista.history.x, fista.history.fun, strict=True):
        assert fun == pytest.approx(LASSO(x) + g(x), rel=1e-14)
    start = np.linalg.norm(ol.gradient_mapping(LASSO, g, x0, ETA))
    assert fista.history.optimality[:2] == pytest.approx([start, start], rel=1e-12)
    assert np.linalg.norm(fista.jac - LASSO.grad(fista.x)) <= fista.optimality  # as the docstring says
    assert fista.njev == 30
    assert fista.nfev <= 60
    second = ol.minimize(LASSO, x0, ol.FISTA(g, ETA), tol=0, maxiter=2)
    x1 = second.history.x[1]
    y1 = x1  # (theta_0 - 1) / theta_1 = 0
    assert second.optimality == pytest.approx(np.linalg.norm(y1 - second.x) / ETA, rel=1e-9)


def test_optimality_bounds_the_shortest_subgradient():
    """dist(0, dF(x_t)) <= (1 + eta L) optimality, for both methods at the point that is returned."""
    for method in (ol.FISTA(L1(LAM), ETA), ol.FISTA(L1(LAM), backtracking())):
        for maxiter in (1, 5, 20, 60):
            result = ol.minimize(LASSO, ZERO, method, tol=0, maxiter=maxiter)
            g = LASSO.grad(result.x)
            shortest = np.where(result.x == 0, np.maximum(np.abs(g) - LAM, 0), g + LAM * np.sign(result.x))
            factor = 1 + result.history.step[-2] * LASSO.lipschitz
            assert np.linalg.norm(shortest) <= factor * result.optimality * (1 + 1e-9)


def test_without_a_penalty_it_is_gradient_descent():
    for step in (ETA, ol.schedules.InverseTime(ETA)):
        a = ol.minimize(LASSO, ZERO, ol.ProximalGradient(Zero(), step), maxiter=50)
        b = ol.minimize(LASSO, ZERO, ol.GradientDescent(step), maxiter=50)
        assert np.array_equal(a.history.x, b.history.x)
        assert np.array_equal(a.history.fun, b.history.fun)
        assert np.allclose(a.history.optimality, b.history.optimality, rtol=1e-9)


@pytest.mark.parametrize(
    "C", [ol.sets.Simplex(), ol.sets.L2Ball(0.5), ol.sets.Box(0.1, 0.3), ol.sets.AffineSet(X[:2], [1.0, -1.0])]
)
def test_with_a_set_it_is_projected_gradient_descent(C):
    x = C.project(np.ones(60))
    result = ol.minimize(LASSO, np.ones(60), ol.ProximalGradient(C, ETA), tol=0, maxiter=40)
    for seen in result.history.x:  # x0 lies outside: its projection comes first
        assert np.allclose(seen, x, atol=1e-12)
        x = C.project(x - ETA * LASSO.grad(x))
    assert np.isfinite(result.history.fun).all()
    assert np.allclose(result.history.fun, [LASSO(x) for x in result.history.x], rtol=1e-13)
    fast = ol.minimize(LASSO, np.ones(60), ol.FISTA(C, backtracking()), tol=1e-8, maxiter=20_000)
    slow = ol.minimize(LASSO, np.ones(60), ol.ProximalGradient(C, ETA), tol=1e-8, maxiter=20_000)
    assert fast.success
    assert slow.success
    assert fast.fun == pytest.approx(slow.fun, abs=1e-8)
    assert C(fast.x) == 0.0


# --- Solutions --------------------------------------------------------------------------------------------

GROUPS = np.repeat(np.arange(12), 5)
PROBLEMS = {
    "lasso": (LASSO, L1(LAM)),
    "sparse lasso": (ol.EmpiricalRisk(ol.losses.Squared(), sparse.csr_array(X * (np.abs(X) > 1)), Y), L1(LAM)),
    "elastic net": (ol.EmpiricalRisk(ol.losses.Squared(), X, Y, ol.penalties.L2(0.1)), L1(LAM)),
    "group lasso": (LASSO, ol.penalties.GroupL2(LAM, GROUPS)),
    "logistic and L1": (LOGISTIC, L1(0.02)),
    "one feature": (ol.EmpiricalRisk(ol.losses.Squared(), X[:, :1], Y), L1(0.1)),
    "one sample": (ol.EmpiricalRisk(ol.losses.Squared(), X[:1], Y[:1]), L1(0.1)),
    "a constant feature": (ol.EmpiricalRisk(ol.losses.Squared(), np.c_[X[:, :3], np.zeros(40)], Y), L1(0.1)),
}


@pytest.mark.parametrize("step", ["1/L", "search"])
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("make", [ol.ProximalGradient, ol.FISTA])
def test_solved_to_a_duality_gap(make, name, step):
    f, g = PROBLEMS[name]
    method = make(g, backtracking() if step == "search" else 1 / f.lipschitz)
    result = ol.minimize(f, np.zeros(f.dimension), method, tol=1e-9, maxiter=50_000, record=False)
    assert result.success, result.message
    assert ol.duality_gap(f, g, result.x) <= 1e-8 * max(1.0, f(np.zeros(f.dimension)))
    assert result.fun == pytest.approx(f(result.x) + g(result.x), rel=1e-13)


def test_answers_have_exact_zeros():
    for make in (ol.ProximalGradient, ol.FISTA):
        result = ol.minimize(LASSO, ZERO, make(L1(LAM), ETA), tol=1e-6, maxiter=20_000)
        assert 3 <= np.count_nonzero(result.x) <= 30
        groups = ol.minimize(LASSO, ZERO, make(ol.penalties.GroupL2(LAM, GROUPS), ETA), tol=1e-6, maxiter=20_000)
        used = (groups.x.reshape(12, 5) != 0).sum(axis=1)
        assert set(used.tolist()) == {0, 5}
        nothing = ol.minimize(LASSO, ZERO, make(L1(10.1 * LAM), ETA))  # above lambda_max the answer is 0
        assert nothing.nit == 0
        assert not nothing.x.any()


def test_orthogonal_lasso_in_one_step():
    f = ol.EmpiricalRisk(ol.losses.Squared(), np.eye(4) * 2, [4.0, -4.0, 0.1, 0.0])  # f'' = 4 / 4 = 1
    result = ol.minimize(f, np.full(4, 7.0), ol.FISTA(L1(0.5), 1.0), tol=1e-14)
    assert np.allclose(result.x, [1.5, -1.5, 0.0, 0.0], rtol=1e-14)
    assert result.nit <= 3


# --- Theory -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lasso", "group lasso", "logistic and L1"])
@pytest.mark.parametrize("step", ["1/L", "search"])
def test_the_rates_hold_at_every_iterate(name, step):
    f, g = PROBLEMS[name]
    best = ol.minimize(f, ZERO, ol.FISTA(g, 1 / f.lipschitz), tol=1e-11, maxiter=50_000)
    minimum, R2 = best.fun, best.x @ best.x
    for make, factor, power in ((ol.ProximalGradient, 0.5, 1), (ol.FISTA, 2.0, 2)):
        rule = backtracking(start=10 / f.lipschitz, shrink=0.7) if step == "search" else 1 / f.lipschitz
        method = make(g, rule) if make is ol.ProximalGradient else make(g, rule, restart=False)
        history = ol.minimize(f, ZERO, method, tol=0, maxiter=300).history
        t = np.arange(1, len(history))
        eta = np.minimum.accumulate(history.step[:-1])
        bound = factor * R2 / (eta * (t + (make is ol.FISTA)) ** power)
        assert (history.fun[1:] - minimum <= bound * (1 + 1e-9)).all()
        if make is ol.ProximalGradient:
            assert (np.diff(history.fun) <= 1e-14).all()  # it descends


def test_acceleration_and_restart_pay():
    f, g = ol.EmpiricalRisk(ol.losses.Squared(), X[:, :30], Y), L1(0.01)
    counts = [
        ol.minimize(f, np.zeros(30), method, tol=1e-8, maxiter=50_000).nit
        for method in (
            ol.ProximalGradient(g, 1 / f.lipschitz),
            ol.FISTA(g, 1 / f.lipschitz, restart=False),
            ol.FISTA(g, 1 / f.lipschitz),
        )
    ]
    assert counts[0] > 3 * counts[2]
    assert counts[1] > 2 * counts[2]


# --- The search -------------------------------------------------------------------------------------------


def test_the_search_takes_the_first_step_whose_model_lies_above():
    f, g = LASSO, L1(LAM)
    rule = backtracking(start=3.0, shrink=0.6)
    result = ol.minimize(f, np.ones(60), ol.ProximalGradient(g, rule), tol=0, maxiter=25)
    trials = 3.0 * 0.6 ** np.arange(60)
    for x, new, eta in zip(result.history.x[:-1], result.history.x[1:], result.history.step[:-1], strict=True):
        for trial in trials:
            z = soft(x - trial * f.grad(x), trial * LAM)
            if f(z) <= f(x) + f.grad(x) @ (z - x) + (z - x) @ (z - x) / (2 * trial):
                break
        assert eta == pytest.approx(trial)
        assert np.allclose(new, z, atol=1e-13)


def test_a_model_that_touches_f_lies_above_it():
    assert ol.minimize(ol.Quadratic([1.0]), [1.0], ol.ProximalGradient(Zero(), backtracking())).history.step[0] == 1.0


def test_a_trial_that_values_reject_costs_no_gradient():
    """Steps are short here, and what counts as rounding is measured with them: 1e6 is not too high for these values."""
    steep = ol.Problem(lambda x: 1e6 + 5e3 * float(x @ x), jac=lambda x: 1e4 * x)
    result = ol.minimize(steep, [1e-3], ol.ProximalGradient(Zero(), backtracking(start=1.5e-3)), tol=0, maxiter=1)
    assert result.history.step[0] == 1.5e-3 / 16
    assert result.njev == 2


def test_fista_never_lengthens_a_step():
    p = ol.Problem(lambda x: float((x**4).sum() / 4), jac=lambda x: x**3)  # flatter and flatter
    steps = ol.minimize(p, [3.0], ol.FISTA(Zero(), backtracking()), tol=1e-9).history.step[:-1]
    assert (np.diff(steps) <= 0).all()
    assert steps[-1] < 0.2
    free = ol.minimize(p, [3.0], ol.ProximalGradient(Zero(), backtracking()), tol=1e-6).history.step[:-1]
    assert free[0] < 0.2
    assert free[-1] == 1.0


@pytest.mark.parametrize("make", [ol.ProximalGradient, ol.FISTA])
def test_the_search_survives_rounding(make):
    """With 1e6 added to f its values are coarse, and gradients decide; the answer is the same to many digits."""
    high = ol.Problem(lambda x: 1e6 + LASSO(x), jac=LASSO.grad)
    result = ol.minimize(high, ZERO, make(L1(LAM), backtracking()), tol=1e-9, maxiter=20_000)
    assert result.success, result.message
    assert ol.duality_gap(LASSO, L1(LAM), result.x) < 1e-8
    assert result.history.step[-2] >= 0.4 * ETA
    long = ol.minimize(LASSO, ZERO, make(L1(LAM), backtracking()), tol=0, maxiter=3000, record=False)
    assert long.status in (ol.Status.MAXITER, ol.Status.CONVERGED), long.message
    assert ol.duality_gap(LASSO, L1(LAM), long.x) < 1e-14


@pytest.mark.parametrize(("L", "eta"), [(0.99, 1.0), (1.01, 0.5)])
def test_gradients_decide_as_values_would_on_a_quadratic(L, eta):
    high = ol.Problem(lambda x: 1e6 + L / 2 * float(x @ x), jac=lambda x: L * x)
    for x0 in np.linspace(1e-5, 1e-4, 40):
        result = ol.minimize(high, [x0], ol.ProximalGradient(Zero(), backtracking()), maxiter=1)
        assert result.history.step[0] == eta


def test_the_rounding_of_gradients_shortens_no_step():
    """The parts of the gradient that cancel are 1e8, so that differences of gradients are multiples of 1.5e-8."""

    class Slope(Penalty):
        def __call__(self, x):
            return -1e8 * float(x.sum())

        def prox(self, v, t):
            return v + t * 1e8

    f = ol.Problem(lambda x: float((1e8 * x + x**2 / 4).sum()), jac=lambda x: 1e8 + x / 2)
    for make in (ol.ProximalGradient, ol.FISTA):
        result = ol.minimize(f, [1.0, 0.3], make(Slope(), backtracking()), tol=0, maxiter=100)
        assert set(result.history.step[:-1]) == {1.0}
        assert np.abs(result.x).max() < 1e-7


@pytest.mark.parametrize("make", [ol.ProximalGradient, ol.FISTA])
def test_a_search_that_fails_ends_the_run_with_a_status(make):
    wrong = ol.Problem(lambda x: float(x @ x) - 5, jac=lambda x: -2 * x)
    result = ol.minimize(wrong, [1.0, 2.0], make(L1(0.1), backtracking()))
    assert result.status is ol.Status.LINE_SEARCH_FAILED
    assert "try check_gradient" in result.message
    assert result.x.tolist() == [1.0, 2.0]


def test_the_search_comes_back_from_where_f_is_nan():
    edge = ol.Problem(lambda x: float(-np.log(x[0])) if x[0] > 0 else math.nan, jac=lambda x: -1 / x)
    result = ol.minimize(edge, [0.1], ol.ProximalGradient(L1(2.0), backtracking(start=100.0)), tol=1e-8)
    assert result.success
    assert result.x == pytest.approx([0.5])


# --- Oracles and odd ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ol.ProximalGradient, ol.FISTA])
def test_on_minibatches_it_is_the_stochastic_method(make):
    oracle = LASSO.minibatch(10, seed=0)
    result = ol.minimize(oracle, ZERO, make(L1(LAM), ol.schedules.InverseSqrt(0.3 * ETA)), maxiter=400, tol=0)
    exact = ol.minimize(LASSO, ZERO, ol.FISTA(L1(LAM), ETA), tol=1e-9, maxiter=10_000)
    assert exact.fun < result.fun < exact.fun + 0.2 * (LASSO(ZERO) - exact.fun)
    assert result.fun == pytest.approx(LASSO(result.x) + L1(LAM)(result.x))
    assert result.njev in (400, 401)  # one batch an iteration
    assert np.count_nonzero(result.x) < 60
    whole = ol.minimize(LASSO.minibatch(40, seed=0), ZERO, make(L1(LAM), ETA), maxiter=50, tol=0)
    assert np.allclose(whole.x, ol.minimize(LASSO, ZERO, make(L1(LAM), ETA), maxiter=50, tol=0).x, atol=1e-12)


def test_a_penalty_of_ones_own():
    class Nonzero(Penalty):  # not convex: hard thresholding
        def __call__(self, x):
            return 0.5 * np.count_nonzero(x)

        def prox(self, v, t):
            return np.where(v**2 > t, v, 0.0)

    result = ol.minimize(ol.Quadratic([1.0, 1.0], [3.0, 0.5]), [1.0, 1.0], ol.ProximalGradient(Nonzero(), 0.5))
    assert np.allclose(result.x, [3.0, 0.0], atol=1e-5)
    assert result.fun == pytest.approx(-4.0)


@pytest.mark.parametrize("make", [ol.ProximalGradient, ol.FISTA])
def test_a_schedule_that_ends_at_zero(make):
    result = ol.minimize(LASSO, ZERO, make(L1(LAM), lambda t: ETA if t < 5 else 0.0), maxiter=9, tol=0)
    assert result.status is ol.Status.MAXITER
    expected = np.linalg.norm(ol.gradient_mapping(LASSO, L1(LAM), result.x, 1.0))  # in place of 0 / 0
    assert result.optimality == pytest.approx(expected, rel=0.5 if make is ol.FISTA else 1e-9)
    if make is ol.ProximalGradient:
        assert np.array_equal(result.history.x[-1], result.history.x[-2])


@pytest.mark.parametrize("make", [ol.ProximalGradient, ol.FISTA])
def test_too_long_a_step_is_told(make):
    result = ol.minimize(LASSO, ZERO + 1, make(L1(LAM), 4 * ETA), maxiter=2000)
    assert result.status in (ol.Status.DIVERGED, ol.Status.NON_FINITE)
    assert np.isfinite(result.x).all()
