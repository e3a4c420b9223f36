"""The theorems of the chapter on momentum, at every iterate of random instances whose constants are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory
from optlib.methods.momentum import fista_momentum

seeds, dimensions = st.integers(0, 2**32 - 1), st.integers(1, 6)
kappas = st.floats(1.0, 400.0)
EPS = np.finfo(float).eps


def simple(t):
    """The momentum of the convex theorem."""
    return max(t - 1, 0) / (t + 2)


def rotated(eigenvalues, rng):
    """A quadratic with these eigenvalues in random directions and a random minimiser, and those directions."""
    n = len(eigenvalues)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    A = basis * eigenvalues @ basis.T
    return ol.Quadratic((A + A.T) / 2, rng.normal(size=n)), basis


def spread(rng, n, kappa, scale=1.0):
    """Eigenvalues from scale to kappa * scale, both ends among them."""
    inside = rng.uniform(1, kappa, size=max(n - 2, 0))
    return scale * np.concatenate([[1.0, kappa], inside])


def logistic(rng, n, kappa=None):
    X = rng.normal(size=(30, n)) * rng.uniform(0.3, 2)
    y = rng.integers(0, 2, 30)
    y[:2] = 0, 1
    plain = ol.EmpiricalRisk(ol.losses.Logistic(), X, y)
    lam = 1e-3 if kappa is None else plain.lipschitz / (kappa - 1)
    return ol.EmpiricalRisk(ol.losses.Logistic(), X, y, ol.penalties.L2(lam))


def solved(p):
    rule = ol.line_search.Backtracking()
    return ol.minimize(p, np.zeros(p.dimension), ol.Newton(rule), tol=1e-13, maxiter=200).x


def kinked(mu, L, delta):
    """mu/2 x^2 + (L - mu) Huber(x): curvature L within delta of the minimiser and mu beyond, in one variable."""
    h = ol.Huber1D(delta=delta, L=L - mu)
    return ol.Problem(lambda x: mu / 2 * x[0] ** 2 + h(x), jac=lambda x: mu * x + h.grad(x))


def run(p, x0, method, steps=80):
    return ol.minimize(p, x0, method, tol=0, maxiter=steps).history


def steps_of(p, y, eta):
    """x_0, x_1, ... of Nesterov's method from its look-ahead points: x_{t+1} = y_t - eta grad f(y_t)."""
    return np.array([y[0], *(point - eta * p.grad(point) for point in y[:-1])])


def tuned(L, mu):
    root = np.sqrt(L / mu)
    return ol.Nesterov(1 / L, (root - 1) / (root + 1))


# --- Quadratics: the step along an eigenvector ------------------------------------------------------------


@given(st.floats(-0.9, 0.95), st.floats(-2.0, 2.0))
@settings(max_examples=60)
def test_two_term(det, trace):
    e, before, expected = 1.0, 1.0, [1.0]
    for _ in range(20):
        e, before = trace * e - det * before, e
        expected.append(e)
    size = max(1.0, np.abs(expected).max())
    assert np.allclose(theory.two_term(np.arange(21), trace, det), expected, rtol=1e-6, atol=1e-6 * size)


@given(seeds, dimensions, st.floats(0.0, 0.95), st.floats(0.02, 1.9))
@settings(max_examples=30)
def test_two_term_is_the_error_of_both_methods_along_every_eigenvector(seed, n, beta, eta_L):
    rng = np.random.default_rng(seed)
    q, basis = rotated(rng.uniform(0.01, 1, size=n), rng)
    lam = np.diag(basis.T @ q.A @ basis)
    eta, minimiser, x0 = eta_L / q.lipschitz, q.minimisers[0], rng.normal(size=n)
    start = basis.T @ (x0 - minimiser)
    ball = run(q, x0, ol.HeavyBall(eta, beta), 30).x
    t = np.arange(len(ball))[:, None]  # a run ends early where the gradient is exactly 0
    expected = theory.two_term(t, 1 + beta - eta * lam, beta) * start
    assert np.allclose((ball - minimiser) @ basis, expected, rtol=1e-6, atol=1e-7 * (1 + np.abs(expected).max()))
    ahead = steps_of(q, run(q, x0, ol.Nesterov(eta, beta), 30).x, eta)
    t = np.arange(len(ahead))[:, None]
    expected = theory.two_term(t, (1 + beta) * (1 - eta * lam), beta * (1 - eta * lam)) * start
    assert np.allclose((ahead - minimiser) @ basis, expected, rtol=1e-6, atol=1e-7 * (1 + np.abs(expected).max()))


