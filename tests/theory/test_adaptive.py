"""The theorems of the chapter on adaptive step sizes, at every iterate of random instances."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)
betas = st.tuples(st.floats(0, 0.95), st.floats(0.5, 0.999)).filter(lambda b: b[0] ** 2 < 0.99 * b[1])
TINY = 1e-300  # for the theorems that speak of eps = 0


class Rounds:
    """Losses f_0, f_1, ...: each time a method asks, it meets the next; a loss gives its value and gradient at x."""

    def __init__(self, losses):
        self.losses = iter(losses)

    def value_and_grad(self, x):
        return next(self.losses)(x)


def linear(g):
    return lambda x: (float(g @ x), g)


def play(method, losses, x0):
    """The iterates x_0, ..., x_T, and the values and gradients of the T rounds."""
    its = list(islice(method.iterate(Rounds([*losses, linear(0 * x0)]), x0), len(losses) + 1))
    return np.array([i.x for i in its]), np.array([i.fun for i in its[:-1]]), np.array([i.grad for i in its[:-1]])


def sparse_gradients(rng, T, n):
    """Sizes that differ by coordinate and by round, many of them 0."""
    scale = 10.0 ** rng.uniform(-2, 2, n)
    return scale * rng.standard_normal((T, n)) * (rng.random((T, n)) < rng.uniform(0.05, 1, n))


def minibatch_logistic(rng, T, n):
    X = rng.standard_normal((T, 4, n)) * (rng.random(n) < rng.uniform(0.1, 1, n)) * 10.0 ** rng.uniform(-1, 1, n)
    y = np.where(rng.random((T, 4)) < 0.5, 1.0, -1.0)
    return [
        lambda x, A=A, b=b: (np.logaddexp(0, -b * (A @ x)).mean(), A.T @ (-b / (1 + np.exp(b * (A @ x)))) / 4)
        for A, b in zip(X, y, strict=True)
    ]


def regret(values, losses, u):
    return np.cumsum(values - [loss(u)[0] for loss in losses])


# --- Regret ------------------------------------------------------------------------------------------------


def descend(losses, x0, eta):
    """x <- x - eta g with one step for each coordinate."""
    xs, values, gs = [x0], [], []
    for loss in losses:
        f, g = loss(xs[-1])
        xs.append(xs[-1] - eta * g)
        values.append(f)
        gs.append(g)
    return np.array(xs), np.array(values), np.array(gs)


@given(seeds, st.integers(1, 6))
@settings(max_examples=30)
def test_ad_fixed_steps(seed, n):
    rng = np.random.default_rng(seed)
    T, eta, u, x0 = 60, 10.0 ** rng.uniform(-3, 0, n), rng.standard_normal(n), rng.standard_normal(n)
    for losses in ([linear(g) for g in sparse_gradients(rng, T, n)], minibatch_logistic(rng, T, n)):
        _, values, gs = descend(losses, x0, eta)
        bound = theory.ad_fixed_steps(np.cumsum(gs**2, axis=0), abs(x0 - u), eta)
        assert (regret(values, losses, u) <= bound * (1 + 1e-9) + 1e-9).all()


@given(seeds, st.integers(1, 6))
@settings(max_examples=20)
def test_ad_fixed_steps_is_attained_by_linear_losses_against_the_last_point(seed, n):
    rng = np.random.default_rng(seed)
    losses, x0 = [linear(g) for g in sparse_gradients(rng, 30, n)], rng.standard_normal(n)
    xs, values, gs = descend(losses, x0, 0.3)
    one = play(ol.SGD(0.3), losses, x0)
    assert np.allclose(one[0], xs, rtol=1e-12)  # optlib's SGD, where all steps are alike
    bound = theory.ad_fixed_steps((gs**2).sum(axis=0), abs(x0 - xs[-1]), 0.3)
    assert regret(values, losses, xs[-1])[-1] == pytest.approx(float(bound), rel=1e-9, abs=1e-12)


@given(seeds, st.integers(1, 6))
@settings(max_examples=30)
def test_ad_hindsight(seed, n):
    rng = np.random.default_rng(seed)
    gs, u, x0 = sparse_gradients(rng, 40, n), rng.standard_normal(n), rng.standard_normal(n)
    gs[0] += 1e-3  # no sum is 0
    losses, R = [linear(g) for g in gs], abs(x0 - u)
    for T in (1, 2, 7, 40):  # the best steps depend on T
        s = (gs[:T] ** 2).sum(axis=0)
        best = R / np.sqrt(s)
        bound = float(theory.ad_hindsight(s, R))
        assert bound == pytest.approx(float(theory.ad_fixed_steps(s, R, best)), rel=1e-12)
        for factor in (0.3, 0.9, 1.1, 4.0):
            assert theory.ad_fixed_steps(s, R, factor * best) > bound
        _, values, _ = descend(losses[:T], x0, best)
        assert regret(values, losses[:T], u)[-1] <= bound * (1 + 1e-9)


def test_ad_hindsight_is_attained_when_every_coordinate_is_met_once():
    g, x0 = np.array([3.0, -0.1, 20.0]), np.zeros(3)
    losses = [linear(row) for row in np.diag(g)]
    R = np.array([1.0, 2.0, 0.5])
    u = -R * np.sign(g)
    _, values, _ = descend(losses, x0, R / abs(g))
    assert regret(values, losses, u)[-1] == pytest.approx(float(theory.ad_hindsight(g**2, R)), rel=1e-14)


class Adversary(list):
    """Linear losses that hurt, chosen when x is seen: every coordinate's gradient points from u to x."""

    def __init__(self, sizes, u):
        super().__init__()
        self.answers = [lambda x, size=size: self.answer(x, u, size) for size in sizes]

    def answer(self, x, u, size):
        self.append(linear(size * np.where(x >= u, 1.0, -1.0)))
        return self[-1](x)


