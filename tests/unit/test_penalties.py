"""Every penalty: its proximal map against brute force, and what holds of all proximal maps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import optlib as ol

GROUPS = [1, 0, 1, 7, 7, 7]
PENALTIES = {
    "zero": ol.penalties.Zero(),
    "L2": ol.penalties.L2(0.7),
    "L1": ol.penalties.L1(0.7),
    "elastic net": ol.penalties.ElasticNet(lam1=0.7, lam2=0.4),
    "group": ol.penalties.GroupL2(0.7, GROUPS),
}
vectors = st.lists(st.floats(-10, 10), min_size=6, max_size=6).map(np.array)
times = st.floats(1e-3, 10)


@pytest.mark.parametrize("name", PENALTIES)
@given(v=vectors, t=times, seed=st.integers(0, 2**32 - 1))
def test_no_point_is_better_than_the_prox(name, v, t, seed):
    g = PENALTIES[name]
    x = g.prox(v, t)

    def objective(x):
        return 0.5 * np.sum((x - v) ** 2) + t * g(x)

    best, rng = objective(x), np.random.default_rng(seed)
    for size in (1e-4, 1e-2, 1.0):
        for _ in range(10):
            other = x + size * rng.normal(size=6)
            assert objective(other) >= best + 0.5 * np.sum((other - x) ** 2) - 1e-9 * (1 + best)  # strongly convex
    for i in range(6):
        one = x.copy()
        one[i] = 0.0
        assert objective(one) >= best - 1e-9 * (1 + best)


@pytest.mark.parametrize("name", ["L1", "elastic net", "L2"])
@given(v=st.floats(-5, 5), t=st.floats(0.01, 3))
def test_separable_proxes_are_those_of_scipy_in_one_dimension(name, v, t):
    g = PENALTIES[name]
    found = optimize.minimize_scalar(
        lambda a: 0.5 * (a - v) ** 2 + t * g(np.array([a])), bounds=(-6, 6), method="bounded", options={"xatol": 1e-10}
    )
    assert g.prox(np.array([v]), t)[0] == pytest.approx(found.x, abs=1e-5)


@pytest.mark.parametrize("name", PENALTIES)
@given(v=vectors, w=vectors, t=times)
def test_proxes_are_firmly_non_expansive(name, v, w, t):
    g = PENALTIES[name]
    difference = g.prox(v, t) - g.prox(w, t)
    assert difference @ difference <= difference @ (v - w) + 1e-9


@given(v=vectors, t=times)
def test_moreau_the_prox_of_a_norm_is_v_less_the_projection_on_the_dual_ball(v, t):
    lam = 0.7
    assert np.allclose(PENALTIES["L1"].prox(v, t), v - np.clip(v, -t * lam, t * lam))
    projected = v.copy()
    for group in set(GROUPS):
        members = np.array(GROUPS) == group
        radius, size = t * lam * np.sqrt(members.sum()), np.linalg.norm(v[members])
        projected[members] *= min(1.0, radius / size) if size else 1.0
    assert np.allclose(PENALTIES["group"].prox(v, t), v - projected, atol=1e-12)


@pytest.mark.parametrize("name", PENALTIES)
@given(v=vectors)
def test_a_step_of_nothing_changes_nothing(name, v):
    assert np.allclose(PENALTIES[name].prox(v, 0.0), v, rtol=1e-15)


def test_values():
    x = np.array([3.0, -4.0, 0.0, 0.0, 0.0, 0.0])
    assert PENALTIES["L1"](x) == pytest.approx(4.9)
    assert PENALTIES["elastic net"](x) == pytest.approx(4.9 + 0.2 * 25)
    assert PENALTIES["group"](x) == pytest.approx(0.7 * (np.sqrt(2) * 3 + 4))
    assert PENALTIES["group"].norms(x).tolist() == [4.0, 3.0, 0.0]
    assert PENALTIES["L2"](x) == pytest.approx(0.35 * 25)
    assert PENALTIES["zero"](x) == 0.0


def test_soft_threshold_sets_exact_zeros_and_group_shrinkage_whole_groups():
    v = np.array([0.3, -2.0, 0.7, 0.1, -0.2, 0.3])
    assert PENALTIES["L1"].prox(v, 1.0).tolist() == [0.0, -1.3, 0.0, 0.0, 0.0, 0.0]
    x = PENALTIES["group"].prox(v, 1.0)
    assert x[[0, 2, 3, 4, 5]].tolist() == [0.0] * 5
    assert x[1] == pytest.approx(-1.3)


def test_groups_of_one_make_the_group_penalty_the_1_norm():
    v = np.array([0.3, -2.0, 1.5])
    alone = ol.penalties.GroupL2(0.7, [5, 3, 4])
    assert np.allclose(alone.prox(v, 1.0), ol.penalties.L1(0.7).prox(v, 1.0))
    assert alone(v) == pytest.approx(ol.penalties.L1(0.7)(v))


def test_an_elastic_net_with_one_half_zero_is_the_other_half():
    v = np.array([0.3, -2.0, 1.5])
    assert np.array_equal(ol.penalties.ElasticNet(0.7, 0.0).prox(v, 0.5), ol.penalties.L1(0.7).prox(v, 0.5))
    assert np.allclose(ol.penalties.ElasticNet(0.0, 0.7).prox(v, 0.5), ol.penalties.L2(0.7).prox(v, 0.5))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [0.0, 1e-200, 1e200])
def test_group_norms_neither_underflow_nor_overflow(size):
    g = ol.penalties.GroupL2(1.0, [0, 0])
    v = size * np.array([3.0, 4.0])
    assert g(v) == pytest.approx(5 * np.sqrt(2) * size, rel=1e-12)
    assert np.allclose(g.prox(v, size), (1 - np.sqrt(2) / 5) * v, rtol=1e-12)


def test_the_gradient_of_no_penalty_is_a_vector_of_zeros():
    assert ol.penalties.Zero().grad(np.ones(3)).tolist() == [0.0, 0.0, 0.0]


def test_one_coordinate_is_a_group_and_none_is_an_error():
    assert ol.penalties.GroupL2(1.0, [7]).prox(np.array([3.0]), 1.0).tolist() == [2.0]
    with pytest.raises(ValueError, match="groups must be a vector of integers"):
        ol.penalties.GroupL2(1.0, np.zeros(0, dtype=int))
