"""The alternating direction method of multipliers, and its consensus form (chapter `admm`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import splu

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.methods.cluster import Cluster, blocks
from optlib.methods.driver import run
from optlib.methods.proximal import finite_start
from optlib.methods.quasi_newton import LBFGS
from optlib.objectives.classics import Quadratic
from optlib.objectives.losses import Squared
from optlib.objectives.penalties import Penalty, Zero
from optlib.objectives.risk import EmpiricalRisk
from optlib.problem import Problem, norm
from optlib.typing import Array, Matrix

Prox = Callable[[Array, Array, float], Array]  # (v, where to start, gradient norm to reach) -> prox of f at v


@dataclass(frozen=True)
class ADMM(Method):
    r"""ADMM for :math:`F = f + g`, split as min f(x) + g(z) subject to x = z, in scaled form with :math:`u_0 = 0`,

    .. math:: x_{t+1} &= \arg\min_x\; f(x) + \tfrac\rho2\|x - z_t + u_t\|^2 = \mathrm{prox}_{f/\rho}(z_t - u_t), \\
              z_{t+1} &= \mathrm{prox}_{g/\rho}(x_{t+1} + u_t), \\
              u_{t+1} &= u_t + x_{t+1} - z_{t+1}.

    The iterate reported is z, which has the exact zeros of the prox or lies in the set, with ``fun`` :math:`= F(z_t)`
    and ``grad`` :math:`= \nabla f(z_t)`. ``optimality`` is the larger of the primal residual :math:`\|x_t - z_t\|_2`
    and the dual residual :math:`\rho\|z_t - z_{t-1}\|_2`; at the start, where there is none, the norm of the gradient
    mapping with step :math:`1/\rho`. ``extras`` holds ``x``, ``z``, ``u``, ``primal`` and ``dual``; ``step`` is
    :math:`1/\rho`.

    The step in x is exact for :class:`optlib.Quadratic` and for least squares, by one factorisation, and for a problem
    with a method ``prox(v, t)`` of its own; else it is an inner minimisation by :class:`LBFGS` from the last x, to a
    gradient norm of a hundredth of the last residuals.

    Parameters
    ----------
    penalty : Penalty
        g, a penalty or a set.
    rho : float
        :math:`\rho > 0`; the limit does not depend on it, the speed does.

    Raises
    ------
    TypeError, ValueError
        If ``penalty`` is none, or ``rho`` not positive.

    Notes
    -----
    Source: S. Boyd, N. Parikh, E. Chu, B. Peleato, J. Eckstein (2011), doi:10.1561/2200000016, section 3.1.1.

    Examples
    --------
    >>> lasso = ol.EmpiricalRisk(ol.losses.Squared(), np.eye(2), [3.0, 0.5])
    >>> result = ol.minimize(lasso, [0.0, 0.0], ol.ADMM(ol.penalties.L1(0.5), rho=0.5))
    >>> result.x.round(5)
    array([2., 0.])
    """

    penalty: Penalty
    rho: float = 1.0

    def __post_init__(self) -> None:
        _check(self.penalty, self.rho)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        g, rho, step = self.penalty, self.rho, 1 / self.rho
        x = z = finite_start(g, x)
        u = np.zeros_like(x)
        f, slope = problem.value_and_grad(z)
        primal, dual = 0.0, rho * norm(z - g.prox(z - step * slope, step))
        prox: Prox | None = None
        for t in count():
            extras = {"x": x, "z": z, "u": u, "primal": primal, "dual": dual}
            yield Iterate(z, f + g(z), slope, max(primal, dual), step if t else math.nan, extras)
            prox = prox or prox_of(problem, step)
            before = z
            x = prox(z - u, x, 0.01 * max(rho * primal, dual))
            z = g.prox(x + u, step)
            u = u + x - z
            primal, dual = norm(x - z), rho * norm(z - before)
            f, slope = problem.value_and_grad(z)


@dataclass(frozen=True)
class ConsensusADMM(Method):
    r"""ADMM on a finite sum whose N blocks each keep to their own data and agree on z,

    .. math:: x_i &= \arg\min_x\; \tfrac{n_i}{n} f_i(x) + \tfrac\rho2\|x - z + u_i\|^2, \qquad i = 1, \dots, N, \\
              z &= \mathrm{prox}_{g/(N\rho)}\Bigl(\tfrac1N\sum_i (x_i + u_i)\Bigr), \qquad
              u_i \leftarrow u_i + x_i - z,

    where :math:`f_i` is the mean over the :math:`n_i` samples of block i: what is exchanged is :math:`x_i + u_i` and z.
    Everything else is as for :class:`ADMM`, with the residuals :math:`(\sum_i\|x_i - z\|^2)^{1/2}` and
    :math:`\rho\sqrt N\,\|z_t - z_{t-1}\|`; in ``extras`` ``x`` and ``u`` have shape (N, n). What the blocks evaluate is
    not counted.

    Parameters
    ----------
    blocks : int
        N, at most the number of samples.
    rho : float
        :math:`\rho > 0`.
    penalty : Penalty
        g, none by default.
    client : dask.distributed.Client, optional
        Where the blocks' tasks run, as for :class:`optlib.DistributedSGD`; by default in this process. A block is sent
        :math:`z - u_i` and sends :math:`x_i`, each time 8 bytes a number.

    Raises
    ------
    TypeError, ValueError
        If ``blocks`` is no positive integer, ``rho`` not positive, ``penalty`` none or ``client`` no Dask client; on a
        problem that is no finite sum, or one with fewer samples than blocks.

    Notes
    -----
    Source: S. Boyd, N. Parikh, E. Chu, B. Peleato, J. Eckstein (2011), doi:10.1561/2200000016, section 7.1.

    Examples
    --------
    >>> X, y = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([2.0, 4.0, 6.0, 8.0])
    >>> risk = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
    >>> ol.minimize(risk, [0.0], ol.ConsensusADMM(blocks=2)).x.round(5)
    array([2.])
    """

    blocks: int = 4
    rho: float = 1.0
    penalty: Penalty = field(default_factory=Zero)
    client: Any = None

    def __post_init__(self) -> None:
        checks.natural("blocks", self.blocks, least=1)
        _check(self.penalty, self.rho)
        Cluster(self.client)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        parts, weights = blocks(problem, self.blocks, "blocks", self)
        N, cluster = self.blocks, Cluster(self.client)
        g, rho, step = self.penalty, self.rho, 1 / (N * self.rho)
        z = finite_start(g, x)
        xs, us = np.tile(z, (N, 1)), np.zeros((N, z.size))
        f, slope = problem.value_and_grad(z)
        primal, dual = 0.0, norm(z - g.prox(z - step * slope, step)) / step
        proxes: list[Any] = []
        for t in count():
            extras = {"x": xs, "z": z, "u": us, "primal": primal, "dual": dual}
            yield Iterate(z, f + g(z), slope, max(primal, dual), 1 / rho if t else math.nan, extras)
            if not proxes:
                proxes = [
                    cluster.submit(prox_of, cluster.keep(part), weight / rho)
                    for part, weight in zip(parts, weights, strict=True)
                ]
                solved = [cluster.keep(x) for x in xs]
            before, tol = z, 0.01 * max(rho * primal, dual) / N
            solved = [
                cluster.submit(_apply, prox, v, last, tol) for prox, v, last in zip(proxes, z - us, solved, strict=True)
            ]
            solved = cluster.secure(solved, t)
            xs = np.array(cluster.gather(solved))
            z = g.prox((xs + us).mean(axis=0), step)
            us = us + xs - z
            primal, dual = norm((xs - z).ravel()), rho * math.sqrt(N) * norm(z - before)
            f, slope = problem.value_and_grad(z)


def _apply(prox: Prox, v: Array, start: Array, tol: float) -> Array:
    return prox(v, start, tol)


def _check(penalty: Penalty, rho: float) -> None:
    checks.instance("penalty", penalty, Penalty, "a penalty of optlib.penalties or a set of optlib.sets")
    checks.positive("rho", rho)


def prox_of(problem: Problem, t: float) -> Prox:
    r"""The proximal map of f, :math:`v \mapsto \arg\min_x f(x) + \frac{1}{2t}\|x - v\|^2`, prepared for many v."""
    if hasattr(problem, "prox"):
        return lambda v, start, tol: problem.prox(v, t)
    if isinstance(problem, Quadratic):
        if problem.A.ndim == 1:
            if (problem.A + 1 / t <= 0).any():
                raise np.linalg.LinAlgError("A + rho I is not positive definite")
            return lambda v, start, tol: (problem.b + v / t) / (problem.A + 1 / t)
        solve = _factorised(problem.A + np.eye(len(problem.A)) / t)
        return lambda v, start, tol: solve(problem.b + v / t)
    if isinstance(problem, EmpiricalRisk) and isinstance(problem.loss, Squared):
        return _prox_of_least_squares(problem, t)

    def prox(v: Array, start: Array, tol: float) -> Array:
        def fun(x: Array) -> tuple[float, Array]:
            f, g = problem.value_and_grad(x)
            return f + float((x - v).dot(x - v)) / (2 * t), g + (x - v) / t

        return np.asarray(run(LBFGS().iterate(Problem(fun, jac=True), start), start, tol=tol, maxiter=1000).x)

    return prox


def _prox_of_least_squares(risk: EmpiricalRisk, t: float) -> Prox:
    """(X'X/n + a I) x = X'y/n + v/t with a = 1/t + mu, or by Woodbury's identity where n < d."""
    X, n, a = risk.X, risk.n_samples, 1 / t + risk.penalty.curvature
    eye = sparse.eye_array if sparse.issparse(X) else np.eye
    q = X.T @ risk.y / n
    if n >= X.shape[1]:
        solve = _factorised(X.T @ X / n + a * eye(X.shape[1]))
        return lambda v, start, tol: solve(q + v / t)
    solve = _factorised(X @ X.T + n * a * eye(n))

    def prox(v: Array, start: Array, tol: float) -> Array:
        b = q + v / t
        return np.asarray((b - X.T @ solve(X @ b)) / a)

    return prox


def _factorised(A: Matrix) -> Callable[[Array], Array]:
    """b -> the solution of A x = b, A symmetric and positive definite."""
    if sparse.issparse(A):
        return splu(A.tocsc()).solve  # type: ignore[no-any-return]
    factor = cho_factor(A)
    return lambda b: cho_solve(factor, b)
