"""Performance profiles against their definition, and what adding a method does to them."""

import numpy as np
import pytest

import optlib as ol


def random_costs(rng, problems=9, methods=4):
    costs = rng.integers(1, 40, size=(problems, methods)).astype(float)
    costs[rng.random(costs.shape) < 0.2] = np.inf
    return costs


def by_definition(costs, tau):
    shares = []
    for s in range(costs.shape[1]):
        near = [row[s] < np.inf and row[s] <= tau * min(row) * (1 + 1e-12) for row in costs]
        shares.append(sum(near) / len(costs))
    return shares


def test_it_is_the_share_of_ratios_up_to_tau():
    rng = np.random.default_rng(0)
    for _ in range(50):
        costs = random_costs(rng)
        for tau in (1.0, 1.5, 7.3):
            assert ol.performance_profile(costs, tau) == pytest.approx(by_definition(costs, tau))


def test_its_ends_are_the_share_of_wins_and_the_share_solved():
    costs = [[2.0, 2.0, 5.0], [9.0, np.inf, 3.0], [np.inf, np.inf, np.inf], [1.0, 4.0, np.inf]]
    assert ol.performance_profile(costs, 1.0).tolist() == [0.5, 0.25, 0.25]  # a tie counts for both
    assert ol.performance_profile(costs, 1e300).tolist() == [0.75, 0.5, 0.5]  # what nobody solves counts for nobody


def test_it_is_a_step_function_that_does_not_see_units():
    rng, tau = np.random.default_rng(1), np.geomspace(1, 50, 200)
    costs = random_costs(rng)
    rho = ol.performance_profile(costs, tau)
    assert rho.shape == (200, 4)
    assert (np.diff(rho, axis=0) >= 0).all()
    assert np.allclose(rho * len(costs), (rho * len(costs)).round())
    powers = 2.0 ** rng.integers(-20, 20, size=(len(costs), 1))
    assert np.array_equal(ol.performance_profile(costs * powers, tau), rho)
    assert ol.performance_profile(costs, tau.reshape(2, 100)).shape == (2, 100, 4)


def test_a_new_method_lifts_nobody_and_keeps_dominance():
    rng, tau = np.random.default_rng(2), np.geomspace(1, 50, 100)
    for _ in range(50):
        costs = random_costs(rng)
        costs[:, 1] = costs[:, 0] * rng.choice([1.0, 2.0, 3.0], size=len(costs))  # the first is never worse
        before = ol.performance_profile(costs[:, :3], tau)
        after = ol.performance_profile(costs, tau)
        assert (after[:, :3] <= before).all()
        assert (after[:, 0] >= after[:, 1]).all()


def test_the_order_of_two_depends_on_a_third():
    costs = np.array([[1.0, 2.0, 0.5], [1.0, 2.0, 0.5], [3.0, 1.0, 3.0]])
    assert ol.performance_profile(costs[:, :2], 1.0).tolist() == pytest.approx([2 / 3, 1 / 3])
    assert ol.performance_profile(costs, 1.0).tolist() == pytest.approx([0, 1 / 3, 2 / 3])
