"""The theorems of the chapter on stochastic gradients, in expectation at every iterate.

Where the terms are quadratics the expectation is computed exactly, over all batches; elsewhere over all sequences of
batches, or over many seeds with an interval of four standard errors.
"""

import math
from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory

seeds, batches = st.integers(0, 2**32 - 1), st.integers(1, 3)
SLACK = 1 + 1e-9


class Terms:
    """f_i(x) = (x - c_i)' A_i (x - c_i) / 2 with A_i positive semidefinite, some singular, and f strongly convex."""

    def __init__(self, rng, n=4, d=2, common=False):
        roots = rng.normal(size=(n, d, rng.integers(1, d + 1))) * rng.uniform(0.3, 2, size=(n, 1, 1))
        self.A = roots @ roots.transpose(0, 2, 1) + 0.05 * np.eye(d)
        self.c = np.broadcast_to(rng.normal(size=d), (n, d)) if common else rng.normal(size=(n, d))
        self.n, self.d, H = n, d, self.A.mean(axis=0)
        self.minimiser = np.linalg.solve(H, (self.A @ self.c[:, :, None]).mean(axis=0)[:, 0])
        curvatures = np.linalg.eigvalsh(H)
        self.mu, self.L, self.L_max = curvatures[0], curvatures[-1], np.linalg.eigvalsh(self.A).max()
        self.noise = np.array([A @ (self.minimiser - c) for A, c in zip(self.A, self.c, strict=True)])  # at x*
        self.variance = (self.noise**2).sum(axis=1).mean()
        self.R = 2.0

    def drawn(self, b):
        """Curvature and noise of each of the n^b equally likely batches."""
        rows = np.array(list(product(range(self.n), repeat=b)))
        return self.A[rows].mean(axis=1), self.noise[rows].mean(axis=1)

    def distances(self, b, etas, rng):
        """E |x_t - x*|^2 at t = 0, 1, ..., exactly, from a random start at the distance R."""
        A, s = self.drawn(b)
        start = rng.normal(size=self.d)
        mean = start * self.R / np.linalg.norm(start)
        second = np.outer(mean, mean)
        yield np.trace(second)
        for eta in etas:
            B = np.eye(self.d) - eta * A
            cross = np.einsum("kab,b,kc->ac", B, mean, s) / len(A)
            second = (B @ second @ B).mean(axis=0) - eta * (cross + cross.T) + eta**2 * s.T @ s / len(A)
            mean = B.mean(axis=0) @ mean  # the noise at x* has mean 0
            yield np.trace(second)

    def constants(self, b):
        """L, mu, sigma and R as the bounds want them."""
        return theory.sg_smoothness(self.L, self.L_max, b), self.mu, math.sqrt(self.variance / b), self.R


def two_points(mu, spread):
    """f_i = mu (x -+ spread)^2 / 2, i = 1, 2: the scalar quadratic with additive noise of size mu * spread."""
    return ol.FiniteSum(
        lambda x, rows: (
            float(mu * ((x - spread * (1 - 2 * rows)) ** 2).mean() / 2),
            mu * (x - spread * (1 - 2 * rows).mean()),
        ),
        2,
        jac=True,
    )


def interval(values):
    """Mean over the first axis, and four standard errors."""
    return values.mean(axis=0), 4 * values.std(axis=0, ddof=1) / math.sqrt(len(values))


def squared_distances(problem, x0, x_star, method, steps, runs, batch=1):
    """|x_t - x*|^2 of runs that differ by their seed, with replacement: shape (runs, steps + 1)."""
    oracles = (problem.minibatch(batch, seed=seed, replace=True) for seed in range(runs))
    return np.array(
        [
            [np.sum((it.x - x_star) ** 2) for it in islice(method.iterate(oracle, np.array(x0)), steps + 1)]
            for oracle in oracles
        ]
    )


# --- The lemma ---------------------------------------------------------------------------------------------


