"""Quasi-Newton methods: BFGS and L-BFGS (chapter `quasi-newton`).

Both learn the inverse Hessian from the pairs :math:`s_t = x_{t+1} - x_t`, :math:`y_t = g_{t+1} - g_t`. The formulas
of the chapter are :func:`bfgs_update` and :func:`two_loop`; the methods run faster forms of the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from scipy.linalg.blas import dsymv, dsyr2, dtrsv

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.problem import Problem, norm
from optlib.steps.line_search import StepRule, Wolfe, as_step
from optlib.typing import Array, Schedule

EPS = float(np.finfo(float).eps)
# Both methods count gradients in units of the first one's length: the steps are the same, and the products of tiny or
# huge gradients neither under- nor overflow.


def _curved(s: Array, y: Array) -> bool:
    """Whether the pair has positive curvature, beyond rounding and underflow."""
    size = norm(y)
    return size > 1e-140 and float(s.dot(y)) > EPS * norm(s) * size


def bfgs_update(H: Array, s: Array, y: Array) -> Array:
    r"""The BFGS update of an inverse Hessian H,

    .. math:: H_+ = (I - \rho\, s y^\top)\, H\, (I - \rho\, y s^\top) + \rho\, s s^\top, \qquad \rho = 1 / s^\top y,

    the symmetric matrix nearest to H (in a weighted Frobenius norm) with :math:`H_+ y = s`; positive definite if H is
    and :math:`s^\top y > 0`.

    Parameters
    ----------
    H : array of shape (n, n), symmetric
    s, y : arrays of shape (n,)
        Step and change of the gradient.

    Raises
    ------
    ValueError
        If :math:`s^\top y` is not positive.

    Examples
    --------
    >>> from optlib.methods.quasi_newton import bfgs_update
    >>> s, y = np.array([1.0, 0.0]), np.array([2.0, 1.0])
    >>> bfgs_update(np.eye(2), s, y) @ y
    array([1., 0.])
    """
    if not (curvature := float(s.dot(y))) > 0:
        raise ValueError(f"s and y must have s'y > 0 (the curvature condition), got {curvature:.3g}")
    V = np.eye(len(s)) - np.outer(y, s) / curvature
    return V.T @ H @ V + np.outer(s, s) / curvature


@dataclass(frozen=True)
class BFGS(Method):
    r"""BFGS, with the inverse Hessian :math:`H_t`,

    .. math:: p_t &= -H_t\, g_t, \qquad x_{t+1} = x_t + \eta_t p_t, \\
              H_{t+1} &= (I - \rho_t s_t y_t^\top) H_t (I - \rho_t y_t s_t^\top) + \rho_t s_t s_t^\top,

    with :math:`s_t = x_{t+1} - x_t`, :math:`y_t = g_{t+1} - g_t`, :math:`\rho_t = 1/s_t^\top y_t`. It starts with
    :math:`H_0 = I / \|g_0\|`, a first trial step of length 1, and puts :math:`(s_t^\top y_t / y_t^\top y_t)\, I` in its
    place before the first update. A pair without positive curvature, which only a step without the Wolfe conditions
    can give, is left out.

    ``optimality`` is the gradient norm :math:`\|g_t\|_2`. Variant: H is kept as one triangle and changed by one
    rank-two update, O(n^2) an iteration (see :func:`bfgs_update` for the formula).

    Parameters
    ----------
    step : float, schedule or step rule
        :math:`\eta_t`; by default a search for the strong Wolfe conditions, which make :math:`s^\top y > 0`.

    Raises
    ------
    TypeError, ValueError
        If ``step`` is none of these, or not positive.

    Notes
    -----
    Source: J. Nocedal, S. J. Wright (2006), doi:10.1007/978-0-387-40065-5, section 6.1.

    Examples
    --------
    >>> result = ol.minimize(ol.Rosenbrock(), [-1.2, 1.0], ol.BFGS())
    >>> result.success, result.x.round(6)
    (True, array([1., 1.]))
    """

    step: float | Schedule | StepRule = Wolfe()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        as_step(self.step)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        step, eta = as_step(self.step), math.nan
        f, g = problem.value_and_grad(x)
        H, unit = np.eye(x.size).T, norm(g) or 1.0  # of H only the upper triangle is read and written
        learnt = False
        for t in count():
            yield Iterate(x, f, g, norm(g), eta)
            p = -dsymv(1.0, H, g / unit)
            eta = step(problem, x, f, g, t, p)
            s, before = eta * p, g
            x = x + s
            f, g = problem.value_and_grad(x)
            y = (g - before) / unit
            if not _curved(s, y):
                continue
            rho = 1 / float(s.dot(y))
            if not learnt:
                H, learnt = np.diag(np.full(x.size, 1 / (rho * float(y.dot(y))))).T, True
            Hy = dsymv(1.0, H, y)
            u = 0.5 * rho * (1 + rho * float(y.dot(Hy))) * s - rho * Hy
            H = dsyr2(1.0, s, u, a=H, overwrite_a=True)  # H + s u' + u s'


def two_loop(g: Array, S: Sequence[Array], Y: Sequence[Array]) -> Array:
    r"""H g for the inverse Hessian H of L-BFGS, by the two-loop recursion over the stored pairs.

    H is what :func:`bfgs_update` makes of :math:`\gamma I`, :math:`\gamma = s^\top y / y^\top y` of the newest pair, by
    all pairs in turn; it is never formed. Without pairs H = I. Source: J. Nocedal (1980),
    doi:10.1090/S0025-5718-1980-0572855-7.

    Parameters
    ----------
    g : array of shape (n,)
    S, Y : sequences of arrays of shape (n,)
        The pairs, oldest first.

    Examples
    --------
    >>> from optlib.methods.quasi_newton import two_loop
    >>> s, y = np.array([1.0, 0.0]), np.array([2.0, 1.0])
    >>> two_loop(y, [s], [y])  # the secant equation, H y = s
    array([1., 0.])
    """
    q, alphas = g.copy(), []
    for s, y in zip(reversed(S), reversed(Y), strict=True):
        alphas.append(s.dot(q) / s.dot(y))
        q -= alphas[-1] * y
    r = q * (S[-1].dot(Y[-1]) / Y[-1].dot(Y[-1])) if len(S) else q
    for s, y, alpha in zip(S, Y, reversed(alphas), strict=True):
        r += (alpha - y.dot(r) / s.dot(y)) * s
    return r


@dataclass(frozen=True)
class LBFGS(Method):
    r"""L-BFGS: BFGS from the last m pairs alone, :math:`x_{t+1} = x_t - \eta_t H_t g_t`.

    :math:`H_t` is what m updates of BFGS make of :math:`\gamma_t I`, :math:`\gamma_t = s^\top y / y^\top y` of the
    newest pair; it is never formed. With S and Y the pairs as columns, R the upper triangle of :math:`S^\top Y` and
    D its diagonal,

    .. math:: H_t = \gamma I + \begin{pmatrix} S & \gamma Y \end{pmatrix}
              \begin{pmatrix} R^{-\top}(D + \gamma Y^\top Y) R^{-1} & -R^{-\top} \\ -R^{-1} & 0 \end{pmatrix}
              \begin{pmatrix} S^\top \\ \gamma Y^\top \end{pmatrix},

    which costs a few products with S and Y instead of 2m passes over vectors (:func:`two_loop` is the same, plain).
    The first step is along :math:`-g_0 / \|g_0\|`; pairs without positive curvature are left out.
    ``optimality`` is the gradient norm :math:`\|g_t\|_2`.

    Parameters
    ----------
    memory : int
        m, the number of pairs kept.
    step : float, schedule or step rule
        :math:`\eta_t`; by default a search for the strong Wolfe conditions.

    Raises
    ------
    TypeError, ValueError
        If ``memory`` is no positive integer, or ``step`` none of these, or not positive.

    Notes
    -----
    Source: D. C. Liu, J. Nocedal (1989), doi:10.1007/BF01589116; compact form: R. H. Byrd, J. Nocedal, R. B. Schnabel
    (1994), doi:10.1007/BF01582063, theorem 2.2.

    Examples
    --------
    >>> p = ol.Rosenbrock(100)
    >>> ol.minimize(p, p.x0, ol.LBFGS()).success
    True
    """

    memory: int = 10
    step: float | Schedule | StepRule = Wolfe()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        checks.natural("memory", self.memory, least=1)
        as_step(self.step)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        step, eta = as_step(self.step), math.nan
        f, g = problem.value_and_grad(x)
        pairs, unit = CompactPairs(self.memory, x.size), norm(g) or 1.0
        for t in count():
            yield Iterate(x, f, g, norm(g), eta)
            p = -pairs.times(g / unit) if len(pairs) else -g / (norm(g) or 1.0)
            eta = step(problem, x, f, g, t, p)
            s, before = eta * p, g
            x = x + s
            f, g = problem.value_and_grad(x)
            y = (g - before) / unit
            if _curved(s, y):
                pairs.add(s, y)


class CompactPairs:
    """The last m pairs, oldest first, and the product with their H in compact form."""

    def __init__(self, memory: int, n: int) -> None:
        self.memory, room = memory, 4 * memory  # when the room is used up, the newest move to its beginning
        self.S, self.Y = np.empty((room, n)), np.empty((room, n))
        self.SY, self.YY = np.zeros((room, room)), np.zeros((room, room))
        self.kept = slice(0, 0)

    def __len__(self) -> int:
        return self.kept.stop - self.kept.start

    def add(self, s: Array, y: Array) -> None:
        """Store a pair, and forget the oldest beyond the memory."""
        kept, new = self.kept, self.kept.stop
        if new == len(self.S):
            for rows in (self.S, self.Y):
                rows[: len(self)] = rows[kept]
            for square in (self.SY, self.YY):
                square[: len(self), : len(self)] = square[kept, kept]
            new = len(self)
        kept = self.kept = slice(max(0, new + 1 - self.memory), new + 1)
        self.S[new], self.Y[new] = s, y
        self.SY[kept, new] = self.S[kept] @ y  # the columns give the upper triangle, which is all that is read
        self.YY[kept, new] = self.YY[new, kept] = self.Y[kept] @ y
        self.gamma = self.SY[new, new] / self.YY[new, new]

    def times(self, g: Array) -> Array:
        """H g, as :func:`two_loop` gives it."""
        kept, gamma = self.kept, self.gamma
        S, Y = self.S[kept], self.Y[kept]
        R, YY = self.SY[kept, kept], self.YY[kept, kept]
        u = dtrsv(R, S @ g)
        v = dtrsv(R, R.diagonal() * u + gamma * (YY @ u - Y @ g), trans=1)
        return gamma * g + v @ S - (gamma * u) @ Y
