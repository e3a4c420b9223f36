"""The theorems of the chapter on logistic regression: rounding against 60 decimal digits, bounds at every iterate."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)
SLACK = 1 + 1e-9
MARGINS = np.concatenate([np.linspace(-700, 700, 281), np.linspace(-45, 45, 541), [0.0, -0.0, 1e-300, -1e-9]])


def exactly(m, eps=None):
    """log(1 + e^-m), or with eps -log(sigma(m) + eps), to some 40 digits."""
    with localcontext() as context:
        context.prec = 400 if abs(m) > 100 else 90  # 1 + e^-m must keep the digits of e^-m
        odds = 1 + (-Decimal(float(m))).exp()
        return odds.ln() if eps is None else -(1 / odds + Decimal(eps)).ln()


def listing(z, y, eps=1e-12):
    """The loss of the lecture notes, one number a sample."""
    with np.errstate(over="ignore"):
        s = 1 / (1 + np.exp(-z))
    return -(y * np.log(s + eps) + (1 - y) * np.log(1 - s + eps))


def stable(m):
    return np.maximum(-m, 0) + np.log1p(np.exp(-np.abs(m)))


# --- Floating point ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("eps", [1e-12, 1e-6, 1e-15])
def test_ls_eps_bias_is_an_equality(eps):
    bias = theory.ls_eps_bias(MARGINS, eps)
    assert (bias > 0).all()
    for m, b in zip(MARGINS, bias, strict=True):
        with localcontext() as context:
            context.prec = 60
            assert b == pytest.approx(float(exactly(m) - exactly(m, eps)), rel=1e-12)


def test_ls_eps_bias_is_what_the_listing_is_off_by():
    for m in MARGINS:
        truth, bias = float(exactly(m)), float(theory.ls_eps_bias(m))
        rounding = 1e-15 * (1 + truth)
        assert listing(m, 1.0) == pytest.approx(truth - bias, abs=rounding)
        # label 0: 1 - s keeps an error of some 2^-53, whatever its size
        sigma = float(np.exp(-truth))
        assert listing(-m, 0.0) == pytest.approx(truth - bias, abs=rounding + 4e-16 / (sigma + 1e-12))
    assert listing(40.0, 1.0) < 0
    assert listing(-1e4, 1.0) == pytest.approx(-math.log(1e-12), rel=1e-15)


def test_ls_stable_bounds_both_ways_of_writing_it():
    bounds = theory.ls_stable(MARGINS)
    for form in (stable, lambda m: np.logaddexp(0, -m), lambda m: ol.losses.Logistic()(m, np.ones_like(m))):
        for m, value, bound in zip(MARGINS, form(MARGINS), bounds, strict=True):
            with localcontext() as context:
                context.prec = 400
                truth = exactly(m)
                assert abs(Decimal(float(value)) - truth) <= Decimal(bound) * truth


def test_ls_stable_is_attained_up_to_its_units_and_the_plain_formula_exceeds_it():
    m = np.linspace(30, 36, 200)
    plain = np.log(1 + np.exp(-m))
    errors = [abs(Decimal(float(v)) - exactly(x)) / exactly(x) for x, v in zip(m, plain, strict=True)]
    assert max(errors) > 1e12 * theory.ls_stable(30.0)
    worst = max(
        float(abs(Decimal(float(v)) - exactly(x)) / exactly(x)) / b
        for x, v, b in zip(MARGINS, stable(MARGINS), theory.ls_stable(MARGINS, units=1.0), strict=True)
    )
    assert worst > 0.2  # with one unit for each function there is not much to spare
    far = np.array([-1e4, -1e300])
    assert (stable(far) == -far).all()
    assert theory.ls_stable(far) == pytest.approx([2.0**-53] * 2)


# --- The certificate ---------------------------------------------------------------------------------------


def problem(rng, n=30, d=3, lam=None):
    lam = 10.0 ** rng.uniform(-2, 0) if lam is None else lam
    X, s = rng.standard_normal((n, d)) * rng.uniform(0.2, 2, d), rng.choice([-1, 1], n)
    return ol.EmpiricalRisk(ol.losses.Logistic(), X, s, ol.penalties.L2(lam)), np.linalg.norm(X, axis=1).max(), lam


def certified(risk, B, lam, w):
    g = risk.grad(w)
    return theory.ls_certificate(np.linalg.norm(g), g @ np.linalg.solve(risk.hess(w), g), B, lam)


@given(seeds)
@settings(max_examples=30)
def test_ls_certificate(seed):
    rng = np.random.default_rng(seed)
    risk, B, lam = problem(rng)
    best = ol.minimize(risk, np.zeros(3), ol.Newton(ol.line_search.Backtracking()), tol=1e-12)
    run = ol.minimize(risk, rng.normal(size=3) * 3, ol.GradientDescent(1 / risk.lipschitz), tol=0, maxiter=40)
    for w, f in zip(run.history.x, run.history.fun, strict=True):
        assert f - best.fun <= certified(risk, B, lam, w) * SLACK + 1e-15


def test_ls_certificate_is_sharp_near_the_minimiser_and_better_than_the_gradient_alone():
    rng = np.random.default_rng(0)
    risk, B, lam = problem(rng, n=200, d=5, lam=1e-2)
    best = ol.minimize(risk, np.zeros(5), ol.Newton(), tol=1e-14)
    w = best.x + 1e-5 * rng.normal(size=5)
    gap, bound = risk(w) - best.fun, certified(risk, B, lam, w)
    assert gap == pytest.approx(bound, rel=0.01)
    assert bound < 0.3 * np.linalg.norm(risk.grad(w)) ** 2 / (2 * lam)
    assert theory.ls_certificate(0.0, 1.0, 1.0, 1.0) == 0.5
    assert theory.ls_certificate(1e-4, 1.0, 1.0, 1.0) == pytest.approx(
        theory.ls_certificate(1.001e-4, 1.0, 1.0, 1.0), rel=1e-6
    )


# --- Statistics --------------------------------------------------------------------------------------------


def excess(w, truth):
    """Expected loss of w above that of the true weights, for standard normal inputs: a sum over a plane grid."""
    u = np.linspace(-8, 8, 121)
    weight = np.exp(-(u**2) / 2)
    weight /= weight.sum()
    r = np.linalg.norm(truth)
    along = w @ truth / r
    across = math.sqrt(max(w @ w - along**2, 0.0))
    z_true, z = r * u[:, None] + 0 * u, along * u[:, None] + across * u
    p, loss = 1 / (1 + np.exp(-z_true)), ol.losses.Logistic()
    ones = np.ones_like(z)
    difference = p * (loss(z, ones) - loss(z_true, ones)) + (1 - p) * (loss(z, -ones) - loss(z_true, -ones))
    return float(weight @ difference @ weight)


@pytest.mark.parametrize("n", [500, 2000])
def test_ls_excess_is_met_on_average(n):
    rng, d, runs = np.random.default_rng(1), 4, 150
    truth = rng.normal(size=d)
    measured = []
    for _ in range(runs):
        X = rng.normal(size=(n, d))
        y = rng.binomial(1, 1 / (1 + np.exp(-X @ truth)))
        risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, y)
        measured.append(excess(ol.minimize(risk, truth, ol.Newton(), tol=1e-8).x, truth))
    error = 4 * np.std(measured) / math.sqrt(runs)
    limit = float(theory.ls_excess(n, d))
    assert abs(np.mean(measured) - limit) <= error + 20 / n * limit
    assert theory.ls_excess([100, 200], d=2) == pytest.approx([0.01, 0.005])


@given(seeds)
def test_ls_total(seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(3, 4))
    information = A.T @ A
    truth, best, w = rng.normal(size=(3, 4))

    def q(v):
        return v @ information @ v / 2

    assert q(w - truth) <= theory.ls_total(q(best - truth), q(w - best)) * SLACK + 1e-15
    straight = best + 0.3 * (best - truth)
    assert q(straight - truth) == pytest.approx(float(theory.ls_total(q(best - truth), q(straight - best))), rel=1e-9)


# --- Separable data ----------------------------------------------------------------------------------------


def separable(rng, n=12, d=3):
    """Data with a margin of at least gamma along the unit vector u, scaled as wildly as such data may be."""
    u = rng.normal(size=d)
    u /= np.linalg.norm(u)
    gamma = 10.0 ** rng.uniform(-1, 1)
    X = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-1, 1)
    X += ((gamma + np.abs(X @ u)) - X @ u)[:, None] * u
    s = rng.choice([-1, 1], n)
    return ol.EmpiricalRisk(ol.losses.Logistic(), s[:, None] * X, s), gamma


@given(seeds, st.floats(0.1, 1.0))
@settings(max_examples=30)
def test_ls_separable_loss_and_ls_separable_norm(seed, relative):
    risk, gamma = separable(np.random.default_rng(seed))
    eta = relative / risk.lipschitz
    run = ol.minimize(risk, np.zeros(3), ol.GradientDescent(eta), tol=0, maxiter=200)
    t = np.arange(1, len(run.history))
    loss, norm = theory.ls_separable_loss(t, eta, gamma), theory.ls_separable_norm(t, eta, gamma)
    assert (run.history.fun[1:] <= loss * SLACK).all()
    assert (np.linalg.norm(run.history.x[1:], axis=1) <= norm * SLACK).all()
    assert (
        np.linalg.norm(run.history.x[1:], axis=1) * SLACK
        >= theory.er_logistic_norm(loss, np.linalg.norm(risk.grad(np.zeros(3))))
    ).all()


def test_ls_separable_norm_and_ls_separable_loss_have_the_right_order():
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), [[2.0]], [1])  # one sample: gamma = 2, L = 1
    run = ol.minimize(risk, [0.0], ol.GradientDescent(1.0), tol=0, maxiter=20000)
    t = np.array([2000, 20000])
    assert np.diff(run.history.x[t, 0])[0] == pytest.approx(np.log(10) / 2, rel=0.01)
    ratio = run.history.x[t, 0] / theory.ls_separable_norm(t, 1.0, 2.0)
    assert (ratio > 0.45).all()  # the factor two that the proof loses
    assert (ratio < 0.55).all()
    assert (run.history.fun[t] > 0.01 * theory.ls_separable_loss(t, 1.0, 2.0)).all()
