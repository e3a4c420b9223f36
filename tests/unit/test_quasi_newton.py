"""BFGS and L-BFGS: the formulas, what is known on quadratics, SciPy, and steps that give no curvature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import optlib as ol
from optlib.methods.quasi_newton import CompactPairs, bfgs_update, two_loop

exact = ol.line_search.Exact()


def quadratic(n, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    return ol.Quadratic(A @ A.T + np.eye(n), rng.normal(size=n))


def pairs_of(problem, path):
    gs = np.array([problem.grad(x) for x in path])
    return list(np.diff(path, axis=0)), list(np.diff(gs, axis=0))


# --- The formulas ---------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_update_meets_the_secant_equation_and_keeps_h_positive_definite(seed, n):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    H, s = A @ A.T + np.eye(n), rng.normal(size=n)
    y = rng.normal(size=n)
    y *= np.sign(s @ y)
    new = bfgs_update(H, s, y)
    scale = np.abs(new).max()
    assert np.allclose(new @ y, s, rtol=1e-7, atol=1e-9 * scale)
    assert np.allclose(new, new.T, rtol=1e-9, atol=1e-9 * scale)
    assert np.linalg.eigvalsh(new)[0] > -1e-9 * scale
    # Sherman, Morrison and Woodbury: the inverse is the update of the Hessian itself
    B = np.linalg.inv(H)
    Bs = B @ s
    direct = B - np.outer(Bs, Bs) / (s @ Bs) + np.outer(y, y) / (s @ y)
    assert np.allclose(new @ direct, np.eye(n), atol=1e-6 * np.linalg.cond(new))


@pytest.mark.parametrize("x0", [[-1.2, 1.0], [0.5, 0.5]])
@pytest.mark.parametrize("problem", [ol.Rosenbrock(), ol.Beale()], ids=["Rosenbrock", "Beale"])
def test_bfgs_is_its_formula(problem, x0):
    """The triangle and the rank-two update against the plain formula, with the same step sizes."""
    result = ol.minimize(problem, x0, ol.BFGS(), maxiter=25, tol=1e-4)
    x = np.array(x0)
    g = problem.grad(x)
    H = np.eye(2) / np.linalg.norm(g)
    for t in range(result.nit):
        s = -result.history.step[t] * H @ g
        x, before = x + s, g
        g = problem.grad(x)
        y = g - before
        if t == 0:
            H = (s @ y) / (y @ y) * np.eye(2)
        H = bfgs_update(H, s, y)
        assert np.allclose(result.history.x[t + 1], x, rtol=1e-5, atol=1e-7)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 5), st.integers(1, 9))
def test_the_compact_form_is_the_two_loop_recursion_and_that_is_the_updates(seed, n, memory, stored):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    A = A @ A.T + np.eye(n)
    compact, S, Y, g = CompactPairs(memory, n), [], [], rng.normal(size=n)
    for _ in range(stored):
        s = rng.normal(size=n)
        S, Y = [*S, s][-memory:], [*Y, A @ s][-memory:]
        compact.add(s, A @ s)
        plain = two_loop(g, S, Y)
        assert np.allclose(compact.times(g), plain, rtol=1e-7, atol=1e-9)
    H = (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1]) * np.eye(n)
    for s, y in zip(S, Y, strict=True):
        H = bfgs_update(H, s, y)
    assert np.allclose(plain, H @ g, rtol=1e-6, atol=1e-8)


def test_without_pairs_the_recursion_gives_g():
    assert two_loop(np.array([1.0, 2.0]), [], []).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("memory", [1, 3, 10])
def test_lbfgs_is_its_formula(memory):
    p = ol.Rosenbrock(4)
    result = ol.minimize(p, p.x0, ol.LBFGS(memory), tol=0, maxiter=30)
    path = result.history.x
    S, Y = pairs_of(p, path)
    g0 = p.grad(path[0])
    assert np.allclose(path[1] - path[0], -result.history.step[0] * g0 / np.linalg.norm(g0), rtol=1e-10)
    for t in range(1, 30):
        first = max(0, t - memory)
        step = -result.history.step[t] * two_loop(p.grad(path[t]), S[first:t], Y[first:t])
        assert np.allclose(path[t + 1] - path[t], step, rtol=1e-5, atol=1e-9)


# --- Quadratics -------------------------------------------------------------------------------------------------


def conjugate_gradients(A, b, x, n):
    path, r = [x], b - A @ x
    p = r
    for _ in range(n):
        alpha = (r @ r) / (p @ A @ p)
        x, new = x + alpha * p, r - alpha * (A @ p)
        p, r = new + (new @ new) / (r @ r) * p, new
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize("method", [ol.BFGS(exact), ol.LBFGS(memory=20, step=exact)], ids=["BFGS", "L-BFGS"])
@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_with_exact_search_a_quadratic_takes_n_steps_which_are_those_of_conjugate_gradients(method, n):
    q = quadratic(n)
    x0 = np.linspace(-1, 1, n) if n > 1 else np.array([1.0])
    result = ol.minimize(q, x0, method, tol=1e-9)
    assert result.success
    assert result.nit <= n
    cg = conjugate_gradients(q.A, q.b, x0, n)[: result.nit + 1]
    assert np.allclose(result.history.x, cg, rtol=1e-6, atol=1e-8)


def test_after_n_exact_steps_h_is_the_inverse_hessian():
    q = quadratic(6)
    result = ol.minimize(q, np.ones(6), ol.BFGS(exact), tol=0, maxiter=6)
    S, Y = pairs_of(q, result.history.x)
    H = (S[0] @ Y[0]) / (Y[0] @ Y[0]) * np.eye(6)
    for s, y in zip(S, Y, strict=True):
        H = bfgs_update(H, s, y)
    assert np.allclose(H, np.linalg.inv(q.A), rtol=1e-7, atol=1e-8)


def test_bfgs_converges_superlinearly():
    result = ol.minimize(ol.Rosenbrock(), [1.2, 1.4], ol.BFGS(), tol=1e-10)
    errors = np.linalg.norm(result.history.x - 1.0, axis=1)
    errors = errors[errors > 1e-10]
    ratios = errors[1:] / errors[:-1]
    assert ratios[-3:].max() < 0.2
    assert ratios[-1] < 0.05


# --- Others and difficulties --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), [(ol.BFGS(), "BFGS"), (ol.LBFGS(), "L-BFGS-B")])
@pytest.mark.parametrize("n", [2, 20])
def test_minimisers_and_effort_are_those_of_scipy(ours, theirs, n):
    p = ol.Rosenbrock(n)
    result = ol.minimize(p, p.x0, ours, tol=1e-8)
    reference = optimize.minimize(p, p.x0, jac=p.grad, method=theirs, tol=1e-10)
    assert result.success
    assert np.allclose(result.x, reference.x, atol=1e-4)
    assert result.nfev < 2 * reference.nfev


def test_basinhopping_with_bfgs_finds_the_lowest_of_many_minima():
    def f(x):
        return float(np.cos(14.5 * x[0] - 0.3) + (x[0] + 0.2) * x[0])

    def g(x):
        return np.array([-14.5 * np.sin(14.5 * x[0] - 0.3) + 2 * x[0] + 0.2])

    result = optimize.basinhopping(
        f, [1.0], niter=50, minimizer_kwargs={"method": ol.BFGS(), "jac": g}, rng=np.random.default_rng(0)
    )
    assert result.x == pytest.approx([-0.195], abs=1e-3)
    assert result.fun == pytest.approx(-1.0009, abs=1e-4)


@pytest.mark.parametrize("method", [ol.BFGS(0.05), ol.LBFGS(step=0.05)], ids=["BFGS", "L-BFGS"])
def test_a_pair_without_curvature_is_left_out(method):
    """On -cos from its maximum's side a fixed step sees negative curvature first; H must stay positive definite."""
    p = ol.Problem(lambda x: float(-np.cos(x[0]) + x[1] ** 2), jac=lambda x: np.array([np.sin(x[0]), 2 * x[1]]))
    result = ol.minimize(p, [3.0, 1.0], method, maxiter=2000)
    assert result.success
    assert abs(result.x[0]) < 1e-5
    assert (np.diff(result.history.fun) < 1e-12).all()


