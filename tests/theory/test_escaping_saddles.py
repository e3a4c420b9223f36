"""The theorems of the chapter on saddle points: at every iterate, over many seeds, and where they are attained."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from waves import oblique_waves

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)


def valley(gamma=1.0):
    """x1^2 / 2 + gamma cos x2: L = 1, M = gamma, strict saddles at x2 = 0, 2 pi, ..., minimum -gamma."""
    return ol.Problem(
        lambda x: float(x[0] ** 2 / 2 + gamma * np.cos(x[1])),
        jac=lambda x: np.array([x[0], -gamma * np.sin(x[1])]),
        hess=lambda x: np.diag([1.0, -gamma * np.cos(x[1])]),
    )


def one_variable(f, first, second):
    return ol.Problem(lambda x: float(f(x[0])), jac=lambda x: first(x), hess=lambda x: np.diag(second(x)))


def path(problem, x0, method, steps):
    return ol.minimize(problem, x0, method, tol=0, maxiter=steps).history


# --- Time at a saddle --------------------------------------------------------------------------------------------


@given(seed=seeds, share=st.sampled_from([0.1, 0.5, 1.0]), exponent=st.integers(1, 9))
@settings(max_examples=25)
def test_es_escape_time_no_two_runs_part_faster(seed, share, exponent):
    problem, L, _, _, rng = oblique_waves(seed)
    y0, delta = 2 * rng.normal(size=4), 10.0**-exponent
    u = rng.normal(size=4)
    step = ol.GradientDescent(share / L)
    x, y = (path(problem, start, step, 40).x for start in (y0 + delta * u / np.linalg.norm(u), y0))
    apart = np.linalg.norm(x - y, axis=1)
    for t in range(1, 41):  # -L bounds the curvature from below
        if apart[t] > delta:
            assert t >= theory.es_escape_time(apart[0], apart[t], share / L, L) - 1e-6


@pytest.mark.parametrize("gamma", [0.2, 1.0])
@pytest.mark.parametrize("delta", [1e-1, 1e-5, 1e-12])
def test_es_escape_time_at_the_saddle_of_the_valley(gamma, delta):
    h = path(valley(gamma), [1.0, delta], ol.GradientDescent(0.5), 400)
    trapped = path(valley(gamma), [1.0, 0.0], ol.GradientDescent(0.5), 400)
    assert np.abs(trapped.x[:, 1]).max() == 0
    away = np.linalg.norm(h.x - trapped.x, axis=1)
    for r in (0.2, 0.5, 1.0):
        first = np.argmax(away >= r)
        bound = float(theory.es_escape_time(delta, r, 0.5, gamma))
        assert bound <= first <= 1.06 * bound + 2


@pytest.mark.parametrize("k", [1, 7, 40])
def test_es_escape_time_is_attained_along_the_lowest_eigenvector(k):
    q = ol.Quadratic([-1.0, -0.25, 1.0])
    h = path(q, [2.0**-k, 0.0, 1.0], ol.GradientDescent(1.0), k + 2)  # eta gamma = 1: doubling
    assert np.argmax(np.abs(h.x[:, 0]) >= 1) == k == theory.es_escape_time(2.0**-k, 1.0, 1.0, 1.0)
    assert theory.es_escape_time(2.0, 1.0, 1.0, 1.0) == 0


@given(seed=seeds, eta=st.sampled_from([0.1, 0.9, 1.9]))
@settings(max_examples=30)
def test_es_strict_on_random_quadratics(seed, eta):
    rng = np.random.default_rng(seed)
    values = np.concatenate([-rng.uniform(0.01, 1, 2), [0.0], rng.uniform(0, 1, 3)])
    Q = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    h = path(ol.Quadratic(Q @ np.diag(values) @ Q.T), rng.normal(size=6), ol.GradientDescent(eta), 25)
    out = np.linalg.norm(h.x @ Q[:, :2], axis=1)
    bound = theory.es_strict(np.arange(26), out[0], eta, -values[:2].max())
    assert (out >= bound * (1 - 1e-9)).all()


def test_es_strict_is_attained_with_one_negative_eigenvalue():
    h = path(ol.Quadratic([-0.5, 0.3, 1.0]), [1e-3, 2.0, -1.0], ol.GradientDescent(0.8), 30)
    assert np.abs(h.x[:, 0]) == pytest.approx(theory.es_strict(np.arange(31), 1e-3, 0.8, 0.5), rel=1e-12)


def test_starts_in_the_stable_subspace_converge_and_others_do_not():
    q = ol.Quadratic([-1.0, 0.0, 0.5, 1.0])
    assert path(q, [0.0, 3.0, 1.0, 1.0], ol.GradientDescent(1.5), 200).x[-1] == pytest.approx([0, 3, 0, 0], abs=1e-12)
    assert path(q, [1e-9, 3.0, 1.0, 1.0], ol.GradientDescent(1.5), 60).fun[-1] < -1e3


def test_a_long_step_may_land_on_the_saddle_from_an_interval_and_a_short_one_may_not():
    def phi(x, long):
        """x - eta f'(x): folds the line for the long step (1 < eta L < 2), and increases for the short one."""
        return 1.1 * x * np.maximum(1 - x**2 / 4, 0) ** 2 if long else x + 0.1 * np.sin(x)

    starts = np.linspace(-4, 4, 400)
    slope = np.gradient(phi(np.linspace(-4, 4, 100001), True), 8e-5)
    assert 1 < np.abs(1 - slope).max() < 2
    ends = {}
    for long in (True, False):
        x = starts.copy()
        for _ in range(2000):
            x = phi(x, long)
        ends[long] = np.mean(np.abs(x) < 1e-9)
    assert ends[True] > 0.4
    assert ends[False] == 0