def step_matrix(eta_lam, beta):
    """The map (x, v) -> (x, v) of one step on x^2 lam/2, with lam = eta_lam and eta = 1."""
    return np.array([[1 - eta_lam, -beta], [eta_lam, beta]])


@given(st.floats(-1, 5), st.floats(0, 0.99))
@settings(max_examples=100)
def test_heavy_ball_rate(eta_lam, beta):
    radius = np.abs(np.linalg.eigvals(step_matrix(eta_lam, beta))).max()
    assert float(theory.heavy_ball_rate(eta_lam, beta)) == pytest.approx(radius, abs=1e-7)


def test_heavy_ball_rate_is_below_one_exactly_where_the_step_is_stable():
    for beta in (0.0, 0.3, 0.9):
        edge = 2 * (1 + beta)
        inside, outside = np.linspace(1e-6, edge - 1e-6, 500), np.r_[np.linspace(-1, -1e-6, 50), edge + 1e-6, edge + 1]
        assert (theory.heavy_ball_rate(inside, beta) < 1).all()
        assert (theory.heavy_ball_rate(outside, beta) > 1).all()
        assert theory.heavy_ball_rate([0.0, edge], beta) == pytest.approx([1.0, 1.0])


@given(seeds, kappas)
@settings(max_examples=40)
def test_heavy_ball_tuned(seed, kappa):
    rng, mu = np.random.default_rng(seed), 0.7
    L = kappa * mu

    def radius(eta, beta):
        return theory.heavy_ball_rate(eta * np.linspace(mu, L, 200), beta).max()

    eta, beta = theory.heavy_ball_tuned(L, mu)
    least = float(theory.first_order_strongly_convex_lower(1, kappa))
    assert radius(eta, beta) == pytest.approx(least, abs=1e-6)  # rounding under a square root
    for _ in range(50):  # no other pair does better, far or near
        factor = np.exp(rng.normal(size=2) * rng.choice([1e-3, 0.1, 1.0]))
        assert radius(eta * factor[0], min(beta * factor[1], 0.9999)) >= least - 1e-9


# --- Quadratics: bounds at every iterate -------------------------------------------------------------------


@given(seeds, st.integers(2, 6), kappas)
@settings(max_examples=40)
def test_heavy_ball_quadratic(seed, n, kappa):
    rng = np.random.default_rng(seed)
    q, _ = rotated(spread(rng, n, kappa, 0.3), rng)
    x0, kappa = rng.normal(size=n), q.lipschitz / q.strong_convexity
    h = run(q, x0, ol.HeavyBall(*theory.heavy_ball_tuned(q.lipschitz, q.strong_convexity)), 120)
    e = np.linalg.norm(h.x - q.minimisers[0], axis=1)
    bound = theory.heavy_ball_quadratic(h.nit, max(kappa, 1.0)) * e[0]
    assert (e <= bound * (1 + 1e-6) + 1e-10 * (1 + np.linalg.norm(q.minimisers))).all()


@pytest.mark.parametrize("kappa", [1.0, 1.5, 10.0, 1000.0])
def test_heavy_ball_quadratic_is_attained_along_the_steepest_direction(kappa):
    q = ol.Quadratic([1.0, kappa])
    h = run(q, [0.0, 2.0], ol.HeavyBall(*theory.heavy_ball_tuned(kappa, 1.0)), 60)
    assert np.allclose(np.abs(h.x[:, 1]), 2 * theory.heavy_ball_quadratic(h.nit, kappa), rtol=1e-8, atol=1e-14)
    slow = run(q, [2.0, 0.0], ol.HeavyBall(*theory.heavy_ball_tuned(kappa, 1.0)), 60)
    assert (slow.x[:, 0] <= 2 * theory.nesterov_quadratic(slow.nit, kappa) + 1e-12).all()


