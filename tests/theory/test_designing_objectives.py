"""Huber's bounded influence, the worst share of the samples, and descent-ascent for the worst group."""

import jupytext
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit
from solutions import CHAPTERS

import optlib as ol


def from_the_chapter(name):
    """A function that a cell of the chapter defines: the very code that the page shows."""
    for cell in jupytext.read(CHAPTERS / "designing-objectives.md").cells:
        if cell.cell_type == "code" and f"def {name}(" in cell.source:
            namespace = {"np": np, "ol": ol, "expit": expit}
            exec("def " + cell.source.partition("def ")[2].partition("\n\n")[0], namespace)
            return namespace[name]
    raise AssertionError(name)


# -- Huber's loss: what added samples can do


def huber_fit(X, y, delta, nu):
    def fun(w):
        r = X @ w - y
        inside = np.minimum(abs(r), delta)
        return (inside * (abs(r) - inside / 2)).sum() + nu / 2 * w @ w, X.T @ np.clip(r, -delta, delta) + nu * w

    start = np.linalg.lstsq(X, y, rcond=None)[0]
    return ol.minimize(fun, start, ol.BFGS(), jac=True, tol=1e-9, maxiter=2000).x


@pytest.mark.parametrize("nu", [0.0, 3.0])
@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_huber_shift(seed, d, nu):
    """Adversarial targets: far up, far down, at the edge of the straight part, and random ones."""
    rng = np.random.default_rng(seed)
    X, q = rng.normal(size=(60, d)), 1 + seed % 3
    y, delta = X @ rng.normal(size=d) + 0.3 * rng.normal(size=60), 2.0
    w, added = huber_fit(X, y, delta, nu), 0.4 * rng.normal(size=(q, d))
    bound = ol.theory.huber_shift(X, X @ w - y, np.linalg.norm(added, axis=1), delta, nu)
    assert 0 < bound < np.inf
    towards = np.sign(added @ rng.normal(size=d))
    for targets in (1e6 * towards, -1e6 * towards, added @ w + delta * towards, 5 * rng.normal(size=q)):
        moved = huber_fit(np.vstack([X, added]), np.append(y, targets), delta, nu)
        assert np.linalg.norm(moved - w) <= bound * (1 + 1e-6)


def location(y, delta):
    return brentq(lambda m: np.clip(y - m, -delta, delta).sum(), y.min() - 1, y.max() + 1, xtol=1e-13)


@given(seed=st.integers(0, 10**6), q=st.integers(1, 9), delta=st.floats(0.5, 5.0))
def test_huber_shift_in_one_dimension(seed, q, delta):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=30)
    m = location(y, delta)
    bound = ol.theory.huber_shift(np.ones((30, 1)), m - y, np.ones(q), delta)
    for outliers in (np.full(q, 1e5), np.full(q, -1e5), rng.normal(scale=5, size=q)):
        moved = location(np.append(y, outliers), delta)
        assert abs(moved - m) <= bound + 1e-9
        # while q < n it also stays within q delta / n of the other samples, whatever these are
        assert y.min() - q * delta / 30 - 1e-9 <= moved <= y.max() + q * delta / 30 + 1e-9
    if bound < np.inf:  # q delta / k, for the largest k that the condition allows
        k = round(q * delta / bound)
        assert bound == pytest.approx(q * delta / k)
        assert np.sort(abs(y - m))[k - 1] < delta * (1 - q / k)


@pytest.mark.parametrize("nu", [0.0, 2.0])
@pytest.mark.parametrize("q", [1, 3, 8])
def test_huber_shift_is_attained_by_equal_samples(q, nu):
    n, delta = 9, 1.5
    y = np.zeros(n)
    bound = ol.theory.huber_shift(np.ones((n, 1)), y, np.ones(q), delta, nu)
    if bound < np.inf:  # the added ones are far above
        moved = brentq(lambda w: n * np.clip(w, -delta, delta) + nu * w - q * delta, -1, 100)
        assert moved == pytest.approx(bound, rel=1e-12)
    assert (bound < np.inf) == (q * delta / (n + nu) < delta)
    assert np.append(y, np.full(q, 1e9)).mean() >= 1e8  # the mean goes wherever the added numbers want


def test_huber_shift_with_a_penalty_alone():
    """No sample is kept: all pulls are counted, and nu holds."""
    assert ol.theory.huber_shift([[1.0]], [5.0], [2.0, 1.0], 1.0, nu=3.0) == pytest.approx(1.0)
    assert ol.theory.huber_shift([[1.0]], [5.0], [2.0], 1.0) == np.inf


# -- the worst share of the samples


def losses_and_share(seed, alpha):
    rng = np.random.default_rng(seed)
    losses = rng.normal(size=rng.integers(1, 30)) * 10 ** rng.uniform(-2, 3)
    return rng, (np.round(losses) if seed % 2 else losses), alpha  # rounded: with ties


