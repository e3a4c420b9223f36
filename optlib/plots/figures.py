"""Figures of runs: convergence curves and trajectories on the contours of f."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import OptimizeResult

from optlib import checks
from optlib.problem import Problem
from optlib.typing import Array

LABELS = {
    "nit": "iteration $t$",
    "time": "time in s",
    "njev": "gradient evaluations",
    "fun": "$f(x_t)$",
    "optimality": "optimality",
    "step": r"step size $\eta_t$",
}


def _results(results: Any) -> Mapping[str, OptimizeResult]:
    if isinstance(results, OptimizeResult):
        raise TypeError("results must be a dict {label: result}: write {'run': result}")
    expected = "a dict {label: result of optlib.minimize}"
    checks.instance("results", results, Mapping, expected)
    for label, result in results.items():
        if not hasattr(result, "history"):
            raise TypeError(f"results[{label!r}] must be a result of optlib.minimize, got {result!r}")
    return results


def plot_convergence(
    results: Mapping[str, OptimizeResult],
    x: str = "nit",
    y: str = "optimality",
    *,
    minimum: float | None = None,
    bounds: Mapping[str, Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""One convergence curve a result, on a logarithmic vertical axis.

    Parameters
    ----------
    results : dict of str to OptimizeResult
    x : {"nit", "time", "njev"}
        "njev" shares a run's gradient evaluations evenly among its iterations.
    y : {"optimality", "fun", "step"}
    minimum : float, optional
        :math:`f^*`; with ``y="fun"`` the gap :math:`f(x_t) - f^*` is drawn, with gaps of 0 left out.
    bounds : dict of str to callable or array, optional
        Theory beside measurement, dashed and grey: a function of the iterations 0, 1, ..., or its values.
        Only with ``x="nit"``.
    ax : Axes, optional
        Where to draw; the current axes by default.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        For an argument that is none of the above, naming it.

    Examples
    --------
    >>> q = ol.Quadratic([1.0, 4.0])
    >>> runs = {"GD": ol.minimize(q, [1.0, 1.0], ol.GradientDescent(0.25))}
    >>> axes = ol.plot_convergence(runs, y="fun", minimum=0.0, bounds={"bound": lambda t: 2.5 * 0.75 ** (2 * t)})
    >>> axes.get_yscale(), [line.get_label() for line in axes.lines]
    ('log', ['GD', 'bound'])
    """
    if x not in ("nit", "time", "njev"):
        raise ValueError(f"x must be 'nit', 'time' or 'njev', got {x!r}")
    if y not in ("optimality", "fun", "step"):
        raise ValueError(f"y must be 'optimality', 'fun' or 'step', got {y!r}")
    if minimum is not None and y != "fun":
        raise ValueError("minimum goes with y='fun'")
    if bounds and x != "nit":
        raise ValueError("bounds are functions of the iteration: they go with x='nit'")
    ax = plt.gca() if ax is None else ax
    for label, result in _results(results).items():
        history = result.history
        across = history.nit * (result.njev / max(result.nit, 1)) if x == "njev" else getattr(history, x)
        up = getattr(history, y) - (minimum or 0.0)
        ax.plot(across, np.where(up > 0, up, np.nan) if minimum is not None else up, label=label)
    longest = max((result.nit for result in results.values()), default=0)
    t = np.arange(longest + 1)
    for i, (label, bound) in enumerate((bounds or {}).items()):
        values = np.asarray(bound(t) if callable(bound) else bound, dtype=float)
        values = np.full(t.shape, values) if values.ndim == 0 else values[: len(t)]  # a number is a level
        style = ("--", "-.", ":")[i % 3]
        ax.plot(t[: len(values)], values, color="0.35", linestyle=style, linewidth=1.2, label=label, marker="")
    ax.set_yscale("log")
    ax.set_xlabel(LABELS[x])
    ax.set_ylabel("$f(x_t) - f^*$" if minimum is not None else LABELS[y])
    if results or bounds:
        ax.legend()
    return ax


@lru_cache(maxsize=8)  # the frames of an explorer share one landscape, which takes longer than all else in them
def _heights(
    problem: Problem | Callable[[Array], float], left: float, right: float, low: float, high: float
) -> tuple[Array, Array, Array]:
    """f on a grid, and the grid's coordinates."""
    fun = problem.uncounted if isinstance(problem, Problem) else problem
    across, up = np.linspace(left, right, 120), np.linspace(low, high, 120)
    return across, up, np.array([[fun(np.array([a, b])) for a in across] for b in up])


def plot_trajectories(
    problem: Problem | Callable[[Any], float],
    results: Mapping[str, OptimizeResult],
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    *,
    levels: int = 14,
    ax: Axes | None = None,
) -> Axes:
    """The iterates of two-variable runs on the contours of f, with levels that crowd near the minimum.

    Parameters
    ----------
    problem : Problem or callable
        f of two variables. Its evaluations for the contours are not counted.
    results : dict of str to OptimizeResult
        Runs that recorded x.
    xlim, ylim : pair of float
    levels : int
        How many contours.
    ax : Axes, optional
        Where to draw; the current axes by default.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        For a result without iterates of two variables, or limits that are not ascending.

    Examples
    --------
    >>> q = ol.Quadratic([1.0, 4.0])
    >>> runs = {"GD": ol.minimize(q, [1.0, 1.0], ol.GradientDescent(0.25))}
    >>> ol.plot_trajectories(q, runs, (-1.2, 1.2), (-1.2, 1.2)).get_xlabel()
    '$x_1$'
    """
    for name, limits in (("xlim", xlim), ("ylim", ylim)):
        if checks.vector(name, limits).shape != (2,) or not limits[0] < limits[1]:
            raise ValueError(f"{name} must be (low, high) with low < high, got {limits!r}")
    checks.natural("levels", levels, least=2)
    ax = plt.gca() if ax is None else ax
    heights = _heights if isinstance(problem, Problem) else _heights.__wrapped__  # a Problem stays the function it is
    across, up, f = heights(problem, *map(float, (*xlim, *ylim)))
    finite = f[np.isfinite(f)]
    low, high = (finite.min(), np.quantile(finite, 0.95)) if finite.size else (0.0, 0.0)
    if low < high:  # geometric levels: near the minimum, where the iterates end, f is small
        cuts = low + (high - low) * np.geomspace(1e-3, 1, levels)
        ax.contour(across, up, f, levels=cuts, colors="0.6", linewidths=0.7)
    for label, result in _results(results).items():
        path = result.history.x
        if path is None or path.shape[1] != 2:
            raise ValueError(f"results[{label!r}] must have recorded iterates of two variables")
        ax.plot(path[:, 0], path[:, 1], marker="o", markersize=3, label=label)
    ax.set(xscale="linear", yscale="linear", xlim=xlim, ylim=ylim, xlabel="$x_1$", ylabel="$x_2$")
    if results:
        ax.legend()
    return ax
