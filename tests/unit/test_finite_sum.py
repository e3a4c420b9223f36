"""Finite sums and their minibatch oracle, and how the driver measures a run on one."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import optlib as ol

RNG = np.random.default_rng(0)
N, D = 10, 3
X, Y = RNG.normal(size=(N, D)), (RNG.random(N) < 0.5).astype(float)


def risk(make=np.asarray):
    return ol.EmpiricalRisk(ol.losses.Logistic(), make(X), Y, ol.penalties.L2(0.1))


def own(calls=None):
    """The same kind of thing from a user's function: terms 1/2 (x_i'w - y_i)^2."""

    def fun(w, rows):
        if calls is not None:
            calls.append(np.array(rows))
        r = X[rows] @ w - Y[rows]
        return 0.5 * float((r**2).mean()), X[rows].T @ r / len(rows)

    return ol.FiniteSum(fun, N, jac=True)


SUMS = {"own function": own, "dense": risk, "sparse": lambda: risk(sparse.csr_array)}


@pytest.mark.parametrize("make", SUMS.values(), ids=SUMS)
@pytest.mark.parametrize("batch_size", [1, 3, 5, 10])
def test_an_epoch_sees_every_term_once(make, batch_size):
    """The gradients of an epoch's batches, weighted by their sizes, are the full gradient."""
    p, w = make(), np.array([0.3, -0.2, 0.5])
    oracle = p.minibatch(batch_size, seed=1)
    for _ in range(2):  # the second epoch is shuffled anew
        total, values, seen = np.zeros(D), 0.0, 0
        while seen < N:
            f, g = oracle.value_and_grad(w)
            size = min(batch_size, N - seen)
            total, values, seen = total + size * g, values + size * f, seen + size
        assert np.allclose(total / N, p.grad(w), rtol=1e-12)
        assert values / N == pytest.approx(p(w), rel=1e-12)


def test_each_epoch_has_an_order_of_its_own_and_rows_are_what_fun_is_given():
    calls = []
    oracle = own(calls).minibatch(4, seed=0)
    for _ in range(6):
        oracle.value_and_grad(np.zeros(D))
    assert [len(rows) for rows in calls] == [4, 4, 2] * 2
    first, second = np.concatenate(calls[:3]), np.concatenate(calls[3:])
    assert sorted(first) == sorted(second) == list(range(N))
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize("make", SUMS.values(), ids=SUMS)
def test_with_replacement_the_gradient_is_unbiased_and_its_variance_falls_as_one_over_the_batch(make):
    p, w = make(), np.array([0.3, -0.2, 0.5])
    g = p.grad(w)
    variances = {}
    for batch_size in (1, 4):
        oracle = p.minibatch(batch_size, seed=0, replace=True)
        draws = np.array([oracle.value_and_grad(w)[1] for _ in range(4000)])
        variances[batch_size] = draws.var(axis=0).sum()
        assert np.linalg.norm(draws.mean(axis=0) - g) < 4 * np.sqrt(variances[batch_size] / 4000)
    assert variances[1] / variances[4] == pytest.approx(4, rel=0.15)
    terms = np.array([p.part([i]).grad(w) for i in range(N)])
    assert variances[1] == pytest.approx(((terms - g) ** 2).sum(axis=1).mean(), rel=0.1)


def test_with_replacement_a_term_may_come_twice():
    calls = []
    oracle = own(calls).minibatch(8, seed=0, replace=True)
    for _ in range(5):
        oracle.value_and_grad(np.zeros(D))
    assert all(len(rows) == 8 for rows in calls)
    assert any(len(set(rows)) < 8 for rows in calls)


def test_only_value_and_grad_draws():
    oracle = risk().minibatch(2, seed=0)
    w, v = np.array([0.3, -0.2, 0.5]), np.ones(D)
    f, g = oracle.value_and_grad(w)
    batch = oracle.batch
    assert oracle(w) == f
    assert np.array_equal(oracle.grad(w), g)
    assert oracle(w + 1) == pytest.approx(batch(w + 1))
    assert np.allclose(oracle.hessp(w, v), batch.hess(w) @ v)
    assert np.allclose(oracle.hess(w), batch.hess(w))
    assert oracle(w) == pytest.approx(f)
    assert oracle.batch is batch
    assert (oracle.nfev, oracle.njev) == (3, 1)
    again = oracle.value_and_grad(w)
    assert again[0] != f
    assert oracle.batch is not batch