@given(seeds, st.integers(2, 6), kappas)
@settings(max_examples=40)
def test_nesterov_quadratic(seed, n, kappa):
    rng = np.random.default_rng(seed)
    q, _ = rotated(spread(rng, n, kappa, 0.3), rng)
    L, mu = q.lipschitz, q.strong_convexity
    y = run(q, rng.normal(size=n), tuned(L, mu), 120).x
    e = np.linalg.norm(steps_of(q, y, 1 / L) - q.minimisers[0], axis=1)
    bound = theory.nesterov_quadratic(np.arange(len(e)), max(L / mu, 1.0)) * e[0]
    assert (e <= bound * (1 + 1e-6) + 1e-10 * (1 + np.linalg.norm(q.minimisers))).all()


@pytest.mark.parametrize("kappa", [1.0, 1.5, 10.0, 1000.0])
def test_nesterov_quadratic_is_attained_along_the_flattest_direction(kappa):
    q = ol.Quadratic([1.0, kappa])
    h = run(q, [2.0, 0.0], tuned(kappa, 1.0), 60)
    x = steps_of(q, h.x, 1 / kappa)[:, 0]
    assert np.allclose(x, 2 * theory.nesterov_quadratic(h.nit, kappa), rtol=1e-8, atol=1e-14)
    assert (theory.nesterov_quadratic(h.nit, kappa) <= 1).all()
    assert (theory.heavy_ball_quadratic(h.nit, kappa).max() > 1) == (kappa >= 6)


# --- Convex ------------------------------------------------------------------------------------------------


@given(seeds, dimensions, st.sampled_from(["simple", "FISTA's"]), st.floats(0.2, 1.0))
@settings(max_examples=30)
def test_nesterov_convex(seed, n, kind, shorter):
    rng = np.random.default_rng(seed)
    q, _ = rotated(10 ** rng.uniform(-4, 1, size=n), rng)
    huber, r = ol.Huber1D(delta=rng.uniform(0.001, 1), L=rng.uniform(0.1, 10)), logistic(rng, n)
    instances = [(q, q.minimisers[0]), (huber, huber.minimisers[0]), (r, solved(r))]
    for p, minimiser in instances:
        eta, x0 = shorter / p.lipschitz, minimiser + rng.normal(size=minimiser.size)
        h = run(p, x0, ol.Nesterov(eta, simple if kind == "simple" else fista_momentum()), 100)
        bound = theory.nesterov_convex(h.nit, 1 / eta, np.linalg.norm(x0 - minimiser))
        rounding = 500 * EPS * np.abs(h.fun).max()
        assert (h.fun - p(minimiser) <= bound * (1 + 1e-9) + rounding).all()
        x = steps_of(p, h.x, eta)
        gap = np.array([p(point) for point in x]) - p(minimiser)
        assert (gap[1:] <= bound[:-1] * (1 + 1e-9) + rounding).all()


@pytest.mark.parametrize("N", [0, 1, 2, 10, 100, 1000])
def test_nesterov_convex_is_attained_at_the_start_and_approached_by_huber(N):
    """On the straight slope y_t = R - t (t + 7)/8 delta; the ratio to the bound tends to 1."""
    L, R = 3.0, 2.0
    h = run(ol.Huber1D(delta=R / (N * (N + 7) / 4 + 1), L=L), [R], ol.Nesterov(1 / L, simple), N)
    assert h.fun[-1] == pytest.approx(2 * L * R**2 / (N**2 + 7 * N + 4), rel=1e-9)
    ratio = h.fun[-1] / float(theory.nesterov_convex(N, L, R))
    assert ratio == pytest.approx((N + 2) ** 2 / (N**2 + 7 * N + 4), rel=1e-9)
    assert ratio <= 1 + 1e-12


# --- Strongly convex ---------------------------------------------------------------------------------------


