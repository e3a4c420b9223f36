"""Every method of the course *Optimization for Machine Learning*: derived, implemented, measured.

The examples in the docstrings assume ``import numpy as np`` and ``import optlib as ol``.
"""

from importlib import import_module
from typing import Any

from optlib.analysis import theory
from optlib.analysis.certificates import check_gradient, duality_gap, gradient_mapping, kkt_residuals
from optlib.analysis.convergence import observed_order, observed_rate
from optlib.analysis.profiles import performance_profile
from optlib.finite_sum import FiniteSum
from optlib.methods.adaptive import AdaGrad, Adam, AdamW, RMSProp
from optlib.methods.admm import ADMM, ConsensusADMM
from optlib.methods.base import History, Iterate, Method, Status, minimize
from optlib.methods.constrained import AugmentedLagrangian, Lagrangian, ProjectedGradient
from optlib.methods.distributed import DistributedSGD
from optlib.methods.escape import CubicNewton, PerturbedGradientDescent
from optlib.methods.gradient_descent import GradientDescent
from optlib.methods.momentum import HeavyBall, Nesterov
from optlib.methods.newton import Newton, newton_root
from optlib.methods.proximal import FISTA, ProximalGradient
from optlib.methods.quasi_newton import BFGS, LBFGS
from optlib.methods.sgd import SGD
from optlib.methods.trust_region import TrustRegion
from optlib.objectives import losses, penalties, sets
from optlib.objectives.classics import Beale, Booth, Himmelblau, Huber1D, Quadratic, Rosenbrock
from optlib.objectives.risk import EmpiricalRisk
from optlib.problem import Problem
from optlib.steps import compressors, line_search, schedules

__version__ = "0.1.0"

__all__ = [
    "ADMM",
    "BFGS",
    "FISTA",
    "LBFGS",
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "AugmentedLagrangian",
    "Beale",
    "Booth",
    "ConsensusADMM",
    "CubicNewton",
    "DistributedSGD",
    "EmpiricalRisk",
    "FiniteSum",
    "GradientDescent",
    "HeavyBall",
    "Himmelblau",
    "History",
    "Huber1D",
    "Iterate",
    "Lagrangian",
    "Method",
    "Nesterov",
    "Newton",
    "PerturbedGradientDescent",
    "Problem",
    "ProjectedGradient",
    "ProximalGradient",
    "Quadratic",
    "RMSProp",
    "Rosenbrock",
    "Status",
    "TrustRegion",
    "check_gradient",
    "compressors",
    "duality_gap",
    "gradient_mapping",
    "kkt_residuals",
    "line_search",
    "losses",
    "minimize",
    "newton_root",
    "observed_order",
    "observed_rate",
    "penalties",
    "performance_profile",
    "plot_convergence",
    "plot_trajectories",
    "plots",
    "schedules",
    "sets",
    "theory",
]


def __getattr__(name: str) -> Any:
    """The plot functions bring Matplotlib with them, so they are imported when first asked for."""
    if name == "plots":
        return import_module("optlib.plots")
    if name in ("plot_convergence", "plot_trajectories"):
        from optlib.plots import figures

        return getattr(figures, name)
    raise AttributeError(f"module 'optlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What ``dir`` and completion show: the plot functions too, before they are first used."""
    return sorted([*__all__, "__version__"])
