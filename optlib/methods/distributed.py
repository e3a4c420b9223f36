"""Distributed SGD: many workers, each with its own data, and what they send (chapter `distributed`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from operator import itemgetter
from typing import Any

import numpy as np

from optlib import checks
from optlib.finite_sum import FiniteSum, Minibatches
from optlib.methods.base import Iterate, Method
from optlib.methods.cluster import Cluster, blocks
from optlib.problem import Problem, norm
from optlib.steps.compressors import Compressor, Identity, Message, nbytes
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule

State = tuple[Message | None, Array]  # what a worker's last round left: its message and its error
message_of = itemgetter(0)


@dataclass(frozen=True)
class DistributedSGD(Method):
    r"""Stochastic gradient descent by N workers and a server. Worker i holds a block of :math:`n_i` samples, whose mean
    is :math:`f_i`. In a round it receives x, makes H steps of its own, and sends what they moved, compressed:

    .. math:: \Delta_i &\leftarrow \Delta_i + \eta_t\hat\nabla f_i(x_t - \Delta_i), \quad H \text{ times, from }
              \Delta_i = 0, \\
              m_i &= C(\Delta_i + e_i), \qquad e_i \leftarrow \Delta_i + e_i - m_i, \\
              x_{t+1} &= x_t - \sum_i \tfrac{n_i}{n} m_i .

    H = 1 without compression is data-parallel SGD, H > 1 local SGD; with a compressor, :math:`e_i` is the error
    feedback (:math:`e_i = 0` throughout without ``feedback``).

    The blocks are those of :class:`optlib.ConsensusADMM`, consecutive rows. On a finite sum each gradient is that of
    the whole block. On ``risk.minibatch(batch_size, ...)`` the workers share the batch size: each draws batch_size / N
    samples, rounded up, of its block anew at each step, with or without replacement as the oracle says, from its seed.

    ``optimality`` is the gradient norm at x. ``extras`` holds ``up`` and ``down``, the bytes sent so far by all workers
    and to all workers: messages as they are (see :mod:`optlib.compressors`), and x, 8 bytes a number to each worker.
    Value and gradient for the record are evaluated where the method is called; they and the data's first way to the
    workers are not in these bytes, nor what the workers evaluate in ``nfev`` and ``njev``.

    Parameters
    ----------
    workers : int
        N, at most the number of samples.
    lr : float or schedule
        :math:`\eta_t > 0`, the step of all local steps of round t.
    local_steps : int
        H, the number of local steps in a round.
    compressor : Compressor
        C, from :mod:`optlib.compressors`.
    feedback : bool
        Whether a worker adds what it has not sent to its next message.
    client : dask.distributed.Client, optional
        Where the workers' tasks run; by default in this process, one after the other. The result does not depend on
        it, nor on how many processes there are or which of them die (to the last bit where their arithmetic is the
        same: processor, NumPy, number of BLAS threads).

    Raises
    ------
    TypeError, ValueError
        If one of them is outside its range; on a problem that is no finite sum, or one with fewer samples than workers.

    Notes
    -----
    Sources: S. U. Stich (2019), doi:10.48550/arXiv.1805.09767, for local steps; S. P. Karimireddy, Q. Rebjock, S. U.
    Stich, M. Jaggi (2019), doi:10.48550/arXiv.1901.09847, for error feedback; both at once as in D. Basu, D. Data, C.
    Karakus, S. Diggavi (2019), doi:10.48550/arXiv.1906.02367.

    Examples
    --------
    >>> X, y = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([2.0, 4.0, 6.0, 8.0])
    >>> risk = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
    >>> result = ol.minimize(risk, [0.0], ol.DistributedSGD(workers=2, lr=0.1))
    >>> result.x.round(5), result.extras["up"] == 2 * 8 * result.nit
    (array([2.]), True)
    """

    workers: int = 4
    lr: float | Schedule = 1e-2
    local_steps: int = 1
    compressor: Compressor = field(default_factory=Identity)
    feedback: bool = True
    client: Any = None

    def __post_init__(self) -> None:
        checks.natural("workers", self.workers, least=1)
        as_schedule(self.lr)
        checks.natural("local_steps", self.local_steps, least=1)
        checks.instance(
            "compressor", self.compressor, Compressor, "a compressor of optlib.compressors, such as TopK(5)"
        )
        checks.instance("feedback", self.feedback, bool, "True or False")
        Cluster(self.client)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        N, cluster, lr = self.workers, Cluster(self.client), as_schedule(self.lr)
        parts, weights = blocks(problem.full or problem, N, "workers", self)
        plan = replace(self, lr=1.0, client=None)  # what a worker has to know
        eta, up, down = math.nan, 0, 0
        states: list[Any] = []
        for t in count():
            f, g = problem.value_and_grad(x)  # for the record alone
            yield Iterate(x, f, g, norm(g), eta, {"up": up, "down": down})
            if not states:
                shards = [cluster.keep(part) for part in parts]
                draws = [_Draw.of(problem, i, N) for i in range(N)]
                states = [cluster.keep((None, np.zeros_like(x)))] * N
            eta = lr(t)
            states = [
                cluster.submit(one_round, plan, shard, state, draw, x, eta, t)
                for shard, state, draw in zip(shards, states, draws, strict=True)
            ]
            sent = cluster.gather(cluster.submit(message_of, s) for s in states)
            states = cluster.secure(states, t)
            for weight, m in zip(weights, sent, strict=True):  # in this order
                x = x - weight * self.compressor.expand(m, x.size)
                up, down = up + nbytes(m), down + x.nbytes


def one_round(
    plan: DistributedSGD,
    shard: FiniteSum,
    state: State,
    draw: _Draw | None,
    x: Array,
    eta: float,
    t: int,
) -> State:
    """A worker's round t: its message, and the error that stays with it.

    A pure function, which another process can repeat if this one dies.
    """
    H, C, e = plan.local_steps, plan.compressor, state[1]
    delta = np.zeros_like(x)
    for k in range(t * H, (t + 1) * H):
        batch = shard if draw is None else draw(shard, k)
        delta = delta + eta * batch.grad(x - delta)
    m = C.compress(delta + e)
    return m, delta + e - C.expand(m, x.size) if plan.feedback else e


@dataclass(frozen=True)
class _Draw:
    """The batch of a worker at its step k: a function of the seed, the worker and k alone."""

    seed: tuple[int, ...]
    size: int
    replace: bool

    @classmethod
    def of(cls, problem: Problem, i: int, N: int) -> _Draw | None:
        """Worker i's share of the batches of a minibatch oracle; None where there is nothing to draw."""
        if not isinstance(problem, Minibatches):
            return None
        seed = problem.seed
        root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        return cls((*map(int, root.generate_state(4)), i), -(-problem.batch_size // N), problem.replace)

    def __call__(self, shard: FiniteSum, k: int) -> FiniteSum:
        n, rng = shard.n_samples, np.random.default_rng((*self.seed, k))
        size = self.size if self.replace else min(self.size, n)
        return shard.part(rng.choice(n, size, replace=self.replace, shuffle=False))
