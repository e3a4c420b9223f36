"""The theorems of the chapter on gradients and Hessians, on random instances whose constants are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waves import waves

import optlib as ol
from optlib import theory

seeds, dimensions = st.integers(0, 2**32 - 1), st.integers(1, 6)
EPS = np.finfo(float).eps
THIRD = 1 / (6 * np.sqrt(3))  # the largest third derivative of log(1 + e^z)
LENGTHS = np.geomspace(1e-3, 4, 12)


def unit(rng, n):
    v = rng.normal(size=n)
    return v / np.linalg.norm(v)


def logistic(rng, n, samples=20):
    """A logistic risk with an L2 penalty, and a Lipschitz constant M of its Hessian."""
    X = rng.normal(size=(samples, n)) * rng.uniform(0.3, 2)
    y = np.arange(samples) % 2
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, y, ol.penalties.L2(0.1))
    M = THIRD * np.linalg.norm(X, axis=1).max() * np.linalg.norm(X, 2) ** 2 / samples
    return risk, M


def cubes(n, M=1.0):
    """f = M/6 sum |x|^3: the Hessian diag(M |x|) is M-Lipschitz, and no better near 0."""
    return ol.Problem(
        lambda x: float(M / 6 * (np.abs(x) ** 3).sum()), jac=lambda x: M / 2 * x * np.abs(x),
        hess=lambda x: np.diag(M * np.abs(x)),
    )  # fmt: skip


def instances(seed, n):
    rng = np.random.default_rng(seed)
    for p, M in (logistic(rng, n), waves(rng, n)[::2]):
        yield p, M, rng.normal(size=n) * 2, unit(rng, n)


# --- Slope and curvature along a direction ----------------------------------------------------------------


@given(seeds, st.integers(2, 6))
@settings(max_examples=30)
def test_gh_slope(seed, n):
    for p, M, x, u in instances(seed, n):
        g = p.grad(x)
        norm = np.linalg.norm(g)
        h = 1e-4
        measured = (p(x + h * u) - p(x - h * u)) / (2 * h)
        angle = np.arccos(np.clip(g @ u / norm, -1, 1))
        error = theory.gh_central_difference(h, M, 4 * EPS * (1 + abs(p(x)))) + 1e-12 * (1 + norm)
        assert abs(measured - theory.gh_slope(angle, norm)) <= error
        assert abs(measured) <= theory.gh_slope(0.0, norm) + error


def test_gh_slope_is_largest_along_the_gradient_alone():
    g = np.array([3.0, -4.0])
    angle = np.linspace(-np.pi, np.pi, 721)  # 0 in the middle
    slope = theory.gh_slope(angle, 5.0)
    turned = np.array([[np.cos(a) * g[0] - np.sin(a) * g[1], np.sin(a) * g[0] + np.cos(a) * g[1]] for a in angle]) / 5
    assert turned @ g == pytest.approx(slope, abs=1e-13)
    assert slope.argmax() == 360
    assert slope[360] == 5
    assert (np.delete(slope, 360) < 5).all()
    assert slope[0] == -5
    assert slope[180] == pytest.approx(0, abs=1e-15)


@given(seeds, st.integers(2, 6))
@settings(max_examples=30)
def test_gh_curvature(seed, n):
    rng = np.random.default_rng(seed)
    for p, M, x, u in instances(seed, n):
        H = p.hess(x)
        values, vectors = np.linalg.eigh(H)
        h, low, high = 1e-3, values[0], values[-1]
        error = M * h / 3 + 16 * EPS * (1 + abs(p(x))) / h**2
        measured = (p(x + h * u) - 2 * p(x) + p(x - h * u)) / h**2
        assert theory.gh_curvature(np.pi / 2, low, high) - error <= measured
        assert measured <= theory.gh_curvature(0.0, low, high) + error
        assert u @ H @ u <= high + 1e-12 * (1 + abs(high))
        angle = rng.uniform(-4, 4)
        v = np.cos(angle) * vectors[:, -1] + np.sin(angle) * vectors[:, 0]
        assert v @ H @ v == pytest.approx(theory.gh_curvature(angle, low, high), abs=1e-10 * (1 + np.abs(values).max()))


# --- Models ------------------------------------------------------------------------------------------------


@given(seeds, dimensions)
@settings(max_examples=30)
def test_gh_linear_model(seed, n):
    for p, _, x, u in instances(seed, n):
        f, g = p(x), p.grad(x)
        error = np.array([abs(p(x + t * u) - f - t * (g @ u)) for t in LENGTHS])
        assert (error <= theory.gh_linear_model(LENGTHS, p.lipschitz) + 100 * EPS * (1 + abs(f))).all()


@given(seeds, dimensions)
@settings(max_examples=30)
def test_gh_gradient_model_and_gh_quadratic_model(seed, n):
    for p, M, x, u in instances(seed, n):
        f, g, H = p(x), p.grad(x), p.hess(x)
        of_gradient = np.array([np.linalg.norm(p.grad(x + t * u) - g - t * H @ u) for t in LENGTHS])
        of_value = np.array([abs(p(x + t * u) - f - t * (g @ u) - t**2 / 2 * (u @ H @ u)) for t in LENGTHS])
        noise = 200 * EPS * (1 + abs(f) + np.linalg.norm(g) + np.linalg.norm(H))
        assert (of_gradient <= theory.gh_gradient_model(LENGTHS, M) + noise).all()
        assert (of_value <= theory.gh_quadratic_model(LENGTHS, M) + noise).all()


def test_gh_linear_model_is_attained_where_all_curvature_is_L():
    q = ol.Quadratic([4.0, 4.0])
    x, u = np.array([1.0, -2.0]), np.array([0.6, 0.8])
    error = [abs(q(x + t * u) - q(x) - t * (q.grad(x) @ u)) for t in LENGTHS]
    assert error == pytest.approx(theory.gh_linear_model(LENGTHS, L=4.0), abs=1e-13)


@pytest.mark.parametrize("M", [1.0, 6.0])
def test_gh_gradient_model_is_attained_by_the_cube(M):
    p, u = cubes(3, M), np.array([0.0, -1.0, 0.0])
    error = [np.linalg.norm(p.grad(t * u)) for t in LENGTHS]
    assert error == pytest.approx(theory.gh_gradient_model(LENGTHS, M), rel=1e-12)


@pytest.mark.parametrize("M", [1.0, 6.0])
def test_gh_quadratic_model_is_attained_by_the_cube(M):
    p, u = cubes(3, M), np.array([0.0, -1.0, 0.0])
    error = [p(t * u) for t in LENGTHS]
    assert error == pytest.approx(theory.gh_quadratic_model(LENGTHS, M), rel=1e-12)


# --- Difference quotients ----------------------------------------------------------------------------------
# Values are rounded to single precision: an error of at most 2^-24 of the value, and not more. Where h is a power of
# two and x a multiple of 2^-30, the points, the subtraction and the division are exact, as the theorems assume.

POWERS = 2.0 ** -np.arange(0, 25)


def single(value):
    return float(np.float32(value))


def on_the_grid(x):
    return np.round(x * 2.0**20) / 2.0**20


@given(seeds, dimensions)
@settings(max_examples=30)
def test_gh_forward_difference_and_gh_central_difference(seed, n):
    for p, M, x, _ in instances(seed, n):
        x, e = on_the_grid(x), np.eye(n)[0]
        slope, f = p.grad(x)[0], single(p(x))
        after = np.array([p(x + h * e) for h in POWERS])
        before = np.array([p(x - h * e) for h in POWERS])
        delta = 2.0**-24 * max(after.max(), before.max(), p(x))
        slack = 1e-6  # of the bound: the exact values themselves are rounded to double precision
        forward = np.array([abs((single(a) - f) / h - slope) for a, h in zip(after, POWERS, strict=True)])
        bound = theory.gh_forward_difference(POWERS, p.lipschitz, delta)
        assert (forward <= bound * (1 + slack)).all()
        central = np.array(
            [abs((single(a) - single(b)) / (2 * h) - slope) for a, b, h in zip(after, before, POWERS, strict=True)]
        )
        assert (central <= theory.gh_central_difference(POWERS, M, delta) * (1 + slack)).all()


@pytest.mark.parametrize("delta", [0.0, 1e-6, 1e-2])
def test_gh_forward_difference_is_attained_by_the_worst_errors(delta):
    L, x = 3.0, 0.25
    for h in (0.5, 2.0**-6):
        wrong = (L / 2 * (x + h) ** 2 + delta) - (L / 2 * x**2 - delta)
        assert wrong / h - L * x == pytest.approx(theory.gh_forward_difference(h, L, delta), rel=1e-10)


@pytest.mark.parametrize("delta", [0.0, 1e-6, 1e-2])
def test_gh_central_difference_is_attained_by_the_worst_errors(delta):
    M, x = 3.0, 0.25
    for h in (0.5, 2.0**-6):
        wrong = (M / 6 * (x + h) ** 3 + delta) - (M / 6 * (x - h) ** 3 - delta)
        assert wrong / (2 * h) - M / 2 * x**2 == pytest.approx(theory.gh_central_difference(h, M, delta), rel=1e-10)


@given(st.floats(1e-3, 1e3), st.floats(1e-16, 1e-2))
@settings(max_examples=30)
def test_gh_forward_step(L, delta):
    best = theory.gh_forward_step(L, delta)
    least = theory.gh_forward_difference(best, L, delta)
    assert least == pytest.approx(2 * np.sqrt(L * delta), rel=1e-12)
    assert (theory.gh_forward_difference(best * np.array([0.5, 0.9, 1.1, 2.0]), L, delta) > least).all()


@given(st.floats(1e-3, 1e3), st.floats(1e-16, 1e-2))
@settings(max_examples=30)
def test_gh_central_step(M, delta):
    best = theory.gh_central_step(M, delta)
    least = theory.gh_central_difference(best, M, delta)
    assert least == pytest.approx(np.cbrt(9 * M * delta**2) / 2, rel=1e-12)
    assert (theory.gh_central_difference(best * np.array([0.5, 0.9, 1.1, 2.0]), M, delta) > least).all()


@given(st.floats(-3, 3), seeds)
@settings(max_examples=30)
def test_gh_complex_step(x, seed):
    c = np.random.default_rng(seed).uniform(0.1, 1, size=4)
    h = np.geomspace(1e-3, 1, 10)
    growth = np.exp(c[0] * (x + 1j * h)).imag / h - c[0] * np.exp(c[0] * x)  # |Re f'''| <= c^3 e^(c x)
    assert (np.abs(growth) <= theory.gh_complex_step(h, c[0] ** 3 * np.exp(c[0] * x)) + 1e-12 * np.exp(3)).all()
    power = np.polyval(c, x + 1j * h).imag / h - np.polyval(np.polyder(c), x)  # a cubic: f''' = 6 c_0, attained
    assert -power == pytest.approx(theory.gh_complex_step(h, 6 * c[0]), rel=1e-6, abs=1e-11)
    waves = np.sin(x + 1j * h).imag / h - np.cos(x)  # |Re f'''| = |cos x cosh s|
    assert (np.abs(waves) <= theory.gh_complex_step(h, max(abs(np.cos(x)), 1e-9) * np.cosh(h[-1])) + 1e-12).all()


def test_a_complex_step_may_be_tiny():
    assert np.exp(1 + 1e-150j).imag / 1e-150 == pytest.approx(np.e, rel=1e-15)