# --- Saddles in a row -------------------------------------------------------------------------------------------


def chain(L, gamma):
    def gate(x):
        u = np.clip(np.abs(x) - 1, 0, 1)
        return u**3 * (10 - 15 * u + 6 * u**2), np.sign(x) * 30 * u**2 * (1 - u) ** 2

    def fun(x):
        s = np.append(1.0, gate(x)[0][:-1])
        return float(np.sum(s * gamma * (-(x**2) / 2 + x**4 / 36) + (1 - s) * L * x**2 / 2))

    def grad(x):
        s, slope = gate(x)
        s = np.append(1.0, s[:-1])
        g = s * gamma * (-x + x**3 / 9) + (1 - s) * L * x
        g[:-1] += slope[:-1] * (gamma * (-(x**2) / 2 + x**4 / 36) - L * x**2 / 2)[1:]
        return g

    return ol.Problem(fun, jac=grad)


@pytest.mark.parametrize(
    ("L", "gamma", "eta", "delta"), [(1.0, 1.0, 0.25, 1e-2), (2.0, 1.0, 0.2, 0.1), (0.5, 1.0, 0.4, 1e-3)]
)
def test_es_saddles_in_a_row(L, gamma, eta, delta):
    assert ol.check_gradient(chain(L, gamma), np.array([1.5, 1.3, 2.5, 0.4])) < 1e-6
    previous = 0
    for k in (1, 2, 3, 4):
        bound = float(theory.es_saddles_in_a_row(k, delta, eta, L, gamma))
        x = path(chain(L, gamma), np.full(k, delta), ol.GradientDescent(eta), int(1.5 * bound + 60)).x
        passed = np.argmax(x[:, -1] >= 1)
        assert bound <= passed <= 1.35 * bound + 6  # the gates take a few steps to open
        assert passed > 1.5 * previous
        previous = passed


def test_es_saddles_in_a_row_begins_with_the_time_at_one():
    one = theory.es_saddles_in_a_row(1, 1e-3, 0.3, 1.0, 0.7)
    assert one == pytest.approx(float(theory.es_escape_time(1e-3, 1.0, 0.3, 0.7)), rel=1e-13)
    assert theory.es_saddles_in_a_row(0, 1e-3, 0.3, 1.0, 0.7) == 0


# --- Noise ------------------------------------------------------------------------------------------------------