@given(seed=st.integers(0, 10**6), alpha=st.floats(0.01, 1.0))
def test_cvar(seed, alpha):
    """Above every reweighting, below every tau, and both are attained."""
    rng, losses, alpha = losses_and_share(seed, alpha)
    n, value = len(losses), ol.theory.cvar(losses, alpha)
    slack, cap = 1e-9 * (1 + abs(losses).max()), 1 / (alpha * n)
    uppers = [
        tau + np.maximum(losses - tau, 0).sum() * cap for tau in (*losses, *rng.normal(size=5) * abs(losses).max())
    ]
    assert min(uppers) == pytest.approx(value, abs=slack)
    assert min(uppers) >= value - slack
    for _ in range(5):
        q = ol.sets.Simplex().project(rng.exponential(size=n) * rng.choice([1, 10]) / n)
        q = np.minimum(q, cap)
        q += (1 - q.sum()) * (cap - q) / max((cap - q).sum(), 1e-300)
        assert q @ losses <= value + slack
    greedy = np.zeros(n)
    for i in np.argsort(-losses):
        greedy[i] = min(cap, 1 - greedy.sum())
    assert greedy @ losses == pytest.approx(value, abs=slack)
    assert losses.mean() - slack <= value <= losses.max() + slack


@given(seed=st.integers(0, 10**6), alpha=st.floats(0.02, 1.0))
def test_cvar_is_above_every_large_group_and_falls_with_alpha(seed, alpha):
    rng, losses, alpha = losses_and_share(seed, alpha)
    n, value = len(losses), ol.theory.cvar(losses, alpha)
    slack = 1e-9 * (1 + abs(losses).max())
    size = min(n, int(np.ceil(alpha * n)))
    for group in (rng.permutation(n)[: rng.integers(size, n + 1)], np.argsort(-losses)[:size]):
        assert losses[group].mean() <= value + slack
    assert value <= ol.theory.cvar(losses, alpha / 2) + slack
    assert ol.theory.cvar(losses, 1.0) == pytest.approx(losses.mean(), abs=slack)
    assert ol.theory.cvar(losses, 1 / n) == pytest.approx(losses.max(), abs=slack)


def smooth(losses, alpha, eps):
    """The smoothed minimum over tau, and its weights."""
    n = len(losses)
    low, high = losses.min() - 50 * eps, losses.max() + 50 * eps
    tau = brentq(lambda tau: expit((losses - tau) / eps).sum() - alpha * n, low, high, xtol=1e-14)
    value = tau + eps * np.logaddexp(0, (losses - tau) / eps).sum() / (alpha * n)
    return value, expit((losses - tau) / eps) / (alpha * n)


@given(seed=st.integers(0, 10**6), alpha=st.floats(0.05, 0.95), log_eps=st.floats(-2, 1))
def test_cvar_smoothing(seed, alpha, log_eps):
    _, losses, alpha = losses_and_share(seed, alpha)
    losses, eps = losses / max(abs(losses).max(), 1e-9), 10.0**log_eps
    value, q = smooth(losses, alpha, eps)
    exact, cost = ol.theory.cvar(losses, alpha), ol.theory.cvar_smoothing(alpha, eps)
    assert -1e-9 <= value - exact <= cost + 1e-9
    assert q.sum() == pytest.approx(1, abs=1e-9)
    assert (q <= 1 / (alpha * len(losses)) + 1e-12).all()
    assert value - q @ losses <= cost + 1e-9


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.8])
def test_cvar_smoothing_is_attained_by_equal_losses(alpha):
    value, q = smooth(np.full(10, 3.0), alpha, 0.2)
    assert value - 3.0 == pytest.approx(ol.theory.cvar_smoothing(alpha, 0.2), rel=1e-9)
    assert q == pytest.approx(np.full(10, 0.1))
    assert ol.theory.cvar_smoothing(1.0, 0.2) == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_cvar_smoothing_certifies_a_regression(seed):
    """At a minimiser of the smoothed problem the weights give a lower bound on the least CVaR."""
    rng = np.random.default_rng(seed)
    X, y, alpha, eps, lam = rng.normal(size=(40, 3)), rng.normal(size=40), 0.2, 0.05, 0.1
    objective = from_the_chapter("smooth_cvar")
    problem = objective(X, y, alpha, eps, lam)
    assert ol.check_gradient(problem, rng.normal(size=4)) < 1e-5
    run = ol.minimize(problem, np.zeros(4), ol.BFGS(), tol=1e-8, maxiter=2000)
    w, losses = run.x[:-1], (X @ run.x[:-1] - y) ** 2 / 2
    q = expit((losses - run.x[-1]) / eps) / (alpha * 40)
    penalty = lam / 2 * w @ w
    least = np.linalg.solve(X.T @ (q[:, None] * X) + lam * np.eye(3), X.T @ (q * y))
    lower = q @ ((X @ least - y) ** 2) / 2 + lam / 2 * least @ least
    gap = ol.theory.cvar(losses, alpha) + penalty - lower
    assert -1e-9 <= gap <= ol.theory.cvar_smoothing(alpha, eps) + 1e-9
    for _ in range(20):  # nothing near is better than the certificate says
        v = w + 0.1 * rng.normal(size=3)
        assert ol.theory.cvar((X @ v - y) ** 2 / 2, alpha) + lam / 2 * v @ v >= lower - 1e-9


