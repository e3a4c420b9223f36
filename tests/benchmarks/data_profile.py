r"""Data profiles (Moré, Wild 2009, doi:10.1137/080724083): which share of the problems is solved within a budget.

``python tests/benchmarks/data_profile.py`` runs optlib's and SciPy's methods on the Moré-Garbow-Hillstrom problems and
prints, for each method, the share of problems for which

    f(x) <= f* + tau (f(x0) - f*),

was reached within a budget of evaluations. An evaluation is one call for value and gradient together, on both sides
counted by the same wrapper; Hessians and products with them are counted too, one each. The budgets are counted in
evaluations, not divided by n + 1 as in the paper, since every method here has the gradient.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import contextlib
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy import optimize

sys.path.insert(0, str(Path(__file__).parents[1]))

import problems as mgh

import optlib as ol

BUDGETS = (10, 20, 40, 80, 160, 320, 640)
OPTIONS = {"maxiter": 10_000}


class Budget(Exception):
    """The evaluations are used up."""


class Counted:
    """f with its derivatives; the best value after each evaluation is kept."""

    def __init__(self, problem):
        self.problem, self.best, self.x = problem, [], None

    def _spend(self, value=np.inf):
        self.best.append(min([value, *self.best[-1:]]))
        if len(self.best) >= BUDGETS[-1]:
            raise Budget

    def fun(self, x):
        if self.x is None or not np.array_equal(x, self.x):
            self.x = np.array(x)
            self.f, self.g = self.problem.value_and_grad(self.x)
            self._spend(self.f if np.isfinite(self.f) else np.inf)
        return self.f

    def jac(self, x):
        self.fun(x)
        return self.g

    def hess(self, x):
        self._spend()
        return self.problem.hess(x)

    def hessp(self, x, v):
        self._spend()
        return self.problem.hess(x) @ v


def solvers():
    """name: (method, which second derivative it is given)."""
    return {
        "optlib BFGS": (ol.BFGS(), None),
        "SciPy BFGS": ("BFGS", None),
        "optlib LBFGS": (ol.LBFGS(), None),
        "SciPy L-BFGS-B": ("L-BFGS-B", None),
        "SciPy CG": ("CG", None),
        "optlib TrustRegion steihaug": (ol.TrustRegion("steihaug"), "hessp"),
        "SciPy trust-ncg": ("trust-ncg", "hessp"),
        "SciPy Newton-CG": ("Newton-CG", "hessp"),
        "optlib TrustRegion exact": (ol.TrustRegion("exact"), "hess"),
        "optlib TrustRegion dogleg": (ol.TrustRegion("dogleg"), "hess"),
        "SciPy trust-exact": ("trust-exact", "hess"),
        "optlib Newton, Armijo": (ol.Newton(ol.line_search.Backtracking()), "hess"),
        "optlib CubicNewton": (ol.CubicNewton(), "hess"),
    }


def curve(problem, method, second):
    """The best value after 1, 2, ... evaluations."""
    counted = Counted(problem)
    derivatives = {} if second is None else {second: getattr(counted, second)}
    tol = 1e-14 if isinstance(method, ol.Method) else 1e-20  # the budget ends a run, not the tolerance
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        with contextlib.suppress(Budget):
            optimize.minimize(
                counted.fun, problem.x0, jac=counted.jac, method=method, tol=tol, options=OPTIONS, **derivatives
            )
    return np.array(counted.best)


def main():
    table = mgh.PROBLEMS
    curves = {
        solver: [curve(make(), method, second) for make in table.values()]
        for solver, (method, second) in solvers().items()
    }
    starts = [(p := make())(p.x0) for make in table.values()]
    lowest = [min(c[i][-1] for c in curves.values()) for i in range(len(table))]
    for tau in (1e-3, 1e-7):
        print(f"\nShare of {len(table)} problems solved to tau = {tau:g} within a number of evaluations")
        print(f"{'':30}" + "".join(f"{b:>6}" for b in BUDGETS))
        for solver, runs in curves.items():
            needed = []
            for c, start, low in zip(runs, starts, lowest, strict=True):
                solved = np.flatnonzero(c <= low + tau * (start - low))
                needed.append(solved[0] + 1 if solved.size else np.inf)
            shares = [np.mean(np.array(needed) <= b) for b in BUDGETS]
            print(f"{solver:30}" + "".join(f"{share:6.2f}" for share in shares))


if __name__ == "__main__":
    main()