@given(seeds, st.integers(1, 6), st.floats(-3, 1), st.sampled_from([1e-10, 1e-2, 3.0]))
@settings(max_examples=40)
def test_ad_adagrad(seed, n, log_eta, eps):
    rng = np.random.default_rng(seed)
    T, eta, u, x0 = 80, 10.0**log_eta, rng.standard_normal(n), rng.standard_normal(n)
    adversary, batches = Adversary(abs(sparse_gradients(rng, T, n)), u), minibatch_logistic(rng, T, n)
    for answers, losses in ((adversary.answers, adversary), (batches, batches)):
        xs, values, gs = play(ol.AdaGrad(eta, eps), answers, x0)
        s, D = np.cumsum(gs**2, axis=0), np.maximum.accumulate(abs(xs[:-1] - u))
        bound = theory.ad_adagrad(s, D, eta, eps)
        assert (regret(values, losses, u) <= bound * (1 + 1e-9) + 1e-9).all()
        at_most = D.max(axis=1, keepdims=True)  # the form with one D for all coordinates is weaker
        assert (bound <= theory.ad_adagrad(s, at_most, eta, eps) * (1 + 1e-12)).all()


@given(seeds, st.integers(1, 4))
@settings(max_examples=20)
def test_ad_adagrad_with_projections_onto_a_box(seed, n):
    rng = np.random.default_rng(seed)
    gs, u, eta = sparse_gradients(rng, 60, n), rng.uniform(-1, 1, n), 1.4
    losses, x = [linear(g) for g in gs], np.zeros(n)
    steps, values, _ = play(ol.AdaGrad(eta), losses, x)
    values = []
    for g, step in zip(gs, np.diff(steps, axis=0), strict=True):  # losses are linear: the steps depend on no x
        values.append(float(g @ x))
        x = np.clip(x + step, -1, 1)
    bound = theory.ad_adagrad(np.cumsum(gs**2, axis=0), 2.0, eta, 1e-10)
    assert (regret(np.array(values), losses, u) <= bound * (1 + 1e-9)).all()


def test_ad_adagrad_is_nearly_attained_by_one_large_gradient_and_many_small_ones():
    eta, small = 0.02, 0.0005
    gs = [1.0] + [small] * 110_000
    path, s = [1.0], 0.0
    for g in gs:  # optlib's step in plain numbers, checked on the first hundred below
        s += g * g
        path.append(path[-1] - eta * g / (np.sqrt(s) + 1e-10))
    T = int(np.argmax(np.array(path) <= 0))
    xs, _, _ = play(ol.AdaGrad(eta), [linear(np.array([g])) for g in gs[:100]], np.array([1.0]))
    assert np.allclose(xs[:, 0], path[:101], rtol=1e-12)
    measured = float(np.dot(gs[:T], path[:T]))  # against u = 0
    bound = float(theory.ad_adagrad(np.sum(np.square(gs[:T])), 1.0, eta))
    assert 0.97 < measured / bound <= 1


def test_ad_adagrad_with_the_best_eta_is_root_two_times_the_best_in_hindsight():
    s = np.array([[4.0, 1.0, 0.0], [9.0, 2.0, 1e-3]])
    assert theory.ad_adagrad(s, 3.0, 3 / np.sqrt(2)) == pytest.approx(np.sqrt(2) * theory.ad_hindsight(s, 3.0))


# --- Adam --------------------------------------------------------------------------------------------------


