"""Certificates: numbers that show that an answer, or a derivative, is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.problem import Problem


def check_gradient(problem: Problem, x: Any) -> float:
    r"""How far the gradient is from central differences: the relative error of the worst entry.

    .. math:: \max_i \frac{|g_i - \delta_i|}{\max(1, \|g\|_\infty)}, \qquad
              \delta_i = \frac{f(x + h_i e_i) - f(x - h_i e_i)}{2h_i}, \quad h_i = \epsilon^{1/3}\max(1, |x_i|).

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
    differences = [
        (problem(x + h_i * e) - problem(x - h_i * e)) / (2 * h_i) for h_i, e in zip(h, np.eye(x.size), strict=True)
    ]
    return float(np.abs(g - differences).max() / max(1.0, np.abs(g).max()))