def test_h_is_scaled_by_the_first_pair_that_is_used():
    """Between two wells the first pairs have no curvature; the first that has gives H its scale."""
    p = ol.Problem(
        lambda x: float(x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[1] ** 2 / 20),
        jac=lambda x: np.array([x[0] ** 3 - x[0], x[1] / 10]),
    )
    path = ol.minimize(p, [0.1, 0.3], ol.BFGS(0.3), tol=0, maxiter=5).history.x
    S, Y = pairs_of(p, path)
    used = [float(s @ y) > 0 for s, y in zip(S, Y, strict=True)]
    first = used.index(True)
    assert first > 0
    H = (S[first] @ Y[first]) / (Y[first] @ Y[first]) * np.eye(2)
    step = -0.3 * bfgs_update(H, S[first], Y[first]) @ p.grad(path[first + 1])
    assert np.allclose(S[first + 1], step, rtol=1e-10)


@pytest.mark.parametrize("method", [ol.BFGS(), ol.LBFGS()], ids=["BFGS", "L-BFGS"])
@pytest.mark.filterwarnings("error")
def test_the_search_comes_back_from_where_f_is_not_defined(method):
    def f(x):
        return float(x[0] - np.log(x[0])) if x[0] > 0 else np.inf

    p = ol.Problem(f, jac=lambda x: 1 - 1 / x if x[0] > 0 else np.full(1, np.nan))
    for start in (1e-3, 30.0):
        result = ol.minimize(p, [start], method, tol=1e-8)
        assert result.success, result.message
        assert result.x == pytest.approx([1.0], abs=1e-7)


