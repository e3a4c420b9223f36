"""Gradient mappings and duality gaps: their definitions, and that a gap never promises too much."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse

import optlib as ol

RNG = np.random.default_rng(0)
L1, L2, ElasticNet, GroupL2 = ol.penalties.L1, ol.penalties.L2, ol.penalties.ElasticNet, ol.penalties.GroupL2
X, Y = RNG.normal(size=(20, 6)), RNG.normal(size=20)
LABELS = np.sign(X[:, 0] + RNG.normal(size=20))
GROUPS = [0, 3, 0, 1, 1, 0]  # neither in order nor of one size


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def risk(loss, mu=0.0, X=X):
    data = Y if loss == "squared" else LABELS
    kind = ol.losses.Squared() if loss == "squared" else ol.losses.Logistic()
    return ol.EmpiricalRisk(kind, X, data, L2(mu) if mu else None)


CASES = {
    f"{loss}, {g}, mu = {mu}": (risk(loss, mu), g)
    for loss in ("squared", "logistic")
    for mu in (0.0, 0.05)
    for g in (L1(0.1), ElasticNet(0.1, 0.0), ElasticNet(0.05, 0.2), GroupL2(0.06, GROUPS))
} | {
    "sparse": (risk("squared", X=sparse.csr_array(X * (np.abs(X) > 0.5))), L1(0.1)),
    "no penalty, but mu": (risk("logistic", 0.1), L1(0.0)),
}
BEST = {
    name: ol.minimize(f, np.zeros(6), ol.FISTA(g, 1 / (f.lipschitz)), tol=1e-13, maxiter=5000)
    for name, (f, g) in CASES.items()
}


@pytest.mark.parametrize("name", CASES)
@given(
    x=st.lists(st.floats(-3, 3), min_size=6, max_size=6).map(np.array), scale=st.sampled_from([1e-6, 1e-2, 1.0, 1e4])
)
def test_a_gap_bounds_the_distance_to_the_minimum(name, x, scale):
    (f, g), best = CASES[name], BEST[name]
    for point in (scale * x, best.x + scale * x):
        gap = ol.duality_gap(f, g, point)
        assert math.isfinite(gap)
        assert gap >= f(point) + g(point) - best.fun - 1e-13 * (1 + abs(f(point)))


@pytest.mark.parametrize("name", CASES)
def test_the_gap_closes_at_the_minimum(name):
    (f, g), best = CASES[name], BEST[name]
    assert ol.duality_gap(f, g, best.x) < 1e-11
    gaps = [ol.duality_gap(f, g, best.x + 10.0**-k) for k in range(1, 7)]
    assert (np.diff(gaps) < 0).all()
    assert gaps[-1] < 1e-4 * gaps[0] + 1e-6


def test_the_gap_of_the_lasso_in_scikit_learns_words():
    """n times ours: |r|^2/2 + n lam |x|_1 less y'u - |u|^2/2 at u = r min(1, n lam / |X'r|_inf), r = y - Xx."""
    f, x = risk("squared"), RNG.normal(size=6)
    for lam in (0.01, 0.1, 1.0, 10.0):
        r = Y - X @ x
        u = r * min(1.0, 20 * lam / np.abs(X.T @ r).max())
        by_hand = (r @ r + u @ u) / 2 + 20 * lam * np.abs(x).sum() - Y @ u
        assert ol.duality_gap(f, L1(lam), x) == pytest.approx(by_hand / 20, rel=1e-12)


def test_the_dual_value_is_the_dual_optimum_of_an_independent_solver():
    """max over u of -mean l*(u) subject to |X'u|_inf <= n lam, solved by SLSQP, is the minimum."""
    lam = 0.1
    for loss in ("squared", "logistic"):
        y = Y if loss == "squared" else LABELS

        def conjugate(u, loss=loss, y=y):
            a = np.clip(-u * y, 1e-15, 1 - 1e-15)
            values = u**2 / 2 + u * y if loss == "squared" else a * np.log(a) + (1 - a) * np.log(1 - a)
            return values.mean()

        bounds = None if loss == "squared" else [(-1, 0) if label > 0 else (0, 1) for label in y]
        limits = {"type": "ineq", "fun": lambda u: np.r_[20 * lam - X.T @ u, 20 * lam + X.T @ u]}
        answer = optimize.minimize(
            conjugate, -0.1 * y, bounds=bounds, constraints=limits, method="SLSQP",
            options={"ftol": 1e-13, "maxiter": 500},
        )  # fmt: skip
        best = BEST[f"{loss}, {L1(lam)}, mu = 0.0"]
        assert -answer.fun == pytest.approx(best.fun, abs=1e-6)


def test_a_gap_at_zero_above_lambda_max_is_zero():
    f = risk("logistic")
    lam = np.abs(f.grad(np.zeros(6))).max()
    assert ol.duality_gap(f, L1(lam * (1 + 1e-12)), np.zeros(6)) < 1e-15
    assert ol.duality_gap(f, L1(0.9 * lam), np.zeros(6)) > 1e-3
    assert ol.duality_gap(f, L1(1.0), np.full(6, 1e4)) > 1e4  # logits of 1e5


def test_a_gap_without_any_penalty_is_honest():
    assert ol.duality_gap(risk("squared"), L1(0.0), np.zeros(6)) == pytest.approx(Y @ Y / 40)


def test_the_gradient_mapping():
    f, x = risk("logistic", 0.1), RNG.normal(size=6)
    assert np.allclose(ol.gradient_mapping(f, ol.penalties.Zero(), x, 0.3), f.grad(x), rtol=1e-13)
    v = x - 0.3 * f.grad(x)
    expected = (x - np.sign(v) * np.maximum(np.abs(v) - 0.3 * 0.2, 0)) / 0.3
    assert np.allclose(ol.gradient_mapping(f, L1(0.2), x, 0.3), expected, rtol=1e-12)
    best = BEST["squared, L1(lam=0.1), mu = 0.0"].x
    assert np.abs(ol.gradient_mapping(risk("squared"), L1(0.1), best, 0.1)).max() < 1e-12
    assert np.abs(ol.gradient_mapping(risk("squared"), L1(0.1), best + 0.01, 0.1)).max() > 1e-3