@given(seeds, batches)
@settings(max_examples=40)
def test_sg_smoothness(seed, b):
    rng = np.random.default_rng(seed)
    terms = Terms(rng)
    A, _ = terms.drawn(b)
    L_b = theory.sg_smoothness(terms.L, terms.L_max, b)
    for d in rng.normal(size=(20, terms.d)):  # x - x*
        square = ((A @ d) ** 2).sum(axis=1).mean()
        slope = d @ terms.A.mean(axis=0) @ d  # twice the gap, on a quadratic
        assert square <= L_b * slope * SLACK


def test_sg_smoothness_is_attained_by_terms_that_are_flat_or_as_curved_as_can_be():
    L_max, n = 8.0, 4
    for curved, b in product((1, 2, 3), (1, 2, 3)):
        a = L_max * (np.arange(n) < curved)
        rows = np.array(list(product(range(n), repeat=b)))
        L_b = theory.sg_smoothness(a.mean(), L_max, b)
        assert (a[rows].mean(axis=1) ** 2).mean() == pytest.approx(L_b * a.mean(), rel=1e-12)
    assert theory.sg_smoothness(2.0, 8.0, 1) == 8
    assert theory.sg_smoothness(2.0, 8.0, 10**9) == pytest.approx(2, rel=1e-8)


# --- Constant step -----------------------------------------------------------------------------------------


@given(seeds, batches, st.floats(0.02, 0.98))
@settings(max_examples=40)
def test_sg_constant(seed, b, relative):
    rng = np.random.default_rng(seed)
    terms = Terms(rng)
    L, mu, sigma, R = terms.constants(b)
    eta = relative / L
    measured = np.array(list(terms.distances(b, [eta] * 150, rng)))
    assert (measured <= theory.sg_constant(np.arange(151), eta, L, mu, sigma, R) * SLACK).all()


@pytest.mark.parametrize("batch", [1, 4])
def test_sg_constant_on_logistic_regression_over_seeds(batch):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(30, 3)), rng.integers(0, 2, 30)
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, y, ol.penalties.L2(0.1))
    x_star = ol.minimize(risk, np.zeros(3), ol.Newton(), tol=1e-13).x
    L_max = 0.25 * (X**2).sum(axis=1).max() + 0.1
    L = theory.sg_smoothness(risk.lipschitz, L_max, batch)
    gradients = [risk.part([i]).grad(x_star) for i in range(30)]
    sigma = math.sqrt(np.sum(np.square(gradients)) / 30 / batch)
    x0 = x_star + np.array([1.0, -1.0, 0.5])
    distances = squared_distances(risk, x0, x_star, ol.SGD(0.5 / L), 80, 150, batch)
    mean, error = interval(distances)
    bound = theory.sg_constant(np.arange(81), 0.5 / L, L, risk.strong_convexity, sigma, math.sqrt(distances[0, 0]))
    assert (mean + error <= bound * SLACK).all()
    assert mean[-1] > 0.02 * bound[-1]


def test_sg_constant_is_within_the_factor_two_that_the_chapter_names():
    for eta in (0.01, 0.1, 0.4):
        limit = theory.sg_quadratic(10**6, eta, mu=2.0, sigma=1.5, R=1.0)
        bound = theory.sg_constant(10**6, eta, L=2.0, mu=2.0, sigma=1.5, R=1.0)
        assert float(limit / bound) == pytest.approx((1 - 2 * eta) / (2 - 2 * eta), rel=1e-9)


def test_sg_constant_falls_at_the_rate_of_the_scalar_quadratic_for_small_steps():
    t = np.arange(2001)
    exact = theory.sg_quadratic(t, 1e-3, mu=1.0, sigma=0.0, R=2.0)
    ratio = exact / theory.sg_constant(t, 1e-3, L=1.0, mu=1.0, sigma=0.0, R=2.0)
    assert (ratio <= SLACK).all()
    assert ratio[-1] > 0.99