@given(st.floats(0, 0.999), st.floats(-5, 5).filter(lambda g: abs(g) > 1e-3))
def test_ad_bias_correction(beta, g):
    m = 0.0
    t = np.arange(1, 30)
    means = [m := beta * m + (1 - beta) * g for _ in t]
    assert means == pytest.approx(g * theory.ad_bias_correction(t, beta), rel=1e-9)
    weights = np.cumsum((1 - beta) * beta ** (t - 1.0))
    assert weights == pytest.approx(theory.ad_bias_correction(t, beta), rel=1e-9)


def test_ad_bias_correction_of_random_gradients_in_expectation():
    rng, beta, t = np.random.default_rng(0), 0.9, np.arange(1, 40)
    m, means = np.zeros(4000), []
    for _ in t:
        m = beta * m + (1 - beta) * (2 + rng.standard_normal(4000))
        means.append((m.mean(), m.std() / np.sqrt(m.size)))
    mean, error = np.array(means).T
    assert (abs(mean - 2 * theory.ad_bias_correction(t, beta)) <= 4.5 * error).all()


@given(seeds, betas, st.floats(1e-3, 10))
def test_ad_first_step(seed, b, eta):
    g = np.random.default_rng(seed).standard_normal(4) * [1e-6, 1.0, 1e3, 0.0]
    for method in (ol.Adam(eta, *b, eps=1e-8), ol.AdaGrad(eta, eps=1e-8)):
        xs, _, _ = play(method, [linear(g)], np.zeros(4))
        assert np.allclose(xs[1], theory.ad_first_step(g, eta, 1e-8), rtol=1e-9, atol=0)


@given(seeds, betas, st.sampled_from([TINY, 1e-3]))
@settings(max_examples=40)
def test_ad_step_bound(seed, b, eps):
    rng = np.random.default_rng(seed)
    gs = sparse_gradients(rng, 120, 5)
    gs[:, 0] = 1.15 ** np.arange(120)  # growing
    gs[:, 1] = np.arange(120) == 119  # silent until the last
    xs, _, _ = play(ol.Adam(1.0, *b, eps=eps), [linear(g) for g in gs], np.zeros(5))
    longest = abs(np.diff(xs, axis=0))
    t = np.arange(1, 121)
    bound = theory.ad_step_bound(t, *b)
    assert (longest <= bound[:, None] * (1 + 1e-9) + 1e-12 * abs(xs).max()).all()
    assert (bound <= theory.ad_step_bound(np.inf, *b) * (1 + 1e-12)).all()
    assert (bound >= 1 - 1e-12).all()


@pytest.mark.parametrize("b", [(0.9, 0.999), (0.9, 0.9), (0.5, 0.99), (0.9, 0.95)])
@pytest.mark.parametrize("t", [1, 2, 10, 300])
def test_ad_step_bound_is_attained_by_growing_gradients(b, t):
    gs = [linear(np.array([g])) for g in (b[1] / b[0]) ** np.arange(t)]
    xs, _, _ = play(ol.Adam(1.0, *b, eps=TINY), gs, np.zeros(1))
    assert abs(xs[-1, 0] - xs[-2, 0]) == pytest.approx(float(theory.ad_step_bound(t, *b)), rel=1e-9)


def test_ad_step_bound_exceeds_what_the_article_states():
    """(1 - beta1) / sqrt(1 - beta2), its section 2.1, is passed by a run."""
    stated = 0.1 / np.sqrt(0.001)
    gs = [linear(np.array([g])) for g in (0.999 / 0.9) ** np.arange(3000.0)]
    xs, _, _ = play(ol.Adam(1.0, eps=TINY), gs, np.zeros(1))
    assert abs(np.diff(xs[:, 0])).max() > 2 * stated
    assert theory.ad_step_bound(np.inf, 0.9, 0.999) == pytest.approx(stated / np.sqrt(1 - 0.81 / 0.999), rel=1e-12)


@given(seeds, betas, st.floats(0.01, 1), st.floats(0.05, 1))
@settings(max_examples=40)
def test_ad_adamw_box(seed, b, eta, relative):
    rng = np.random.default_rng(seed)
    lam = relative / eta
    gs, x0 = sparse_gradients(rng, 100, 4), rng.standard_normal(4) * 3 / lam
    gs[:, 0] = -(1.15 ** np.arange(100))
    xs, _, _ = play(ol.AdamW(eta, *b, eps=1e-8, weight_decay=lam), [linear(g) for g in gs], x0)
    bound = [theory.ad_adamw_box(np.arange(101), abs(x), eta, lam, *b) for x in x0]
    assert (abs(xs) <= np.transpose(bound) * (1 + 1e-9)).all()


