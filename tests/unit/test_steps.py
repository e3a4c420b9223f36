"""Schedules and step rules: their values, and the conditions that they promise."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline

import optlib as ol
from optlib.steps.line_search import LineSearchError, StepRule, as_step
from optlib.steps.schedules import as_schedule

eta0s, iterations = st.floats(1e-6, 1e3), st.integers(0, 10_000)
s = ol.schedules


# --- Schedules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (s.Constant(0.3), [0.3, 0.3, 0.3, 0.3, 0.3]),
        (s.InverseSqrt(2.0), [2.0, 2 / math.sqrt(2), 2 / math.sqrt(3), 1.0, 2 / math.sqrt(5)]),
        (s.InverseTime(2.0), [2.0, 1.0, 2 / 3, 0.5, 0.4]),
        (s.StepDecay(1.0, factor=0.1, every=2), [1.0, 1.0, 0.1, 0.1, 0.01]),
        (s.Cosine(1.0, steps=4, eta_min=0.5), [1.0, 0.75 + 0.25 / math.sqrt(2), 0.75, 0.75 - 0.25 / math.sqrt(2), 0.5]),
        (s.Cosine(1.0, steps=2, eta_min=0.5), [1.0, 0.75, 0.5, 0.5, 0.5]),
        (s.Warmup(0.8, steps=4), [0.2, 0.4, 0.6, 0.8, 0.8]),
        (s.Warmup(s.InverseTime(1.0), steps=2), [0.5, 0.5, 1 / 3, 0.25, 0.2]),
        (s.Warmup(s.Constant(2.0), steps=4), [0.5, 1.0, 1.5, 2.0, 2.0]),
    ],
    ids=repr,
)
def test_values(schedule, values):
    assert [schedule(k) for k in range(5)] == pytest.approx(values, rel=1e-15)


falling = st.one_of(
    st.builds(s.Constant, eta0s),
    st.builds(s.InverseSqrt, eta0s),
    st.builds(s.InverseTime, eta0s),
    st.builds(s.StepDecay, eta0s, st.floats(0.5, 0.99), st.integers(100, 1000)),
    st.builds(s.Cosine, eta0s, st.integers(1, 5000), st.floats(1e-12, 1e-6)),
)


@given(falling, iterations)
def test_schedules_are_positive_and_never_rise(schedule, k):
    assert schedule(0) == pytest.approx(schedule.eta0)
    assert 0 < schedule(k + 1) <= schedule(k) * (1 + 1e-15)


@given(falling, st.integers(1, 500), iterations)
def test_warmup_rises_to_the_schedule_and_then_is_the_schedule(schedule, steps, k):
    warm = s.Warmup(schedule, steps)
    assert 0 < warm(k) <= schedule(k)
    if k >= steps - 1:
        assert warm(k) == schedule(k)
    else:
        assert warm(k) == pytest.approx(schedule(k) * (k + 1) / steps)


def test_numbers_callables_and_rules_are_told_apart():
    assert as_schedule(0.5) == s.Constant(0.5)
    assert as_schedule(math.sqrt) is math.sqrt
    with pytest.raises(ValueError, match=r"lr\(0\) must not be negative, got -0.5"):
        as_schedule(lambda k: k - 0.5)  # it is asked once, at the first iteration
    rule = ol.line_search.Backtracking()
    assert as_step(rule) is rule
    assert as_step(0.5) == ol.line_search.Fixed(0.5)
    fixed = as_step(lambda k: 1.0 / (k + 1))
    assert [fixed(None, None, 0.0, None, t) for t in range(3)] == [1.0, 0.5, 1 / 3]


# --- Random functions along random descent directions -----------------------------------------------


def convex(rng, n):
    """Strongly convex, not quadratic: sum of log cosh(a'x) terms plus a quadratic."""
    A, b = rng.normal(size=(2 * n, n)), rng.normal(size=n)

    def f(x):
        return float(np.logaddexp(A @ x, -A @ x).sum() + 0.05 * x @ x + b @ x)

    return ol.Problem(f, jac=lambda x: A.T @ np.tanh(A @ x) + 0.1 * x + b)


def nonconvex(rng, n):
    """Bounded below, with many local minima: a bowl with waves."""
    w = rng.uniform(1, 4, size=n)
    return ol.Problem(lambda x: float(0.5 * x @ x + np.cos(w * x).sum()), jac=lambda x: x - w * np.sin(w * x))


@st.composite
def searches(draw):
    """A problem, a point, and a direction of descent that is not the gradient's, of a random length."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 6))
    p = draw(st.sampled_from([convex, nonconvex]))(rng, n)
    x = rng.normal(size=n) * draw(st.floats(0.1, 5))
    f, g = p.value_and_grad(x)
    M = rng.normal(size=(n, n))
    d = -(M @ M.T + 0.1 * np.eye(n)) @ g * 10 ** draw(st.floats(-3, 3))
    assume(g @ d < -1e-8)
    return p, x, f, g, d


@given(searches(), st.floats(1e-4, 0.9), st.floats(0.1, 0.9), st.floats(0.01, 100))
def test_backtracking_takes_the_first_step_that_meets_armijos_condition(search, c, shrink, start):
    p, x, f, g, d = search
    eta = ol.line_search.Backtracking(start, shrink, c, maxiter=300)(p, x, f, g, 0, d)
    slack = 20 * np.finfo(float).eps * abs(f)  # documented: decreases below rounding are not told from zero
    assert p(x + eta * d) <= f + c * eta * (g @ d) + slack
    tries = round(math.log(eta / start, shrink))
    assert eta == pytest.approx(start * shrink**tries)
    if tries > 0:  # the step tried before was refused
        before = eta / shrink
        assert p(x + before * d) > f + c * before * (g @ d) - slack


@given(searches(), st.floats(1e-4, 0.2), st.floats(0.3, 0.9))
def test_wolfe_meets_the_strong_wolfe_conditions(search, c1, c2):
    p, x, f, g, d = search
    try:
        eta = ol.line_search.Wolfe(c1, c2)(p, x, f, g, 0, d)
    except LineSearchError:
        # SciPy's search starts from a step of 1 and doubles: a direction too long or too short by 1e3 may defeat it
        assert not 0.05 < np.linalg.norm(d) < 5
        assume(False)
    assert eta > 0
    slack = 1e-12 * max(1.0, abs(f))
    assert p(x + eta * d) <= f + c1 * eta * (g @ d) + slack
    assert abs(p.grad(x + eta * d) @ d) <= c2 * abs(g @ d) * (1 + 1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_exact_is_the_minimiser_along_the_direction(seed, n):
    rng = np.random.default_rng(seed)
    M = rng.normal(size=(n, n))
    q = ol.Quadratic(M @ M.T + 0.1 * np.eye(n), rng.normal(size=n))
    x, d = rng.normal(size=(2, n))
    f, g = q.value_and_grad(x)
    d *= -np.sign(g @ d)
    assume(abs(g @ d) > 1e-6)
    eta = ol.line_search.Exact()(q, x, f, g, 0, d)
    assert eta == pytest.approx(-(g @ d) / (d @ q.A @ d), rel=1e-12)
    assert abs(q.grad(x + eta * d) @ d) <= 1e-9 * np.linalg.norm(d) * (1 + np.linalg.norm(g))  # f' = 0 along d


@pytest.mark.parametrize("rule", [ol.line_search.Backtracking(), ol.line_search.Wolfe(), ol.line_search.Exact()])
def test_without_a_direction_it_is_steepest_descent(rule):
    q, x = ol.Quadratic([1.0, 4.0], [0.5, 0.0]), np.array([1.0, -1.0])
    f, g = q.value_and_grad(x)
    assert rule(q, x, f, g, 0) == rule(q, x, f, g, 0, -g) > 0


def test_backtracking_starts_anew_at_each_iteration_and_uses_few_values():
    q = ol.Quadratic([1.0, 1.0])
    result = ol.minimize(q, [1.0, 1.0], ol.GradientDescent(ol.line_search.Backtracking(start=1.0)))
    assert (result.nit, result.nfev, result.njev) == (1, 2, 2)  # the first trial is accepted, and not computed twice
    assert result.history.step[0] == 1.0


# --- Failures say why --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [ol.line_search.Backtracking(), ol.line_search.Wolfe(), ol.line_search.Exact()])
def test_a_direction_that_does_not_descend_is_an_error(rule):
    q, x = ol.Quadratic([1.0, 4.0]), np.array([1.0, 1.0])
    f, g = q.value_and_grad(x)
    for direction, slope in ((g, "17"), (np.zeros(2), "0")):
        with pytest.raises(LineSearchError, match=f"p is no descent direction .g'p = {slope}"):
            rule(q, x, f, g, 0, direction)


def test_backtracking_gives_up_on_a_wrong_gradient():
    p = ol.Problem(lambda x: float(x[0]), jac=lambda x: -np.ones(1))  # f falls to the left, the gradient says right
    with pytest.raises(LineSearchError, match=r"no sufficient decrease down to eta = 0.25.*check_gradient"):
        ol.line_search.Backtracking(maxiter=3)(p, np.zeros(1), 0.0, -np.ones(1), 0)


def test_wolfe_gives_up_where_f_is_unbounded_below():
    p = ol.Problem(lambda x: -float(x[0]), jac=lambda x: -np.ones(1))
    with pytest.raises(LineSearchError, match="no step meets the strong Wolfe conditions after 5 trials"):
        ol.line_search.Wolfe(maxiter=5)(p, np.zeros(1), 0.0, -np.ones(1), 0)


def test_exact_needs_positive_curvature():
    q, x = ol.Quadratic([1.0, -4.0]), np.array([0.0, 1.0])
    with pytest.raises(LineSearchError, match="the curvature along p is -64, not positive"):
        ol.line_search.Exact()(q, x, q(x), q.grad(x), 0)
    linear = ol.Quadratic([1.0, 0.0], [0.0, 1.0])
    with pytest.raises(LineSearchError, match="the curvature along p is 0, not positive"):
        ol.line_search.Exact()(linear, x, linear(x), np.array([0.0, -1.0]), 0)


def test_a_rule_of_ones_own():
    class Halving(StepRule):
        def __call__(self, problem, x, f, g, t, p=None):
            return 0.5**t

    result = ol.minimize(ol.Quadratic([1.0]), [1.0], ol.GradientDescent(Halving()), maxiter=3, tol=0)
    assert result.history.step[:-1].tolist() == [1.0]  # the first step ends at the minimiser
    assert result.success


@pytest.mark.parametrize("scale", [1e-9, 1e-6, 1e-3, 1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("c2", [0.1, 0.9])
def test_wolfe_finds_a_step_on_every_plain_quadratic(scale, c2):
    q = ol.Quadratic([scale, 20 * scale])
    result = ol.minimize(q, [1.0, 1.0], ol.GradientDescent(ol.line_search.Wolfe(c2=c2)), tol=1e-6 * scale)
    assert result.success


def test_wolfe_backs_off_from_where_f_is_not_defined():
    barrier = ol.Problem(
        lambda x: float(x[0] - np.log(x[0])) if x[0] > 0 else np.nan,
        jac=lambda x: 1 - 1 / x,
        hess=lambda x: np.diag(1 / x**2),
    )
    assert ol.minimize(barrier, [5.0], ol.Newton(ol.line_search.Wolfe())).success


def along(values, slopes):
    """A "function" of one variable that is given at a few points: value and slope by eta, from 0 along p = 1."""
    return ol.Problem(lambda x: values[round(float(x[0]), 6)], jac=lambda x: np.array([slopes[round(float(x[0]), 6)]]))


@pytest.mark.parametrize("f", [1.0, -1.0, 2.0**20])
@pytest.mark.parametrize(
    ("rise", "slope", "accepted"),  # of f in machine epsilons of |f|; at the end, from -1 at the start
    [(10, 0.79, True), (10, 0.81, False), (-10, 0.79, True), (-10, 0.81, False), (11, -1.0, False)],
)
@pytest.mark.parametrize("rule", [ol.line_search.Backtracking(c=0.1), ol.line_search.Wolfe(c1=0.1, c2=0.9)])
def test_within_ten_epsilons_slopes_decide_and_beyond_values_do(rule, f, rise, slope, accepted):
    values = defaultdict(lambda: f - 1.0, {0.0: f, 1.0: f + rise * np.finfo(float).eps * abs(f)})
    p = along(values, defaultdict(float, {0.0: -1.0, 1.0: slope}))  # any other step will do
    eta = rule(p, np.zeros(1), f, np.array([-1.0]), 0)
    assert (eta == 1.0) == accepted  # 0.8 = 1 - 2c is what the slope may grow to


def test_the_conditions_may_hold_with_equality():
    quarter, half = ol.line_search.Backtracking(c=0.25), ol.line_search.Wolfe(c1=0.25, c2=0.5)
    armijo = along({0.0: 0.0, 1.0: -0.25, 0.5: -1.0}, {0.0: -1.0})
    slopes = along({0.0: 1.0, 1.0: 1.0, 0.5: -1.0}, {0.0: -1.0, 1.0: 0.5})
    wolfe = along({0.0: 0.0, 1.0: -0.25, 2.0: -2.0}, {0.0: -1.0, 1.0: -0.5, 2.0: 0.0})
    for p, f, rule in ((armijo, 0.0, quarter), (slopes, 1.0, quarter), (wolfe, 0.0, half)):
        assert rule(p, np.zeros(1), f, np.array([-1.0]), 0) == 1.0


@pytest.mark.parametrize(("a", "p", "trials"), [(5.0, -3.0, [1.0, 1 / 3]), (1.0, -0.3, [1.0, 2.0, 4.0, 10 / 3])])
def test_wolfe_doubles_and_the_cubic_ends_it_on_a_quadratic(a, p, trials):
    asked = []
    q = ol.Problem(lambda x: asked.append(1 - x[0]) or a * x[0] ** 2 / 2, jac=lambda x: a * x)
    x = np.ones(1)
    f, g = q.value_and_grad(x)
    eta = ol.line_search.Wolfe(c2=0.1)(q, x, f, g, 0, np.array([p]))
    assert np.allclose(np.array(asked[1:]) / -p, trials, rtol=1e-12)
    assert eta == pytest.approx(trials[-1])


@pytest.mark.parametrize(
    ("slope", "share"),  # of the interval, where the secant from -1 to this slope is 0; too near an end it is halved
    [(18.0, 1 / 19), (20.0, 1 / 2), (4.0, 1 / 5), (0.25, 4 / 5), (1 / 18, 18 / 19), (0.05, 1 / 2)],
)
@pytest.mark.parametrize("low", [0.0, 2.0])
def test_wolfe_keeps_a_twentieth_of_the_interval_away_from_its_ends(low, slope, share):
    high = 2 * low or 1.0
    eta = round(low + share * (high - low), 6)
    values = {0.0: 0.0, 1.0: -1.0, 2.0: -2.0, high: -low + (slope - 1) / 2 * (high - low), eta: -4.0}  # a parabola's
    slopes = {0.0: -1.0, 1.0: -1.0, 2.0: -1.0, high: slope, eta: 0.0}
    rule = ol.line_search.Wolfe(c2=0.04)
    assert rule(along(values, slopes), np.zeros(1), 0.0, np.array([-1.0]), 0, np.ones(1)) == pytest.approx(
        eta, rel=1e-5
    )


@pytest.mark.parametrize(("rise", "slope"), [(0.3, 1.0), (0.3, 0.2), (0.2, 0.5), (-0.05, 0.3), (0.1, -0.05)])
def test_wolfe_takes_the_cubic_from_the_best_step_so_far(rise, slope):
    """Down to 2, too far at 4: values and slopes at both give a cubic, and its minimum is the next trial."""
    cubic = CubicHermiteSpline([2.0, 4.0], [-0.2, -0.2 + rise], [-0.1, slope])
    (valley,) = (x for x in cubic.derivative().roots(extrapolate=False) if cubic(x, 2) > 0)
    values = {0.0: 0.0, 1.0: -0.1, 2.0: -0.2, 4.0: -0.2 + rise, round(valley, 6): -0.4}
    p = along(values, {0.0: -0.1, 1.0: -0.1, 2.0: -0.1, 4.0: slope, round(valley, 6): 0.0})
    rule = ol.line_search.Wolfe(c1=0.4, c2=0.5)
    assert rule(p, np.zeros(1), 0.0, np.array([-0.1]), 0, np.ones(1)) == pytest.approx(valley)


@pytest.mark.parametrize("rise", [-4, 0, 4])
def test_wolfe_takes_the_secant_of_the_slopes_where_values_are_rounding(rise):
    f = 2.0**20
    p = along({0.0: f, 1.0: f + rise * np.finfo(float).eps * f, 0.25: f - 1}, {0.0: -1.0, 1.0: 3.0, 0.25: 0.0})
    assert ol.line_search.Wolfe()(p, np.zeros(1), f, np.array([-1.0]), 0, np.ones(1)) == pytest.approx(0.25)


def test_wolfe_halves_where_the_cubic_has_no_minimum():
    p = along({0.0: 0.0, 1.0: -0.7, 0.5: -2.0}, {0.0: -1.0, 1.0: -0.95, 0.5: 0.0})
    assert ol.line_search.Wolfe(c1=0.8, c2=0.9)(p, np.zeros(1), 0.0, np.array([-1.0]), 0, np.ones(1)) == 0.5


def test_wolfe_asks_for_no_slope_where_f_is_infinite():
    p = along({0.0: 0.0, 1.0: np.inf, 0.5: -1.0}, {0.0: -1.0, 0.5: 0.0})
    assert ol.line_search.Wolfe()(p, np.zeros(1), 0.0, np.array([-1.0]), 0, np.ones(1)) == 0.5


@pytest.mark.parametrize("rule", [ol.line_search.Backtracking(), ol.line_search.Wolfe()])
def test_a_large_minimum_does_not_stop_the_search_short(rule):
    """Where f is too flat to tell a decrease from rounding, slopes decide."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 5)) * np.array([1.0, 2.0, 3.0, 1.0, 0.5])
    risk = ol.EmpiricalRisk(ol.losses.Squared(), X, 100 * rng.standard_normal(50))
    result = ol.minimize(risk, np.zeros(5), ol.GradientDescent(rule), tol=1e-8, maxiter=1000)
    assert result.success
    assert result.fun > 1000


@pytest.mark.parametrize("rule", [ol.line_search.Backtracking(), ol.line_search.Wolfe(), ol.line_search.Exact()])
def test_a_gradient_whose_square_is_0_is_called_small_not_wrong(rule):
    tiny = ol.Problem(lambda x: 1e-310 * float(x @ x), jac=lambda x: 2e-310 * x, hess=lambda x: 2e-310 * np.eye(1))
    result = ol.minimize(tiny, [1.0], ol.GradientDescent(rule), tol=0)
    assert result.status is ol.Status.LINE_SEARCH_FAILED
    assert "the gradient, of norm 2e-310, is too small for products of it: raise tol" in result.message