@given(seeds, batches, st.floats(0.02, 1.95))
@settings(max_examples=40)
def test_sg_floor(seed, b, relative):
    rng = np.random.default_rng(seed)
    terms = Terms(rng)
    L, mu, sigma, _ = terms.constants(b)
    eta = relative / L
    theta = math.sqrt(eta * L / 2)
    steps = int(25 / (2 * eta * mu * (1 - theta)))
    measured = list(terms.distances(b, [eta] * min(steps, 4000), rng))
    rest = (1 - 2 * eta * mu * (1 - theta)) ** np.arange(len(measured))
    bound = rest * terms.R**2 + (1 - rest) * theory.sg_floor(eta, L, mu, sigma)
    assert (np.array(measured) <= bound * SLACK).all()


def test_sg_floor_is_sharp_for_small_steps_and_equal_to_the_simple_one_at_half_the_limit():
    for eta in (1e-3, 1e-5, 1e-7):
        exact = eta * 1.5**2 / (2.0 * (2 - eta * 2.0))  # the limit of sg_quadratic
        assert exact <= theory.sg_floor(eta, L=2.0, mu=2.0, sigma=1.5) <= exact * (1 + 3 * math.sqrt(eta))
    simple = theory.sg_constant(10**6, eta=0.125, L=4.0, mu=1.0, sigma=1.0, R=1.0)
    assert theory.sg_floor(0.125, L=4.0, mu=1.0, sigma=1.0) == pytest.approx(float(simple), rel=1e-12)


@given(st.floats(0.05, 5), st.floats(0.1, 3), st.floats(0.02, 1.98), st.integers(1, 4))
@settings(max_examples=40)
def test_sg_quadratic_is_an_equality(mu, spread, relative, b):
    eta, x = relative / mu, {3.0: 1.0}
    expected = theory.sg_quadratic(np.arange(5), eta, mu, mu * spread / math.sqrt(b), 3.0)
    for t in range(5):  # the law of x_t, point by point
        assert sum(p * point**2 for point, p in x.items()) == pytest.approx(expected[t], rel=1e-9)
        following: dict[float, float] = {}
        for point, p in x.items():
            for heads in range(b + 1):  # of b draws
                q, c = math.comb(b, heads) / 2**b, spread * (2 * heads - b) / b
                new = point - eta * mu * (point - c)
                following[new] = following.get(new, 0.0) + p * q
        x = following


def test_sg_quadratic_is_what_the_method_does():
    mu, spread, eta = 2.0, 0.8, 0.3
    mean, error = interval(squared_distances(two_points(mu, spread), [3.0], 0.0, ol.SGD(eta), 25, 400))
    expected = theory.sg_quadratic(np.arange(26), eta, mu, mu * spread, 3.0)
    assert (np.abs(mean - expected) <= error + 1e-12).all()


@given(seeds, batches, st.floats(0.02, 1.98))
@settings(max_examples=40)
def test_sg_interpolation(seed, b, relative):
    rng = np.random.default_rng(seed)
    terms = Terms(rng, common=True)
    L, mu, sigma, R = terms.constants(b)
    assert sigma < 1e-12
    measured = np.array(list(terms.distances(b, [relative / L] * 150, rng)))
    bound = theory.sg_interpolation(np.arange(151), relative / L, L, mu) * R**2
    assert (measured <= bound * SLACK + 1e-22).all()


@pytest.mark.parametrize(("curved", "b"), [(1, 1), (3, 1), (2, 2), (4, 1)])
def test_sg_interpolation_is_attained_by_terms_that_are_flat_or_as_curved_as_can_be(curved, b):
    L_max, n, eta = 5.0, 4, 0.15
    a = L_max * (np.arange(n) < curved)
    factors = (1 - eta * a[np.array(list(product(range(n), repeat=b)))].mean(axis=1)) ** 2
    L = theory.sg_smoothness(a.mean(), L_max, b)
    t = np.arange(30)
    assert factors.mean() ** t == pytest.approx(theory.sg_interpolation(t, eta, L, a.mean()), rel=1e-9)


