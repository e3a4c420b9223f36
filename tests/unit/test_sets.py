"""Projections: against a general solver, their variational inequality, and every degenerate case."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse

import optlib as ol
from optlib.objectives.sets import ConvexSet, simplex_by_sorting

sets = ol.sets
RNG = np.random.default_rng(0)
A, X_IN = RNG.normal(size=(2, 5)), RNG.normal(size=5)
NORMAL = RNG.normal(size=5)
CENTRE = RNG.normal(size=5)
LOWER = np.array([-1.0, -np.inf, 0.0, 0.5, -2.0])
UPPER = np.array([1.0, 0.0, np.inf, 0.5, -1.0])
# name: (set, its inequalities c(x) >= 0 and equalities c(x) = 0 for the general solver)
TABLE = {
    "simplex": (sets.Simplex(), lambda x: x, lambda x: [x.sum() - 1]),
    "simplex of radius 2.5": (sets.Simplex(2.5), lambda x: x, lambda x: [x.sum() - 2.5]),
    "ball": (sets.L2Ball(), lambda x: [1 - x @ x], None),
    "ball elsewhere": (sets.L2Ball(0.7, CENTRE), lambda x: [0.49 - (x - CENTRE) @ (x - CENTRE)], None),
    "ball around 1": (sets.L2Ball(0.7, 1.0), lambda x: [0.49 - (x - 1) @ (x - 1)], None),
    "box": (sets.Box(-0.5, 0.25), lambda x: np.r_[x + 0.5, 0.25 - x], None),
    "box of vectors": (
        sets.Box(LOWER, UPPER),
        lambda x: np.r_[(x - LOWER)[np.isfinite(LOWER)], (UPPER - x)[np.isfinite(UPPER)]],
        None,
    ),
    "orthant": (sets.Nonnegative(), lambda x: x, None),
    "half-space": (sets.Halfspace(NORMAL, -0.5), lambda x: [-0.5 - NORMAL @ x], None),
    "affine set": (sets.AffineSet(A, A @ X_IN), None, lambda x: A @ (x - X_IN)),
    "affine set, dependent rows": (
        sets.AffineSet(np.vstack([A, A[0] + A[1], 0 * A[0]]), np.r_[A @ X_IN, (A[0] + A[1]) @ X_IN, 0.0]),
        None,
        lambda x: A @ (x - X_IN),
    ),
}
SETS = {name: row[0] for name, row in TABLE.items()} | {"1-norm ball": sets.L1Ball(1.5)}
vectors = st.lists(st.floats(-10, 10), min_size=5, max_size=5).map(np.array)
anything = st.lists(st.floats(-1e300, 1e300), min_size=5, max_size=5).map(np.array)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("name", TABLE)
def test_projection_is_the_answer_of_a_general_solver(name):
    C, inequality, equality = TABLE[name]
    rng = np.random.default_rng(1)
    for scale in (0.1, 1.0, 3.0):
        v = scale * rng.normal(size=5)
        x = C.project(v)
        constraints = [{"type": "ineq", "fun": inequality}] if inequality else []
        constraints += [{"type": "eq", "fun": equality}] if equality else []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = optimize.minimize(
                lambda z, v=v: 0.5 * (z - v) @ (z - v), np.full(5, 0.2), jac=lambda z, v=v: z - v, method="SLSQP",
                constraints=constraints, options={"ftol": 1e-14, "maxiter": 500},
            )  # fmt: skip
        assert np.allclose(x, answer.x, atol=2e-5), name
        assert C(x) == 0.0


def test_projection_onto_the_1_norm_ball_is_a_quadratic_program():
    rng, C = np.random.default_rng(2), sets.L1Ball(1.5)
    for scale in (0.1, 1.0, 3.0):  # x = p - q with p, q >= 0 and sum p + q <= 1.5
        v = scale * rng.normal(size=4)
        answer = optimize.minimize(
            lambda z, v=v: 0.5 * ((z[:4] - z[4:] - v) ** 2).sum(), np.full(8, 0.1), method="SLSQP",
            bounds=[(0, None)] * 8, constraints={"type": "ineq", "fun": lambda z: 1.5 - z.sum()},
            options={"ftol": 1e-14, "maxiter": 500},
        )  # fmt: skip
        assert np.allclose(C.project(v), answer.x[:4] - answer.x[4:], atol=1e-5)


@pytest.mark.parametrize("name", SETS)
@given(v=vectors, w=vectors, t=st.floats(0, 10))
def test_properties_of_a_projection(name, v, w, t):
    C = SETS[name]
    x, z = C.project(v), C.project(w)
    assert x is not v
    assert C(x) == C(z) == 0.0
    assert np.array_equal(C.prox(v, t), x)
    assert (v - x) @ (z - x) <= 1e-9  # the variational inequality, with z in C
    assert (x - z) @ (x - z) <= (x - z) @ (v - w) + 1e-9  # firmly nonexpansive
    assert np.allclose(C.project(x), x, rtol=1e-12, atol=1e-12)  # idempotent
    if C(v) == 0.0:
        assert np.allclose(x, v, rtol=0, atol=1e-7)  # what C forgives


@pytest.mark.parametrize("name", SETS)
@given(v=anything)
def test_a_projected_point_is_inside_however_large_the_point_was(name, v):
    assert SETS[name](SETS[name].project(v)) == 0.0


@pytest.mark.parametrize("name", SETS)
def test_the_indicator_tells_points_outside(name):
    C = SETS[name]
    edge, way = C.project(10 * NORMAL), 1e-6 * np.sign(NORMAL)
    assert C(edge + way) == math.inf or C(edge - way) == math.inf
    assert C(np.full(5, math.nan)) == math.inf
    assert isinstance(C, ol.penalties.Penalty)


@given(v=vectors)
def test_moreaus_decomposition_for_cones(v):
    """v = P_K v + P_K' v with K' the polar cone, at right angles to each other."""
    for cone, polar in (
        (sets.Nonnegative(), sets.Box(-np.inf, 0.0)),
        (sets.Halfspace(NORMAL, 0.0), None),
        (sets.AffineSet(A, [0.0, 0.0]), sets.AffineSet(np.linalg.svd(A)[2][2:], np.zeros(3))),
    ):
        x = cone.project(v)
        rest = v - x if polar is None else polar.project(v)
        assert np.allclose(x + rest, v, atol=1e-12)
        assert x @ rest == pytest.approx(0.0, abs=1e-10)
    ray = v - sets.Halfspace(NORMAL, 0.0).project(v)  # the polar cone of a half-space is the ray of its normal
    assert np.allclose(ray, max(NORMAL @ v, 0.0) / (NORMAL @ NORMAL) * NORMAL, atol=1e-12)


# --- The simplex: the fast path and sorting ---------------------------------------------------------------


@given(
    st.one_of(
        st.lists(st.floats(-10, 10), min_size=1, max_size=40),
        st.lists(st.integers(-2, 2).map(float), min_size=1, max_size=40),  # ties
        st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=10),
    ).map(np.array),
    st.sampled_from([1.0, 1e-300, 1e-8, 0.3, 20.0, 1e8, 1e300]),
)
def test_the_simplex_by_thresholds_is_that_by_sorting(v, s):
    x = sets.Simplex(s).project(v)
    assert np.allclose(x, simplex_by_sorting(v, s), rtol=1e-11, atol=1e-13 * s)
    assert sets.Simplex(s)(x) == 0.0


@pytest.mark.parametrize("d", [2000, 2001, 200_000])
def test_the_simplex_in_high_dimension(d):
    rng = np.random.default_rng(3)
    heavy = rng.standard_cauchy(d)
    spike = np.zeros(d)
    spike[-1] = 5.0  # not among the entries of the first guess
    tied = np.repeat(rng.normal(size=d // 100 + 1), 100)[:d]
    for v in (rng.normal(size=d), 1e-2 * rng.normal(size=d), rng.random(d) / d, heavy, spike, tied, np.ones(d)):
        for s in (1e-3, 1.0, 50.0):
            x = sets.Simplex(s).project(v)
            assert np.allclose(x, simplex_by_sorting(v, s), rtol=1e-9, atol=1e-12 * s)
            assert sets.Simplex(s)(x) == 0.0


def test_the_simplex_in_closed_form():
    assert sets.Simplex().project(np.array([-7.0])).tolist() == [1.0]
    assert np.allclose(sets.Simplex(2.0).project(np.full(8, 1e300)), 0.25, rtol=1e-15)
    assert sets.Simplex().project(np.array([1e300, 0.0, -1e300])).tolist() == [1.0, 0.0, 0.0]
    assert sets.Simplex().project(np.array([1.7e308, -1.7e308])).tolist() == [1.0, 0.0]
    assert sets.Simplex(5e-324)(sets.Simplex(5e-324).project(np.ones(4))) == 0.0
    assert np.allclose(sets.Simplex().project(np.array([0.9, 0.3, 0.0])), [0.8, 0.2, 0.0], rtol=1e-15)
    assert np.isnan(sets.Simplex().project(np.array([np.nan, 1.0]))).all()
    assert np.isnan(sets.Simplex().project(np.array([np.inf, 1.0]))).all()


def test_the_1_norm_ball_in_closed_form():
    C = sets.L1Ball(2.0)
    inside = np.array([1.0, -1.0])
    assert C.project(inside).tolist() == [1.0, -1.0]
    assert np.allclose(C.project(np.array([-3.0, 2.0, 0.5])), [-1.5, 0.5, 0.0], rtol=1e-15)
    assert C.project(np.array([1e308, -1e308, 1e308, -1e3])).tolist() == [2 / 3, -2 / 3, 2 / 3, 0.0]
    assert sets.L1Ball(1.5e-323)(sets.L1Ball(1.5e-323).project(np.ones(4))) == 0.0  # 3 of the smallest number
    zero = C.project(np.array([5.0, -1.0]))[1]
    assert math.copysign(1.0, zero) == 1.0  # not -0.0
    assert C(np.array([1.2, -0.9])) == math.inf


# --- Balls, boxes, half-spaces, affine sets -----------------------------------------------------------------


def test_sets_keep_arrays_of_their_own():
    lower = np.zeros(2)
    box = sets.Box(lower, 1.0)
    ball, half, affine = sets.L2Ball(1.0, lower), sets.Halfspace(a := np.ones(2), 1.0), sets.AffineSet(a, 1.0)
    lower += 7.0
    a += 7.0
    assert box.project([-1.0, 2.0]).tolist() == [0.0, 1.0]
    assert ball.project([0.5, 0.5]).tolist() == [0.5, 0.5]
    assert np.allclose(half.project([1.0, 1.0]), 0.5)
    assert np.allclose(affine.project([1.0, 1.0]), 0.5)
    assert np.allclose(affine.A, 1.0)
    assert np.allclose(half.a, 1.0)


def test_balls_of_other_radii():
    assert np.allclose(sets.L2Ball(0.5).project([0.6, -0.8]), [0.3, -0.4], rtol=1e-15)
    assert sets.L2Ball(5.0).project([3.0, 3.9]).tolist() == [3.0, 3.9]
    assert sets.L2Ball(5.0)([3.0, 4.1]) == math.inf
    assert sets.L2Ball(1e-3, 1e9)([1e9 + 0.5e-3]) == 0.0
    assert np.allclose(sets.L2Ball(1.0, [1e300, 0.0]).project([0.0, 0.0]), [1e300, 0.0])


def test_points_inside_stay_as_they_are():
    v = np.array([0.25, -0.5])
    for C in (sets.L2Ball(), sets.L1Ball(), sets.Box(-1.0, 1.0), sets.Halfspace([1.0, 1.0], 0.0)):
        x = C.project(v)
        assert x.tolist() == v.tolist()
        x[0] = 9.0  # a fresh array
        assert v[0] == 0.25


def test_an_affine_set_scales_its_rows():
    C = sets.AffineSet([[1.0, 0.0], [0.0, 1e-20]], [1.0, 2e-20])  # no row is negligible
    assert np.allclose(C.project([5.0, 5.0]), [1.0, 2.0], rtol=1e-14)
    point = sets.AffineSet([[3.0]], [6.0])
    assert np.allclose(point.project([1e300]), 2.0, rtol=1e-14)
    assert point([2.0 + 1e-7]) == math.inf
    small = sets.AffineSet(np.eye(2000)[:1], [0.0]).project(np.r_[1.0, 1e-11, np.zeros(1998)])
    assert small[1] == pytest.approx(1e-11, rel=1e-4)  # not taken for rounding
    everything = sets.AffineSet(np.zeros((1, 3)), [0.0])
    assert everything.project([1.0, 2.0, 3.0]).tolist() == [1.0, 2.0, 3.0]


def test_an_affine_set_takes_a_sparse_matrix():
    thin = sets.AffineSet(sparse.csr_array(A), A @ X_IN)
    assert np.allclose(thin.project(NORMAL), TABLE["affine set"][0].project(NORMAL), rtol=1e-14)


def test_a_half_space_far_away():
    C = sets.Halfspace([1e200, 1e200], 2e200)
    assert np.allclose(C.project([2.0, 2.0]), 1.0)
    assert C([1.0, 1.0]) == 0.0
    assert C([1.0, 1.001]) == math.inf
    assert sets.Halfspace([1.0, 1.0], 1.0).project([1e300, 1e300]).max() <= 1.0


def test_points_that_are_not_finite_come_back_as_such():
    for C in SETS.values():
        assert not np.isfinite(C.project(np.full(5, np.nan))).any()


def test_a_set_of_ones_own():
    with pytest.raises(NotImplementedError):
        ConvexSet().project(X_IN)
    with pytest.raises(NotImplementedError):
        ConvexSet().contains(X_IN)


# --- What rounding may do, and the ends of the range of numbers -------------------------------------------------


@pytest.mark.parametrize(
    (
        "C",
        "x",
        "way",
        "size",
    ),  # from x, on the boundary, along `way`: how far, in units of 1e-9, still counts as inside
    [
        (sets.L2Ball(2.0, [3.0, 0.0]), [5.0, 0.0], [1.0, 0.0], 5.0),
        (sets.L2Ball(0.5), [0.0, 0.5], [0.0, 1.0], 0.5),
        (sets.Simplex(3.0), [1.0, 2.0], [1.0, 0.0], 3.0),
        (sets.L1Ball(3.0), [-1.0, 2.0], [-1.0, 0.0], 3.0),
        (sets.Halfspace([2.0, 0.0], -4.0), [-2.0, 0.0], [1.0, 0.0], 2.0),
        (sets.AffineSet([[0.0, 3.0]], [6.0]), [0.0, 2.0], [0.0, -1.0], 2.0),
    ],
)
def test_violations_up_to_a_billionth_of_the_size_of_the_data_are_forgiven(C, x, way, size):
    x, way = np.array(x), 1e-9 * size * np.array(way)
    assert C(x) == C(x + 0.97 * way) == 0.0
    assert C(x + 1.03 * way) == math.inf


def test_signs_and_bounds_are_not_forgiven():
    assert sets.Simplex()(np.array([1.0 + 1e-15, -1e-15])) == math.inf
    assert sets.Nonnegative()(np.array([1.0, -1e-300])) == math.inf
    assert sets.Box(0.0, 1.0)(np.array([0.5, 1 + 1e-15])) == math.inf


@pytest.mark.parametrize("name", SETS)
def test_projections_of_integers_are_floats(name):
    for v in ([0, 0, 0, 0, 0], [3, -4, 5, 0, 1]):
        assert SETS[name].project(v).dtype == float
        assert np.array_equal(SETS[name].project(v), SETS[name].project(np.array(v, dtype=float)))


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    "v", [[1.7e308] * 5, [-1.7e308, 1.7e308, 0.0, 1.7e308, -1.7e308], [np.inf, 0.0, 1.0, 0.0, 0.0]]
)
def test_at_the_end_of_the_range_the_answer_is_inside_or_not_a_number(name, v):
    if name != "half-space":  # its inner product alone overflows
        x = SETS[name].project(np.array(v))  # without a warning
        assert np.isnan(x).any() or np.abs(x).max() > 1e307 or SETS[name](x) == 0.0


@pytest.mark.parametrize("far", [1e8, 1e16, 1e200])
def test_a_point_far_along_the_normals_keeps_what_lies_at_right_angles(far):
    rng = np.random.default_rng(4)
    row = rng.normal(size=5)
    side = rng.normal(size=5)
    side -= (side @ row) / (row @ row) * row
    for C in (sets.AffineSet(row, [2.0]), sets.Halfspace(row, 2.0)):
        x = C.project(far * row + side)
        assert abs(row @ x - 2.0) <= 1e-14 * np.linalg.norm(row) * max(1.0, np.linalg.norm(x))
        if far == 1e8:
            assert np.allclose(x, 2 * row / (row @ row) + side, atol=1e-6)
        x = C.project(far * row)
        assert np.allclose(x, 2 * row / (row @ row), rtol=1e-9)


def test_a_half_space_at_the_end_of_the_range():
    C = sets.Halfspace(np.ones(5), 1.0)
    C.project(np.full(5, 1.7e308))  # its inner product overflows, without a warning
    assert C.project(np.full(5, -1.7e308)).tolist() == [-1.7e308] * 5


def test_a_projection_is_the_callers_to_change():
    point = sets.AffineSet(np.diag([1.0, 2.0]), [1.0, 4.0])  # everything but the point is projected away
    point.project([5.0, 5.0])[:] = 9.0
    assert point.project([5.0, 5.0]).tolist() == [1.0, 2.0]


def test_sets_print_what_they_were_given():
    assert repr(sets.Halfspace([1.0, 2.0], 3.0)) == "Halfspace(a=array([1., 2.]), b=3.0)"
    assert repr(sets.AffineSet([[1.0, 2.0]], [3.0])) == "AffineSet(A=array([[1., 2.]]), b=array([3.]))"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sets.Box([0.0, np.nan], 1.0), "lower must be a number or a vector without nan"),
        (lambda: sets.Box([0.0, np.inf], np.inf), "leave a finite point"),
        (lambda: sets.Box(-np.inf, [0.0, -np.inf]), "leave a finite point"),
        (lambda: sets.AffineSet(np.ones((2, 2, 2)), [1.0, 1.0]), "A and b must have shapes"),
        (lambda: sets.AffineSet(np.ones((1, 0)), [0.0]), "A and b must have shapes"),
        (lambda: sets.AffineSet([[1.0, np.inf]], [1.0]), "A must be finite"),
    ],
)
def test_one_bad_entry_is_enough(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_the_1_norm_ball_adds_nothing_up_that_overflows():
    assert sets.L1Ball(2.0).project(np.array([1e308, 1e308, 0.0])).tolist() == [1.0, 1.0, 0.0]
    assert sets.L1Ball(5e-324)(sets.L1Ball(5e-324).project(np.ones(4))) == 0.0
