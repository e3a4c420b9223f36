"""What the checks of every assignment share.

A check takes what the student made, tests its properties, and fails with one sentence that says what is wrong without
saying what is right. The same checks run while the student works and when the work is graded. Nothing in
this package may hold an answer: it is handed out with the assignments.
"""

import contextlib
import functools
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
# In the repository, what is handed out beside this folder stands one level up.
BESIDE = HERE.parent if (HERE.parent / "exercises").is_dir() else HERE.parents[1]
if str(BESIDE) not in sys.path:
    sys.path.append(str(BESIDE))

from exercises.verdicts import NOT_DONE, PASSED  # noqa: E402


class CheckFailed(AssertionError):
    """Fails a check with one sentence, which is all that a notebook shows of it."""

    def _render_traceback_(self):
        return [f"\x1b[0;31m{self}\x1b[0m"]


def graded(label):
    """Make a function that asserts things of its arguments the check of the question `label`."""

    def decorate(check):
        @functools.wraps(check)
        def run(*answers):
            try:
                # Whatever the student's code writes to stderr, nbgrader would take for a failure.
                with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stderr(sys.stdout):
                    warnings.simplefilter("ignore")
                    if any(answer is None or answer is NotImplemented for answer in answers):
                        raise NotImplementedError
                    check(*answers)
            except NotImplementedError:
                raise CheckFailed(f"{label}: {NOT_DONE}") from None
            except AssertionError as wrong:
                raise CheckFailed(f"{label}: {wrong}") from None
            except Exception as error:
                raise CheckFailed(f"{label}: your code raised {_told(error)}") from None
            print(f"{label}: {PASSED}")

        return run

    return decorate


def _told(error):
    """The error and the line of the student's code that it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "ipykernel" in frame.filename or frame.filename.startswith("<")]
    where = f", at the line: {own[-1].line}" if own and own[-1].line else ""
    return f"{type(error).__name__}: {error}{where}"


def rng_of(cohort, name):
    """The random numbers of one cohort for one purpose."""
    return np.random.default_rng([int(cohort), *name.encode()])


def load(name):
    """A data set of the course: its columns' names, and its numbers."""
    path = BESIDE / "data" / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    return names, np.loadtxt(path, delimiter=",", skiprows=1)


def copies(*arrays):
    """Copies to hand out, so that a function that changes its arguments cannot change ours."""
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arrays)


def number(value, what):
    """The value as a float; fails where it is none."""
    assert value is not None, f"{what} is None: is there a `return`?"
    assert np.ndim(value) == 0 and np.isrealobj(value), f"{what} must be one number, and has shape {np.shape(value)}"
    assert np.isfinite(float(value)), f"{what} is {float(value)}"
    return float(value)


def array(value, shape, what):
    """The value as an array of floats of this shape; fails where it is none."""
    assert value is not None, f"{what} is None: is there a `return`?"
    assert np.shape(value) == shape, f"{what} must have shape {shape}, and has {np.shape(value)}"
    value = np.asarray(value, dtype=float)
    assert np.isfinite(value).all(), f"{what} holds numbers that are not finite"
    return value


def pair(value, what):
    """Two values; fails where there are not two."""
    assert value is not None, f"{what} is None: is there a `return`?"
    assert isinstance(value, tuple | list), f"return a pair, {what}; got {type(value).__name__}"
    assert len(value) == 2, f"return a pair, {what}; got {len(value)} values"
    return value