def still_there(problem, n, method, runs, horizon, away):
    """How many runs from the saddle at 0 have not been farther away up to each t."""
    still = np.zeros(horizon + 1, dtype=int)
    for seed in range(runs):
        m = ol.PerturbedGradientDescent(*method, patience=1000, seed=seed)
        x = ol.minimize(problem, np.zeros(n), m, tol=0, maxiter=horizon).history.x
        still += np.maximum.accumulate(np.linalg.norm(x, axis=1)) <= away
    return still


@pytest.mark.parametrize("n", [1, 2, 12])
def test_es_stuck_on_a_quadratic(n):
    q, runs = ol.Quadratic(np.append(-0.5, np.linspace(0.2, 1, n - 1))), 500
    still = still_there(q, n, (0.5, 1e-3, 1e-2), runs, 14, 2e-3)
    bound = theory.es_stuck(np.arange(15), eta=0.5, gamma=0.5, n=n, radius=1e-3, away=2e-3)
    for t in range(1, 15):
        low, high = binomtest(int(still[t]), runs).proportion_ci(0.9999)
        assert low <= bound[t]
        if t >= 10:  # by now only the way out counts, and the density of the ball is nearly level
            assert high >= 0.9 * bound[t]


def test_es_stuck_is_the_probability_itself_in_one_dimension():
    """The noise is even in [-r, r], so the stuck share is w / r, which a grid shows without chance."""
    xi = (np.arange(20000) + 0.5) / 10000 - 1
    bound = theory.es_stuck(np.arange(12), eta=1.0, gamma=0.3, n=1, radius=1.0, away=1.5)
    for t in range(12):
        assert np.mean(np.abs(xi) * 1.3**t <= 1.5) == pytest.approx(bound[t], abs=2e-4)


@pytest.mark.parametrize("away", [0.02, 0.05])
def test_es_stuck_on_a_cosine(away):
    """f = cos: M = L = gamma = 1; a grid in place of chance. The constant 4 is twice what a quadratic needs."""
    xi = (np.arange(4000) + 0.5) / 2000 - 1
    x, r = 1e-3 * xi, 1e-3
    stuck = np.ones(len(x), dtype=bool)
    for t in range(20):
        stuck &= np.abs(x) <= away
        bound = theory.es_stuck(t, eta=1.0, gamma=1.0, n=1, radius=r, away=away, M=1.0)
        assert stuck.mean() <= bound
        if 0.05 < bound < 1 and t <= 1 / (3 * away):
            assert stuck.mean() >= 0.45 * bound
        x = x + np.sin(x)


@given(seed=seeds)
@settings(max_examples=15)
def test_es_stuck_runs_that_both_stay_started_close(seed):
    """What the proof shows: along the lowest eigenvector two stuck starts are at most w apart."""
    problem, L, M, _, rng = oblique_waves(seed)
    centre = 2 * rng.normal(size=4)
    values, Q = np.linalg.eigh(problem.hess(centre))
    gamma, eta = -values[0], 1 / L
    if gamma <= 0:
        return
    t = 12
    away = 1 / (3 * eta * M * t)
    base = centre + 0.05 * away * rng.normal(size=4)
    stay = []
    for s in np.linspace(-1, 1, 61) * away:
        x, stuck = base + s * Q[:, 0], True
        for _ in range(t + 1):
            stuck &= np.linalg.norm(x - centre) <= away
            x = x - eta * problem.grad(x)
        if stuck:
            stay.append(s)
    if stay:
        assert max(stay) - min(stay) <= 4 * away * (1 + eta * gamma) ** -float(t)


@given(n=st.integers(1, 10**6))
def test_es_stuck_grows_with_the_root_of_the_dimension(n):
    factor = float(theory.es_stuck(60, eta=1.0, gamma=1.0, n=n, radius=1.0, away=1.0)) / (2 * 2.0**-60)
    assert np.sqrt(n / (2 * np.pi)) * (1 - 1e-9) <= factor <= np.sqrt((n + 1) / (2 * np.pi)) * (1 + 1e-9)


