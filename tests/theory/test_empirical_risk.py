"""The theorems of the chapter on the empirical risk: at every strength of a path, on random data and models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)
STRENGTHS = 10.0 ** np.arange(-3, 1.5, 0.5)
NEWTON = ol.Newton(ol.line_search.Backtracking())


def data(rng, loss, n=30, d=4):
    """Features of different size, and the labels that the loss wants."""
    X = rng.normal(size=(n, d)) * rng.uniform(0.3, 2, size=d)
    z = X @ rng.normal(size=d) + 2 * rng.normal(size=n)
    if isinstance(loss, ol.losses.CrossEntropy):
        y = np.digitize(z, [-1.0, 1.0])
        y[:3] = 0, 1, 2
        return X, y
    return X, z if isinstance(loss, (ol.losses.Squared, ol.losses.Huber)) else np.sign(z)


SMOOTH = [
    ol.losses.Squared(),
    ol.losses.Logistic(),
    ol.losses.CrossEntropy(3),
    ol.losses.SquaredHinge(),
    ol.losses.Huber(0.7),
]


def minimiser(loss, X, y, penalty, w0):
    """By Newton's method for L2, by FISTA else: to far below what is asserted."""
    if isinstance(penalty, ol.penalties.L2):
        risk = ol.EmpiricalRisk(loss, X, y, penalty)
        result = ol.minimize(risk, w0, NEWTON, tol=1e-11, maxiter=100)
    else:
        risk = ol.EmpiricalRisk(loss, X, y)
        result = ol.minimize(risk, w0, ol.FISTA(penalty, 1 / risk.lipschitz), tol=1e-9, maxiter=5000)
    assert result.optimality <= 1e-7
    return result.x


# --- Curvature ----------------------------------------------------------------------------------------------


@given(seeds, st.sampled_from(SMOOTH), st.floats(0, 3))
@settings(max_examples=40)
def test_er_curvature(seed, loss, lam):
    rng = np.random.default_rng(seed)
    X, y = data(rng, loss)
    risk = ol.EmpiricalRisk(loss, X, y, ol.penalties.L2(lam))
    bound = theory.er_curvature(loss.curvature, np.linalg.norm(X, 2), len(y), lam)
    assert bound == pytest.approx(risk.lipschitz, rel=1e-12)
    for scale in (0.0, 0.1, 1.0, 10.0):
        eigenvalues = np.linalg.eigvalsh(risk.hess(scale * rng.normal(size=risk.dimension)))
        assert eigenvalues[-1] <= bound * (1 + 1e-12)
        assert eigenvalues[0] >= lam - 1e-12 * bound


@pytest.mark.parametrize("loss", [ol.losses.Squared(), ol.losses.Logistic(), ol.losses.SquaredHinge()])
def test_er_curvature_is_attained_at_zero(loss):
    X, y = data(np.random.default_rng(1), loss)
    risk = ol.EmpiricalRisk(loss, X, y, ol.penalties.L2(0.3))
    bound = theory.er_curvature(loss.curvature, np.linalg.norm(X, 2), len(y), 0.3)
    assert np.linalg.eigvalsh(risk.hess(np.zeros(4)))[-1] == pytest.approx(bound, rel=1e-12)


def test_er_curvature_is_attained_by_the_cross_entropy_of_two_classes():
    X = np.random.default_rng(2).normal(size=(20, 3))
    risk = ol.EmpiricalRisk(ol.losses.CrossEntropy(2), X, np.arange(20) % 2)
    bound = theory.er_curvature(0.5, np.linalg.norm(X, 2), 20)
    assert np.linalg.eigvalsh(risk.hess(np.zeros(6)))[-1] == pytest.approx(bound, rel=1e-12)


# --- Exchange of loss for penalty ---------------------------------------------------------------------------


@given(seeds, st.sampled_from(SMOOTH), st.sampled_from([ol.penalties.L2, ol.penalties.L1]))
@settings(max_examples=25, deadline=None)
def test_er_exchange(seed, loss, penalty):
    rng = np.random.default_rng(seed)
    X, y = data(rng, loss)
    plain, omega = ol.EmpiricalRisk(loss, X, y), penalty(1.0)
    w, path = np.zeros(plain.dimension), []
    for lam in STRENGTHS:
        w = minimiser(loss, X, y, penalty(lam), w)
        path.append((lam, plain(w), omega(w)))
    for i, (lam, R, O) in enumerate(path):
        for stronger, R2, O2 in path[i + 1 :]:
            assert O2 <= O + 1e-7
            assert R2 >= R - 1e-9
            low, high = theory.er_exchange(lam, stronger, max(O - O2, 0.0))
            assert low - 1e-8 <= R2 - R <= high + 1e-8


def test_er_exchange_holds_without_convexity():
    # On a grid the minimisers are exact, whatever the functions; ties go to any of the minimisers.
    rng = np.random.default_rng(3)
    for _ in range(200):
        R, O = rng.normal(size=50), rng.exponential(size=50)
        first, second = sorted(rng.uniform(0, 3, size=2))
        i, j = np.argmin(R + first * O), np.argmin(R + second * O)
        low, high = theory.er_exchange(first, second, O[i] - O[j])
        assert low - 1e-12 <= R[j] - R[i] <= high + 1e-12


