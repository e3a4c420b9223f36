"""The examples in optlib's docstrings, as a user copies them into a fresh interpreter."""

import doctest
import importlib
import pkgutil

import matplotlib.pyplot as plt
import numpy as np
import pytest

import optlib as ol

MODULES = [module.name for module in pkgutil.walk_packages(ol.__path__, "optlib.")]
EXAMPLES = {
    example.name: example
    for name in MODULES
    for example in doctest.DocTestFinder(exclude_empty=True).find(
        importlib.import_module(name), globs={"np": np, "ol": ol, "__name__": "__main__"}
    )
    if example.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name):
    told = []
    try:
        doctest.DocTestRunner(verbose=False).run(EXAMPLES[name], out=told.append)
    finally:
        plt.close("all")
    assert told == [], "".join(told)


def test_every_public_name_has_a_docstring_and_every_callable_one_an_example():
    without = {"History", "Iterate", "Method", "Status"}  # met as parts of results, or as a base class
    for name in ol.__all__:
        thing = getattr(ol, name)
        assert thing.__doc__, name
        if callable(thing) and name not in without:
            assert ">>>" in thing.__doc__, f"{name} has no example"
    for module in (ol.theory, ol.schedules, ol.line_search, ol.losses, ol.penalties, ol.sets):
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", "").startswith(module.__name__) and not name.startswith("_"):
                assert thing.__doc__, f"{module.__name__}.{name}"
                assert module is not ol.theory or ">>>" in thing.__doc__, f"{name} has no example"