@given(seed=seeds, eps=st.sampled_from([0.3, 0.05]), patience=st.sampled_from([3, 20]))
@settings(max_examples=20)
def test_es_perturbed_steps(seed, eps, patience):
    problem, L, _, low, rng = oblique_waves(seed)
    method = ol.PerturbedGradientDescent(1 / L, 1e-2, eps, patience, seed=seed % 1000)
    h = ol.minimize(problem, 2 * rng.normal(size=4), method, tol=0, maxiter=3000, callback=passed_trial(eps)).history
    bound = theory.es_perturbed_steps(h.fun[0] - low, 1 / L, eps, patience)
    assert h.nit[-1] <= bound
    assert h.optimality[-1] <= eps


def passed_trial(eps):
    """Stop at the first point that has passed its trial: only there the measure is below 1.1 eps."""

    def callback(intermediate_result):
        if intermediate_result.optimality <= eps:
            raise StopIteration

    return callback


def test_es_perturbed_steps_of_a_slow_slope():
    """A slope just above the threshold uses up half of the bound: each step gains eta g^2, not eta g^2 / 2."""
    eps = 0.01
    huber = ol.Huber1D(1.001 * eps, 1.0)
    method = ol.PerturbedGradientDescent(1.0, 1e-4, eps, 5)
    h = ol.minimize(huber, [6.0], method, tol=0, maxiter=2000, callback=passed_trial(eps)).history
    assert 0.49 <= h.nit[-1] / theory.es_perturbed_steps(h.fun[0], 1.0, eps, 5) <= 0.51


@pytest.mark.parametrize("patience", [36, 40, 44])
def test_es_perturbed_failure_on_the_valley(patience):
    """No failure in many runs where the theorem allows at most one in fifty, and no more steps than allowed."""
    arguments = {"gap": 2.0, "eta": 1.0, "L": 1.0, "M": 1.0, "n": 2, "radius": 1e-4, "eps": 1e-4, "patience": patience}
    bound = theory.es_perturbed_failure(gamma=1.0, **arguments)
    assert 0 < bound < 0.02
    wrong = 0
    for seed in range(60):
        method = ol.PerturbedGradientDescent(1.0, 1e-4, 1e-4, patience, seed)
        run = ol.minimize(valley(), [0.0, 0.0], method, tol=9e-5)
        assert run.nit <= theory.es_perturbed_steps(2.0, 1.0, 1e-4, patience)
        wrong += valley().hess(run.x)[1, 1] < 0
    assert binomtest(wrong, 60).proportion_ci(0.999).low <= bound
    assert theory.es_perturbed_failure(gamma=0.5, **arguments) == 1.0  # smaller gamma: not enough steps


def test_es_perturbed_failure_says_nothing_where_a_run_away_need_not_pay():
    common = {"gap": 2.0, "gamma": 1.0, "eta": 1.0, "L": 1.0, "M": 1.0, "n": 2, "eps": 1e-4}
    assert theory.es_perturbed_failure(**common, radius=1e-4, patience=48) == 1.0
    assert theory.es_perturbed_failure(**common, radius=1.0, patience=40) == 1.0
    assert theory.es_perturbed_failure(**common, radius=1e-4, patience=40) < 1e-3


def test_who_gets_away_has_paid():
    """The second step of the proof, for many trials: beyond R, f has fallen by the left side of its condition."""
    T, r = 20, 1e-3
    R = 1 / (3 * T)
    least = (R - r) ** 2 / (2 * T) - r**2 / 2
    for seed in range(100):
        xi = np.random.default_rng(seed).uniform(-r, r, 2) / 2
        h = path(valley(), xi, ol.GradientDescent(1.0), T)
        if np.linalg.norm(h.x, axis=1).max() > R:
            assert 1.0 - h.fun[-1] > least


# --- Negative curvature -----------------------------------------------------------------------------------------


def curvature_descent(L, M):
    def iterate(problem, x):
        while True:
            f, g = problem.value_and_grad(x)
            values, Q = np.linalg.eigh(problem.hess(x))
            gamma, size = max(-values[0], 0.0), np.linalg.norm(g)
            yield ol.Iterate(x, f, g, max(size, gamma), 0.0, {"gamma": gamma, "size": size})
            if 2 * gamma**3 / (3 * M**2) > size**2 / (2 * L):
                x = x - np.copysign(2 * gamma / M, g @ Q[:, 0]) * Q[:, 0]
            else:
                x = x - g / L

    return iterate


