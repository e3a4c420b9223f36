"""Every function of optlib.theory has its tests here."""

import ast
from pathlib import Path

import numpy as np
import pytest

from optlib import theory

PUBLIC = {
    name
    for name, thing in vars(theory).items()
    if callable(thing) and getattr(thing, "__module__", None) == theory.__name__ and not name.startswith("_")
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


def test_no_theorem_without_a_test():
    assert len(PUBLIC) >= 11
    assert PUBLIC - used_by_tests() == set()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_bounds_have_the_shape_of_t(name):
    arguments = {
        "gd_convex": {"L": 2.0, "R": 3.0},
        "gd_convex_sharp": {"L": 2.0, "R": 3.0},
        "gd_strongly_convex": {"kappa": 4.0},
        "gd_exact_line_search": {"kappa": 4.0},
        "gd_nonconvex": {"L": 2.0, "gap": 1.0},
        "newton_local": {"e0": 0.1, "mu": 1.0, "M": 1.0},
        "newton_multiple_root": {"m": 2},
        "newton_damped": {"mu": 1.0, "L": 2.0, "c": 0.1, "shrink": 0.5},
    }
    if name not in arguments:  # functions of one step
        assert name in {"gd_decrease", "armijo_step", "newton_step", "newton_full_step"}
        return
    bound = getattr(theory, name)
    t = np.arange(1, 7)
    values = bound(t, **arguments[name])
    assert values.shape == (6,)
    assert (np.diff(values) < 0).all()
    assert [float(bound(int(k), **arguments[name])) for k in t] == pytest.approx(values, rel=1e-13)
    assert bound(t.reshape(2, 3), **arguments[name]).shape == (2, 3)
