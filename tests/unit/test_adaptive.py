"""SGD and the adaptive methods: against torch.optim, against their formulas, and what is known of them exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import optlib as ol

A = np.array([1.0, 3.0, 10.0])
SMOOTH = ol.Problem(lambda x: float((A * x**2 / 2 + x**4 / 4).sum()), jac=lambda x: A * x + x**3)
LR = ol.schedules.InverseSqrt(0.05)

GOLDEN = np.loadtxt(Path(__file__).parent / "golden" / "torch_optim.csv", delimiter=",")
LIKE_TORCH = [
    ol.HeavyBall(lr=1e-3, beta=0.99),
    ol.Nesterov(lr=1e-3, beta=0.99),
    ol.AdaGrad(lr=0.05, eps=1e-2),
    ol.RMSProp(lr=2e-3, rho=0.9, eps=1e-2),
    ol.Adam(lr=5e-3, beta1=0.8, beta2=0.99, eps=1e-2),
    ol.AdamW(lr=5e-3, beta1=0.8, beta2=0.99, eps=1e-2, weight_decay=0.1),
]


@pytest.mark.parametrize("i", range(6), ids=[type(m).__name__ for m in LIKE_TORCH])
def test_trajectories_are_those_of_torch(i):
    """golden/torch_optim.csv is written by golden/torch_optim.py, which says how."""
    result = ol.minimize(SMOOTH, GOLDEN[0, 1:4], LIKE_TORCH[i], tol=0, maxiter=500)
    expected = GOLDEN[:, 1 + 3 * i : 4 + 3 * i]
    assert np.allclose(result.history.x[GOLDEN[:, 0].astype(int)], expected, rtol=1e-11, atol=0)


# --- The formulas written out, each mean as the weighted sum that it is -------------------------------------------


def weighted(gs, beta, power):
    """(1 - beta) sum of beta^(t-k) g_k^power over k <= t, and the sum of the weights."""
    weights = (1 - beta) * beta ** np.arange(len(gs))[::-1]
    return weights @ np.array(gs) ** power, weights.sum()


def adagrad(gs, t):
    return gs[-1] / (np.sqrt((np.array(gs) ** 2).sum(axis=0)) + 1e-3)


def rmsprop(gs, t):
    return gs[-1] / (np.sqrt(weighted(gs, 0.8, 2)[0]) + 1e-3)


def adam(gs, t):
    (m, of_m), (v, of_v) = weighted(gs, 0.7, 1), weighted(gs, 0.8, 2)
    return (m / of_m) / (np.sqrt(v / of_v) + 1e-3)


@pytest.mark.parametrize(
    ("method", "direction", "lam"),
    [
        (ol.SGD(LR), lambda gs, t: gs[-1], 0.0),
        (ol.AdaGrad(LR, eps=1e-3), adagrad, 0.0),
        (ol.RMSProp(LR, rho=0.8, eps=1e-3), rmsprop, 0.0),
        (ol.Adam(LR, 0.7, 0.8, eps=1e-3), adam, 0.0),
        (ol.AdamW(LR, 0.7, 0.8, eps=1e-3, weight_decay=0.3), adam, 0.3),
    ],
    ids=["SGD", "AdaGrad", "RMSProp", "Adam", "AdamW"],
)
def test_iterates_are_those_of_the_formula_whatever_the_schedule(method, direction, lam):
    x, gs, path = np.array([1.0, -2.0, 0.5]), [], []
    for t in range(40):
        path.append(x)
        gs.append(SMOOTH.grad(x))
        x = x - LR(t) * direction(gs, t) - LR(t) * lam * x
    result = ol.minimize(SMOOTH, path[0], method, tol=0, maxiter=39)
    assert np.allclose(result.history.x, path, rtol=1e-10)
    assert np.allclose(result.history.step[:-1], [LR(t) for t in range(39)])
    assert np.allclose(result.history.optimality, [np.linalg.norm(g) for g in gs], rtol=1e-9)
    assert np.allclose(result.history.fun, [SMOOTH(x) for x in path], rtol=1e-9)
    assert np.allclose(result.jac, gs[-1], rtol=1e-9)


@pytest.mark.parametrize("average", [0, -1, "yes"])
def test_average_is_a_bool(average):
    with pytest.raises(TypeError, match="average must be True or False"):
        ol.SGD(average=average)


# --- What is known exactly ----------------------------------------------------------------------------------------


def linear(g):
    """A function whose gradient is g everywhere."""
    return ol.Problem(lambda x: float(g @ x), jac=lambda x: g)


@given(st.lists(st.floats(-1e3, 1e3).filter(lambda a: abs(a) > 1e-3), min_size=1, max_size=4), st.integers(1, 60))
def test_under_a_constant_gradient_bias_correction_makes_every_step_of_adam_the_first(g, t):
    g = np.array(g)
    result = ol.minimize(linear(g), 0 * g, ol.Adam(lr=0.1, eps=1e-12), tol=0, maxiter=t)
    assert np.allclose(result.x, -0.1 * t * np.sign(g), rtol=1e-6)


@given(st.floats(1e-3, 1e3), st.integers(1, 40))
def test_under_a_constant_gradient_adagrad_and_rmsprop_do_as_their_sums_say(g, t):
    g = np.array([g])
    ada = ol.minimize(linear(g), [0.0], ol.AdaGrad(lr=0.1, eps=1e-14), tol=0, maxiter=t)
    assert ada.x == pytest.approx([-0.1 * sum(1 / np.sqrt(k + 1) for k in range(t))], rel=1e-6)
    rms = ol.minimize(linear(g), [0.0], ol.RMSProp(lr=0.1, rho=0.5, eps=1e-14), tol=0, maxiter=t)
    assert rms.x == pytest.approx([-0.1 * sum(1 / np.sqrt(1 - 0.5 ** (k + 1)) for k in range(t))], rel=1e-6)


ADAPTIVE = [ol.AdaGrad(0.1, eps=1e-300), ol.RMSProp(0.1, eps=1e-300), ol.Adam(0.1, eps=1e-300)]


@pytest.mark.parametrize("method", ADAPTIVE, ids=lambda m: type(m).__name__)
@given(scales=st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3))
def test_without_eps_a_rescaled_gradient_gives_the_same_steps(method, scales):
    """The steps are f's only through the signs and ratios of a coordinate's own gradients."""
    c = np.array(scales)
    x0 = np.array([1.0, -2.0, 0.5])
    scaled = ol.Problem(lambda x: 0.0, jac=lambda x: c * SMOOTH.grad(x))
    a = ol.minimize(scaled, x0, method, tol=0, maxiter=15)
    b = ol.minimize(SMOOTH, x0, method, tol=0, maxiter=15)
    assert np.allclose(a.history.x, b.history.x, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "method", [ol.AdaGrad(0.1), ol.RMSProp(0.1), ol.Adam(0.1), ol.AdamW(0.1, weight_decay=0.0)],
    ids=lambda m: type(m).__name__,
)  # fmt: skip
@pytest.mark.parametrize("small", [0.0, 5e-324, 1e-200, 1e-160])
@pytest.mark.filterwarnings("error")
def test_gradients_that_vanish_or_underflow_move_nothing_far(method, small):
    g = np.array([small, 1.0])
    result = ol.minimize(linear(g), [0.0, 0.0], method, tol=0, maxiter=5)
    assert result.status is ol.Status.MAXITER
    assert np.isfinite(result.x).all()
    assert abs(result.x[0]) <= 0.5 + 1e-6
    assert result.x[0] == 0.0 or small > 0.0
    assert result.x[1] < -0.05


@pytest.mark.parametrize(
    "method",
    [ol.AdaGrad(0.1), ol.RMSProp(0.1, rho=0.0), ol.Adam(0.1), ol.AdamW(0.1, weight_decay=0.0)],
    ids=lambda m: type(m).__name__,
)
@pytest.mark.parametrize("huge", [1e140, 1e149, 1e154, 1e200, 1e305])
@pytest.mark.filterwarnings("error")
def test_a_gradient_whose_square_overflows_still_gives_the_first_step(method, huge):
    g = np.array([huge, -huge, 1.0, 0.0])
    result = ol.minimize(linear(g), np.zeros(4), method, tol=0, maxiter=1)
    assert result.status is ol.Status.MAXITER
    assert np.allclose(result.x, [-0.1, 0.1, -0.1, 0.0], rtol=1e-7)
    assert result.optimality == pytest.approx(huge * np.sqrt(2), rel=1e-12)  # what is reported is not cut
    assert np.isfinite(ol.minimize(linear(g), np.zeros(4), method, tol=0, maxiter=200).x).all()


@pytest.mark.parametrize(
    "method", [ol.AdaGrad(0.1), ol.RMSProp(0.1), ol.Adam(0.1, beta1=0.0), ol.AdamW(0.1, 0.0, weight_decay=0.0)],
    ids=lambda m: type(m).__name__,
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_a_huge_gradient_is_remembered_as_huge(method):
    answers = iter([1e200, 1e100, 1e100])
    p = ol.Problem(lambda x: 0.0, jac=lambda x: np.array([next(answers)]))
    first, second = np.diff(ol.minimize(p, [0.0], method, tol=0, maxiter=2).history.x[:, 0])
    assert abs(first) >= 0.1 * (1 - 1e-12)
    assert abs(second) < 1e-12


@given(st.lists(st.floats(-1e3, 1e3).filter(lambda a: a == 0 or abs(a) > 1e-3), min_size=1, max_size=40))
def test_a_step_of_adagrad_is_at_most_lr_and_its_squares_sum_to_a_logarithm(gs):
    """The sum of g_t^2 / s_t telescopes: it is at most 1 + log(s_T / s_1), s_1 the first that is not 0."""
    answers = iter([*gs, 1.0])
    p = ol.Problem(lambda x: 0.0, jac=lambda x: np.array([next(answers)]))
    steps = np.diff(ol.minimize(p, [0.0], ol.AdaGrad(lr=1.0, eps=1e-14), tol=0, maxiter=len(gs)).history.x[:, 0])
    assert (np.abs(steps) <= 1 + 1e-12).all()
    squares = np.cumsum(np.square(gs))
    if squares[-1] > 0:
        assert (steps**2).sum() <= 1 + np.log(squares[-1] / squares[squares > 0][0]) + 1e-9


def test_adamw_without_decay_is_adam():
    a, b = (
        ol.minimize(SMOOTH, [1.0, -2.0, 0.5], m, tol=0, maxiter=50)
        for m in (ol.Adam(0.01), ol.AdamW(0.01, weight_decay=0.0))
    )
    assert np.array_equal(a.history.x, b.history.x)


def test_adamw_is_not_adam_on_the_penalised_function():
    """The first step of Adam forgets how large the penalty's gradient is; AdamW's does not."""
    lam, x0, lr = 0.1, np.array([1.0, -2.0, 0.5]), 0.01
    penalised = ol.Problem(lambda x: SMOOTH(x) + lam / 2 * float(x @ x), jac=lambda x: SMOOTH.grad(x) + lam * x)
    inside = ol.minimize(penalised, x0, ol.Adam(lr, eps=1e-12), tol=0, maxiter=1)
    outside = ol.minimize(SMOOTH, x0, ol.AdamW(lr, eps=1e-12, weight_decay=lam), tol=0, maxiter=1)
    assert np.allclose(inside.x, x0 - lr * np.sign(x0), rtol=1e-9)
    assert np.allclose(outside.x, x0 - lr * np.sign(x0) - lr * lam * x0, rtol=1e-9)


def test_adam_goes_the_wrong_way_on_the_example_of_reddi_kale_and_kumar_and_adagrad_the_right_one():
    """Gradients C, -1, -1, C, ... with C = 3: the mean (C - 2)/3 is positive, so x should fall."""
    C = 3.0

    def online():
        asked = iter(range(10**6))
        return ol.Problem(lambda x: 0.0, jac=lambda x: np.array([C if next(asked) % 3 == 0 else -1.0]))

    lr = ol.schedules.InverseSqrt(0.5)
    wrong = ol.minimize(online(), [0.0], ol.Adam(lr, beta1=0.0, beta2=1 / (1 + C**2)), tol=0, maxiter=3000)
    right = ol.minimize(online(), [0.0], ol.AdaGrad(0.5), tol=0, maxiter=3000)
    assert wrong.x[0] > 5
    assert right.x[0] < -5


# --- Stochastic gradients -----------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
NOISY = ol.EmpiricalRisk(ol.losses.Squared(), X, X @ [1.0, -1.0, 2.0, 0.5] + RNG.normal(size=60))
BEST = np.linalg.lstsq(X, NOISY.y, rcond=None)[0]


def distance(method, maxiter=6000, seeds=range(5), batch_size=4):
    runs = (
        ol.minimize(NOISY.minibatch(batch_size, seed=s, replace=True), np.zeros(4), method, tol=0, maxiter=maxiter)
        for s in seeds
    )
    return np.sqrt(np.mean([np.sum((run.x - BEST) ** 2) for run in runs]))


def test_a_constant_rate_hovers_at_a_floor_that_falls_with_it_and_decay_and_averaging_go_below():
    coarse, fine = distance(ol.SGD(0.1)), distance(ol.SGD(0.02))
    assert 1.5 < coarse / fine < 4  # the floor of the squared distance is proportional to the rate: sqrt(5) = 2.2
    assert distance(ol.SGD(lambda k: 2 / (k + 20))) < fine / 2
    assert distance(ol.SGD(0.1, average=True)) < coarse / 5


@pytest.mark.parametrize("average", [False, True])
def test_sgd_on_the_full_objective_is_gradient_descent(average):
    a = ol.minimize(NOISY, np.zeros(4), ol.SGD(0.1, average), tol=0, maxiter=30)
    b = ol.minimize(NOISY, np.zeros(4), ol.GradientDescent(0.1), tol=0, maxiter=30)
    expected = b.history.x
    if average:
        expected = np.cumsum(expected, axis=0) / np.arange(1, 32)[:, None]
    assert np.allclose(a.history.x, expected, rtol=1e-12)
    assert np.allclose(a.history.fun, [NOISY(x) for x in expected], rtol=1e-12)
    assert np.allclose(a.history.optimality, [np.linalg.norm(NOISY.grad(x)) for x in expected], rtol=1e-9)
    assert np.allclose(a.jac, NOISY.grad(a.x))
    assert a.history.step[:-1].tolist() == [0.1] * 30


@pytest.mark.parametrize(
    "method",
    [ol.SGD(0.05), ol.SGD(0.05, average=True), ol.HeavyBall(0.01), ol.Nesterov(0.01), ol.AdaGrad(0.5),
     ol.RMSProp(0.01), ol.Adam(0.03), ol.AdamW(0.03, weight_decay=1e-4)],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_every_learning_method_comes_near_on_minibatches_dense_and_sparse(method, make):
    risk = ol.EmpiricalRisk(ol.losses.Squared(), make(X), NOISY.y)
    result = ol.minimize(risk.minibatch(8, seed=0), np.zeros(4), method, tol=0, maxiter=800)
    assert np.linalg.norm(result.x - BEST) < 0.25
    assert result.history.nit.tolist() == list(range(0, 801, 8))


def test_the_stochastic_gradient_is_unbiased():
    """Over an epoch of equal batches its mean is the gradient, exactly; with replacement, within sampling error."""
    x = np.array([0.5, 0.0, -1.0, 2.0])
    blocks = NOISY.minibatch(6, seed=1)
    assert np.allclose(np.mean([blocks.value_and_grad(x)[1] for _ in range(10)], axis=0), NOISY.grad(x), rtol=1e-11)
    drawn = NOISY.minibatch(6, seed=1, replace=True)
    gs = np.array([drawn.value_and_grad(x)[1] for _ in range(2000)])
    assert (np.abs(gs.mean(axis=0) - NOISY.grad(x)) < 4 * gs.std(axis=0) / np.sqrt(2000)).all()


def test_sgd_on_batches_of_everything_is_gradient_descent():
    a = ol.minimize(NOISY.minibatch(60, seed=0), np.zeros(4), ol.SGD(LR), tol=0, maxiter=30)
    b = ol.minimize(NOISY, np.zeros(4), ol.GradientDescent(LR), tol=0, maxiter=30)
    assert np.allclose(a.history.x, b.history.x, rtol=1e-11, atol=1e-13)
    assert a.history.step[:-1].tolist() == b.history.step[:-1].tolist()


def test_the_average_is_of_all_points_and_the_batches_stay_those_without_it():
    def path(average):
        points = []
        ol.minimize(NOISY.minibatch(4, seed=0), np.zeros(4), ol.SGD(0.05, average), maxiter=20, callback=points.append)
        return np.array([np.zeros(4), *points])

    assert np.allclose(path(True), np.cumsum(path(False), axis=0) / np.arange(1, 22)[:, None], rtol=1e-11)