@given(seed=seeds)
@settings(max_examples=40)
def test_es_curvature_decrease_along_any_direction_of_negative_curvature(seed):
    problem, _, M, _, rng = oblique_waves(seed)
    x, v = 3 * rng.normal(size=4), rng.normal(size=4)
    v /= np.linalg.norm(v)
    gamma = -v @ problem.hess(x) @ v
    if gamma > 0:
        v = -v if v @ problem.grad(x) > 0 else v
        gain = problem(x) - problem(x + 2 * gamma / M * v)
        assert gain >= theory.es_curvature_decrease(gamma, M) - 1e-12


@pytest.mark.parametrize(("gamma", "M"), [(1.0, 1.0), (0.3, 5.0)])
def test_es_curvature_decrease_is_attained_by_a_cubic(gamma, M):
    def f(x):
        return -gamma / 2 * x**2 + M / 6 * abs(x) ** 3

    assert f(0) - f(2 * gamma / M) == pytest.approx(float(theory.es_curvature_decrease(gamma, M)), rel=1e-13)


@given(seed=seeds, eps=st.sampled_from([0.5, 0.1]))
@settings(max_examples=20)
def test_es_curvature_steps(seed, eps):
    problem, L, M, low, rng = oblique_waves(seed)
    h = ol.minimize(problem, 3 * rng.normal(size=4), curvature_descent(L, M), tol=eps / 2, maxiter=400).history
    bad = (h.extras["size"] > eps) | (h.extras["gamma"] > eps)
    for t in range(len(h.nit)):
        assert bad[: t + 1].sum() <= theory.es_curvature_steps(h.fun[0] - low, eps, eps, L, M)
    promised = np.maximum(theory.es_curvature_decrease(h.extras["gamma"], M), h.extras["size"] ** 2 / (2 * L))
    assert (-np.diff(h.fun) >= promised[:-1] - 1e-12).all()


def test_es_curvature_steps_is_attained_where_one_step_suffices():
    f = one_variable(lambda x: -(x**2) / 2 + abs(x) ** 3 / 6, lambda x: -x + x * abs(x) / 2, lambda x: -1 + np.abs(x))
    h = ol.minimize(f, [0.0], curvature_descent(1.0, 1.0), tol=0.5, maxiter=5).history
    assert h.nit[-1] == 1 == pytest.approx(theory.es_curvature_steps(h.fun[0] - h.fun[1], 2.0, 1.0, 1.0, 1.0))


# --- Cubic Newton -----------------------------------------------------------------------------------------------


def measures(problem, xs, M):
    g = [np.linalg.norm(problem.grad(x)) for x in xs]
    lowest = [np.linalg.eigvalsh(problem.hess(x))[0] for x in xs]
    return theory.es_cubic_length(g, lowest, M)


@given(seed=seeds, slack=st.sampled_from([1.0, 3.0]))
@settings(max_examples=25)
def test_es_cubic_and_es_cubic_decrease_and_es_cubic_length(seed, slack):
    problem, _, M, low, rng = oblique_waves(seed)
    M *= slack  # any M at least the Lipschitz constant
    h = path(problem, 3 * rng.normal(size=4), ol.CubicNewton(M), 30)
    mu, lengths = measures(problem, h.x, M), np.linalg.norm(np.diff(h.x, axis=0), axis=1)
    assert (-np.diff(h.fun) >= theory.es_cubic_decrease(lengths, M) - 1e-12).all()
    assert (lengths >= mu[1:] - 1e-6).all()
    t = np.arange(1, 31)
    assert (np.minimum.accumulate(mu[1:]) <= theory.es_cubic(t, h.fun[0] - low, M)).all()