@given(seeds, dimensions, kappas)
@settings(max_examples=30)
def test_nesterov_strongly_convex(seed, n, kappa):
    rng = np.random.default_rng(seed)
    kappa = max(kappa, 1.01)
    q, _ = rotated(spread(rng, max(n, 2), kappa), rng)
    r = logistic(rng, n, kappa)
    k = kinked(1.0, kappa, 10 ** rng.uniform(-4, 0))
    instances = [(q, q.lipschitz, q.strong_convexity, q.minimisers[0]), (k, kappa, 1.0, np.zeros(1))]
    instances.append((r, r.lipschitz, r.strong_convexity, solved(r)))
    for p, L, mu, minimiser in instances:
        x0 = minimiser + rng.normal(size=minimiser.size) * 2
        x = steps_of(p, run(p, x0, tuned(L, mu), 100).x, 1 / L)
        gap = np.array([p(point) for point in x]) - p(minimiser)
        start = gap[0] + mu / 2 * np.sum((x0 - minimiser) ** 2)
        assert start <= (L + mu) / 2 * np.sum((x0 - minimiser) ** 2) * (1 + 1e-9)
        bound = theory.nesterov_strongly_convex(np.arange(len(x)), max(L / mu, 1.0)) * start
        assert (gap <= bound * (1 + 1e-9) + 500 * EPS * max(abs(p(x0)), abs(p(minimiser)))).all()


@pytest.mark.parametrize(("t", "near"), [(0, 0.999), (10, 0.99), (50, 0.95), (100, 0.86)])
def test_nesterov_strongly_convex_is_near_attained_on_kinked_functions(t, near):
    kappa, ratios = 1e4, []
    for delta in np.geomspace(1e-5, 3, 80):
        p = kinked(1.0, kappa, delta)
        y = run(p, [1.0], tuned(kappa, 1.0), t).x
        if len(y) == t + 1:  # else a gradient was exactly 0
            x = steps_of(p, y, 1 / kappa)
            ratios.append(p(x[t]) / (theory.nesterov_strongly_convex(t, kappa) * (p(x[0]) + 0.5)))
    assert near < max(ratios) <= 1


# --- Lower bounds ------------------------------------------------------------------------------------------


