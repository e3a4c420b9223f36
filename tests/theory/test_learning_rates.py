"""What a schedule does: the exact error on noisy quadratics, the best steps, the travel, the bound for any schedule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optlib as ol

SCHEDULES = {
    "constant": ol.schedules.Constant(0.3),
    "inverse square root": ol.schedules.InverseSqrt(0.5),
    "inverse time": ol.schedules.InverseTime(0.5),
    "step decay": ol.schedules.StepDecay(0.5, factor=0.3, every=30),
    "cosine": ol.schedules.Cosine(0.5, steps=120),
    "warm-up": ol.schedules.Warmup(ol.schedules.Cosine(0.5, steps=120), steps=20),
}


def steps(schedule, T):
    return np.array([schedule(t) for t in range(T)])


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_quadratic(name):
    """The mean of 4000 runs of SGD, one a coordinate, at every iterate; without noise an equality to rounding."""
    mu, sigma2, e0, T, runs = 0.8, 3.0, 2.0, 120, 4000
    rng = np.random.default_rng(0)
    p = ol.Problem(lambda x: float(mu / 2 * (x @ x)), jac=lambda x: mu * x + sigma2**0.5 * rng.standard_normal(x.size))
    x = ol.minimize(p, np.full(runs, e0**0.5), ol.SGD(SCHEDULES[name]), tol=0, maxiter=T, record=True).history.x
    theory = ol.theory.schedule_quadratic(steps(SCHEDULES[name], T), mu, sigma2, e0)
    error = (x**2).std(axis=1) / runs**0.5
    assert theory[0] == e0
    assert (np.abs((x**2).mean(axis=1) - theory)[1:] <= 4.5 * error[1:]).all()
    still = ol.minimize(ol.Quadratic([mu]), [e0**0.5], ol.SGD(SCHEDULES[name]), tol=0, maxiter=T)
    assert still.history.x[:, 0] ** 2 == pytest.approx(
        ol.theory.schedule_quadratic(steps(SCHEDULES[name], T), mu, 0.0, e0), rel=1e-10
    )


def test_schedule_quadratic_holds_along_each_eigenvector_of_a_finite_sum():
    """All terms share A and differ in b: enumerating every sequence of draws gives the expectation itself."""
    A, b = np.array([1.0, 0.25]), np.array([[1.0, 0.0], [-1.0, 2.0], [0.0, -2.0]])
    etas = np.array([0.9, 0.5, 1.5])
    x = np.broadcast_to([2.0, -1.0], (1, 2))
    for eta in etas:
        x = np.concatenate([x - eta * (A * x - row) for row in b])
    expected = [
        ol.theory.schedule_quadratic(etas, A[i], (b[:, i] ** 2).mean(), e0)[-1] for i, e0 in enumerate([4.0, 1.0])
    ]
    assert (x**2).mean(axis=0) == pytest.approx(expected, rel=1e-13)


positive = st.floats(0.05, 20)


@given(mu=positive, sigma2=positive, e0=positive, T=st.integers(1, 30), seed=st.integers(0, 10**6))
def test_schedule_best(mu, sigma2, e0, T, seed):
    """Its steps reach it, and no other steps reach less."""
    t = np.arange(T + 1)
    best = ol.theory.schedule_best(t, mu, sigma2, e0)
    etas = ol.theory.schedule_best_step(t[:-1], mu, sigma2, e0)
    assert ol.theory.schedule_quadratic(etas, mu, sigma2, e0) == pytest.approx(best, rel=1e-9)
    other = etas * np.random.default_rng(seed).uniform(0, 2, T)
    assert (ol.theory.schedule_quadratic(other, mu, sigma2, e0) >= best * (1 - 1e-9)).all()


def test_schedule_best_step():
    """A start of which nothing is known: the steps are 1/(mu (t + 1)), and the iterate is a mean."""
    mu, t = 0.5, np.arange(50)
    etas = ol.theory.schedule_best_step(t, mu, sigma2=1.0, e0=1e12)
    assert etas == pytest.approx(1 / (mu * (t + 1)), rel=1e-9)
    noise = np.random.default_rng(0).standard_normal(50)
    x = 7.0
    for eta, xi in zip(1 / (mu * (t + 1)), noise, strict=True):
        x = x - eta * (mu * x + xi)
    assert x == pytest.approx(-noise.mean() / mu, rel=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_travel(name):
    """On Huber's slope every gradient has the same length: attained. On a risk with bounded slopes: a bound."""
    lr, T = SCHEDULES[name], 120
    run = ol.minimize(ol.Huber1D(delta=0.01), [100.0], ol.SGD(lr), tol=0, maxiter=T)
    travelled = np.abs(run.history.x[:, 0] - 100)
    assert travelled == pytest.approx(ol.theory.schedule_travel(steps(lr, T), G=0.01), rel=1e-9)
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 3))
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, rng.integers(0, 2, 40))
    points = [np.zeros(3)]
    ol.minimize(risk.minibatch(4, seed=0), np.zeros(3), ol.SGD(lr), tol=0, maxiter=T, callback=points.append)
    bound = ol.theory.schedule_travel(steps(lr, T), G=np.linalg.norm(X, axis=1).max())
    assert (np.linalg.norm(points, axis=1) <= bound).all()


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(("loss", "batch"), [("squared", 1), ("logistic", 4)])
def test_schedule_bound(name, loss, batch):
    """In the mean over 60 runs, at every iterate, with the slack of three standard errors."""
    rng = np.random.default_rng(2)
    X, T = rng.normal(size=(30, 4)), 120
    y = X @ np.ones(4) + rng.normal(size=30) if loss == "squared" else rng.integers(0, 2, 30)
    kind = ol.losses.Squared() if loss == "squared" else ol.losses.Logistic()
    risk = ol.EmpiricalRisk(kind, X, y, ol.penalties.L2(0.2))
    best = ol.minimize(risk, np.zeros(4), ol.Newton(), tol=1e-12).x
    L = ol.theory.sg_smoothness(
        kind.curvature * np.linalg.norm(X, 2) ** 2 / 30 + 0.2, kind.curvature * (X**2).sum(axis=1).max() + 0.2, batch
    )
    sigma2 = np.mean([np.sum(risk.part([i]).grad(best) ** 2) for i in range(30)]) / batch

    def lr(t):
        return SCHEDULES[name](t) / L

    squared = []
    for seed in range(60):
        points = [np.zeros(4)]
        oracle = risk.minibatch(batch, seed=seed, replace=True, every=T)
        ol.minimize(oracle, np.zeros(4), ol.SGD(lr), tol=0, maxiter=T, callback=points.append)
        squared.append(((np.array(points) - best) ** 2).sum(axis=1))
    mean, error = np.mean(squared, axis=0), np.std(squared, axis=0) / 60**0.5
    bound = ol.theory.schedule_bound(steps(lr, T), risk.strong_convexity, sigma2, best @ best, L)
    assert (mean <= bound * (1 + 1e-12) + 3 * error).all()


