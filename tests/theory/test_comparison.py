"""Theorems of the chapter `comparison`: counts against counted runs, profiles against their integral."""

import ast
import inspect
import textwrap
from itertools import islice, product

import numpy as np
import pytest
from scipy.stats import binomtest
from studies import step_cost

import optlib as ol
from optlib import theory

CLASSES = {
    "GD": ol.GradientDescent, "SGD": ol.SGD, "Momentum": ol.HeavyBall, "NAG": ol.Nesterov, "AdaGrad": ol.AdaGrad,
    "RMSProp": ol.RMSProp, "Adam": ol.Adam, "AdamW": ol.AdamW, "Prox": ol.ProximalGradient,
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_cm_flops_are_what_numpy_does(name):
    for d in (7, 100, 1001):
        assert step_cost.operations(name, d) == theory.cm_flops(CLASSES[name].__name__, d)


def test_cm_flops_of_lbfgs_are_its_products_and_a_few_vectors():
    memory = 6
    for d in (500, 5000):
        oracle = step_cost.Oracle(d)
        running = ol.LBFGS(memory, step=1e-3).iterate(oracle, np.ones(d).view(step_cost.Counting))
        for _ in islice(running, memory + 3):  # the memory is full
            pass
        pairs = running.gi_frame.f_locals["pairs"]
        pairs.S, pairs.Y = (rows.view(step_cost.Counting) for rows in (pairs.S, pairs.Y))
        step_cost.Counting.operations = 0
        next(running)
        rest = step_cost.Counting.operations - theory.cm_flops("LBFGS", d, memory)
        assert 0 <= rest <= 16 * d + 20 * memory**2


class Scalar:
    """A number that counts what is done with it."""

    done = 0

    def __init__(self, value):
        self.value = value

    def _op(self, other, result):
        Scalar.done += 1
        return Scalar(result)

    def __add__(self, other):
        return self._op(other, self.value + other.value)

    def __sub__(self, other):
        return self._op(other, self.value - other.value)

    def __mul__(self, other):
        return self._op(other, self.value * other.value)

    def __truediv__(self, other):
        return self._op(other, self.value / other.value)


def test_cm_flops_of_newton_are_those_of_elimination():
    for d in (4, 12, 40):
        rng = np.random.default_rng(d)
        H, b = rng.normal(size=(d, d)) + 2 * d * np.eye(d), rng.normal(size=d)
        A, x = [[Scalar(v) for v in row] for row in H], [Scalar(v) for v in b]
        Scalar.done = 0
        for k in range(d):
            for i in range(k + 1, d):
                factor = A[i][k] / A[k][k]
                for j in range(k + 1, d):
                    A[i][j] = A[i][j] - factor * A[k][j]
                x[i] = x[i] - factor * x[k]
        for i in reversed(range(d)):
            for j in range(i + 1, d):
                x[i] = x[i] - A[i][j] * x[j]
            x[i] = x[i] / A[i][i]
        assert np.allclose([v.value for v in x], np.linalg.solve(H, b))
        assert Scalar.done == d * (d - 1) * (4 * d + 1) // 6 + 2 * d**2 - d  # what the chapter's proof sums up
        assert 0 <= Scalar.done - theory.cm_flops("Newton", d) <= 2 * d**2


def test_cm_flops_of_admm_are_two_substitutions():
    for d in (3, 20):
        L = np.tril(np.random.default_rng(d).normal(size=(d, d))) + 3 * np.eye(d)
        for rows in (L, L.T[::-1, ::-1]):
            A, x = [[Scalar(v) for v in row] for row in rows], [Scalar(1.0)] * d
            Scalar.done = 0
            for i in range(d):
                for j in range(i):
                    x[i] = x[i] - A[i][j] * x[j]
                x[i] = x[i] / A[i][i]
            assert 2 * Scalar.done == theory.cm_flops("ADMM", d)


def live(cls):
    """The local names that an iteration of the method reads before it sets them: what it must remember."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls.iterate)))
    loop = next(node for node in ast.walk(tree) if isinstance(node, ast.For))
    needed, known = set(), {loop.target.id}
    for statement in loop.body:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        needed |= {node.id for node in names if isinstance(node.ctx, ast.Load)} - known
        if isinstance(statement, ast.AugAssign):
            needed |= {statement.target.id} - known
        known |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return needed


def remembered(cls, running, d):
    arrays = running.gi_frame.f_locals
    names = live(cls) & set(arrays) - {"mean"}  # SGD's mean is x itself where it does not average
    return sum(np.size(arrays[name]) for name in names if isinstance(arrays[name], np.ndarray))


@pytest.mark.parametrize("name", CLASSES)
def test_cm_numbers_are_the_arrays_that_live_on(name):
    for d in (5, 40):
        problem, x0 = step_cost.start(name, d)
        running = step_cost.METHODS[name].iterate(problem, x0)
        next(running), next(running)
        assert remembered(CLASSES[name], running, d) == theory.cm_numbers(CLASSES[name].__name__, d)


def test_cm_numbers_of_the_methods_with_matrices():
    d, memory = 30, 4
    problem, x0 = step_cost.start("L-BFGS", d)
    running = ol.LBFGS(memory, step=1e-3).iterate(problem, x0)
    for _ in islice(running, memory + 3):
        pass
    pairs = running.gi_frame.f_locals["pairs"]
    held = remembered(ol.LBFGS, running, d) + pairs.S[pairs.kept].size + pairs.Y[pairs.kept].size
    assert held == theory.cm_numbers("LBFGS", d, memory)  # x, the last gradient and the pairs
    problem, x0 = step_cost.start("ADMM", d)
    running = step_cost.METHODS["ADMM"].iterate(problem, x0)
    next(running), next(running)
    vectors = {name for name in live(ol.ADMM) if np.size(running.gi_frame.f_locals.get(name)) == d}
    assert vectors >= {"x", "z", "u"}
    assert theory.cm_numbers("ADMM", d) == d**2 + 3 * d
    assert theory.cm_numbers("Newton", d) == problem.hess(x0).size + d


def area_above(costs, s):
    """The integral of 1 - rho_s over log tau up to the largest finite ratio of all, exactly: rho is a step function."""
    ratios = costs / costs.min(axis=1, keepdims=True)
    knots = np.unique(np.concatenate([[1.0], ratios[np.isfinite(ratios)]]))
    rho = ol.performance_profile(costs, knots[:-1] * (1 + 1e-12))[:, s]
    return ((1 - rho) * np.diff(np.log(knots))).sum()


def test_cm_profile_area_is_the_integral_whoever_takes_part():
    rng = np.random.default_rng(0)
    for _ in range(40):
        costs = rng.lognormal(size=(rng.integers(1, 9), 2))
        if rng.random() < 0.5 and len(costs) > 1:
            costs[rng.integers(len(costs))] = np.inf  # a problem that neither solves
        predicted = theory.cm_profile_area(costs[:, 0], costs[:, 1])
        for others in range(4):
            everyone = np.column_stack([costs, rng.lognormal(size=(len(costs), others))])
            with np.errstate(invalid="ignore"):
                measured = area_above(everyone, 1) - area_above(everyone, 0)
            assert measured == pytest.approx(predicted, abs=1e-9)
        assert theory.cm_profile_area(costs[:, 1], costs[:, 0]) == pytest.approx(-predicted)


def test_cm_profile_area_forbids_that_a_profile_is_turned_round():
    rng, tau, turned, crossed = np.random.default_rng(1), np.geomspace(1, 100, 400), 0, 0
    for _ in range(300):
        costs = rng.integers(1, 6, size=(5, 4)).astype(float)
        (a, b), (c, d) = (ol.performance_profile(x, tau)[:, :2].T for x in (costs[:, :2], costs))
        above = (a >= b).all() and (a > b).any()
        if above:
            assert theory.cm_profile_area(costs[:, 0], costs[:, 1]) > 0
            turned += (c <= d).all()
            crossed += (c < d).any()
    assert turned == 0
    assert crossed > 10  # while at single tau the order did change


def test_cm_random_search_is_exact_without_ties_and_a_bound_with_them():
    for settings, good, k in ((5, 1, 3), (6, 2, 4), (4, 3, 2)):
        q = good / settings
        found = np.mean([min(draw) < good for draw in product(range(settings), repeat=k)])
        assert found == pytest.approx(float(theory.cm_random_search(k, q)), rel=1e-12)
        tied = np.array([0, 0, *range(1, settings - 1)])  # the best two are equally good
        threshold = np.sort(tied)[good - 1]
        found = np.mean([tied[list(draw)].min() <= threshold for draw in product(range(settings), repeat=k)])
        assert found >= theory.cm_random_search(k, q) - 1e-12
    assert float(theory.cm_random_search(1, 0.3)) == pytest.approx(0.3)
    assert theory.cm_random_search([1, 10], 1e-12) == pytest.approx([1e-12, 1e-11], rel=1e-9)


def test_cm_random_search_holds_for_many_parameters():
    rng, k, q, trials = np.random.default_rng(0), 11, 0.1, 3000
    population = rng.random((4000, 3))
    value = np.sin(9 * population[:, 0]) + population[:, 1] ** 2 - population[:, 2]
    limit = np.quantile(value, q, method="inverted_cdf")
    hits = (value[rng.integers(len(value), size=(trials, k))].min(axis=1) <= limit).sum()
    low, high = binomtest(int(hits), trials).proportion_ci(0.999)
    assert low <= theory.cm_random_search(k, q) <= high


def test_cm_median_interval_covers():
    for n in (1, 2, 5, 6):
        covered = np.mean([min(x) <= 0 <= max(x) for x in product([-1.0, 1.0], repeat=n)])  # median 0 between them
        assert covered == float(theory.cm_median_interval(n))
        for values in ([1.0, 2.0, 2.0, np.inf], [1.0, 3.0, np.inf, np.inf, np.inf]):  # medians 2 and inf
            median = sorted(values)[len(values) // 2]
            covered = np.mean([min(x) <= median <= max(x) for x in product(values, repeat=n)])
            assert covered >= theory.cm_median_interval(n)
    rng = np.random.default_rng(0)
    x = rng.lognormal(size=(4000, 6))
    hits = int(((x.min(axis=1) <= 1) & (x.max(axis=1) >= 1)).sum())
    low, high = binomtest(hits, 4000).proportion_ci(0.999)
    assert low <= theory.cm_median_interval(6) <= high
