"""Certificates: numbers that show that an answer, or a derivative, is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import entr

from optlib import checks
from optlib.methods.constrained import KKT, Function, Lagrangian
from optlib.objectives.losses import Logistic, Squared
from optlib.objectives.penalties import L1, ElasticNet, GroupL2, Penalty
from optlib.objectives.risk import EmpiricalRisk
from optlib.problem import Problem
from optlib.typing import Array


def check_gradient(problem: Problem, x: Any) -> float:
    r"""How far the gradient is from central differences: the relative error of the worst entry.

    .. math:: &\max_i \frac{|g_i - \delta_i|}{\max(1, \|g\|_\infty)}, \\
              &\delta_i = \frac{f(x + h_i e_i) - f(x - h_i e_i)}{2h_i}, \quad h_i = \epsilon^{1/3}\max(1, |x_i|).

    For a right gradient of a function of moderate size it is about 1e-10; above 1e-6 there is a mistake.

    Parameters
    ----------
    problem : Problem
    x : array of shape (n,)
        Not a point of symmetry: at 0 many wrong gradients agree.

    Raises
    ------
    TypeError, ValueError
        If ``problem`` is no Problem, or x is not a finite vector.

    Examples
    --------
    >>> bool(ol.check_gradient(ol.Rosenbrock(), [0.3, 0.4]) < 1e-8)
    True
    """
    checks.instance("problem", problem, Problem, "an optlib Problem")
    x = checks.vector("x", x)
    g = problem.grad(x)
    h = np.cbrt(np.finfo(float).eps) * np.maximum(1.0, np.abs(x))
    rise = [problem(x + step) - problem(x - step) for step in np.diag(h)]
    return float(np.abs(g - rise / (2 * h)).max() / max(1.0, np.abs(g).max()))


def gradient_mapping(problem: Problem, penalty: Penalty, x: Any, step: float) -> Array:
    r"""The gradient mapping of f + g, which is 0 exactly at its stationary points,

    .. math:: G_\eta(x) = \frac1\eta\bigl(x - \mathrm{prox}_{\eta g}(x - \eta\nabla f(x))\bigr).

    Without g it is the gradient of f.

    Parameters
    ----------
    problem : Problem
        The objective f.
    penalty : Penalty
        g: a penalty, or a set.
    x : array of shape (n,)
    step : float
        :math:`\eta > 0`; 1/L, where L is known.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, x not finite or ``step`` not positive.

    Examples
    --------
    >>> ol.gradient_mapping(ol.Quadratic([1.0, 1.0], [2.0, -1.0]), ol.sets.Nonnegative(), [0.0, 0.0], step=0.5)
    array([-2.,  0.])
    """
    checks.instance("problem", problem, Problem, "an optlib Problem")
    checks.instance("penalty", penalty, Penalty, "a penalty of optlib.penalties or a set of optlib.sets")
    x, eta = checks.vector("x", x), checks.positive("step", step)
    return (x - penalty.prox(x - eta * problem.grad(x), eta)) / eta


def duality_gap(problem: EmpiricalRisk, penalty: Penalty, x: Any) -> float:
    r"""A bound on the distance to the minimum: :math:`F(x) - F^* \le` the gap, and at a minimiser it is 0.

    For :math:`F(x) = \frac1n\sum_i \ell(x_i^\top x, y_i) + \frac{\mu}{2}\|x\|^2 + \lambda\,\Omega(x)` with a norm
    :math:`\Omega`, Fenchel's duality says for every :math:`u \in \mathbb{R}^n`, with v = :math:`-\frac1n X^\top u`,

    .. math:: F^* \ge -\frac1n\sum_i \ell^*(u_i, y_i) - \max_w \bigl(v^\top w - \tfrac{\mu}{2}\|w\|^2 -
              \lambda\,\Omega(w)\bigr).

    At the minimum :math:`u_i = \ell'(x_i^\top x, y_i)`; elsewhere this u is shrunk until the dual norm of v is at most
    :math:`\lambda`, which makes the maximum 0. With :math:`\mu > 0` u may stay as it is, and the better of both bounds
    counts. :math:`\ell^*(u, y)` is :math:`\frac12 u^2 + uy` for ``Squared``; for ``Logistic`` it is
    :math:`a\log a + (1-a)\log(1-a)` with :math:`a = -uy`.

    Parameters
    ----------
    problem : EmpiricalRisk
        With the loss ``Squared`` or ``Logistic``; mu is the strength of its own ``L2``, if it has one.
    penalty : Penalty
        ``L1``, ``ElasticNet`` or ``GroupL2``.
    x : array of shape (d,)

    Raises
    ------
    TypeError, ValueError
        For any other problem or penalty, saying which there are, or if x is no finite vector.

    Notes
    -----
    Source: S.-J. Kim, K. Koh, M. Lustig, S. Boyd, D. Gorinevsky (2007), doi:10.1109/JSTSP.2007.910971.

    Examples
    --------
    >>> lasso = ol.EmpiricalRisk(ol.losses.Squared(), np.eye(2), [3.0, 0.5])
    >>> [round(ol.duality_gap(lasso, ol.penalties.L1(0.5), x), 4) for x in ([2.0, 0.0], [0.0, 0.0])]
    [0.0, 1.0278]
    """
    known = isinstance(problem, EmpiricalRisk) and isinstance(problem.loss, Squared | Logistic)
    if not (known and isinstance(penalty, L1 | ElasticNet | GroupL2)):
        raise TypeError(
            "problem and penalty must be an EmpiricalRisk with the loss Squared or Logistic and one of L1, ElasticNet "
            f"and GroupL2, got {problem!r} and {penalty!r}"
        )
    x, y, mu = checks.vector("x", x), problem.y, problem.penalty.curvature
    u = problem.loss.derivative(problem.X @ x, y)
    v = -(problem.X.T @ u) / problem.n_samples
    if isinstance(penalty, GroupL2):
        sizes, limits = penalty.norms(v), penalty.lam * np.sqrt(np.unique(penalty.groups, return_counts=True)[1])
    elif isinstance(penalty, ElasticNet):
        sizes, limits, mu = np.abs(v), np.full_like(v, penalty.lam1), mu + penalty.lam2
    else:
        sizes, limits = np.abs(v), np.full_like(v, penalty.lam)

    def dual(s: float) -> float:
        """The lower bound that s u gives."""
        a = np.clip(-s * u * y, 0.0, 1.0)
        conjugate = -entr(a) - entr(1 - a) if isinstance(problem.loss, Logistic) else s * u * (0.5 * s * u + y)
        outside = np.maximum(s * sizes - limits, 0.0)
        return -float(conjugate.mean()) - (float(outside.dot(outside)) / (2 * mu) if mu and s == 1 else 0.0)

    above = sizes > limits
    best = dual(float((limits[above] / sizes[above]).min(initial=1.0)))
    return max(problem(x) + penalty(x) - (max(best, dual(1.0)) if mu else best), 0.0)


def kkt_residuals(
    problem: Problem,
    x: Any,
    ineq: Function | Sequence[Function] = (),
    eq: Function | Sequence[Function] = (),
    lam: Any = (),
    nu: Any = (),
) -> KKT:
    r"""How far x and its multipliers are from the Karush-Kuhn-Tucker conditions, as Euclidean norms of

    .. math:: &\nabla f(x) + \sum_i \lambda_i \nabla g_i(x) + \sum_j \nu_j \nabla h_j(x), \\
              &(\max(0, g(x)), h(x)), \qquad \max(0, -\lambda), \qquad (\lambda_i g_i(x))_i.

    All four are 0 exactly at a KKT point of min f(x) subject to :math:`g_i(x) \le 0`, :math:`h_j(x) = 0`; for convex f
    and :math:`g_i` and affine :math:`h_j` that is a minimiser.

    Parameters
    ----------
    problem : Problem
        The objective f.
    x : array of shape (n,)
    ineq, eq : Problem or callable, or a sequence of them
        :math:`g_i` and :math:`h_j`.
    lam, nu : arrays
        :math:`\lambda` and :math:`\nu`, one number a constraint.

    Returns
    -------
    named tuple
        ``stationarity, primal_feasibility, dual_feasibility, complementarity``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or length, or x is not finite.

    Examples
    --------
    >>> f, g = ol.Quadratic([2.0], [2.0]), ol.Problem(lambda x: float(x[0]), jac=lambda x: np.ones(1))
    >>> tuple(ol.kkt_residuals(f, [0.0], ineq=g, lam=[2.0]))
    (0.0, 0.0, 0.0, 0.0)
    """
    return Lagrangian(problem, ineq, eq).residuals(checks.vector("x", x), lam, nu)