def test_er_exchange_is_attained_on_both_sides_by_one_hinge():
    risk, omega = ol.EmpiricalRisk(ol.losses.Hinge(), [[1.0]], [1.0]), ol.penalties.L1(1.0)
    grid = np.linspace(-1, 2, 301)

    def value(w, lam):
        return risk([w]) + lam * abs(w)

    for lam, w in ((0.5, 1.0), (1.0, 1.0), (1.0, 0.0), (1.5, 0.0)):  # at 1 both ends of [0, 1] are minimisers
        assert value(w, lam) <= min(value(v, lam) for v in grid) + 1e-12
    saved, cost = omega(np.array([1.0])) - omega(np.array([0.0])), risk([0.0]) - risk([1.0])
    assert cost == theory.er_exchange(1.0, 1.5, saved)[0]
    assert cost == theory.er_exchange(0.5, 1.0, saved)[1]


# --- Ridge --------------------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 12), st.integers(1, 12), st.floats(1e-3, 10))
@settings(max_examples=60)
def test_er_ridge_factor_is_exact_for_every_singular_vector(seed, n, d, lam):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    if d > 1:
        X[:, -1] = X[:, 0]  # a singular value of 0
    y = rng.normal(size=n)
    ridge = ol.minimize(ol.EmpiricalRisk(ol.losses.Squared(), X, y, ol.penalties.L2(lam)), np.zeros(d), ol.Newton()).x
    least = np.linalg.lstsq(X, y, rcond=1e-12)[0]  # the shortest one
    V = np.linalg.svd(X)[2].T
    sigma = np.zeros(d)
    sigma[: min(n, d)] = np.linalg.svd(X, compute_uv=False)
    sigma[sigma < 1e-10] = 0
    scale = 1e-8 * (1 + np.linalg.norm(least))
    assert np.allclose(V.T @ ridge, theory.er_ridge_factor(sigma, n, lam) * (V.T @ least), rtol=1e-7, atol=scale)


def test_er_ridge_factor_at_its_ends():
    sigma = np.array([0.0, 1e-200, 0.5, 2.0])
    assert theory.er_ridge_factor(sigma, 3, 0.0).tolist() == [0, 1, 1, 1]
    assert theory.er_ridge_factor(2.0, 4, 1.0) == pytest.approx(0.5)  # sigma^2 = n lambda
    assert (np.diff(theory.er_ridge_factor(np.linspace(0.1, 5), 3, 0.2)) > 0).all()


# --- All weights zero ---------------------------------------------------------------------------------------


@given(seeds, st.sampled_from(SMOOTH), st.booleans())
@settings(max_examples=25, deadline=None)
def test_er_lambda_max_on_both_sides(seed, loss, grouped):
    rng = np.random.default_rng(seed)
    X, y = data(rng, loss)
    risk = ol.EmpiricalRisk(loss, X, y)
    zero = np.zeros(risk.dimension)
    groups = np.arange(risk.dimension) % 2 if grouped else None
    bound = theory.er_lambda_max(risk.grad(zero), groups)

    def penalty(lam):
        return ol.penalties.GroupL2(lam, groups) if grouped else ol.penalties.L1(lam)

    above = ol.minimize(risk, rng.normal(size=zero.size), ol.FISTA(penalty(1.001 * bound), 1 / risk.lipschitz),
                        tol=1e-9, maxiter=5000)  # fmt: skip
    assert above.success
    assert (above.x == 0).all()
    # One step of the proximal gradient from 0 moves, and lowers the objective: 0 is no minimiser.
    weaker, eta = penalty(0.999 * bound), 1 / risk.lipschitz
    w = weaker.prox(-eta * risk.grad(zero), eta)
    assert risk(w) + weaker(w) < risk(zero)
    for v in 10 ** rng.uniform(-6, 1, size=(20, 1)) * rng.normal(size=(20, zero.size)):
        stronger = penalty(bound)
        assert risk(v) + stronger(v) >= risk(zero) - 1e-12 * (1 + risk(zero))


# --- Length of the weights ----------------------------------------------------------------------------------


@given(seeds, st.sampled_from(SMOOTH))
@settings(max_examples=25)
def test_er_norm(seed, loss):
    rng = np.random.default_rng(seed)
    X, y = data(rng, loss)
    plain = ol.EmpiricalRisk(loss, X, y)
    zero = np.zeros(plain.dimension)
    R, slope, w = plain(zero), np.linalg.norm(plain.grad(zero)), zero
    for lam in STRENGTHS:
        w = minimiser(loss, X, y, ol.penalties.L2(lam), w)
        assert np.linalg.norm(w) <= theory.er_norm(lam, R, slope) * (1 + 1e-9)
        assert lam * w @ w <= (R - plain(w)) * (1 + 1e-9) + 1e-12  # what the proof shows first