def chain(n, L):
    """Nesterov's worst function of n variables: L/8 (x_1^2 + sum (x_i - x_{i+1})^2 + x_n^2) - L/4 x_1."""
    A = L / 4 * (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
    return ol.Quadratic(A, np.r_[L / 4, np.zeros(n - 1)])


def long_chain(n, L, mu):
    """The strongly convex one, closed at its end so that x*_i = rho^i exactly."""
    rho = (np.sqrt(L / mu) - 1) / (np.sqrt(L / mu) + 1)
    A = (L - mu) / 4 * (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
    A[-1, -1] -= (L - mu) / 4 * rho
    return ol.Quadratic(A + mu * np.eye(n), np.r_[(L - mu) / 4, np.zeros(n - 1)]), rho ** np.arange(1, n + 1)


def methods(L, mu):
    """First-order methods whose iterates lie in the span of the gradients."""
    exact = ol.line_search.Exact()
    return [
        ol.GradientDescent(1 / L), ol.GradientDescent(exact), ol.HeavyBall(*theory.heavy_ball_tuned(L, mu)),
        ol.HeavyBall(1 / L, 0.9), ol.Nesterov(1 / L, simple), tuned(L, mu), ol.FISTA(ol.penalties.Zero(), 1 / L),
        ol.BFGS(step=exact),
    ]  # fmt: skip


@pytest.mark.parametrize("t", [0, 1, 2, 5, 10, 30])
@pytest.mark.parametrize("L", [1.0, 3.0])
def test_first_order_convex_lower(t, L):
    q = chain(2 * t + 1, L)
    assert q.lipschitz < L * (1 + 1e-12)
    assert q.minimisers[0] == pytest.approx(1 - np.arange(1, 2 * t + 2) / (2 * t + 2))
    assert q.minimum == pytest.approx(L / 8 * (1 / (2 * t + 2) - 1))
    bound = theory.first_order_convex_lower(t, L, np.linalg.norm(q.minimisers[0]))
    gaps = []
    for method in methods(L, q.strong_convexity):
        h = run(q, np.zeros(2 * t + 1), method, t)
        gaps.append(h.fun[-1] - q.minimum)
        assert gaps[-1] >= bound * (1 - 1e-9)
        assert np.abs(np.triu(h.x, 0)).max() < 1e-12  # coordinate i of x_t is 0 for i > t
    # conjugate gradients, which BFGS is here, are the best in the span: f* of the first t links is all they can reach
    assert gaps[-1] == pytest.approx(L / 16 / (t + 1), rel=1e-6)
    assert gaps[-1] / bound == pytest.approx(8 * (t + 1) ** 2 / ((2 * t + 1) * (4 * t + 3)), rel=1e-6)  # tends to 1


@pytest.mark.parametrize(("L", "mu"), [(1.0, 0.1), (20.0, 1.0), (3.0, 2.0)])
def test_first_order_strongly_convex_lower(L, mu):
    n = 100
    q, minimiser = long_chain(n, L, mu)
    assert mu <= q.strong_convexity <= q.lipschitz <= L
    assert q.minimisers[0] == pytest.approx(minimiser, abs=1e-12)
    rho = minimiser[0]
    for method in methods(L, mu):
        h = run(q, np.zeros(n), method, 25)
        e = np.linalg.norm(h.x - minimiser, axis=1)
        assert (e >= theory.first_order_strongly_convex_lower(h.nit, L / mu) * e[0] * (1 - 1e-9) - 1e-12).all()
        finite = np.sqrt((rho ** (2 * h.nit) - rho ** (2 * n)) / (1 - rho ** (2 * n)))
        assert (e >= finite * e[0] * (1 - 1e-9) - 1e-12).all()


def test_first_order_strongly_convex_lower_and_the_heavy_ball_have_the_same_factor():
    ratio = theory.heavy_ball_quadratic(np.arange(60), 30.0) / theory.first_order_strongly_convex_lower(
        np.arange(60), 30.0
    )
    rho = float(theory.first_order_strongly_convex_lower(1, 30.0))
    assert ratio == pytest.approx(1 + (1 + rho) * np.arange(60))


# --- Noise -------------------------------------------------------------------------------------------------


def test_heavy_ball_noise():
    """Over 4000 seeds, from x*: never above the limit, and at it in the end."""
    rng = np.random.default_rng(0)
    for eta, beta, lam, sigma in ((0.1, 0.0, 1.0, 1.0), (0.1, 0.8, 1.0, 2.0), (0.5, 0.5, 3.0, 0.5), (1.0, 0.9, 3.5, 1)):
        limit = theory.heavy_ball_noise(eta, beta, lam, sigma)
        x, v, squares = np.zeros(4000), np.zeros(4000), []
        for _ in range(150):
            squares.append(x**2)
            v = beta * v + lam * x + sigma * rng.normal(size=x.size)
            x = x - eta * v
        squares = np.array(squares)
        error = squares.std(axis=1) / np.sqrt(x.size)  # of the mean over seeds
        assert (squares.mean(axis=1) <= limit + 4.5 * error).all()
        assert abs(squares[-50:].mean() - limit) < 5 * limit * np.sqrt(2 / x.size)


@given(st.floats(0, 0.95), st.floats(0.05, 0.95))
@settings(max_examples=40)
def test_heavy_ball_noise_is_the_sum_over_all_past_noise(beta, share):
    """E x_t^2 = (eta sigma)^2 sum of s_k^2, s_k what a unit kick has become after k steps: it rises to the limit."""
    lam, sigma, eta = 2.0, 0.3, share * 2 * (1 + beta) / 2.0
    s, before, total, path = 1.0, 0.0, 0.0, []
    for _ in range(4000):
        total += (eta * sigma * s) ** 2
        path.append(total)
        s, before = (1 + beta - eta * lam) * s - beta * before, s
    limit = theory.heavy_ball_noise(eta, beta, lam, sigma)
    assert (np.array(path) <= limit * (1 + 1e-9)).all()
    assert path[-1] == pytest.approx(limit, rel=1e-6)
    plain = theory.heavy_ball_noise(1e-9, beta, lam, sigma) / theory.heavy_ball_noise(1e-9, 0.0, lam, sigma)
    assert plain == pytest.approx(1 / (1 - beta), rel=1e-6)
