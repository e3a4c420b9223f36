"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import escaping_saddles as checks
from scipy import optimize
from solutions import versions

norm = np.linalg.norm


def test_the_worked_solutions_pass_and_the_stubs_are_not_done():
    for name in ("lowest_direction", "curvature_step", "cubic_step"):
        stub, solution = versions("escaping-saddles", name)
        check = getattr(checks, f"check_{name}")
        assert check(stub) == checks.NOT_DONE
        assert check(lambda *arguments: None) == checks.NOT_DONE
        assert check(solution) == checks.PASSED


def by_whole_matrix(hessp, L, n, iterations):
    H = np.array([hessp(e) for e in np.eye(n)])
    return np.linalg.eigh(H)[1][:, 0]


def power(hessp, L, n, iterations, start=None, shift=True, scale=True, products=1):
    v = np.random.default_rng(1).normal(size=n) if start is None else start(n)
    for _ in range(iterations):
        if scale:
            v = v / norm(v)
        for _ in range(products):
            Hv = hessp(v)
        v = L * v - Hv if shift else Hv
    return v / norm(v)


def test_other_correct_answers_pass_too():
    def squared(hessp, L, n, iterations):
        """Two steps of the shifted iteration before each normalisation, with another start and shift."""
        v = np.cos(1 + 7 * np.arange(n) ** 1.5)
        for _ in range(iterations // 2):
            w = 1.01 * L * v - hessp(v)
            v = 1.01 * L * w - hessp(w)
            v = v / norm(v)
        return -v

    def by_copysign(g, v, gamma, M):
        return -np.copysign(2 * gamma / M, g @ v) * v

    def by_branches(g, v, gamma, M):
        best = v if g @ v <= 0 else -v
        return best * gamma / (M / 2)

    def by_root_finder(g, H, M):
        """In the unknown length, with a tiny push along the lowest eigenvector in the hard case."""
        values, Q = np.linalg.eigh(H)
        c = Q.T @ g
        if values[0] >= 0 and norm(g) == 0:
            return 0 * g
        if abs(c[0]) < 1e-9 and values[0] < 0:
            c[0] = 1e-9
        low = max(0.0, -values[0])
        top = low + norm(c) + norm(values) + np.sqrt(M * norm(c)) + 1
        lam = optimize.brentq(lambda m: norm(c / (values + m)) - 2 * m / M, low + 1e-15 * (1 + low), top, xtol=1e-15)
        return -Q @ (c / (values + lam))

    assert checks.check_lowest_direction(by_whole_matrix) == checks.PASSED
    assert checks.check_lowest_direction(squared) == checks.PASSED
    assert checks.check_curvature_step(by_copysign) == checks.PASSED
    assert checks.check_curvature_step(by_branches) == checks.PASSED
    assert checks.check_cubic_step(by_root_finder) == checks.PASSED


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda *a: power(*a, shift=False), "highest curvature"),
        (lambda *a: power(*a, start=np.ones), "Is your start random?"),
        (lambda *a: power(*a, start=lambda n: np.eye(n)[0]), "along an axis: start at random"),
        (lambda *a: power(*a, products=2), "at most one product"),
        (lambda *a: 3 * power(*a), "length 1"),
        (lambda *a: power(*a) * np.inf, "not finite"),
        (lambda h, L, n, k: -0.3, "shape"),
        (lambda h, L, n, k: (power(h, L, n, k), -1.0), "the direction alone"),
        (lambda h, L, n, k: np.ones(n) / np.sqrt(n), "has anything been multiplied"),
        (lambda h, L, n, k: power(h, L, n, 2), "can be had"),
    ],
)
def test_wrong_directions(wrong, message):
    with np.errstate(invalid="ignore"):
        assert message in checks.check_lowest_direction(wrong)


def step(g, v, gamma, M):
    return -np.copysign(2 * gamma / M, g @ v) * v


def change(g, v, gamma, M):
    g += 1
    return step(g - 1, v, gamma, M)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda g, v, gamma, M: 2 * gamma / M * v, "uphill"),
        (lambda g, v, gamma, M: -step(g, v, gamma, M), "uphill"),
        (lambda g, v, gamma, M: -np.sign(g @ v) * 2 * gamma / M * v, "the saddle holds you"),
        (lambda g, v, gamma, M: step(g, v, gamma, M) / 2, "the length must be"),
        (lambda g, v, gamma, M: step(g, v, gamma, 2.0), "the length must be"),
        (lambda g, v, gamma, M: -g * 2 * gamma / M, "along v"),
        (lambda g, v, gamma, M: -v * (g @ v) / np.abs(np.float64(g @ v)) * 2 * gamma / M, "not finite"),
        (lambda g, v, gamma, M: 2 * gamma / M, "shape"),
        (change, "changed"),
    ],
)
def test_wrong_curvature_steps(wrong, message):
    with np.errstate(invalid="ignore"):
        assert message in checks.check_curvature_step(wrong)


def solve(g, H, M, factor=0.5, sign=1.0, hard=True):
    """The right step for factor 1/2; with hard=False nothing is added in the hard case."""
    values, Q = np.linalg.eigh(H)
    c, low = sign * (Q.T @ g), max(0.0, -values[0])
    if abs(c[0]) < 1e-12 and values[0] < 0:
        p = np.append(0.0, -c[1:] / (values[1:] + low))
        short = (low / (factor * M)) ** 2 - p @ p
        if short >= 0:
            p[0] = np.sqrt(short) if hard else 0.0
            return Q @ p
    if norm(c) == 0:
        return 0 * g
    a, b = low, low + 1e3
    for _ in range(300):
        m = (a + b) / 2
        a, b = (m, b) if norm(c / (values + m)) > m / (factor * M) else (a, m)
    return -Q @ (c / (values + b))


def test_the_helper_of_the_wrong_answers_is_right_otherwise():
    assert checks.check_cubic_step(solve) == checks.PASSED


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda g, H, M: solve(g, H, M, factor=1.0), "yours is M|p|"),
        (lambda g, H, M: solve(g, H, M, factor=1 / 6), "a third of it"),
        (lambda g, H, M: solve(g, H, M, sign=-1.0), "sign of g"),
        (lambda g, H, M: -np.linalg.solve(H, g), "Newton's step"),
        (lambda g, H, M: solve(g, H, M, hard=False), "lowest eigenvector must be added"),
        (lambda g, H, M: -g, "no stationary point"),
        (lambda g, H, M: g * np.nan, "not finite"),
        (lambda g, H, M: norm(g), "shape"),
        (lambda g, H, M: g.fill(0) or solve(g, H, M), "changed"),
    ],
)
def test_wrong_cubic_steps(wrong, message):
    assert message in checks.check_cubic_step(wrong)


def test_a_stationary_point_that_is_not_the_minimiser():
    def other_root(g, H, M):
        """In one dimension the cubic model of a concave f has a second valley, which is not as deep."""
        if len(g) > 1 or H[0, 0] >= 0:
            return solve(g, H, M)
        p = solve(-g, H, M)  # starts on the other side
        p = p[0]
        for _ in range(100):  # Newton on the derivative of the model
            p -= (g[0] + H[0, 0] * p + M / 2 * abs(p) * p) / (H[0, 0] + M * abs(p))
        return np.array([p])

    verdict = checks.check_cubic_step(other_root)
    assert verdict == checks.PASSED or "not the global minimiser" in verdict
    assert "not the global minimiser" in checks._judge(
        "any", np.array([-1.0]), np.array([-0.5]), np.array([[-1.0]]), 1.0
    )