@pytest.mark.parametrize("method", [ol.BFGS(), ol.LBFGS()], ids=["BFGS", "L-BFGS"])
def test_minibatch_noise_ends_with_a_status_not_with_an_error(method):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    risk = ol.EmpiricalRisk(ol.losses.Squared(), X, rng.normal(size=50))
    result = ol.minimize(risk.minibatch(2, seed=0), np.zeros(3), method, maxiter=300)
    assert not result.success
    assert result.status in (ol.Status.MAXITER, ol.Status.LINE_SEARCH_FAILED)
    assert np.isfinite(result.x).all()


@pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e-150, 1e-8, 1e8, 1e150, 1e290])
@pytest.mark.parametrize("method", [ol.BFGS(), ol.LBFGS()], ids=["BFGS", "L-BFGS"])
@pytest.mark.filterwarnings("error")
def test_a_tiny_or_huge_f_is_minimised_too(method, scale):
    q = quadratic(3)
    p = ol.Problem(lambda x: scale * q(x), jac=lambda x: scale * q.grad(x))
    result = ol.minimize(p, np.ones(3), method, tol=1e-6 * scale, maxiter=200)
    assert result.success, result.message
    assert np.allclose(result.x, q.minimisers[0], atol=1e-4)


@pytest.mark.parametrize("method", [ol.BFGS(), ol.LBFGS()], ids=["BFGS", "L-BFGS"])
@pytest.mark.filterwarnings("error")
def test_gradients_may_shrink_until_their_products_underflow(method):
    quartic = ol.Problem(lambda x: float((x**4).sum()), jac=lambda x: 4 * x**3)
    result = ol.minimize(quartic, [1.0, 2.0], method, tol=0, maxiter=3000)
    assert result.optimality < 1e-140
    assert result.status in (ol.Status.MAXITER, ol.Status.LINE_SEARCH_FAILED, ol.Status.CONVERGED)


def test_a_search_pays_one_evaluation_for_a_step_that_is_taken_at_once():
    q = quadratic(4)
    result = ol.minimize(q, np.ones(4), ol.LBFGS(step=1.0), tol=1e-8)
    assert result.nfev == result.njev == result.nit + 1
    searched = ol.minimize(ol.Rosenbrock(), [1.5, 1.5], ol.BFGS(), tol=1e-8)
    assert searched.nfev < 1.6 * searched.nit


@pytest.mark.parametrize("method", [ol.BFGS(), ol.LBFGS()], ids=["BFGS", "L-BFGS"])
def test_a_run_may_start_at_a_minimiser_and_does_not_depend_on_the_unit_of_f(method):
    q = quadratic(3)
    assert ol.minimize(ol.Quadratic([1.0, 2.0]), [0.0, 0.0], method).nit == 0
    plain = ol.minimize(q, np.ones(3), method, tol=1e-8)
    for unit in (2.0**-400, 2.0**-30, 2.0**30):  # powers of two: rounding is the same too
        p = ol.Problem(lambda x, c=unit: c * q(x), jac=lambda x, c=unit: c * q.grad(x))
        scaled = ol.minimize(p, np.ones(3), method, tol=1e-8 * unit)
        assert scaled.nit == plain.nit
        assert np.allclose(scaled.x, plain.x, rtol=1e-12)


@pytest.mark.parametrize("method", [ol.BFGS(), ol.LBFGS()], ids=["BFGS", "L-BFGS"])
def test_pairs_are_kept_whatever_the_unit_of_x(method):
    q, unit = quadratic(3), 2.0**-60
    p = ol.Problem(lambda x: q(x / unit), jac=lambda x: q.grad(x / unit) / unit)
    result = ol.minimize(p, unit * np.ones(3), method, tol=1e-6 / unit)
    assert result.success
    assert result.nit < 25  # without pairs it is gradient descent
    assert np.allclose(result.x / unit, q.minimisers[0], atol=1e-4)


@pytest.mark.parametrize("method", [ol.BFGS(), ol.LBFGS()], ids=["BFGS", "L-BFGS"])
def test_noise_ends_the_search_with_a_status(method):
    """Values and slopes that contradict each other can narrow Wolfe's interval to one point."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        noisy = ol.Problem(lambda x, rng=rng: (0.5 * x @ x + rng.normal(), x + rng.normal(size=x.size)), jac=True)
        run = ol.minimize(noisy, np.ones(5), method, tol=0, maxiter=100)
        assert run.status in (ol.Status.LINE_SEARCH_FAILED, ol.Status.MAXITER)