@given(
    curvatures=st.tuples(*2 * [st.floats(0, 1)]),
    c=st.tuples(*2 * [st.floats(-3, 3)]),
    x0=st.floats(-3, 3),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=12),
)
def test_schedule_bound_against_exact_expectations(curvatures, c, x0, shares):
    """Two parabolas of different curvature, where the first two moments of x_t are known exactly."""
    a, c = np.array(curvatures) + np.array([0.01, 1.0]), np.array(c)
    mu, L = a.mean(), a.max()
    best = (a * c).mean() / mu
    noise = a * (best - c)
    etas, mean, second = np.array(shares) / (2 * L), x0 - best, [(x0 - best) ** 2]
    for eta in etas:
        cross = 2 * eta * ((1 - eta * a) * noise).mean() * mean
        second.append(((1 - eta * a) ** 2).mean() * second[-1] - cross + eta**2 * (noise**2).mean())
        mean = (1 - eta * mu) * mean
    bound = ol.theory.schedule_bound(etas, mu, (noise**2).mean(), second[0], L)
    assert (np.array(second) <= bound * (1 + 1e-9) + 1e-12).all()


def test_schedule_bound_without_noise_is_nearly_attained():
    """Two equal terms: SGD is gradient descent, and on the flattest direction (1 - eta mu)^2 against 1 - eta mu."""
    etas = np.full(20, 1e-3)
    bound = ol.theory.schedule_bound(etas, mu=1.0, sigma2=0.0, e0=1.0, L=10.0)
    exact = ol.theory.schedule_quadratic(etas, mu=1.0, sigma2=0.0, e0=1.0)
    assert (exact <= bound).all()
    assert bound[-1] == pytest.approx((1 - 1e-3) ** 20, rel=1e-12)


