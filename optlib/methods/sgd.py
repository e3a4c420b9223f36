"""Stochastic gradient descent (chapter `stochastic-gradient`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.problem import Problem, norm
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule


@dataclass(frozen=True)
class SGD(Method):
    r"""Stochastic gradient descent,

    .. math:: x_{t+1} = x_t - \eta_t \hat\nabla f_t(x_t),

    with the gradient of whatever oracle it runs on: of the batch :math:`B_t` on ``risk.minibatch(...)``, of f itself
    on a full objective, where it is gradient descent. With ``average`` the point reported is Polyak and Ruppert's
    mean :math:`\bar x_t = \frac1{t+1}\sum_{k\le t} x_k`.

    ``optimality`` is the gradient norm at the point reported, on a minibatch oracle that of the full objective.

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`.
    average : bool
        Whether to report the mean of the points instead of the last; value and gradient are then asked for at the
        mean too, which doubles the cost of an iteration.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, or ``average`` is no bool.

    Notes
    -----
    Source: H. Robbins, S. Monro (1951), doi:10.1214/aoms/1177729586; averaging: B. T. Polyak, A. B. Juditsky (1992),
    doi:10.1137/0330046.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> risk = ol.EmpiricalRisk(ol.losses.Squared(), X, 2 * X[:, 0])
    >>> result = ol.minimize(risk.minibatch(2, seed=0), [0.0], ol.SGD(lr=0.05))
    >>> result.success, result.x.round(5)
    (True, array([2.]))
    """

    lr: float | Schedule = 1e-2
    average: bool = False

    def __post_init__(self) -> None:
        as_schedule(self.lr)
        checks.instance("average", self.average, bool, "True or False")

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, eta, mean = as_schedule(self.lr), math.nan, x
        for t in count():
            f, g = problem.value_and_grad(x)
            if self.average:
                mean = mean + (x - mean) / (t + 1)
                # on the same batch: only value_and_grad draws the next
                at_mean = problem.grad(mean)
                yield Iterate(mean, problem(mean), at_mean, norm(at_mean), eta)
            else:
                yield Iterate(x, f, g, norm(g), eta)
            eta = lr(t)
            x = x - eta * g
