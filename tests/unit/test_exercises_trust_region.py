"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import trust_region as checks
from solutions import versions

norm = np.linalg.norm


def test_the_worked_solutions_pass_and_the_stubs_are_not_done():
    for name in ("cauchy_point", "to_boundary"):
        stub, solution = versions("trust-region", name)
        check = getattr(checks, f"check_{name}")
        assert check(stub) == checks.NOT_DONE
        assert check(lambda *arguments: None) == checks.NOT_DONE
        assert check(solution) == checks.PASSED


def test_other_correct_answers_pass_too():
    def by_unit_vector(g, hessp, radius):
        d = -g / norm(g)
        curvature = d @ hessp(d)
        return d * (radius if curvature <= 0 else min(radius, norm(g) / curvature))

    def by_clipping(g, hessp, radius):
        with np.errstate(divide="ignore"):
            tau = np.float64(norm(g) ** 3) / (radius * (g @ hessp(g)))
        return -(min(1.0, tau) if tau > 0 else 1.0) * radius / norm(g) * g

    def by_hypot(p, d, radius):
        """From the foot of the perpendicular, with the gap to the radius factored."""
        a, b = d @ d, p @ d
        gap = (radius - norm(p)) * (radius + norm(p))
        root = np.sqrt(b * b + a * gap)
        return gap / (root + b) if b > 0 else (root - b) / a

    def always_rationalised(p, d, radius):
        """-c / (root + b) cancels only where p'd < 0, and there root and b differ enough in these cases."""
        a, b, c = d.dot(d), p.dot(d), p.dot(p) - radius * radius
        return -c / (np.sqrt(b * b - a * c) + b)

    assert checks.check_cauchy_point(by_unit_vector) == checks.PASSED
    assert checks.check_cauchy_point(by_clipping) == checks.PASSED
    assert checks.check_to_boundary(by_hypot) == checks.PASSED
    assert checks.check_to_boundary(always_rationalised) == checks.PASSED


def right(g, hessp, radius):
    curvature = g @ hessp(g)
    tau = radius / norm(g) if curvature <= 0 else min(radius / norm(g), g @ g / curvature)
    return -tau * g


def no_radius(g, hessp, radius):
    curvature = g @ hessp(g)
    return -(g @ g) / curvature * g if curvature > 0 else right(g, hessp, radius)


def no_sign(g, hessp, radius):
    with np.errstate(divide="ignore"):
        tau = g @ g / abs(np.float64(g @ hessp(g)))
    return -min(tau, radius / norm(g)) * g


def twice(g, hessp, radius):
    return right(g, hessp, radius) + 0 * hessp(g)


def change(g, hessp, radius):
    p = right(g, hessp, radius)
    g *= 2
    return p


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda g, hessp, radius: -right(g, hessp, radius), "uphill"),
        (no_radius, "must not be longer than the radius"),
        (no_sign, "where g'Hg <= 0 the model falls all along -g"),
        (lambda g, hessp, radius: -radius * g / norm(g), "you went past it"),
        (lambda g, hessp, radius: -min(radius / norm(g), norm(g) / (g @ hessp(g))) * g, "tau = |g|^2"),
        (lambda g, hessp, radius: -hessp(g) / 100, "on the line along -g"),
        (twice, "one product"),
        (change, "changed"),
        (lambda g, hessp, radius: norm(g), "shape"),
        (lambda g, hessp, radius: 0 * g, "is 0"),
        (lambda g, hessp, radius: g * np.nan, "not finite"),
    ],
)
def test_wrong_cauchy_points(wrong, message):
    assert message in checks.check_cauchy_point(wrong)


def roots(p, d, radius):
    a, b, c = d @ d, p @ d, p @ p - radius**2
    root = np.sqrt(b * b - a * c)
    return (-b - root) / a, (-b + root) / a


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda p, d, radius: roots(p, d, radius)[0], "behind p"),
        (lambda p, d, radius: roots(p, d, radius)[1], "nearly equal numbers"),
        (lambda p, d, radius: roots(p, d / norm(d), radius)[1], "in units of length"),
        (lambda p, d, radius: radius / norm(d), "must be the radius"),
        (lambda p, d, radius: (radius - norm(p)) / norm(d), "must be the radius"),
        (lambda p, d, radius: np.nan, "not finite"),
        (lambda p, d, radius: roots(p, d, radius), "one number"),
        (lambda p, d, radius: p.fill(0) or 2.0, "changed|must be the radius"),
    ],
)
def test_wrong_crossings(wrong, message):
    verdict = checks.check_to_boundary(wrong)
    assert any(part in verdict for part in message.split("|")), verdict
