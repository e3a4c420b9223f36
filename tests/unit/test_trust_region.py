"""Trust regions: each subproblem against its conditions and brute force, and the method around them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse

import optlib as ol
from optlib.methods.trust_region import SUBPROBLEMS, cauchy_point, dogleg, exact, steihaug

seeds = st.integers(0, 2**32 - 1)
radii = st.sampled_from([1e-6, 1e-2, 1.0, 10.0, 1e6])


def model(g, H, p):
    return g @ p + 0.5 * p @ H @ p


def random_model(seed, definite=False):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    A = rng.normal(size=(n, n))
    H = A @ A.T + 0.1 * np.eye(n) if definite else A + A.T
    return rng.normal(size=n) * 10.0 ** rng.integers(-3, 3), H


def all_of(g, H, radius):
    return {
        "cauchy": cauchy_point(g, lambda v: H @ v, radius),
        "dogleg": dogleg(g, H, radius),
        "steihaug": steihaug(g, lambda v: H @ v, radius, 0.0),
        "exact": exact(g, H, radius),
    }


# --- The subproblem -------------------------------------------------------------------------------------------


@given(seed=seeds, radius=radii, definite=st.booleans())
def test_every_step_stays_within_the_radius_and_gains_at_least_what_the_cauchy_point_does(seed, radius, definite):
    g, H = random_model(seed, definite)
    steps = all_of(g, H, radius)
    least = model(g, H, steps["cauchy"][0])
    assert least < 0
    # the bound of Nocedal and Wright, lemma 4.3
    size = np.linalg.norm(g)
    assert -least >= 0.5 * size * min(radius, size / np.linalg.norm(H, 2)) * (1 - 1e-9)
    for name, (p, Hp) in steps.items():
        assert np.linalg.norm(p) <= radius * (1 + 1e-9), name
        assert model(g, H, p) <= least * (1 - 1e-7), name
        assert np.allclose(Hp, H @ p, rtol=1e-6, atol=1e-7 * (np.linalg.norm(H) * np.linalg.norm(p) + size)), name


@given(seed=seeds, radius=radii)
def test_the_cauchy_point_is_the_best_point_along_the_gradient(seed, radius):
    g, H = random_model(seed)
    p = cauchy_point(g, lambda v: H @ v, radius)[0]
    along = [model(g, H, -s * radius * g / np.linalg.norm(g)) for s in np.linspace(0, 1, 101)]
    assert model(g, H, p) <= min(along) + 1e-9 * abs(min(along))


@given(seed=seeds, radius=radii, orthogonal=st.sampled_from([0.0, 1e-14, 1e-8, 1.0]))
def test_the_exact_step_meets_the_conditions_of_more_and_sorensen(seed, radius, orthogonal):
    """Also where g is orthogonal, or nearly, to the lowest eigenvector: the hard case."""
    g, H = random_model(seed)
    eigenvalues, Q = np.linalg.eigh(H)
    g = g - (1 - orthogonal) * (Q[:, 0] @ g) * Q[:, 0]
    p = exact(g, H, radius)[0]
    length, scale = np.linalg.norm(p), np.linalg.norm(g) + np.linalg.norm(H, 2) * radius
    if length == 0:
        assert np.linalg.norm(g) <= 1e-12 * scale or eigenvalues[0] >= 0
        return
    lam = -(p @ (H @ p + g)) / length**2
    assert np.linalg.norm(H @ p + lam * p + g) <= 1e-7 * scale
    assert lam * length >= -1e-7 * scale
    assert (lam + eigenvalues[0]) * length >= -1e-7 * scale
    assert length <= radius * (1 + 1e-9)
    assert lam * (radius - length) <= 1e-7 * scale


@given(seed=seeds, radius=st.floats(0.1, 3.0))
def test_no_point_of_the_disc_is_better_than_the_exact_step(seed, radius):
    rng = np.random.default_rng(seed)
    A, g = rng.normal(size=(2, 2)), rng.normal(size=2)
    H = A + A.T
    angles, sizes = np.meshgrid(np.linspace(0, 2 * np.pi, 200), np.linspace(0, radius, 50))
    disc = np.stack([sizes * np.cos(angles), sizes * np.sin(angles)]).reshape(2, -1)
    values = g @ disc + 0.5 * (disc * (H @ disc)).sum(axis=0)
    assert model(g, H, exact(g, H, radius)[0]) <= values.min() + 1e-12


@pytest.mark.parametrize(
    ("g", "H", "radius", "length", "value"),
    [
        ([0.0, 0.0], np.diag([-1.0, 1.0]), 2.0, 2.0, -2.0),  # no gradient: along the negative curvature
        ([0.0, 0.0], np.diag([1.0, 2.0]), 2.0, 0.0, 0.0),  # at the minimiser
        ([0.0, 1.0], np.diag([-1.0, 1.0]), 1.0, 1.0, -0.75),  # the hard case, p = (+-sqrt(3)/2, -1/2)
        ([0.0, 1.0], np.diag([0.0, 1.0]), 5.0, 1.0, -0.5),  # singular, with a minimiser inside
        ([1.0, 0.0], np.zeros((2, 2)), 3.0, 3.0, -3.0),  # linear
        ([4.0], np.array([[2.0]]), 1.0, 1.0, -3.0),
        ([4.0], np.array([[2.0]]), 3.0, 2.0, -4.0),
        ([0.0], np.array([[-2.0]]), 3.0, 3.0, -9.0),
    ],
)
def test_exact_steps_in_closed_form(g, H, radius, length, value):
    g = np.array(g)
    p = exact(g, H, radius)[0]
    assert np.linalg.norm(p) == pytest.approx(length, rel=1e-9)
    assert model(g, H, p) == pytest.approx(value, rel=1e-9)


@given(seed=seeds)
def test_inside_the_radius_all_but_cauchy_take_newtons_step(seed):
    g, H = random_model(seed, definite=True)
    newton = np.linalg.solve(H, -g)
    steps = all_of(g, H, 2 * np.linalg.norm(newton))
    for name in ("dogleg", "steihaug", "exact"):
        assert np.allclose(steps[name][0], newton, rtol=1e-5, atol=1e-7 * np.linalg.norm(newton)), name


def test_the_dogleg_bends_at_the_minimiser_along_the_gradient():
    g, H = np.array([1.0, 1.0]), np.diag([1.0, 10.0])
    turn, newton = -(g @ g) / (g @ H @ g) * g, -g / np.diag(H)
    short, long = 0.9 * np.linalg.norm(turn), 0.5 * (np.linalg.norm(turn) + np.linalg.norm(newton))
    assert np.allclose(dogleg(g, H, short)[0], 0.9 * turn)
    p = dogleg(g, H, long)[0]
    assert np.linalg.norm(p) == pytest.approx(long)
    share = (p - turn)[0] / (newton - turn)[0]
    assert 0 < share < 1
    assert np.allclose(p, turn + share * (newton - turn))


def test_without_a_positive_definite_hessian_the_dogleg_is_the_cauchy_point():
    g, H = np.array([1.0, 0.5]), np.diag([1.0, -1.0])
    assert np.array_equal(dogleg(g, H, 0.7)[0], cauchy_point(g, lambda v: H @ v, 0.7)[0])


def test_steihaug_stops_at_its_tolerance_and_follows_negative_curvature_to_the_radius():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(8, 8))
    H, g, calls = A @ A.T + np.eye(8), rng.normal(size=8), []

    def times(v):
        calls.append(1)
        return H @ v

    size = np.linalg.norm(g)
    for share in (0.5, 0.1, 1e-6):
        p = steihaug(g, times, 1e6, share * size)[0]
        assert np.linalg.norm(H @ p + g) <= share * size
    assert len(calls) < 4 + 7 + 9
    rough = steihaug(g, lambda v: H @ v, 1e6, 0.9 * size)[0]
    assert np.linalg.norm(H @ rough + g) > 1e-3 * size
    p = steihaug(np.array([1.0, 1.0]), lambda v: np.array([1.0, -3.0]) * v, 2.0, 1e-12)[0]
    assert np.linalg.norm(p) == pytest.approx(2.0)


@pytest.mark.parametrize("subproblem", SUBPROBLEMS)
@pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e150, 1e300])
@pytest.mark.filterwarnings("error")
def test_a_tiny_or_huge_f_is_minimised_too(subproblem, scale):
    a = np.array([1.0, 3.0])
    p = ol.Problem(
        lambda x: scale * float(a @ x**2) / 2, jac=lambda x: scale * a * x, hess=lambda x: scale * np.diag(a)
    )
    result = ol.minimize(p, [0.25, 0.5], ol.TrustRegion(subproblem), tol=1e-6 * scale, maxiter=200)
    assert result.success, result.message
    assert np.allclose(result.x, 0, atol=1e-6)


# --- The method -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subproblem", SUBPROBLEMS)
def test_the_radius_and_the_point_follow_the_ratio(subproblem):
    """The rule written out, on the recorded iterates."""
    p = ol.Rosenbrock()
    result = ol.minimize(p, [-1.2, 1.0], ol.TrustRegion(subproblem, radius=0.5, max_radius=2.0), maxiter=60)
    x, radius = result.history.x, result.history.extras["radius"]
    assert radius[0] == 0.5
    rejected = 0
    for t in range(result.nit):
        g, H = p.grad(x[t]), p.hess(x[t])
        if subproblem == "steihaug":
            size = np.linalg.norm(g)
            step, _ = steihaug(g, lambda v, H=H: H @ v, radius[t], min(0.5, np.sqrt(size)) * size)
        else:
            step, _ = all_of(g, H, radius[t])[subproblem]
        rho = (p(x[t]) - p(x[t] + step)) / -model(g, H, step)
        length = np.linalg.norm(step)
        assert np.allclose(x[t + 1], x[t] + step if rho > 0.1 else x[t], rtol=1e-12)
        assert result.history.step[t] == pytest.approx(length if rho > 0.1 else 0.0)
        grown = rho > 0.75 and length >= 0.99 * radius[t]
        after = length / 4 if rho < 0.25 else min(2 * radius[t], 2.0) if grown else radius[t]
        assert radius[t + 1] == pytest.approx(after)
        rejected += rho <= 0.1
    assert rejected > 0 or subproblem == "cauchy"
    assert (np.diff(result.history.fun) <= 0).all()


@pytest.mark.parametrize(
    ("problem", "x0"),
    [(ol.Rosenbrock(), [-1.2, 1.0]), (ol.Himmelblau(), [0.2, 2.9]), (ol.Beale(), [2.5, 0.3])],
    ids=["Rosenbrock", "Himmelblau", "Beale"],
)
@pytest.mark.parametrize("subproblem", ["steihaug", "dogleg", "exact"])
def test_minima_from_indefinite_starts_and_order_of_convergence(subproblem, problem, x0):
    result = ol.minimize(problem, x0, ol.TrustRegion(subproblem), tol=1e-9)
    assert result.success
    assert result.fun < 1e-16
    reference = optimize.minimize(problem, x0, jac=problem.grad, hess=problem.hess, method="trust-exact")
    assert result.fun <= reference.fun + 1e-12
    assert result.nit <= 3 * reference.nit
    errors = np.linalg.norm(result.history.x - result.x, axis=1)
    errors = errors[errors > 1e-12]
    assert result.history.optimality[-1] < 0.01 * result.history.optimality[-2]
    if subproblem != "steihaug":  # whose steps are Newton's only in the limit
        assert ol.observed_order(errors) > 1.5


def test_exact_leaves_a_saddle_point_from_which_there_is_no_slope():
    p = ol.Problem(
        lambda x: float(x[0] ** 2 - x[1] ** 2 + x[1] ** 4),
        jac=lambda x: np.array([2 * x[0], -2 * x[1] + 4 * x[1] ** 3]),
        hess=lambda x: np.diag([2.0, -2 + 12 * x[1] ** 2]),
    )
    along = ol.minimize(p, [1.0, 0.0], ol.TrustRegion("exact"), tol=1e-9)  # g has no part along the way out
    assert along.success
    assert abs(along.x[1]) == pytest.approx(np.sqrt(0.5), abs=1e-6)


@pytest.mark.parametrize("subproblem", SUBPROBLEMS)
def test_sparse_hessians(subproblem):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.choice([-1.0, 1.0], size=30)
    runs = [
        ol.minimize(
            ol.EmpiricalRisk(ol.losses.Logistic(), make(X), y, ol.penalties.L2(0.1)),
            np.ones(4),
            ol.TrustRegion(subproblem),
            maxiter=15,
        )
        for make in (np.asarray, sparse.csr_array)
    ]
    assert np.allclose(runs[0].history.x, runs[1].history.x, rtol=1e-7, atol=1e-9)


def test_steihaug_needs_products_alone_and_asks_for_no_more_of_them_than_it_uses():
    p = ol.Rosenbrock(20)
    products = ol.Problem(p, p.grad, hessp=p.hessp)
    result = ol.minimize(products, p.x0, ol.TrustRegion())
    assert result.success
    assert result.nhev < 10 * result.nit


@pytest.mark.parametrize("subproblem", SUBPROBLEMS)
def test_a_wrong_gradient_ends_with_a_status(subproblem):
    p = ol.Problem(lambda x: float(x @ x), jac=lambda x: -2 * x, hess=lambda x: 2 * np.eye(2))
    result = ol.minimize(p, [1.0, 1.0], ol.TrustRegion(subproblem))
    assert result.status is ol.Status.LINE_SEARCH_FAILED
    assert "check_gradient" in result.message
    assert result.x.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("subproblem", ["steihaug", "dogleg", "exact"])
def test_where_f_is_not_defined_the_step_is_rejected_and_a_large_minimum_does_not_stop_the_run_short(subproblem):
    def f(x):
        return float(x[0] - np.log(x[0])) + 1e6 if x[0] > 0 else np.nan

    p = ol.Problem(f, jac=lambda x: 1 - 1 / x, hess=lambda x: np.diag(x**-2))
    result = ol.minimize(p, [3.0], ol.TrustRegion(subproblem, radius=10.0), tol=1e-9)
    assert result.success, result.message
    assert result.x == pytest.approx([1.0], abs=1e-8)


@pytest.mark.parametrize("subproblem", SUBPROBLEMS)
@pytest.mark.filterwarnings("error")
def test_a_hessian_that_is_not_finite_ends_with_a_status(subproblem):
    p = ol.Problem(lambda x: float(x @ x), jac=lambda x: 2 * x, hess=lambda x: np.full((2, 2), np.nan))
    result = ol.minimize(p, [1.0, 1.0], ol.TrustRegion(subproblem))
    assert result.status in (ol.Status.SINGULAR, ol.Status.LINE_SEARCH_FAILED)
    assert result.x.tolist() == [1.0, 1.0]


# --- Its rule, one case at a time -------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [1.0, -1.0, 2.0**20])
@pytest.mark.parametrize(
    ("rise", "slope", "accepted", "radius"),  # of f in machine epsilons of |f|; at the end, from -1 at the start
    [
        (10, 0.0, True, 2.0),  # rho = 1 - slope
        (10, 0.3, True, 1.0),
        (-10, 0.8, True, 0.25),
        (-10, 0.95, False, 0.25),
        (10, -1.0, True, 2.0),
        (10, -1.5, False, 0.25),  # the gradient grows
        (11, 0.0, False, 0.25),  # the values say enough
    ],
)
def test_within_ten_epsilons_gradients_say_what_f_gains(f, rise, slope, accepted, radius):
    values = {0.0: f, 1.0: f + rise * np.finfo(float).eps * abs(f)}
    p = ol.Problem(
        lambda x: values[float(x[0])],
        jac=lambda x: np.array([-1.0 if x[0] == 0 else slope]),
        hess=lambda x: np.eye(1),
    )
    result = ol.minimize(p, [0.0], ol.TrustRegion("exact"), tol=0, maxiter=1)  # Newton's step ends at the radius
    assert result.history.x[1].tolist() == [float(accepted)]
    assert result.extras["radius"] == radius


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_run_is_given_up_where_the_radius_is_lost_in_the_rounding_of_x(scale):
    p = ol.Problem(lambda x: float(x @ x), jac=lambda x: -2 * x, hess=lambda x: 2 * np.eye(2))
    result = ol.minimize(p, [scale, 0.0], ol.TrustRegion("exact"))
    eps = np.finfo(float).eps
    assert eps * scale < result.extras["radius"] <= 4 * eps * scale * (1 + 1e-9)
    flat = ol.Problem(lambda x: float(x[0]), jac=lambda x: -np.ones(1), hess=lambda x: np.zeros((1, 1)))
    assert (
        ol.minimize(flat, [0.0], ol.TrustRegion()).status is ol.Status.LINE_SEARCH_FAILED
    )  # at 0 there is no rounding


def test_without_curvature_every_step_goes_to_the_radius():
    g = np.array([3.0, 4.0])
    for name, (p, Hp) in all_of(g, np.zeros((2, 2)), 2.0).items():
        assert np.allclose(p, [-1.2, -1.6]), name
        assert np.allclose(Hp, 0.0), name


def test_the_radius_may_be_its_own_limit():
    result = ol.minimize(ol.Rosenbrock(), [-1.2, 1.0], ol.TrustRegion(radius=0.5, max_radius=0.5))
    assert result.success
    assert result.history.extras["radius"].max() == 0.5