def test_schedule_bound_tends_to_zero_where_steps_do_and_their_sum_does_not():
    T = 200_000
    for etas, reached in ((0.5 / np.sqrt(np.arange(T) + 1), True), (0.5 / (np.arange(T) + 1.0) ** 2, False)):
        e = ol.theory.schedule_bound(etas, mu=0.5, sigma2=1.0, e0=4.0, L=1.0)
        assert (e[-1] < 0.01) == reached


def linear(T, G, R):
    """The steps of the theorem."""
    return R * T / (G * (T + 1) ** 1.5) * (1 - np.arange(T) / T)


@given(
    spread=st.floats(0, 2),
    weight=st.floats(0, 1),
    x0=st.floats(0.1, 4),
    etas=st.lists(st.floats(0, 2), min_size=1, max_size=9),
)
def test_schedule_last(spread, weight, x0, etas):
    """Two kinks of different slopes, over all sequences of draws, at every iterate: the expectation itself."""
    slopes = np.array([1.0, weight])

    def f(x):
        return (np.abs(x - spread) + weight * np.abs(x + spread)) / 2

    x, best = np.array([x0]), min(f(np.array([-spread, spread])))
    R = x0 - spread if x0 > spread else spread - x0
    G = ((slopes**2).mean()) ** 0.5
    for t, eta in enumerate(etas):
        x = np.concatenate([x - eta * np.sign(x - spread), x - eta * weight * np.sign(x + spread)])
        if R > 1e-3:
            assert f(x).mean() - best <= ol.theory.schedule_last(etas[: t + 1], G, R) * (1 + 1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_last_on_noisy_kinks(name):
    """|x| with normal noise, 2000 runs at once, at every third iterate."""
    rng, T = np.random.default_rng(3), 60
    p = ol.Problem(lambda x: np.abs(x).sum(), jac=lambda x: np.sign(x) + rng.standard_normal(x.size))
    x = ol.minimize(p, np.full(2000, 3.0), ol.SGD(SCHEDULES[name]), tol=0, maxiter=T, record=True).history.x
    mean, error = np.abs(x).mean(axis=1), np.abs(x).std(axis=1) / 2000**0.5
    for t in range(1, T + 1, 3):
        assert mean[t] <= ol.theory.schedule_last(steps(SCHEDULES[name], t), 2**0.5, 3.0) + 4 * error[t]


@pytest.mark.parametrize("T", [1, 2, 7, 100])
def test_schedule_last_is_attained_by_linear_decay(T):
    """On G|x| where the steps are R T / (G (T + 1)^2) (1 - t/T); and what the bound is for the steps of the theorem."""
    G, R = 2.0, 3.0
    etas = R * T / (G * (T + 1) ** 2) * (1 - np.arange(T) / T)
    x = R - G * etas.sum()
    assert x > 0
    assert ol.theory.schedule_last(etas, G, R) == pytest.approx(G * x, rel=1e-7)
    assert ol.theory.schedule_last(linear(T, G, R), G, R) == pytest.approx(
        ol.theory.schedule_last_best(T, G, R), rel=1e-7
    )


def worst(G, R):
    """The function that no method beats, and the subgradient that tells least."""

    def value_and_grad(x):
        far, first = np.linalg.norm(x) - R - R / x.size**0.5, int(np.argmax(x))
        if far > x[first]:
            return G * far, G * x / np.linalg.norm(x)
        return G * x[first], G * np.eye(x.size)[first]

    return ol.Problem(value_and_grad, jac=True)


@pytest.mark.parametrize("T", [1, 2, 9, 40])
def test_schedule_last_best(T):
    """No method gets below it on the worst function, linear decay reaches it there, and no schedule promises less."""
    G, R = 2.0, 3.0
    best = ol.theory.schedule_last_best(T, G, R)
    lowest = worst(G, R)(np.full(T + 1, -R / (T + 1) ** 0.5))
    assert lowest == pytest.approx(-best, rel=1e-12)
    etas = linear(T, G, R)
    tries = [ol.SGD(lambda k: etas[k] if k < T else 0.0), ol.HeavyBall(0.5, beta=0.9), ol.Nesterov(1.0, beta=0.5)]
    tries += [ol.SGD(schedule) for schedule in SCHEDULES.values()]
    ends = [ol.minimize(worst(G, R), np.zeros(T + 1), method, tol=0, maxiter=T).fun - lowest for method in tries]
    assert ends[0] == pytest.approx(best, rel=1e-12)
    assert min(ends) >= best * (1 - 1e-12)
    rng = np.random.default_rng(T)
    for _ in range(20):
        assert ol.theory.schedule_last(etas * rng.uniform(0.3, 3, T), G, R) >= best * (1 - 1e-9)