# -- the worst group


def regressions(rng, groups, lam=0.1):
    """One risk a group, with targets that do not agree."""
    w = rng.normal(size=(groups, 3)) + rng.normal(size=3)
    risks = []
    for g in range(groups):
        X = rng.normal(size=(20, 3))
        y = X @ w[g] + rng.uniform(0.1, 1.0) * rng.normal(size=20)
        risks.append(ol.EmpiricalRisk(ol.losses.Squared(), X, y, ol.penalties.L2(lam)))
    return risks


@pytest.mark.parametrize("steps", [(0.02, 0.02), (0.1, 0.005), (0.3, 0.5)])
@pytest.mark.parametrize(("seed", "groups"), [(0, 2), (1, 3), (2, 5), (3, 1)])
def test_dro_gap(seed, groups, steps):
    rng = np.random.default_rng(seed)
    risks, (eta, eta_q), T = regressions(rng, groups), steps, 60
    W, Q = from_the_chapter("descent_ascent")(risks, np.zeros(3), eta, eta_q, T)
    assert W.shape == (T, 3)
    assert Q.shape == (T, groups)
    assert (Q >= 0).all()
    assert Q.sum(axis=1) == pytest.approx(np.ones(T))
    values = np.array([[risk(w) for risk in risks] for w in W])
    slopes = np.array([q @ np.array([risk.grad(w) for risk in risks]) for w, q in zip(W, Q, strict=True)])
    G = np.linalg.norm(slopes, axis=1).max()
    M = np.linalg.norm(values - values.mean(axis=1, keepdims=True), axis=1).max()
    for t in range(1, T + 1):
        w_bar, q_bar = W[:t].mean(axis=0), Q[:t].mean(axis=0)
        worst = max(risk(w_bar) for risk in risks)
        for w in (np.zeros(3), w_bar, *3 * rng.normal(size=(3, 3)), minimiser(risks, q_bar)):
            bound = ol.theory.dro_gap(t, eta, eta_q, np.linalg.norm(w), G, M, groups)
            assert worst - q_bar @ [risk(w) for risk in risks] <= bound + 1e-9


def minimiser(risks, q):
    A = sum(weight * risk.X.T @ risk.X / 20 for weight, risk in zip(q, risks, strict=True)) + 0.1 * np.eye(3)
    return np.linalg.solve(A, sum(weight * risk.X.T @ risk.y / 20 for weight, risk in zip(q, risks, strict=True)))


class Slope:
    """The risk G |w| + c."""

    def __init__(self, c):
        self.c = c

    def __call__(self, w):
        return 2.0 * abs(w[0]) + self.c

    def grad(self, w):
        return 2.0 * np.sign(w)


@pytest.mark.parametrize("t", [1, 2, 7, 40])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_dro_gap_is_attained(groups, t):
    """w walks down a slope of constant size and would reach 0 at t; q walks from the centre to a corner, and would
    reach it at t."""
    eta, eta_q, G = 0.3, 0.7, 2.0
    a = 1 / (eta_q * t)
    risks = [Slope(a if g == 0 else 0.0) for g in range(groups)]
    R = G * eta * t
    W, Q = from_the_chapter("descent_ascent")(risks, np.array([R]), eta, eta_q, t)
    w_bar, q_bar = W.mean(axis=0), Q.mean(axis=0)
    M = a * np.sqrt(1 - 1 / groups)
    gap = max(risk(w_bar) for risk in risks) - q_bar @ [risk(np.zeros(1)) for risk in risks]
    assert gap == pytest.approx(float(ol.theory.dro_gap(t, eta, eta_q, R, G, M, groups)), rel=1e-12)


def test_dro_gap_with_the_best_steps():
    T, R, G, M, m = 400, 3.0, 2.0, 1.5, 4
    D = np.sqrt(1 - 1 / m)
    bound = ol.theory.dro_gap(T, R / (G * np.sqrt(T)), D / (M * np.sqrt(T)), R, G, M, m)
    assert bound == pytest.approx((R * G + M * D) / np.sqrt(T))
    assert bound <= ol.theory.dro_gap(T, 1.1 * R / (G * np.sqrt(T)), D / (M * np.sqrt(T)), R, G, M, m)


# -- the loss as a minimum over weights


@given(r=st.floats(-50, 50), delta=st.floats(0.1, 10), v=st.floats(1e-3, 1.0))
def test_hubers_loss_is_a_minimum_over_weights_and_over_errors(r, delta, v):
    loss = float(ol.losses.Huber(delta)(np.array([r]), np.zeros(1))[0])

    def weighted(v):
        return v * r**2 / 2 + delta**2 / 2 * (1 / v - 1)

    best = min(1.0, delta / abs(r)) if r else 1.0
    assert loss <= weighted(v) + 1e-9 * (1 + loss)
    assert loss == pytest.approx(weighted(best), rel=1e-9, abs=1e-12)
    e = np.sign(r) * max(abs(r) - delta, 0)  # the soft threshold: the gross error
    assert loss == pytest.approx((r - e) ** 2 / 2 + delta * abs(e), rel=1e-9, abs=1e-12)
