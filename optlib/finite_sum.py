r"""Finite sums, :math:`f(x) = \frac1n\sum_{i=1}^n f_i(x)`, and the minibatch oracle that sees a few terms at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from optlib import checks
from optlib.problem import Problem
from optlib.typing import Array, Matrix


class FiniteSum(Problem):
    r"""A mean of n terms, :math:`f(x) = \frac1n\sum_{i=1}^n f_i(x)`, any part of which can be evaluated alone.

    Parameters
    ----------
    fun : callable
        ``fun(x, rows) -> float``, the mean of :math:`f_i(x)` over the index array ``rows``; if ``jac`` is True,
        the pair of value and gradient.
    n_samples : int
        n, the number of terms.
    jac, hess, hessp : callable, optional
        As for :class:`Problem`, with ``rows`` as last argument.

    Raises
    ------
    TypeError, ValueError
        If ``n_samples`` is no positive integer; else as :class:`Problem`.

    Examples
    --------
    >>> a = np.array([1.0, 2.0, 6.0])
    >>> p = ol.FiniteSum(lambda x, rows: (0.5 * ((x - a[rows]) ** 2).mean(), x - a[rows].mean()), 3, jac=True)
    >>> p.grad([0.0]), p.part([0, 1]).grad([0.0])
    (array([-3.]), array([-1.5]))
    """

    n_samples: int

    def __init__(
        self,
        fun: Callable[..., Any],
        n_samples: int,
        jac: Callable[..., Any] | bool | None = None,
        hess: Callable[..., Any] | None = None,
        hessp: Callable[..., Any] | None = None,
    ) -> None:
        self.n_samples = checks.natural("n_samples", n_samples, least=1)
        super().__init__(fun, jac, hess, hessp, args=(np.arange(n_samples),))

    def part(self, rows: Any) -> FiniteSum:
        """The mean of these terms alone; ``rows`` is a slice or an array of indices."""
        rows = self._args[0][rows]
        part = FiniteSum(self._fun, len(rows), self._jac, self._hess, self._hessp)
        part._args = (rows,)
        return part

    def minibatch(
        self, batch_size: int, seed: Any = None, replace: bool = False, every: int | None = None
    ) -> Minibatches:
        r"""The stochastic oracle of f: each iteration sees the mean over another batch :math:`B_t` of the terms.

        .. math:: \hat\nabla f_t(x) = \frac1{|B_t|} \sum_{i\in B_t} \nabla f_i(x), \qquad
                  \mathbb E\,\hat\nabla f_t(x) = \nabla f(x).

        Every first-order method runs on it as on the full objective. A new batch is drawn by each
        ``value_and_grad``, which a method calls once an iteration; ``p(x)``, ``grad``, ``hess`` and ``hessp``
        answer on the batch drawn last, so that a line search compares values of one and the same function.

        Parameters
        ----------
        batch_size : int
            From 1 to n. Without replacement the last batch of an epoch may be smaller.
        seed : int, numpy.random.SeedSequence or None
            Each run starts the same sequence of batches anew; with None, each run has one of its own.
        replace : bool
            False: the terms are shuffled once an epoch and taken block by block. True: each batch is drawn
            independently, uniformly with replacement, as the theory of the stochastic gradient assumes.
        every : int, optional
            How many iterations lie between two evaluations of the full objective, for the history and ``tol``;
            by default one epoch, :math:`\lceil n / |B| \rceil`.

        Raises
        ------
        TypeError, ValueError
            If ``batch_size`` is not an integer from 1 to n, or ``every`` no positive integer.

        Examples
        --------
        >>> risk = ol.EmpiricalRisk(ol.losses.Squared(), np.ones((6, 1)), np.arange(6.0))
        >>> result = ol.minimize(risk.minibatch(2, seed=0), [0.0], ol.HeavyBall(lr=0.1, beta=0.0), maxiter=12)
        >>> result.history.nit, result.njev
        (array([ 0,  3,  6,  9, 12]), 13)
        """
        return Minibatches(self, batch_size, seed, replace, every)


class Minibatches(Problem):
    """What :meth:`FiniteSum.minibatch` returns; ``full`` is the whole objective."""

    full: FiniteSum
    batch: Problem | None  #: the batch drawn last

    def __init__(
        self, full: FiniteSum, batch_size: int, seed: Any = None, replace: bool = False, every: int | None = None
    ) -> None:
        n = full.n_samples
        if checks.natural("batch_size", batch_size, least=1) > n:
            raise ValueError(f"batch_size must be at most n_samples = {n}, got {batch_size!r}")
        self.full, self.batch_size, self.replace = full, batch_size, bool(replace)
        self.every = -(-n // batch_size) if every is None else checks.natural("every", every, least=1)
        self.dimension = full.dimension
        try:
            np.random.default_rng(seed)
        except (TypeError, ValueError) as error:
            raise ValueError(f"seed must be a non-negative integer, a SeedSequence or None, got {seed!r}") from error
        self.seed = seed
        hess, hessp = (
            None if full.lacks(name) else call
            for name, call in (("hess", self._batch_hess), ("hessp", self._batch_hessp))
        )
        super().__init__(self._value, hess=hess, hessp=hessp)
        self._restart()

    def value_and_grad(self, x: Any) -> tuple[float, Array]:
        """The value and the gradient at x on the next batch, which is drawn here."""
        self.batch = self._next()
        self._x = None  # what is remembered belongs to the batch before
        return super().value_and_grad(x)

    @contextmanager
    def run(self, on: bool = True) -> Iterator[None]:
        """While a method runs; a run starts the sequence of batches anew."""
        if on and not self._in_run:
            self._restart()
        with super().run(on):
            yield

    def _restart(self) -> None:
        self._batches = self._draw()
        self.batch = None

    def _next(self) -> Problem:
        batch = next(self._batches)
        batch._in_run = True  # the points it is asked for are this oracle's own
        return batch

    def _drawn(self) -> Problem:
        if self.batch is None:
            self.batch = self._next()
        return self.batch

    def _draw(self) -> Iterator[Problem]:
        rng, n = np.random.default_rng(self.seed), self.full.n_samples
        while True:
            if self.replace:
                yield self.full.part(rng.integers(n, size=self.batch_size))
                continue
            shuffled = self.full.part(rng.permutation(n))
            for first in range(0, n, self.batch_size):  # blocks of shuffled data are views: cheaper than picking rows
                yield shuffled.part(slice(first, first + self.batch_size))

    # The batch evaluates, this oracle counts.
    def _value(self, x: Array) -> float:
        self.nfev += 1
        return self._drawn()(x)

    def _gradient(self, x: Array) -> Array:
        self.njev += 1
        return self._drawn().grad(x)

    def _value_and_gradient(self, x: Array) -> tuple[float, Array]:
        self.nfev += 1
        self.njev += 1
        return self._drawn().value_and_grad(x)

    def _batch_hess(self, x: Array) -> Matrix:
        return self._drawn().hess(x)

    def _batch_hessp(self, x: Array, v: Array) -> Array:
        return self._drawn().hessp(x, v)
