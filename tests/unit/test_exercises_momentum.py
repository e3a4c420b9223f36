"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import cmath

import numpy as np
import pytest
from exercises import momentum as checks
from solutions import versions

nesterov_step = versions("momentum", "nesterov_step")[1]
spectral_radius = versions("momentum", "spectral_radius")[1]
nesterov_restarted = versions("momentum", "nesterov_restarted")[1]


def restarted(grad, x0, eta, steps, again=lambda g, y, new, x: g @ (new - x) > 0, beta=lambda k: (k - 1) / (k + 2)):
    """The exercise with its test and its momentum as arguments."""
    x, y, k, path = x0, x0, 1, [x0]
    for _ in range(steps):
        g = grad(y)
        new = y - eta * g
        k = 1 if again(g, y, new, x) else k + 1
        y = new + beta(k) * (new - x)
        x = new
        path.append(x)
    return path


def test_other_correct_answers_pass_too():
    def by_differences(grad, x, v, eta, beta):  # the step written as a correction of the look-ahead point
        y = x - eta * (beta * v)
        new = y - eta * grad(y)
        return [new, (x - new) / eta]

    def by_cases(eta_lam, beta):
        trace = abs(1 + beta - eta_lam)
        return np.sqrt(beta) if trace**2 <= 4 * beta else (trace + np.sqrt(trace**2 - 4 * beta)) / 2

    def by_matrix(eta_lam, beta):
        return max(abs(np.linalg.eigvals(np.array([[1 - eta_lam, -beta], [eta_lam, beta]]))))

    def with_theta(grad, x0, eta, steps):  # FISTA's sequence
        x, y, theta, path = x0, x0, 1.0, [x0]
        for _ in range(steps):
            new = y - eta * grad(y)
            if (y - new) @ (new - x) > 0:
                theta = 1.0
            last, theta = theta, (1 + np.sqrt(1 + 4 * theta**2)) / 2
            x, y = new, new + (last - 1) / theta * (new - x)
            path.append(x)
        return np.array(path)

    def by_entries(grad, x, v, eta, beta):  # plain lists
        g = grad([a - eta * beta * b for a, b in zip(x, v, strict=True)])
        new = [beta * b + c for b, c in zip(v, g, strict=True)]
        return [a - eta * b for a, b in zip(x, new, strict=True)], new

    def as_array(*a):
        return np.array(nesterov_step(*a))

    def with_velocity(grad, x0, eta, steps):  # the restart sets the velocity to 0
        x, v, k, path = x0, np.zeros_like(x0), 1, [list(x0)]
        for _ in range(steps):
            y = x + (k - 1) / (k + 2) * v
            g = grad(y)
            v, x = y - eta * g - x, y - eta * g
            k += 1
            if np.dot(g, v) > 0:
                v, k = np.zeros_like(x0), 1
            path.append(list(x))
        return path

    assert checks.check_nesterov_step(by_differences) == checks.PASSED
    assert checks.check_nesterov_step(by_entries) == checks.PASSED
    assert checks.check_nesterov_step(as_array) == checks.PASSED
    assert checks.check_nesterov_restarted(with_velocity) == checks.PASSED
    assert checks.check_spectral_radius(by_cases) == checks.PASSED
    assert checks.check_spectral_radius(by_matrix) == checks.PASSED
    assert checks.check_nesterov_restarted(restarted) == checks.PASSED
    assert checks.check_nesterov_restarted(with_theta) == checks.PASSED


def stepper(look, gain=1.0, begin=lambda x, y: x, fresh=True):
    def step(grad, x, v, eta, beta):
        y = look(x, v, eta, beta)
        new = beta * v + (gain(eta, beta) if callable(gain) else gain) * grad(y)
        return begin(x, y) - eta * (new if fresh else v), new

    return step


def ahead(x, v, eta, beta):
    return x - eta * beta * v


