"""The plot functions: what is drawn is what happened."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import optlib as ol

Q = ol.Quadratic([1.0, 4.0])
RUNS = {
    "slow": ol.minimize(Q, [1.0, 1.0], ol.GradientDescent(0.05), maxiter=30),
    "fast": ol.minimize(Q, [1.0, 1.0], ol.GradientDescent(0.3)),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_the_axes_given_are_used_and_returned():
    _, (left, right) = plt.subplots(1, 2)
    assert ol.plot_convergence(RUNS, ax=left) is left
    assert ol.plot_trajectories(Q, RUNS, (-1, 2), (-1, 2), ax=left) is left
    assert not right.has_data()
    assert ol.plot_convergence(RUNS) is right  # without one: the current axes
    assert right.has_data()


@pytest.mark.parametrize("y", ["optimality", "fun", "step"])
@pytest.mark.parametrize("x", ["nit", "time"])
def test_curves_are_the_history(x, y):
    ax = ol.plot_convergence(RUNS, x, y)
    assert list(lines(ax)) == ["slow", "fast"]
    for label, run in RUNS.items():
        expected = np.column_stack([getattr(run.history, x), getattr(run.history, y)])
        assert np.array_equal(lines(ax)[label], expected, equal_nan=True)
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["slow", "fast"]
    assert ax.get_xlabel() == {"nit": "iteration $t$", "time": "time in s"}[x]
    assert ax.get_ylabel() == {"optimality": "optimality", "fun": "$f(x_t)$", "step": r"step size $\eta_t$"}[y]


def test_gradient_evaluations_are_shared_evenly():
    run = ol.minimize(Q, [1.0, 1.0], ol.GradientDescent(ol.line_search.Wolfe(c2=0.1)))
    assert run.njev > run.nit + 1
    across = lines(ol.plot_convergence({"a": run}, x="njev"))["a"][:, 0]
    assert (across[0], across[-1]) == (0, pytest.approx(run.njev))
    assert np.allclose(np.diff(across), run.njev / run.nit)
    at_once = ol.minimize(Q, [0.0, 1e-9], ol.GradientDescent())
    assert lines(ol.plot_convergence({"b": at_once}, x="njev", ax=plt.figure().gca()))["b"][:, 0].tolist() == [0.0]


def test_with_a_minimum_the_gap_is_drawn_without_its_zeros():
    run = ol.minimize(ol.Quadratic([1.0, 2.0], [1.0, 2.0]), [3.0, 1.0], ol.GradientDescent(0.5), tol=0, maxiter=80)
    ax = ol.plot_convergence({"a": run}, y="fun", minimum=-1.5)
    gap = run.history.fun + 1.5
    assert (gap <= 0).any()
    drawn = lines(ax)["a"][:, 1]
    assert np.array_equal(drawn, np.where(gap > 0, gap, np.nan), equal_nan=True)
    assert ax.get_ylabel() == "$f(x_t) - f^*$"


def test_bounds_are_functions_or_values_at_the_iterations():
    bounds = {"rate": lambda t: 0.9**t, "values": [3.0, 2.0, 1.0], "level": lambda t: 0.1, "number": 0.2}
    drawn = lines(ol.plot_convergence(RUNS, bounds=bounds))
    assert RUNS["fast"].nit != RUNS["slow"].nit
    longest = np.arange(max(run.nit for run in RUNS.values()) + 1)
    assert np.array_equal(drawn["rate"], np.column_stack([longest, 0.9**longest]))
    assert drawn["values"].tolist() == [[0, 3.0], [1, 2.0], [2, 1.0]]
    assert np.array_equal(drawn["level"][:, 1], np.full(len(longest), 0.1))
    assert np.array_equal(drawn["number"][:, 1], np.full(len(longest), 0.2))
    long = lines(ol.plot_convergence(RUNS, bounds={"more": np.ones(5000)}, ax=plt.figure().gca()))["more"]
    assert len(long) == len(longest)


def test_trajectories_are_the_iterates_on_contours_of_the_function():
    before = Q.nfev, Q.njev
    ax = ol.plot_trajectories(Q, RUNS, (-1, 2), (-0.5, 1.5), levels=7)
    assert (Q.nfev, Q.njev) == before  # figures are not charged
    for label, run in RUNS.items():
        assert np.array_equal(lines(ax)[label], run.history.x)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 2), (-0.5, 1.5))
    (contours,) = ax.collections
    assert len(contours.levels) == 7
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        if len(path.vertices) and level > 0.2:  # f on the contour is the level: x and y are not swapped
            assert np.allclose([Q.uncounted(v) for v in path.vertices], level, rtol=0.02)


def test_a_plain_function_may_be_drawn():
    ax = ol.plot_trajectories(lambda x: float(x[0] ** 2 + x[1] ** 4), {}, (-1, 1), (-1, 1))
    assert len(ax.collections) == 1
    assert ax.get_legend() is None


def test_the_contours_of_a_problem_are_computed_once_and_are_those_of_a_plain_function():
    calls = []

    def fun(x):
        calls.append(1)
        return float(x @ x)

    p = ol.Problem(fun, jac=lambda x: 2 * x)
    runs = {"a": ol.minimize(p, [1.0, 1.0], ol.GradientDescent(0.1))}
    del calls[:]
    first = ol.plot_trajectories(p, runs, (-1, 1), (-1, 1)).collections[0].get_paths()
    assert len(calls) == 120**2
    plt.clf()
    again = ol.plot_trajectories(p, runs, (-1, 1), (-1, 1)).collections[0].get_paths()
    assert len(calls) == 120**2
    plt.clf()
    plain = ol.plot_trajectories(fun, runs, (-1, 1), (-1, 1)).collections[0].get_paths()
    assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(first, again, strict=True))
    assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(first, plain, strict=True))
