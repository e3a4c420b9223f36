"""The distributed methods on Dask: the same bits as in this process, also when a worker process dies on the way."""

import os
import signal
import sys
import time
import warnings

import cloudpickle
import numpy as np
import pytest
from distributed import Client, LocalCluster

import optlib as ol
from optlib.methods import cluster as clusters

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # worker processes cannot import a test file
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
Y = (X @ RNG.normal(size=5) + RNG.normal(size=60) > 0).astype(float)
RISK = ol.EmpiricalRisk(ol.losses.Logistic(), X, Y, ol.penalties.L2(0.1))
LOCAL = {"workers": 3, "lr": ol.schedules.InverseSqrt(0.5), "local_steps": 2, "compressor": ol.compressors.TopK(2)}


def same(a, b):
    """The same iterates, to the last bit, and the same bytes."""
    assert a.nit == b.nit
    assert np.array_equal(a.history.x, b.history.x)
    assert all(np.array_equal(a.history.extras[name], b.history.extras[name]) for name in b.history.extras)


@pytest.fixture(autouse=True)
def time_limit():
    """A cluster that waits for ever is a failure, not a run without end. A loaded machine may take a minute."""

    def stop(signum, frame):
        raise TimeoutError("the cluster has not answered for five minutes")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def wait_until_gone(killed, client):
    """Until the scheduler no longer lists the killed process, which takes it a moment."""
    while True:
        try:
            if killed not in client.run(os.getpid).values():
                return
        except OSError:  # the scheduler still tried to reach it
            pass
        time.sleep(0.05)


@pytest.fixture
def in_process():
    """Dask's scheduler and one worker with two threads, all in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Couldn't detect a suitable IP")  # on a machine without a network
        with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
            yield client


def test_a_client_in_this_process_changes_no_bit(in_process):
    for oracle in (RISK, RISK.minibatch(9, seed=1, every=1)):
        runs = [ol.minimize(oracle, np.ones(5), m, tol=0, maxiter=6) for m in sgd(in_process)]
        same(*runs)
    runs = [
        ol.minimize(RISK, np.ones(5), ol.ConsensusADMM(3, 0.1, client=client), tol=0, maxiter=4)
        for client in (in_process, None)
    ]
    same(*runs)


def sgd(client):
    return [ol.DistributedSGD(**LOCAL, client=c) for c in (client, None)]


def test_an_error_of_a_worker_is_raised_where_the_method_runs(in_process):
    def fun(x, rows):
        if len(rows) < 4:
            raise ZeroDivisionError("a shard's own")
        return float(x @ x), 2 * x

    problem = ol.FiniteSum(fun, 4, jac=True)
    with pytest.raises(ZeroDivisionError, match="a shard's own"):
        ol.minimize(problem, [1.0], ol.DistributedSGD(2, client=in_process))


class Mine:
    """Kills the first worker process that steps on it, and nobody else. A file, as the processes share nothing else."""

    def __init__(self, path):
        self.path, self.home = path, os.getpid()
        path.touch()

    def step(self):
        if os.getpid() == self.home:
            return
        try:
            self.path.unlink()
        except FileNotFoundError:  # it is gone, or the other process was faster
            return
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_process_that_dies_costs_time_and_nothing_else(tmp_path, monkeypatch):
    """One of two is killed between two rounds, with its data and what it remembers; another in the midst of a task."""
    monkeypatch.setattr(clusters, "SAFE", 6)
    T, kill_at = 14, 8  # the errors were brought to safety after round 5: two rounds are lost
    minibatches = RISK.minibatch(9, seed=1, every=1)
    plain = ol.minimize(minibatches, np.ones(5), ol.DistributedSGD(**LOCAL), tol=0, maxiter=T)
    mine = Mine(tmp_path / "mine")

    def fun(x, rows):
        mine.step()
        batch = RISK.part(rows)
        return batch.value_and_grad(x)

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        first = set(client.run(os.getpid).values())
        killed, rounds = [], []

        def kill_one(intermediate_result):
            rounds.append(intermediate_result.nit)
            if intermediate_result.nit == kill_at:
                killed.append(min(client.run(os.getpid).values()))
                os.kill(killed[0], signal.SIGKILL)

        method = ol.DistributedSGD(**LOCAL, client=client)
        run = ol.minimize(minibatches, np.ones(5), method, tol=0, maxiter=T, callback=kill_one)
        assert rounds == list(range(1, T + 1))
        assert set(killed) <= first
        same(run, plain)
        wait_until_gone(killed[0], client)

        mined = ol.FiniteSum(fun, 60, jac=True)
        run = ol.minimize(mined, np.ones(5), ol.DistributedSGD(2, 0.5, client=client), tol=0, maxiter=3)
        assert not mine.path.exists()
        same(run, ol.minimize(mined, np.ones(5), ol.DistributedSGD(2, 0.5), tol=0, maxiter=3))
