"""The theorems of the chapter on Newton's method, at every iterate of random instances whose constants are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)
EPS = np.finfo(float).eps


def cubic(mu, M):
    """f = mu/2 x^2 - M/6 |x|^3: f'' = mu - M|x| falls as fast as the theorem allows."""
    return ol.Problem(
        lambda x: float(mu / 2 * x[0] ** 2 - M / 6 * abs(x[0]) ** 3),
        jac=lambda x: mu * x - M / 2 * x * abs(x),
        hess=lambda x: [[mu - M * abs(x[0])]],
    )


def logistic(seed, n):
    """L2-penalised logistic risk, its minimiser, the smallest eigenvalue there, and M.

    The third derivative of log(1 + e^-z) is at most 1/(6 sqrt 3), so M = mean |x_i|^3 / (6 sqrt 3).
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(25, n))
    y = rng.random(25) < 0.5
    p = ol.EmpiricalRisk(ol.losses.Logistic(), X, y, ol.penalties.L2(0.2))
    minimiser = ol.minimize(p, np.zeros(n), ol.Newton(), tol=1e-14, maxiter=30).x
    assert np.linalg.norm(p.grad(minimiser)) < 1e-13
    mu = np.linalg.eigvalsh(p.hess(minimiser))[0]
    return p, minimiser, mu, (np.linalg.norm(X, axis=1) ** 3).mean() / (6 * np.sqrt(3)), rng


def errors_from(p, minimiser, x0, steps=6):
    h = ol.minimize(p, x0, ol.Newton(), tol=0, maxiter=steps).history
    return np.linalg.norm(h.x - minimiser, axis=1)


def test_the_constants_of_the_logistic_instances_are_right():
    p, _, _, M, rng = logistic(0, 3)
    for x, y in rng.normal(size=(200, 2, 3)):
        assert np.linalg.norm(p.hess(x) - p.hess(y), 2) <= M * np.linalg.norm(x - y)


@given(seeds, st.integers(1, 4), st.floats(0.05, 0.95))
@settings(max_examples=40)
def test_newton_step(seed, n, relative):
    p, minimiser, mu, M, rng = logistic(seed, n)
    d = rng.normal(size=n)
    x0 = minimiser + relative * mu / M * d / np.linalg.norm(d)
    e = errors_from(p, minimiser, x0)
    inside = e[:-1] < mu / M
    assert inside[0]
    assert (e[1:][inside] <= theory.newton_step(e[:-1][inside], mu, M) + 1e-13).all()


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.01, 0.66))
@settings(max_examples=40)
def test_newton_step_is_attained_by_the_cubic(mu, M, relative):
    e = errors_from(cubic(mu, M), 0.0, [relative * mu / M], 5)
    expected = theory.newton_step(e[:-1], mu, M)
    assert (abs(e[1:] - expected) <= 1e-10 * expected + 4 * EPS * e[:-1]).all()  # x - p cancels


def test_newton_step_at_two_thirds_does_not_come_nearer():
    assert float(theory.newton_step(2 / 3, mu=1.0, M=1.0)) == pytest.approx(2 / 3)  # and the cubic cycles there
    assert errors_from(cubic(1.0, 1.0), 0.0, [2 / 3], 4) == pytest.approx(np.full(5, 2 / 3), rel=1e-9)


@given(seeds, st.integers(1, 4), st.floats(0.05, 1.0))
@settings(max_examples=40)
def test_newton_local(seed, n, relative):
    p, minimiser, mu, M, rng = logistic(seed, n)
    d = rng.normal(size=n)
    x0 = minimiser + relative * (1 - 1e-9) * mu / (2 * M) * d / np.linalg.norm(d)
    e = errors_from(p, minimiser, x0)
    assert (e <= theory.newton_local(np.arange(len(e)), e[0], mu, M) + 1e-13).all()