def in_place(grad, x, v, eta, beta):
    v *= beta
    v += grad(x - eta * v)
    return x - eta * v, v


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (stepper(lambda x, v, eta, beta: x), "which is the heavy ball"),
        (stepper(lambda x, v, eta, beta: x + eta * beta * v), "the wrong way"),
        (stepper(lambda x, v, eta, beta: x - beta * v), "lacks the rate"),
        (stepper(lambda x, v, eta, beta: x - eta * v), "lacks beta"),
        (stepper(lambda x, v, eta, beta: 2 * x), "some other point"),
        (stepper(ahead, lambda eta, beta: 1 - beta), "without the factor"),
        (stepper(ahead, lambda eta, beta: eta), "outside the velocity"),
        (stepper(ahead, -1.0), "not beta v plus"),
        (stepper(ahead, fresh=False), "old velocity"),
        (stepper(ahead, begin=lambda x, y: y), "begins at x"),
        (stepper(ahead, begin=lambda x, y: 2 * x), "minus eta times"),
        (lambda *a: stepper(ahead)(*a)[0], "two things"),
        (lambda *a: (0.0, 1.0), "must have shape"),
        (lambda *a: nesterov_step(*a)[::-1], "came first"),
        (lambda grad, x, v, eta, beta: (x, v), "not asked for"),
        (in_place, "itself was changed"),
    ],
)
def test_wrong_nesterov_steps(wrong, message):
    assert message in checks.check_nesterov_step(wrong)


def roots(eta_lam, beta):
    half, gap = (1 + beta - eta_lam) / 2, cmath.sqrt((1 + beta - eta_lam) ** 2 / 4 - beta)
    return half + gap, half - gap


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda eta_lam, beta: np.sqrt(beta), "the roots are real"),
        (lambda eta_lam, beta: max(r.real for r in roots(eta_lam, beta)), "a real part is not the modulus"),
        (lambda eta_lam, beta: 2 * max(map(abs, roots(eta_lam, beta))), "twice too large"),
        (lambda eta_lam, beta: min(map(abs, roots(eta_lam, beta))), "smaller root"),
        (lambda eta_lam, beta: abs(1 - eta_lam), "shrinks by"),
        (lambda eta_lam, beta: max(abs(np.roots([beta, -(1 + beta - eta_lam), 1]))), "inverse root"),
        (lambda eta_lam, beta: np.sqrt((1 + beta - eta_lam) ** 2 - 4 * beta), "not a number"),
        (lambda eta_lam, beta: roots(eta_lam, beta)[0], "is a real number"),
        (lambda eta_lam, beta: roots(eta_lam, beta), "one number"),
        (lambda eta_lam, beta: __import__("math").sqrt((1 + beta - eta_lam) ** 2 - 4 * beta), "may be complex"),
    ],
)
def test_wrong_spectral_radii(wrong, message):
    assert message in checks.check_spectral_radius(wrong)


def never(*_):
    return False


def never_anew(grad, x0, eta, steps):
    """Skips the momentum of one step and goes on with k = t."""
    x, y, path = x0, x0, [x0]
    for t in range(1, steps + 1):
        g = grad(y)
        new = y - eta * g
        y = new + (0 if g @ (new - x) > 0 else (t - 1) / (t + 2)) * (new - x)
        x = new
        path.append(x)
    return path


def wasteful(grad, x0, eta, steps):
    return restarted(lambda x: sum(grad(x) for _ in range(4)) / 4, x0, eta, steps)


def scribbles(grad, x0, eta, steps):
    path = restarted(grad, x0.copy(), eta, steps)
    x0 += 1
    return path


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda *a: restarted(*a, again=never), "no better than without restart"),
        (lambda *a: restarted(*a, again=lambda g, y, new, x: g @ (new - x) < 0), "with which sign"),
        (lambda *a: restarted(*a, beta=lambda k: 0.9 if k > 1 else 0.0), "is it constant"),
        (lambda *a: restarted(*a, beta=lambda k: 0.0), "no faster than gradient descent"),
        (lambda *a: restarted(*a)[1:], "points, shape"),
        (lambda *a: restarted(*a)[-1], "points, shape"),
        (lambda grad, x0, eta, steps: restarted(grad, x0 + 1, eta, steps), "first row"),
        (wasteful, "three"),
        (lambda grad, x0, eta, steps: restarted(grad, x0, 2 * eta, steps), "must be a gradient step"),
        (scribbles, "itself was changed"),
        (never_anew, "must grow anew"),
    ],
)
def test_wrong_restarts(wrong, message):
    assert message in checks.check_nesterov_restarted(wrong)


def test_a_step_that_is_too_long_on_a_quadratic_is_told():
    def long(grad, x0, eta, steps):  # right on a straight slope, and three times too long where the slope turns
        straight = np.array_equal(grad(x0), grad(x0 + 1))
        return restarted(grad, x0, eta if straight else 3 * eta, steps, again=never)

    assert "diverges" in checks.check_nesterov_restarted(long)
