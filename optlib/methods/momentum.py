"""Momentum: the heavy ball and Nesterov's look-ahead (chapter `momentum`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.problem import Problem, norm
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule


@dataclass(frozen=True)
class HeavyBall(Method):
    r"""Polyak's heavy ball, with velocity v starting at 0,

    .. math:: v_{t+1} = \beta v_t + \nabla f(x_t), \qquad x_{t+1} = x_t - \eta_t v_{t+1}.

    ``optimality`` is the gradient norm :math:`\|\nabla f(x_t)\|_2`. Variant: no dampening, the learning rate
    outside the velocity (as in torch.optim.SGD).

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`.
    beta : float
        :math:`\beta \in [0, 1)`; 0 is gradient descent.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, or ``beta`` lies outside [0, 1).

    Notes
    -----
    Source: B. T. Polyak (1964), doi:10.1016/0041-5553(64)90137-5.

    Examples
    --------
    >>> result = ol.minimize(ol.Quadratic([1.0, 100.0]), [1.0, 1.0], ol.HeavyBall(lr=0.03, beta=0.7))
    >>> result.success, result.nit
    (True, 101)
    """

    lr: float | Schedule = 1e-2
    beta: float = 0.9

    def __post_init__(self) -> None:
        as_schedule(self.lr)
        checks.fraction("beta", self.beta, zero=True)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, eta, v = as_schedule(self.lr), math.nan, np.zeros_like(x)
        for t in count():
            f, g = problem.value_and_grad(x)
            yield Iterate(x, f, g, norm(g), eta)
            eta = lr(t)
            v = self.beta * v + g
            x = x - eta * v


@dataclass(frozen=True)
class Nesterov(Method):
    r"""Nesterov's accelerated gradient in look-ahead form, with velocity v starting at 0,

    .. math:: y_t = x_t - \eta_t \beta v_t, \qquad v_{t+1} = \beta v_t + \nabla f(y_t), \qquad
              x_{t+1} = x_t - \eta_t v_{t+1}.

    The iterate reported is the look-ahead point :math:`y_t`, the one place where value and gradient are asked
    for, so that an iteration costs one gradient; :math:`x_{t+1} = y_t - \eta_t\nabla f(y_t)`. ``optimality``
    is :math:`\|\nabla f(y_t)\|_2`. Variant: constant beta (torch.optim.SGD with ``nesterov=True`` keeps y as
    its parameter).

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`, at most 1/L for an L-smooth f.
    beta : float
        :math:`\beta \in [0, 1)`; :math:`(\sqrt\kappa - 1)/(\sqrt\kappa + 1)` for a strongly convex f.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, or ``beta`` lies outside [0, 1).

    Notes
    -----
    Source: Y. Nesterov (2018), doi:10.1007/978-3-319-91578-4, section 2.2; this form: I. Sutskever, J. Martens,
    G. Dahl, G. Hinton (2013), Proc. ICML, PMLR 28(3), 1139-1147.

    Examples
    --------
    >>> result = ol.minimize(ol.Quadratic([1.0, 100.0]), [1.0, 1.0], ol.Nesterov(lr=0.01, beta=9 / 11))
    >>> result.success, result.nit
    (True, 157)
    """

    lr: float | Schedule = 1e-2
    beta: float = 0.9

    def __post_init__(self) -> None:
        as_schedule(self.lr)
        checks.fraction("beta", self.beta, zero=True)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, eta, v = as_schedule(self.lr), math.nan, np.zeros_like(x)
        for t in count():
            last, eta = eta, lr(t)
            y = x - eta * self.beta * v
            f, g = problem.value_and_grad(y)
            yield Iterate(y, f, g, norm(g), last)
            v = self.beta * v + g
            x = x - eta * v