# --- Decaying steps ----------------------------------------------------------------------------------------


@given(seeds, batches)
@settings(max_examples=30)
def test_sg_decay(seed, b):
    rng = np.random.default_rng(seed)
    terms = Terms(rng)
    L, mu, sigma, R = terms.constants(b)
    etas = [2 / (mu * (t + 4 * L / mu)) for t in range(400)]
    assert etas[0] == pytest.approx(0.5 / L)
    measured = np.array(list(terms.distances(b, etas, rng)))
    assert (measured <= theory.sg_decay(np.arange(401), L, mu, sigma, R) * SLACK).all()
    assert float(theory.sg_decay(0, L, mu, sigma, R)) == pytest.approx(R**2)


def test_sg_decay_is_within_the_factor_six_that_the_chapter_names():
    """On the scalar quadratic a step of 2/(mu t) leaves 4/3 sigma^2/(mu^2 t): one sixth of the bound."""
    second, T = 9.0, 20000
    for t in range(T):
        eta = 2 / (t + 4)
        second = (1 - eta) ** 2 * second + eta**2
    assert second * T == pytest.approx(4 / 3, rel=1e-3)
    assert second / float(theory.sg_decay(T, L=1.0, mu=1.0, sigma=1.0, R=3.0)) == pytest.approx(1 / 6, rel=1e-2)


def test_sg_decay_loses_almost_nothing_of_the_recursion_that_it_solves():
    L, mu, sigma, R = 10.0, 0.5, 1.5, 2.0
    a = R**2
    for t in range(3000):
        assert 0.97 <= a / float(theory.sg_decay(t, L, mu, sigma, R)) <= SLACK
        eta = 2 / (mu * (t + 4 * L / mu))
        a = (1 - eta * mu) * a + 2 * eta**2 * sigma**2


@given(st.floats(0.02, 0.98), st.floats(0.0, 2.0), st.floats(0.1, 5))
@settings(max_examples=40)
def test_sg_slow_decay(beta, sigma, mu):
    second, R = 9.0, 3.0
    for t in range(300):
        if t:
            assert second >= theory.sg_slow_decay(t, beta / mu, mu, R) / SLACK
        eta = beta / (mu * (t + 1))
        second = (1 - eta * mu) ** 2 * second + (eta * sigma) ** 2


def test_sg_slow_decay_is_what_the_method_does_without_noise():
    mu, beta = 0.2, 0.1
    method = ol.SGD(ol.schedules.InverseTime(beta / mu))
    squares = ol.minimize(ol.Quadratic([mu]), [1.0], method, tol=0, maxiter=2000).history.x[1:, 0] ** 2
    ratio = theory.sg_slow_decay(np.arange(1, 2001), beta / mu, mu, 1.0) / squares
    assert (ratio <= SLACK).all()
    assert ratio[-1] == pytest.approx(math.gamma(2 - beta) ** 2, rel=1e-3)


# --- Averaging ---------------------------------------------------------------------------------------------


def all_averages(gradients, f, x0, etas):
    """E f(weighted mean of x_0, ..., x_{t-1}) for t = 1, 2, ..., over all sequences of terms."""
    x, sums, total = np.array([float(x0)]), np.zeros(1), 0.0
    for eta in etas:
        total += eta
        sums = sums + eta * x
        yield f(sums / total).mean()
        x = np.concatenate([x - eta * g(x) for g in gradients])
        sums = np.tile(sums, len(gradients))


@given(st.floats(0, 3), st.floats(0.05, 3), st.floats(0.02, 2), st.booleans())
@settings(max_examples=40)
def test_sg_average_with_bounded_gradients(spread, x0, eta0, decaying):
    lr = ol.schedules.InverseSqrt(eta0) if decaying else ol.schedules.Constant(eta0)
    f = lambda x: 1.5 * (np.abs(x - spread) + np.abs(x + spread)) / 2  # noqa: E731
    gradients = [lambda x, c=c: 1.5 * np.sign(x - c) for c in (-spread, spread)]  # of 1.5 |x - c|
    measured = np.array(list(all_averages(gradients, f, x0, [lr(t) for t in range(12)]))) - f(0.0)
    assert (measured <= theory.sg_average(np.arange(1, 13), lr, x0, 1.5) * SLACK + 1e-12).all()