@pytest.mark.parametrize("x0", [0.0, 0.5, 8.0])
def test_ad_adamw_box_is_attained_by_a_constant_gradient(x0):
    method = ol.AdamW(0.1, 0.9, 0.9, eps=TINY, weight_decay=0.5)
    xs, _, _ = play(method, [linear(np.array([-3.0]))] * 60, np.array([x0]))
    assert xs[:, 0] == pytest.approx(theory.ad_adamw_box(np.arange(61), x0, 0.1, 0.5, 0.9, 0.9), rel=1e-9)


@given(st.floats(-0.95, 0.95), st.floats(0.1, 10), st.sampled_from([1e-8, 0.1]))
def test_ad_adamw_rest(relative, lam, eps):
    x = relative / lam
    g = theory.ad_adamw_rest(np.array([x]), lam, eps)
    method = ol.AdamW(0.1, eps=eps, weight_decay=lam)
    xs, _, _ = play(method, [linear(g)] * 50, np.array([x]))
    assert np.allclose(xs, x, rtol=1e-8, atol=1e-12)
    elsewhere, _, _ = play(method, [linear(2 * g - 1.0)] * 5, np.array([x]))
    assert abs(elsewhere[-1] - x) > 1e-3


def test_ad_adamw_rest_is_where_a_run_ends_and_l2_ends_elsewhere():
    """f = h/2 (x - a)^2 summed: inside the box AdamW goes to a, beyond it to the border; L2 to h a / (h + lam)."""
    h, a, lam, eps = np.array([0.1, 1.0, 10.0, 1.0]), np.array([0.5, 1.0, -1.5, 9.0]), 0.5, 1e-2
    q = ol.Quadratic(h, h * a)
    lr = ol.schedules.Cosine(0.05, 4000)
    x = ol.minimize(q, np.ones(4), ol.AdamW(lr, 0.9, 0.99, eps, lam), tol=0, maxiter=6000).x
    assert np.allclose(q.grad(x), theory.ad_adamw_rest(x, lam, eps), rtol=0.02)
    assert (abs(x) < 1 / lam).all()
    assert abs(x - [0.5, 1.0, -1.5, 2.0]).max() < 0.05
    x = ol.minimize(ol.Quadratic(h + lam, h * a), np.ones(4), ol.Adam(lr, 0.9, 0.99, eps), tol=0, maxiter=6000).x
    assert np.allclose(x, h * a / (h + lam), atol=1e-3)


# --- Reddi, Kale and Kumar's losses ------------------------------------------------------------------------


def cycles(C, eta, x0, count, beta2=None, schedule=None):
    """x_0, x_3, x_6, ... of Adam's steps, each followed by a projection onto [-1, 1]."""
    gs = [linear(np.array([C if t % 3 == 0 else -1.0])) for t in range(3 * count)]
    beta2 = 1 / (1 + C**2) if beta2 is None else beta2
    steps, _, _ = play(ol.Adam(schedule or eta, 0.0, beta2, eps=TINY), gs, np.zeros(1))
    xs = [x0]
    for step in np.diff(steps[:, 0]):
        xs.append(min(1.0, max(-1.0, xs[-1] + step)))
    return np.array(xs[::3]), np.array(xs)


@given(st.floats(2.001, 100), st.floats(1e-3, 0.5), st.floats(-1, 1))
@settings(max_examples=60)
def test_ad_forgetting(C, eta, x0):
    ends, xs = cycles(C, eta, x0, 40)
    promised = np.minimum(1.0, ends[:-1] + theory.ad_forgetting(C) * eta)
    assert (ends[1:] >= promised - 1e-12).all()
    done = ends == 1
    if done.any():  # once at +1, each cycle loses 2 (C - 2) against the best point
        first = 3 * int(np.argmax(done))
        assert (ends[np.argmax(done) :] == 1).all()
        assert (xs[first:] >= 1 - eta * np.sqrt(1 + 1 / C**2) - 1e-12).all()
        losses = np.where(np.arange(first, len(xs) - 1) % 3 == 0, C, -1.0) * xs[first:-1]
        assert (losses.reshape(-1, 3).sum(axis=1) - (2 - C) >= 2 * (C - 2) - 1e-9).all()


def test_ad_forgetting_is_attained_in_the_limit_of_a_large_C():
    ends, _ = cycles(1e4, 0.01, 0.0, 1)
    assert ends[1] == pytest.approx(0.01 * theory.ad_forgetting(1e4), rel=1e-6)


def test_ad_forgetting_is_not_mended_by_a_decaying_step_but_by_a_longer_memory():
    ends, _ = cycles(4.0, 0.5, -1.0, 400, schedule=ol.schedules.InverseSqrt(0.5))
    assert ends[-1] == 1
    ends, _ = cycles(4.0, 0.05, 1.0, 400, beta2=0.9)
    assert ends[-1] < -0.9