def test_the_oracle_can_be_asked_for_a_value_first():
    oracle = own().minibatch(2, seed=0)
    f = oracle(np.ones(D))
    assert f == oracle.batch(np.ones(D))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_seed_gives_every_run_the_same_batches_and_none_gives_each_its_own(batch_size):
    method = ol.GradientDescent(0.1)
    for seed, same in ((7, True), (None, False)):
        oracle = risk().minibatch(batch_size, seed=seed)
        a, b = (ol.minimize(oracle, np.zeros(D), method, maxiter=30) for _ in range(2))
        assert np.array_equal(a.x, b.x) == same
    assert not np.array_equal(
        *(ol.minimize(risk().minibatch(batch_size, seed=s), np.zeros(D), method, maxiter=30).x for s in (1, 2))
    )


@pytest.mark.parametrize("make", SUMS.values(), ids=SUMS)
def test_a_batch_of_everything_is_the_full_objective(make):
    p = make()
    a = ol.minimize(p.minibatch(N, seed=0), np.zeros(D), ol.HeavyBall(0.1, 0.5), maxiter=40)
    b = ol.minimize(p, np.zeros(D), ol.HeavyBall(0.1, 0.5), maxiter=40)
    assert np.allclose(a.history.x, b.history.x, rtol=1e-10)
    assert np.allclose(a.history.fun, b.history.fun, rtol=1e-12)
    assert a.history.nit.tolist() == b.history.nit.tolist() == list(range(41))


# --- The history of a stochastic run ------------------------------------------------------------------------


@pytest.mark.parametrize(("every", "expected"), [(None, [0, 4, 8, 9]), (1, list(range(10))), (6, [0, 6, 9])])
def test_the_history_holds_the_full_objective_once_an_epoch_and_at_the_end(every, expected):
    p = risk()
    lr = ol.schedules.InverseTime(0.5)
    path = []
    result = ol.minimize(
        p.minibatch(3, seed=0, every=every), np.ones(D), ol.HeavyBall(lr, 0.5), maxiter=9, callback=path.append
    )
    assert p.nfev == p.njev == len(expected)  # evaluated there, and nowhere else
    path = [np.ones(D), *path]
    h = result.history
    assert h.nit.tolist() == expected
    assert np.array_equal(h.x, [path[k] for k in expected])
    assert np.allclose(h.fun, [p(x) for x in h.x], rtol=1e-14)
    assert np.allclose(h.optimality, [np.linalg.norm(p.grad(x)) for x in h.x], rtol=1e-12)
    assert np.allclose(h.step[:-1], [lr(k) for k in expected[:-1]])  # the step taken from that iterate
    assert np.isnan(h.step[-1])
    assert len(h.time) == len(h) == len(expected)
    assert (result.fun, result.optimality) == (h.fun[-1], h.optimality[-1])
    assert np.allclose(result.jac, p.grad(result.x))
    assert (result.nit, result.nfev, result.njev) == (9, 10, 10)  # the full evaluations are not charged


def test_a_stochastic_run_stops_by_the_full_gradient():
    y = X @ [1.0, 2.0, 3.0]  # every term has the same minimiser, so that a constant step converges
    p = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
    result = ol.minimize(p.minibatch(2, seed=0), np.zeros(D), ol.GradientDescent(0.1), tol=1e-8, maxiter=10**5)
    assert result.success
    assert result.nit % 5 == 0
    assert result.history.optimality[-1] <= 1e-8 < result.history.optimality[-2]
    assert np.linalg.norm(p.grad(result.x)) <= 1e-8


def test_a_line_search_compares_values_on_one_batch():
    p = ol.EmpiricalRisk(ol.losses.Squared(), X, X @ [1.0, 2.0, 3.0])
    method = ol.GradientDescent(ol.line_search.Backtracking(c=0.5))
    result = ol.minimize(p.minibatch(2, seed=0), np.zeros(D), method, tol=1e-8, maxiter=10**5)
    assert result.success


def stop_at(k):
    calls = []

    def callback(x):
        calls.append(x)
        if len(calls) == k:
            raise StopIteration

    return callback


def test_a_run_that_ends_between_two_epochs_is_measured_at_its_last_iterate():
    p = risk()
    result = ol.minimize(p.minibatch(2, seed=0), np.ones(D), ol.GradientDescent(0.1), callback=stop_at(7))
    assert result.status is ol.Status.STOPPED
    assert result.history.nit.tolist() == [0, 5, 7]
    assert 0 <= result.history.time[0] <= result.history.time[-1] < 60
    assert result.fun == p(result.x) == result.history.fun[-1]
    assert len(result.history.step) == 3
    assert result.history.step[:2].tolist() == [0.1, 0.1]


