"""Every function of optlib.theory has its tests here."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import numpy as np
import pytest

from optlib import theory

PUBLIC = {
    name
    for name, thing in vars(theory).items()
    if callable(thing) and getattr(thing, "__module__", "").startswith(theory.__name__)
}


def used_by_tests():
    """The functions whose name is part of the name of a test of this folder, and which that test calls."""
    found = set()
    for path in set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__)}:
        for test in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(test, ast.FunctionDef):
                calls = {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
                found |= {name for name in PUBLIC & calls if test.name.startswith(f"test_{name}")}
    return found


def test_every_chapter_offers_all_its_theorems():
    for found in pkgutil.iter_modules(theory.__path__):
        module = importlib.import_module(f"{theory.__name__}.{found.name}")
        own = {n for n, f in vars(module).items() if callable(f) and getattr(f, "__module__", "") == module.__name__}
        assert found.name == "_arguments" or own - {n for n in own if n.startswith("_")} == set(module.__all__)
        assert found.name == "_arguments" or own & PUBLIC == set(module.__all__), "theory/__init__.py leaves one out"


def test_no_theorem_without_a_test():
    assert len(PUBLIC) >= 11
    assert PUBLIC - used_by_tests() == set()


# One value for each parameter of a bound, by the parameter's name; other values for one bound alone below.
VALUES = {
    "L": 2.0, "R": 3.0, "M": 1.0, "c": 0.1, "e0": 0.1, "gap": 1.0, "kappa": 4.0, "m": 2, "mu": 1.0, "shrink": 0.5,
    "sigma2": 1.0, "eta": 0.05, "sigma": 0.5, "lr": 0.05, "beta": 0.25, "eta0": 0.25, "G": 2.0,
    "beta1": 0.9, "beta2": 0.999, "rho": 2.0, "s": 0.5,
    "margin": 1.0,
    "delta": 0.75, "zeta": 0.5, "workers": 4, "H": 2,
}  # fmt: skip
OF_ONE_BOUND: dict[str, dict[str, float]] = {
    "qn_global": {"excess": 0.5, "c1": 0.1, "c2": 0.9},
    "qn_lbfgs": {"n": 2, "memory": 1, "c1": 0.1, "c2": 0.9},
    "qn_potential": {"excess": 0.5},
    "qn_quadratic": {"n": 9},
    "ad_adamw_box": {"x0": 50.0, "lam": 1.0},  # from outside the box
    "dro_gap": {"eta_q": 0.05, "groups": 3},
    "rc_early": {"lam": 1.0},
    "rc_fooled": {"tol": 0.1},
    "rc_smooth_gap": {"rho": 0.5, "r": 0.75},
    "rc_smooth_noise": {"rho": 0.5},
    "ls_separable_loss": {"margin": 100.0},  # so that log(t)^2 / t, which first rises, is small
    "es_strict": {"gamma": 0.5, "distance": 0.5},
    "es_stuck": {"gamma": 0.5, "n": 2, "radius": 100.0, "away": 1.0, "M": 0.0},
    "two_term": {"trace": 0.9, "det": 0.1},  # two real roots, so that it falls
}
GROW: set[str] = {"ad_bias_correction", "ad_step_bound", "qn_potential"}  # sums over all iterations, such as a regret
GROW |= {"rc_early", "rc_fooled"}  # a share, a probability
GROW |= {"ls_separable_norm"}  # a length
GROW |= {"es_strict"}  # a distance from where the run must not stay
GROW |= {"ds_memory"}  # a sum over the rounds
BY_ITERATION = sorted(name for name in PUBLIC if "t" in inspect.signature(getattr(theory, name)).parameters)


@pytest.mark.parametrize("name", BY_ITERATION)
def test_bounds_fall_and_have_the_shape_of_t(name):
    bound = getattr(theory, name)
    others = [p for p in inspect.signature(bound).parameters if p != "t"]
    arguments = {p: {**VALUES, **OF_ONE_BOUND.get(name, {})}[p] for p in others}
    t = np.arange(1, 7)
    values = bound(t, **arguments)
    assert values.shape == (6,)
    assert (np.diff(values) < 0).all() or name in GROW
    assert [float(bound(int(k), **arguments)) for k in t] == pytest.approx(values, rel=1e-13)
    assert bound(t.reshape(2, 3), **arguments).shape == (2, 3)
