"""Gradient descent (chapter `gradient-descent`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from optlib.methods.base import Iterate, Method
from optlib.problem import Problem, norm
from optlib.steps.line_search import StepRule, as_step
from optlib.typing import Array, Schedule


@dataclass(frozen=True)
class GradientDescent(Method):
    r"""Gradient descent, or steepest descent,

    .. math:: x_{t+1} = x_t - \eta_t \nabla f(x_t).

    ``optimality`` is the gradient norm :math:`\|\nabla f(x_t)\|_2`.

    Parameters
    ----------
    step : float, schedule or step rule
        :math:`\eta_t > 0`: a number, a callable ``t -> float`` or a rule of :mod:`optlib.line_search`. For
        an L-smooth f every constant below 2/L lowers f, and 1/L is the usual choice.

    Raises
    ------
    TypeError, ValueError
        If ``step`` is none of these, or not positive.

    Notes
    -----
    Source: A.-L. Cauchy (1847), *Méthode générale pour la résolution des systèmes d'équations simultanées*,
    C. R. Acad. Sci. Paris 25, 536-538; rates: Y. Nesterov (2018), doi:10.1007/978-3-319-91578-4, section 2.1.

    Examples
    --------
    >>> q = ol.Quadratic([1.0, 4.0])
    >>> result = ol.minimize(q, [1.0, 1.0], ol.GradientDescent(step=1 / q.lipschitz))
    >>> result.nit, result.x.round(6)
    (49, array([1.e-06, 0.e+00]))
    """

    step: float | Schedule | StepRule = 1e-2

    def __post_init__(self) -> None:
        as_step(self.step)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        step, eta = as_step(self.step), math.nan
        for t in count():
            f, g = problem.value_and_grad(x)
            yield Iterate(x, f, g, norm(g), eta)
            eta = step(problem, x, f, g, t)
            x = x - eta * g
