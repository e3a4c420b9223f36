"""Momentum: the heavy ball and Nesterov's look-ahead (chapter `momentum`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.problem import Problem, norm
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule


def as_momentum(beta: float | Schedule) -> Schedule:
    """A number in [0, 1) becomes constant; of a callable each value is checked when it is asked for."""
    if not callable(beta):
        constant = checks.fraction("beta", beta, zero=True)
        return lambda t: constant
    schedule: Schedule = as_schedule(beta, "beta")

    def checked(t: int) -> float:
        value = schedule(t)
        return value if 0 <= value < 1 else checks.fraction(f"beta({t})", value, zero=True)

    checked(0)
    return checked


def next_theta(theta: float) -> float:
    r"""The larger root of :math:`\theta_{t+1}^2 - \theta_{t+1} = \theta_t^2`, which is at least
    :math:`\theta_t + \tfrac12`.

    Examples
    --------
    >>> from optlib.methods.momentum import next_theta
    >>> round(next_theta(1.0), 6)
    1.618034
    """
    return (1 + math.sqrt(1 + 4 * theta**2)) / 2


def fista_momentum() -> Callable[[int], float]:
    r"""The momentum of :class:`optlib.FISTA`, :math:`\beta_0 = 0` and :math:`\beta_t = (\theta_{t-1} - 1)/\theta_t`.

    :math:`\theta_0 = 1`, then :func:`next_theta`. Given to :class:`Nesterov` with a constant step it makes the same
    steps as ``FISTA(Zero(), step, restart=False)``. About :math:`(t - 1)/(t + 2)`, which is simpler and has the
    same theorem.
    Source: A. Beck, M. Teboulle (2009), doi:10.1137/080716542.

    Examples
    --------
    >>> from optlib.methods.momentum import fista_momentum
    >>> beta = fista_momentum()
    >>> [round(beta(t), 3) for t in range(4)]
    [0.0, 0.0, 0.282, 0.434]
    """
    theta = {0: 1.0}

    def beta(t: int) -> float:
        for k in range(len(theta), t + 1):
            theta[k] = next_theta(theta[k - 1])
        return (theta[t - 1] - 1) / theta[t] if t else 0.0

    return beta


@dataclass(frozen=True)
class HeavyBall(Method):
    r"""Polyak's heavy ball, with velocity v starting at 0,

    .. math:: v_{t+1} = \beta_t v_t + \nabla f(x_t), \qquad x_{t+1} = x_t - \eta_t v_{t+1}.

    ``optimality`` is the gradient norm :math:`\|\nabla f(x_t)\|_2`. Variant: no dampening, the learning rate
    outside the velocity (as in torch.optim.SGD).

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`.
    beta : float or callable
        :math:`\beta_t \in [0, 1)`: one number, or a function of t; 0 is gradient descent.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, or ``beta`` lies outside [0, 1). A callable ``beta`` is asked
        for t = 0 at once, and for each t as the run comes to it.

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
    beta: float | Schedule = 0.9

    def __post_init__(self) -> None:
        as_schedule(self.lr)
        as_momentum(self.beta)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, momentum = as_schedule(self.lr), as_momentum(self.beta)
        eta, v = math.nan, np.zeros_like(x)
        for t in count():
            f, g = problem.value_and_grad(x)
            yield Iterate(x, f, g, norm(g), eta)
            eta, beta = lr(t), momentum(t)
            v = beta * v + g
            x = x - eta * v


@dataclass(frozen=True)
class Nesterov(Method):
    r"""Nesterov's accelerated gradient in look-ahead form, with velocity v starting at 0,

    .. math:: y_t = x_t - \eta_t \beta_t v_t, \qquad v_{t+1} = \beta_t v_t + \nabla f(y_t), \qquad
              x_{t+1} = x_t - \eta_t v_{t+1}.

    The iterate reported is the look-ahead point :math:`y_t`, the one place where value and gradient are asked
    for, so that an iteration costs one gradient; :math:`x_{t+1} = y_t - \eta_t\nabla f(y_t)`. ``optimality``
    is :math:`\|\nabla f(y_t)\|_2`. Variant: torch.optim.SGD with ``nesterov=True``, whose parameter is y, for a
    constant beta and lr.

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`, at most 1/L for an L-smooth f.
    beta : float or callable
        :math:`\beta_t \in [0, 1)`: :math:`(\sqrt\kappa - 1)/(\sqrt\kappa + 1)` for a strongly convex f. For one that is
        convex and no more, a function of t, ``lambda t: max(t - 1, 0) / (t + 2)``.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, or ``beta`` lies outside [0, 1). A callable ``beta`` is asked
        for t = 0 at once, and for each t as the run comes to it.

    Notes
    -----
    Source: Y. Nesterov (2018), doi:10.1007/978-3-319-91578-4, section 2.2; this form: I. Sutskever, J. Martens,
    G. Dahl, G. Hinton (2013), Proc. ICML, PMLR 28(3), 1139-1147.

    Examples
    --------
    >>> result = ol.minimize(ol.Quadratic([1.0, 100.0]), [1.0, 1.0], ol.Nesterov(lr=0.01, beta=9 / 11))
    >>> result.success, result.nit
    (True, 157)
    >>> growing = ol.Nesterov(lr=0.01, beta=lambda t: max(t - 1, 0) / (t + 2))
    >>> ol.minimize(ol.Quadratic([1.0, 100.0]), [1.0, 1.0], growing, tol=1e-3).success
    True
    """

    lr: float | Schedule = 1e-2
    beta: float | Schedule = 0.9

    def __post_init__(self) -> None:
        as_schedule(self.lr)
        as_momentum(self.beta)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, momentum = as_schedule(self.lr), as_momentum(self.beta)
        eta, v = math.nan, np.zeros_like(x)
        for t in count():
            last, eta, beta = eta, lr(t), momentum(t)
            y = x - eta * beta * v
            f, g = problem.value_and_grad(y)
            yield Iterate(y, f, g, norm(g), last)
            v = beta * v + g
            x = x - eta * v