def test_es_cubic_decrease_is_attained_and_holds_for_the_constant_that_is_found():
    f = one_variable(lambda x: -(x**2) / 2 + abs(x) ** 3 / 6, lambda x: -x + x * abs(x) / 2, lambda x: -1 + np.abs(x))
    h = path(f, [0.0], ol.CubicNewton(1.0), 1)
    assert -np.diff(h.fun)[0] == pytest.approx(float(theory.es_cubic_decrease(2.0, 1.0)), rel=1e-12)
    for seed in range(10):
        problem, _, _, _, rng = oblique_waves(seed)
        h = path(problem, 3 * rng.normal(size=4), ol.CubicNewton(), 12)
        used, lengths = 2 * h.extras["M"][1:], np.linalg.norm(np.diff(h.x, axis=0), axis=1)
        for M, length, gain in zip(used, lengths, -np.diff(h.fun), strict=True):
            assert gain >= theory.es_cubic_decrease(length, M) - 1e-11


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_es_cubic_length_is_attained_by_gradient_and_eigenvalue(gamma):
    f = one_variable(
        lambda x: -gamma * x**2 / 2 - abs(x) ** 3 / 6,
        lambda x: -gamma * x - x * abs(x) / 2,
        lambda x: -gamma - np.abs(x),
    )
    x = path(f, [0.0], ol.CubicNewton(1.0), 1).x[1]
    assert abs(x[0]) == pytest.approx(2 * gamma)
    assert theory.es_cubic_length(np.abs(f.grad(x)[0]), 0.0, 1.0) == pytest.approx(2 * gamma)
    assert theory.es_cubic_length(0.0, f.hess(x)[0, 0], 1.0) == pytest.approx(2 * gamma)


@pytest.mark.parametrize("N", [1, 10, 60])
def test_es_cubic_has_the_right_order_on_a_washboard(N):
    """f'' is a zigzag of slope 4, so that every step has length 1 and sees the same: 0.416 of the bound at each N."""

    def parts(x):
        u = x[0] - np.floor(x[0])
        w = u - 0.5
        if u < 0.5:
            return u**2 / 2 - 2 * u**3 / 3, u - 2 * u**2, 1 - 4 * u
        return 1 / 24 - w**2 / 2 + 2 * w**3 / 3, -w + 2 * w**2, -1 + 4 * w

    f = ol.Problem(
        lambda x: float(-3 * x[0] + parts(x)[0]),
        jac=lambda x: np.array([-3 + parts(x)[1]]),
        hess=lambda x: np.array([[parts(x)[2]]]),
    )
    h = path(f, [0.0], ol.CubicNewton(4.0), N)
    best = measures(f, h.x[1:], 4.0).min()
    ratio = best / float(theory.es_cubic(N, h.fun[0] - h.fun[-1], 4.0))
    assert ratio == pytest.approx(np.sqrt(3) / 2 / 9 ** (1 / 3), rel=1e-6)


# --- The factorisation ------------------------------------------------------------------------------------------


@given(seed=seeds, r=st.integers(1, 3))
@settings(max_examples=20)
def test_the_lowest_curvature_at_the_saddles_of_the_factorisation(seed, r):
    rng = np.random.default_rng(seed)
    d = 5
    values, Q = np.sort(rng.uniform(0.1, 1, d))[::-1], np.linalg.qr(rng.normal(size=(d, d)))[0]
    C = Q @ np.diag(values) @ Q.T
    chosen = rng.choice(d, size=int(rng.integers(0, r + 1)), replace=False)
    U = np.zeros((d, r))
    U[:, : len(chosen)] = Q[:, chosen] * np.sqrt(values[chosen])
    U = U @ np.linalg.qr(rng.normal(size=(r, r)))[0]
    assert np.abs((U @ U.T - C) @ U).max() < 1e-12

    def times(V):
        return (V @ U.T + U @ V.T) @ U + (U @ U.T - C) @ V

    H = np.array([times(e.reshape(d, r)).ravel() for e in np.eye(d * r)])
    lowest = np.linalg.eigvalsh((H + H.T) / 2)[0]
    if set(chosen) == set(range(r)):
        assert lowest >= -1e-10
        return
    left = values[min(set(range(d)) - set(chosen))]
    sigma = np.linalg.svd(U, compute_uv=False)[-1]
    assert lowest <= sigma**2 - left + 1e-10
    if len(chosen) < r:
        assert lowest == pytest.approx(-left, abs=1e-10)