@given(st.floats(0, 3), st.floats(0.05, 3), st.floats(0.02, 1), st.booleans())
@settings(max_examples=40)
def test_sg_average_with_smooth_terms(spread, x0, relative, decaying):
    """Huber's function at two centres: convex and 2-smooth, not strongly convex."""
    eta0 = relative / (2 * 2.0)
    lr = ol.schedules.InverseSqrt(eta0) if decaying else ol.schedules.Constant(eta0)
    f = lambda x: sum(ol.losses.Huber(0.5)(x, np.asarray(c)) for c in (-spread, spread))  # noqa: E731  # mean of 2 x each
    gradients = [lambda x, c=c: 2 * ol.losses.Huber(0.5).derivative(x, np.asarray(c)) for c in (-spread, spread)]
    G = math.sqrt(2 * np.mean([g(np.zeros(1))[0] ** 2 for g in gradients]))
    measured = np.array(list(all_averages(gradients, f, x0, [lr(t) for t in range(12)]))) - float(f(np.zeros(1))[0])
    assert (measured <= theory.sg_average(np.arange(1, 13), lr, x0, G) * SLACK + 1e-12).all()


@pytest.mark.parametrize("T", [1, 2, 7, 40])
def test_sg_average_is_attained_by_a_kink_and_the_method_reports_that_average(T):
    G, R = 1.5, 2.0
    kink = ol.Problem(lambda x: float(G * np.abs(x).sum()), jac=lambda x: G * np.sign(x))
    eta = R / (G * T)
    result = ol.minimize(kink, [R], ol.SGD(eta, average=True), tol=0, maxiter=T - 1)  # the mean of x_0, ..., x_{T-1}
    assert result.fun == pytest.approx(float(theory.sg_average(T, eta, R, G)), rel=1e-12)
    schedule = ol.schedules.InverseSqrt(R / (G * np.sum(1 / np.sqrt(np.arange(1, T + 1)))))
    *_, last = all_averages([lambda x: G * np.sign(x)], lambda x: G * np.abs(x), R, [schedule(t) for t in range(T)])
    assert last == pytest.approx(float(theory.sg_average(T, schedule, R, G)), rel=1e-12)


# --- Nonconvex ---------------------------------------------------------------------------------------------


@given(st.floats(0.3, 2), st.floats(0, 2), st.floats(0.02, 1.95), st.floats(-3, 3))
@settings(max_examples=40)
def test_sg_nonconvex(w, sigma, relative, x0):
    """f = 1 - cos(w x), L = w^2, with noise of +-sigma: exact over all sequences."""
    eta, x, squares = relative / w**2, np.array([x0]), []
    for _ in range(12):
        g = w * np.sin(w * x)
        squares.append((g**2).mean())
        x = np.concatenate([x - eta * (g - sigma), x - eta * (g + sigma)])
    bound = theory.sg_nonconvex(np.arange(1, 13), eta, w**2, 1 - math.cos(w * x0), sigma)
    assert (np.minimum.accumulate(squares) <= bound * SLACK + 1e-15).all()


def test_sg_nonconvex_has_the_floor_of_a_quadratic():
    L, eta, sigma = 3.0, 0.2, 0.7
    limit = L**2 * float(theory.sg_quadratic(10**6, eta, L, sigma, 1.0))
    assert limit == pytest.approx(float(theory.sg_nonconvex(10**12, eta, L, 1.0, sigma)), rel=1e-9)
    first = theory.sg_nonconvex(1, 1 / L, L, L / 2, 0.0)  # without noise and with one step of 1/L: gradient descent's
    assert float(first) == pytest.approx(L**2)
