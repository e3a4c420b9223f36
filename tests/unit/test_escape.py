"""Methods that leave saddle points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import optlib as ol
from optlib.methods.escape import cubic_step

# minima at (0, +-1) with value -1/2, a strict saddle point at 0
SADDLE = ol.Problem(
    lambda x: float(x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 2),
    jac=lambda x: np.array([2 * x[0], -2 * x[1] + 2 * x[1] ** 3]),
    hess=lambda x: np.diag([2.0, -2 + 6 * x[1] ** 2]),
)


# --- Perturbed gradient descent ---------------------------------------------------------------------------------


@pytest.mark.parametrize("x0", [[0.0, 0.0], [1.0, 0.0]])
def test_gradient_descent_stays_and_perturbed_gradient_descent_leaves_with_every_seed(x0):
    stays = ol.minimize(SADDLE, x0, ol.GradientDescent(0.1))
    assert stays.success
    assert stays.fun == pytest.approx(0.0, abs=1e-9)
    for seed in range(20):
        result = ol.minimize(SADDLE, x0, ol.PerturbedGradientDescent(0.1, seed=seed))
        assert result.success, result.message
        assert result.fun == pytest.approx(-0.5, abs=1e-9)
        assert np.linalg.norm(SADDLE.grad(result.x)) <= 1e-6


def test_a_seed_makes_the_run_what_it_is():
    a, b, c = (ol.minimize(SADDLE, [0.0, 0.0], ol.PerturbedGradientDescent(0.1, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(a.history.x, b.history.x)
    assert not np.array_equal(a.history.x[:5], c.history.x[:5])


def test_until_the_gradient_is_small_it_is_gradient_descent():
    result = ol.minimize(SADDLE, [1.0, 1e-6], ol.PerturbedGradientDescent(0.1, threshold=1e-2), maxiter=20)
    plain = ol.minimize(SADDLE, [1.0, 1e-6], ol.GradientDescent(0.1), maxiter=20)
    assert np.array_equal(result.history.x[:20], plain.history.x[:20])


def test_the_zero_gradient_of_a_saddle_point_is_no_convergence():
    result = ol.minimize(SADDLE, [0.0, 0.0], ol.PerturbedGradientDescent(0.1, threshold=1e-2, patience=30), maxiter=29)
    assert (result.history.optimality >= 1.1e-2).all()
    assert result.history.optimality[0] == pytest.approx(1.1e-2)  # and no more than that


@given(seed=st.integers(0, 1000))
def test_at_a_minimiser_the_trial_ends_where_it_began(seed):
    """The noise lies in the ball; after `patience` steps without much gain the point before it is taken again."""
    q = ol.Quadratic([1.0, 4.0], [1.0, 4.0])
    method = ol.PerturbedGradientDescent(0.1, radius=0.3, threshold=1e-2, patience=7, seed=seed)
    result = ol.minimize(q, [1.0, 1.001], method, tol=1e-4, maxiter=300)
    path = result.history.x
    assert result.success
    assert np.array_equal(path[7], path[0])
    assert (result.history.optimality[:7] >= 1.1e-2).all()
    assert result.history.optimality[7] == pytest.approx(0.004)
    xi = (path[1] - [0.1, 0.4]) / [0.9, 0.6] - path[0]  # one step after the noise, undone
    assert 0 < np.linalg.norm(xi) <= 0.3
    assert np.allclose(path[8:], ol.minimize(q, path[7], ol.GradientDescent(0.1), tol=1e-4).history.x[1:])


def test_the_noise_fills_the_ball_evenly():
    q = ol.Quadratic([1e-9, 1e-9, 1e-9])
    lengths = []
    for seed in range(300):
        method = ol.PerturbedGradientDescent(1e-3, radius=2.0, seed=seed)
        lengths.append(np.linalg.norm(ol.minimize(q, np.zeros(3), method, tol=0, maxiter=1).x))
    assert max(lengths) <= 2.0
    assert np.mean(np.array(lengths) <= 2.0 * 0.5 ** (1 / 3)) == pytest.approx(0.5, abs=0.08)  # half of the volume


# --- Cubic Newton ----------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**32 - 1), M=st.sampled_from([1e-3, 1.0, 1e3]), share=st.sampled_from([0.0, 1e-12, 1.0]))
def test_the_cubic_step_is_the_global_minimiser_of_its_model(seed, M, share):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    A, g = rng.normal(size=(n, n)), rng.normal(size=n)
    H = A + A.T
    eigenvalues, Q = np.linalg.eigh(H)
    g = g - (1 - share) * (Q[:, 0] @ g) * Q[:, 0]
    p = cubic_step(g, eigenvalues, Q, M)
    lam = M / 2 * np.linalg.norm(p)
    scale = np.linalg.norm(g) + (np.linalg.norm(H) + lam) * np.linalg.norm(p)
    assert np.linalg.norm(H @ p + lam * p + g) <= 1e-7 * scale
    assert lam + eigenvalues[0] >= -1e-7 * (1 + np.linalg.norm(H))

    def model(p):
        return g @ p + 0.5 * p @ H @ p + M / 6 * np.linalg.norm(p) ** 3

    found = min(
        optimize.minimize(model, start, method="Nelder-Mead", options={"maxiter": 2000}).fun
        for start in (np.zeros(n), 2 * Q[:, 0] / M, -2 * Q[:, 0] / M, p)
    ) if n <= 2 else model(p)  # fmt: skip
    assert model(p) <= found + 1e-6 * (1 + abs(found))


def test_with_the_true_constant_every_step_gains_what_nesterov_and_polyak_prove():
    """f(x_t) - f(x_{t+1}) >= M/12 |step|^3; here the third derivative is at most 12 on |x| <= 1."""
    result = ol.minimize(SADDLE, [1.0, 0.0], ol.CubicNewton(M=12.0), tol=1e-9)
    assert result.success
    assert result.fun == pytest.approx(-0.5)
    assert abs(result.history.x[:, 1]).max() <= 1.0 + 1e-9
    gains, lengths = -np.diff(result.history.fun), result.history.step[:-1]
    assert np.allclose(np.linalg.norm(np.diff(result.history.x, axis=0), axis=1), lengths)
    assert (gains >= 12.0 / 12 * lengths**3 - 1e-15).all()
    assert (result.history.extras["M"] == 12.0).all()


def test_optimality_is_the_larger_of_gradient_and_negative_curvature():
    start = ol.minimize(SADDLE, [0.0, 0.0], ol.CubicNewton(), maxiter=0)
    assert start.optimality == 2.0
    slope = ol.minimize(SADDLE, [3.0, 0.0], ol.CubicNewton(), maxiter=0)
    assert slope.optimality == 6.0


@pytest.mark.parametrize("x0", [[0.0, 0.0], [1.0, 0.0], [0.3, -0.2]])
def test_without_a_constant_one_is_found_and_every_step_lowers_f(x0):
    result = ol.minimize(SADDLE, x0, ol.CubicNewton(), tol=1e-9)
    assert result.success
    assert result.fun == pytest.approx(-0.5)
    assert (np.diff(result.history.fun) <= 1e-15).all()
    M = result.history.extras["M"]
    assert set(np.round(np.log2(M)).tolist()) == set(np.log2(M).tolist())
    assert result.nit < 25


def test_cubic_newton_is_fast_at_a_minimiser():
    result = ol.minimize(ol.Rosenbrock(), [-1.2, 1.0], ol.CubicNewton(), tol=1e-11)
    errors = np.linalg.norm(result.history.x - 1.0, axis=1)
    assert ol.observed_order(errors[errors > 1e-12]) > 1.6


def test_a_wrong_gradient_ends_with_a_status():
    p = ol.Problem(lambda x: float(x @ x), jac=lambda x: -2 * x, hess=lambda x: 2 * np.eye(1))
    result = ol.minimize(p, [1.0], ol.CubicNewton())
    assert result.status is ol.Status.LINE_SEARCH_FAILED
    assert "check_gradient" in result.message


def test_a_hessian_that_is_not_finite_at_the_start_is_an_error_and_later_a_status():
    p = ol.Problem(
        lambda x: float(x @ x), jac=lambda x: 2 * x, hess=lambda x: np.full((1, 1), 2.0 if x[0] > 0.9 else np.nan)
    )
    with pytest.raises(np.linalg.LinAlgError, match="Hessian is not finite"):
        ol.minimize(p, [0.5], ol.CubicNewton())
    result = ol.minimize(p, [1.0], ol.CubicNewton())
    assert (result.status, result.x.tolist()) == (ol.Status.SINGULAR, [1.0])
    assert "the Hessian is not finite" in result.message