def test_a_stochastic_run_that_overflows_returns_a_finite_iterate():
    p = ol.EmpiricalRisk(ol.losses.Squared(), X, Y)
    with np.errstate(over="ignore", invalid="ignore"):
        result = ol.minimize(p.minibatch(2, seed=0), np.ones(D), ol.GradientDescent(1e150), maxiter=50)
    assert result.status in (ol.Status.NON_FINITE, ol.Status.DIVERGED)
    assert np.isfinite(result.x).all()
    assert np.isfinite(result.fun)


def test_a_full_objective_that_is_not_finite_at_the_end_is_not_recorded():
    p = ol.FiniteSum(
        lambda x, rows: (math.inf if len(rows) > 1 and x[0] < 0.5 else float(x[0] ** 2), 2 * x), 4, jac=True
    )
    result = ol.minimize(p.minibatch(1), [1.0], ol.GradientDescent(0.2), callback=stop_at(3))
    assert np.isfinite(result.fun)
    assert len(result.history) == len(result.history.step) == 1


def test_the_last_iterate_may_converge_between_two_epochs():
    p = ol.EmpiricalRisk(ol.losses.Squared(), np.ones((10, 1)), np.ones(10))
    result = ol.minimize(p.minibatch(1, seed=0), [0.0], ol.GradientDescent(0.5), tol=0.1, maxiter=4)
    assert (result.status, result.history.nit.tolist()) == (ol.Status.CONVERGED, [0, 4])


def test_a_stochastic_run_that_grows_has_diverged():
    p = ol.EmpiricalRisk(ol.losses.Squared(), X, Y)
    result = ol.minimize(p.minibatch(2, seed=0), np.ones(D), ol.GradientDescent(5.0), maxiter=500)
    assert result.status is ol.Status.DIVERGED
    assert result.nit % 5 == 0


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_histories_fit_together_whatever_the_sizes(n, batch_size, maxiter, seed):
    batch_size = min(batch_size, n)
    rng = np.random.default_rng(seed)
    p = ol.EmpiricalRisk(ol.losses.Squared(), rng.normal(size=(n, 2)), rng.normal(size=n))
    oracle = p.minibatch(batch_size, seed=seed)
    result = ol.minimize(oracle, np.zeros(2), ol.GradientDescent(1e-3), tol=0, maxiter=maxiter)
    h = result.history
    assert result.nit == maxiter == h.nit[-1]
    assert len({len(a) for a in (h.nit, h.fun, h.optimality, h.step, h.time, h.x)}) == 1
    epoch = -(-n // batch_size)
    assert set(h.nit) == {*range(0, maxiter + 1, epoch), maxiter}


def test_parts_of_parts_and_the_attributes_that_methods_read():
    p = own()
    part = p.part(slice(2, 8)).part([0, 3])
    assert part.n_samples == 2
    assert np.allclose(part.grad(np.ones(D)), (p.part([2]).grad(np.ones(D)) + p.part([5]).grad(np.ones(D))) / 2)
    oracle = risk().minibatch(3)
    assert oracle.dimension == D
    assert oracle.full.n_samples == N
    assert not oracle.lacks("hess")
    assert own().minibatch(3).lacks("hess")
    with pytest.raises(ValueError, match="Newton needs `hess`"):
        ol.minimize(own().minibatch(3), np.zeros(D), ol.Newton())
    assert copy.copy(p).n_samples == N


def test_second_derivatives_of_ones_own_reach_parts_and_batches():
    def hess(w, rows):
        return X[rows].T @ X[rows] / len(rows)

    def hessp(w, v, rows):
        return 2 * hess(w, rows) @ v  # not hess times v, so that one sees which was asked

    w, v = np.zeros(D), np.ones(D)
    both = ol.FiniteSum(own()._fun, N, jac=True, hess=hess, hessp=hessp)
    for p, rows in ((both, np.arange(N)), (both.part([1, 4]), [1, 4]), (both.minibatch(N, seed=0), np.arange(N))):
        assert np.allclose(p.hess(w), hess(w, rows), rtol=1e-12)
        assert np.allclose(p.hessp(w, v), hessp(w, v, rows), rtol=1e-12)


def test_the_oracle_counts_what_it_is_asked_and_knows_its_epoch():
    oracle = risk().minibatch(3, seed=0)
    assert oracle.every == 4
    oracle.grad(np.ones(D))
    assert (oracle.nfev, oracle.njev) == (0, 1)


def test_a_callback_that_asks_does_not_change_the_batches():
    oracle, method = risk().minibatch(3, seed=0), ol.GradientDescent(0.1)
    plain = ol.minimize(oracle, np.zeros(D), method, maxiter=20)
    asking = ol.minimize(oracle, np.zeros(D), method, maxiter=20, callback=oracle)
    assert np.array_equal(plain.x, asking.x)