def test_er_norm_is_attained_by_one_hinge_and_by_a_straight_slope():
    risk, grid = ol.EmpiricalRisk(ol.losses.Hinge(), [[1.0]], [1.0]), np.linspace(-1, 3, 4001)
    value = [risk([w]) + w * w / 2 for w in grid]
    assert grid[np.argmin(value)] == pytest.approx(1.0)
    assert theory.er_norm(1.0, risk([0.0]), 1e9) == 1.0
    straight = ol.losses.Huber(0.5)  # linear until the residual is 0.5
    w = minimiser(straight, np.array([[1.0]]), np.array([4.0]), ol.penalties.L2(0.25), np.zeros(1))
    assert w[0] == pytest.approx(2.0)
    assert theory.er_norm(0.25, float(straight(np.zeros(1), np.array([4.0]))[0]), 0.5) == 2.0


# --- Small logistic losses ----------------------------------------------------------------------------------


@given(seeds, st.booleans())
@settings(max_examples=30)
def test_er_logistic_norm_at_every_iterate_of_gradient_descent(seed, separable):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, 3))
    y = np.sign(X @ rng.normal(size=3)) if separable else rng.choice([-1.0, 1.0], 20)
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, y)
    run = ol.minimize(risk, np.zeros(3), ol.GradientDescent(4 / risk.lipschitz / 3), tol=0, maxiter=300).history
    norms, slope = np.linalg.norm(run.x, axis=1), run.optimality[0]
    assert (norms >= theory.er_logistic_norm(run.fun, slope) * (1 - 1e-9)).all()
    for w in 10 ** rng.uniform(-2, 2, size=(20, 1)) * rng.normal(size=(20, 3)):
        assert np.linalg.norm(w) >= theory.er_logistic_norm(risk(w), slope) * (1 - 1e-9)
    if separable:
        assert (np.diff(norms) > 0).all()


def test_er_logistic_norm_is_attained_where_all_samples_agree():
    x = np.array([3.0, 4.0])
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), [x, -x, x], [1.0, -1.0, 1.0])
    slope = np.linalg.norm(risk.grad([0.0, 0.0]))
    for length in (0.1, 1.0, 5.0):
        assert theory.er_logistic_norm(risk(length * x / 5), slope) == pytest.approx(length, rel=1e-9)
    assert theory.er_logistic_norm(5.0, slope) == 0
    assert theory.er_logistic_norm(800.0, slope) == 0


# --- Held-out means -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", [0.01, 0.05, 0.3, 0.9])
def test_er_hoeffding_covers_every_accuracy(delta):
    for m in (1, 2, 3, 5, 10, 30, 100, 1000):
        radius, count = float(theory.er_hoeffding(m, delta)), np.arange(m + 1)
        for p in np.linspace(0, 1, 41):
            missed = stats.binom.pmf(count, m, p)[np.abs(count / m - p) > radius].sum()  # exact, no simulation
            assert missed <= delta * (1 + 1e-12)


def test_er_hoeffding_covers_all_of_several_models_at_once():
    rng, K, m, runs, delta = np.random.default_rng(4), 8, 40, 4000, 0.2
    a, b = -1.0, 3.0
    means = np.linspace(-0.5, 2.5, K)
    draws = np.where(rng.uniform(size=(runs, m, 1)) < (means - a) / (b - a), b, a)  # the same samples for all models
    radius = theory.er_hoeffding(m, delta, width=b - a, choices=K)
    missed = (np.abs(draws.mean(axis=1) - means) > radius).any(axis=1).mean()
    assert missed <= delta + 4 * np.sqrt(delta * (1 - delta) / runs)
    assert missed > 0  # the interval is no wider than it must be by a wide margin


@pytest.mark.parametrize("K", [1, 2, 10, 100])
def test_er_hoeffding_pays_for_every_choice(K):
    # K models whose losses are independent tosses: the probability that any of them is off is known exactly.
    m, delta = 200, 0.5
    count = np.arange(m + 1)

    def any_missed(radius):
        return 1 - (1 - stats.binom.pmf(count, m, 0.5)[np.abs(count / m - 0.5) > radius].sum()) ** K

    assert any_missed(theory.er_hoeffding(m, delta, choices=K)) <= delta
    if K >= 10:
        assert any_missed(theory.er_hoeffding(m, delta)) > delta  # the radius for one model is too small for K


def test_er_hoeffding_is_nearly_attained_by_two_tosses_of_a_fair_coin():
    # Both tosses equal has probability 1/2; the delta whose radius is just 1/2 is 2 exp(-1) = 0.736.
    delta = 2 * np.exp(-1.0)
    assert theory.er_hoeffding(2, delta) == pytest.approx(0.5, rel=1e-12)
    assert 0.5 / delta > 0.67
    assert theory.er_hoeffding([1, 4, 9], 0.1) * [1, 2, 3] == pytest.approx([theory.er_hoeffding(1, 0.1)] * 3)
