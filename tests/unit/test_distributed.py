"""Distributed SGD against its formula written out, and what it sends; the compressors."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optlib as ol
from optlib.methods import cluster as clusters
from optlib.steps.compressors import nbytes

RNG = np.random.default_rng(0)
X = RNG.normal(size=(41, 4))
Y = (X @ RNG.normal(size=4) + RNG.normal(size=41) > 0).astype(float)
RISK = ol.EmpiricalRisk(ol.losses.Logistic(), X, Y, ol.penalties.L2(0.1))
IDENTITY, TOP, SIGN = ol.compressors.Identity(), ol.compressors.TopK(2), ol.compressors.Sign()
FIELDS = {"workers": 3, "lr": ol.schedules.InverseSqrt(0.5)}


def written_out(compress, H, feedback, T, N=3, lr=FIELDS["lr"]):
    """The formula of the docstring, in the words of the chapter."""
    x, rows, path = np.ones(4), np.array_split(np.arange(41), N), [np.ones(4)]
    e = np.zeros((N, 4))
    for t in range(T):
        mean = np.zeros(4)
        for i, own in enumerate(rows):
            y = x
            for _ in range(H):
                y = y - lr(t) * RISK.part(own).grad(y)
            m = compress(x - y + e[i])
            if feedback:
                e[i] = x - y + e[i] - m
            mean += len(own) / 41 * m
        x = x - mean
        path.append(x)
    return path


@pytest.mark.parametrize("feedback", [True, False])
@pytest.mark.parametrize("H", [1, 3])
@pytest.mark.parametrize("compressor", [IDENTITY, TOP, SIGN], ids=["identity", "top-k", "sign"])
def test_iterates_are_those_of_the_formula(compressor, H, feedback):
    method = ol.DistributedSGD(**FIELDS, local_steps=H, compressor=compressor, feedback=feedback)
    run = ol.minimize(RISK, np.ones(4), method, tol=0, maxiter=12)
    assert np.allclose(run.history.x, written_out(compressor, H, feedback, 12), rtol=1e-12, atol=1e-14)
    assert np.allclose(run.history.step[:-1], [0.5 / np.sqrt(t + 1) for t in range(12)])
    assert run.history.fun[-1] == RISK(run.x)
    message = nbytes(compressor.compress(np.ones(4)))
    assert run.history.extras["up"].tolist() == [3 * message * t for t in range(13)]
    assert run.history.extras["down"].tolist() == [3 * 32 * t for t in range(13)]


@pytest.mark.parametrize("workers", [1, 4, 41])
def test_data_parallel_is_gradient_descent_whatever_the_number_of_workers(workers):
    a = ol.minimize(RISK, np.ones(4), ol.DistributedSGD(workers, 0.5), tol=0, maxiter=20)
    b = ol.minimize(RISK, np.ones(4), ol.GradientDescent(0.5), tol=0, maxiter=20)
    assert np.allclose(a.history.x, b.history.x, rtol=1e-12)


def parts_seen(oracle, method, maxiter):
    """Which rows the workers asked for, round by round."""
    seen = []

    def fun(x, rows):
        seen.append(rows.tolist())
        return float(x @ x), 2 * x

    problem = ol.FiniteSum(fun, 41, jac=True)
    ol.minimize(oracle(problem), np.ones(4), method, tol=0, maxiter=maxiter)
    return [rows for rows in seen if len(rows) == 3]  # the record's own batches have 7 or 41


@pytest.mark.parametrize("replace", [True, False])
def test_batches_are_shared_out_and_depend_on_seed_worker_and_step_alone(replace):
    method = ol.DistributedSGD(3, 0.1, local_steps=2)

    def draw(seed, method=method, maxiter=5):
        return parts_seen(lambda p: p.minibatch(7, seed=seed, replace=replace), method, maxiter)

    rows = draw(1)
    assert len(rows) == 5 * 3 * 2
    assert rows == draw(1)
    assert rows != draw(2)
    assert draw(np.random.SeedSequence(1)) == rows
    assert len({tuple(sorted(r)) for r in rows}) > 20
    assert draw(None) != draw(None)
    for r in range(5):
        for i, own in enumerate(np.array_split(np.arange(41), 3)):
            for batch in rows[6 * r + 2 * i : 6 * r + 2 * i + 2]:
                assert set(batch) <= set(own.tolist())
                assert replace or len(set(batch)) == 3
    # fewer rounds of more steps see the same batches: worker 0's first six
    longer = draw(1, ol.DistributedSGD(3, 0.1, local_steps=6), 1)
    assert longer[:6] == [batch for r in range(3) for batch in rows[6 * r : 6 * r + 2]]


def test_each_sample_is_drawn_equally_often():
    counts = np.zeros(41)
    for seed in range(60):
        for rows in parts_seen(lambda p, s=seed: p.minibatch(7, seed=s), ol.DistributedSGD(3, 0.1), 10):
            counts[rows] += 1
    expected = 600 * 3 / np.repeat([14, 14, 13], [14, 14, 13])
    assert (np.abs(counts / expected - 1) < 5 / np.sqrt(expected)).all()


def test_a_batch_larger_than_a_block_is_the_block():
    a = ol.minimize(RISK.minibatch(41, seed=0), np.ones(4), ol.DistributedSGD(5, 0.5), tol=0, maxiter=5)
    b = ol.minimize(RISK, np.ones(4), ol.DistributedSGD(5, 0.5), tol=0, maxiter=5)
    assert np.allclose(a.x, b.x, rtol=1e-12)


def test_bringing_errors_to_safety_changes_nothing(monkeypatch):
    method = ol.DistributedSGD(**FIELDS, compressor=TOP)
    a = ol.minimize(RISK, np.ones(4), method, tol=0, maxiter=10)
    monkeypatch.setattr(clusters, "SAFE", 1)
    b = ol.minimize(RISK, np.ones(4), method, tol=0, maxiter=10)
    assert np.array_equal(a.history.x, b.history.x)


def test_one_worker_that_sends_all_is_sgd_on_its_batches():
    stochastic = RISK.minibatch(5, seed=3, every=1)
    run = ol.minimize(stochastic, np.zeros(4), ol.DistributedSGD(1, 0.2), tol=0, maxiter=30)
    assert run.fun < RISK(np.zeros(4))
    assert run.history.fun[-1] == RISK(run.x)
    assert run.nfev == 31  # the record's alone


# --- Compressors ----------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 40))
def test_top_k_is_the_nearest_vector_with_k_entries(seed, d, k):
    v = np.random.default_rng(seed).normal(size=d)
    c = ol.compressors.TopK(k)(v)
    assert np.count_nonzero(c) == min(k, d)
    assert np.array_equal(c[c != 0], v[c != 0])
    assert np.sum((c - v) ** 2) == pytest.approx(np.sum(np.sort(v**2)[: max(d - k, 0)]), abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_sign_is_the_nearest_vector_with_these_signs_and_one_modulus(seed, d):
    v = np.random.default_rng(seed).normal(size=d)
    c = ol.compressors.Sign()(v)
    assert np.array_equal(np.sign(c), np.sign(v))
    assert np.allclose(np.abs(c), np.abs(v).mean(), rtol=1e-14)
    for scale in (0.9, 1.1):
        assert np.sum((scale * c - v) ** 2) > np.sum((c - v) ** 2)


def test_what_travels():
    v = RNG.normal(size=650)
    for compressor, size in ((IDENTITY, 8 * 650), (ol.compressors.TopK(13), 12 * 13), (SIGN, 82 + 8)):
        message = compressor.compress(v)
        assert nbytes(message) == size
        assert np.array_equal(compressor.expand(pickle.loads(pickle.dumps(message)), 650), compressor(v))


def test_ties_and_zeros():
    assert ol.compressors.TopK(2)(np.array([1.0, -1.0, 1.0])).tolist() == [1.0, -1.0, 0.0]
    assert SIGN(np.array([0.0, 3.0, 0.0])).tolist() == [1.0, 1.0, 1.0]
    assert SIGN(np.zeros(9)).tolist() == [0.0] * 9
    assert ol.compressors.TopK(5)(np.zeros(2)).tolist() == [0.0, 0.0]