@given(st.floats(0.1, 10), st.floats(0.1, 10))
@settings(max_examples=20)
def test_newton_local_is_attained_in_the_first_step_from_its_border_by_the_cubic(mu, M):
    e0 = mu / (2 * M)
    e = errors_from(cubic(mu, M), 0.0, [e0], 6)
    bound = theory.newton_local(np.arange(7), e0, mu, M)
    assert e[:2] == pytest.approx(bound[:2], rel=1e-12)
    assert (e[2:] <= bound[2:]).all()


@pytest.mark.parametrize("m", [1, 2, 3, 7])
def test_newton_multiple_root_is_an_equality(m):
    result = ol.newton_root(
        lambda x: (x - 0.5) ** m, 2.5, jac=lambda x: m * (x - 0.5) ** (m - 1), tol=1e-60, maxiter=15
    )
    errors = abs(result.history.x[:, 0] - 0.5)
    expected = theory.newton_multiple_root(result.history.nit, m) * 2.0
    assert np.allclose(errors, expected, rtol=1e-9, atol=1e-13)
    assert result.nit == (1 if m == 1 else 15)
    if m > 1:
        assert ol.observed_rate(errors) == pytest.approx(1 - 1 / m, rel=1e-6)


@given(seeds, st.integers(1, 4), st.floats(0.01, 0.49), st.floats(0.1, 0.9))
@settings(max_examples=40)
def test_newton_damped(seed, n, c, shrink):
    p, minimiser, _, _, rng = logistic(seed, n)
    mu, L = p.strong_convexity, p.lipschitz  # they hold everywhere
    rule = ol.line_search.Backtracking(1.0, shrink, c)
    h = ol.minimize(p, rng.normal(size=n) * 20, ol.Newton(rule), tol=1e-8, maxiter=50).history
    gap = h.fun - p(minimiser)
    assert (gap <= theory.newton_damped(h.nit, mu, L, c, shrink) * gap[0] + 1e-13 * h.fun[0]).all()
    least = theory.armijo_step(L / mu, c, shrink, 1.0)  # along Newton's direction L / mu stands for L
    clear = h.optimality[:-1] ** 2 / L > 1e-9  # decreases well above rounding
    assert clear[0]
    assert (h.step[:-1][clear] >= least * (1 - 1e-12)).all()


def test_newton_damped_is_the_composition_of_its_parts():
    mu, L, c, shrink = 1.0, 4.0, 0.2, 0.5
    least = min(1.0, 2 * shrink * (1 - c) * mu / L)
    assert theory.newton_damped(3, mu, L, c, shrink) == pytest.approx((1 - 2 * c * least * mu / L) ** 3, rel=1e-14)
    assert theory.newton_damped(1, 1.0, 1.0, 0.1, 0.9) == pytest.approx(1 - 2 * 0.1)  # no step is longer than 1


@given(seed=seeds, n=st.integers(1, 6), c=st.floats(0.05, 0.45))
@settings(max_examples=40)
def test_newton_full_step(seed, n, c):
    p, _, _, M, rng = logistic(seed, n)
    h = ol.minimize(p, 5 * rng.normal(size=n), ol.Newton(ol.line_search.Backtracking(c=c)), tol=1e-6).history
    eta = h.step[:-1]
    length = np.linalg.norm(np.diff(h.x, axis=0), axis=1) / eta
    short = length <= theory.newton_full_step(p.strong_convexity, M, c)
    assert (eta[short] == 1).all()


@pytest.mark.parametrize("c", [0.01, 0.25, 0.49])
def test_newton_full_step_is_attained_by_a_cubic(c):
    """The Hessian grows by M along the step: just below the length eta = 1 passes, just above it does not."""
    mu, M = 2.0, 3.0
    for factor, passes in ((0.999, True), (1.001, False)):
        step = factor * theory.newton_full_step(mu, M, c)
        p = ol.Problem(
            lambda x, step=step: float((-mu * step * x + mu / 2 * x**2 + M / 6 * x**3)[0]),
            jac=lambda x, step=step: -mu * step + mu * x + M / 2 * x**2,
            hess=lambda x: [[mu + M * x[0]]],
        )
        h = ol.minimize(p, [0.0], ol.Newton(ol.line_search.Backtracking(c=c)), tol=0, maxiter=1).history
        assert (h.step[0] == 1) == passes
