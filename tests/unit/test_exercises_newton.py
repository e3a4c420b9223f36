"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import newton as checks


def newton(grad, hess, x):
    return x - np.linalg.solve(hess(x), grad(x))


def in_place(grad, hess, x):
    x -= np.linalg.solve(hess(x), grad(x))
    return x


class FirstHessian:
    """The chord method: factorise once, at the start."""

    def __init__(self):
        self.calls, self.H = 0, None

    def __call__(self, grad, hess, x):
        self.calls += 1
        if self.calls <= 5:  # the quadratics, where it makes no difference, and the first step after them
            self.H = hess(x)
        return x - np.linalg.solve(self.H, grad(x))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda grad, hess, x: x + np.linalg.solve(hess(x), grad(x)), "sign"),
        (lambda grad, hess, x: -np.linalg.solve(hess(x), grad(x)), "x + p is wanted"),
        (lambda grad, hess, x: x - 0.5 * np.linalg.solve(hess(x), grad(x)), "full step"),
        (lambda grad, hess, x: x - grad(x) / np.diag(hess(x)), "whole Hessian"),
        (lambda grad, hess, x: x - hess(x) @ grad(x), "whole Hessian"),
        (lambda grad, hess, x: x - 0.1 * grad(x), "whole Hessian"),
        (lambda grad, hess, x: x - np.linalg.solve(hess(x) + 0.01 * np.eye(len(x)), grad(x)), "whole Hessian"),
        (lambda grad, hess, x: x - np.linalg.solve(hess(0 * x), grad(x)), "evaluated anew"),
        (FirstHessian(), "evaluated anew"),
        (lambda grad, hess, x: newton(grad, hess, newton(grad, hess, x)), "one step"),
        (lambda grad, hess, x: newton(grad, hess, x)[0], "shape"),
        (lambda grad, hess, x: newton(grad, hess, x) * np.nan, "not finite"),
        (in_place, "changed"),
    ],
)
def test_wrong_newton_steps(wrong, message):
    assert message in checks.check_newton_step(wrong)


def test_a_hessian_that_is_shifted_far_from_quadratics_only_is_found_out():
    """Right on constant Hessians, otherwise damped by a multiple of the gradient norm: order 2, other coordinates."""

    def shifted(grad, hess, x):
        changes = not np.allclose(hess(x), hess(x + 1))
        H = hess(x) + changes * 0.1 * np.linalg.norm(grad(x)) * np.eye(len(x))
        return x - np.linalg.solve(H, grad(x))

    assert "other coordinates" in checks.check_newton_step(shifted)


def damped(
    f, grad, hess, x0, tol, *, c=0.25, shrink=0.5, sign=-1, slope=True, carry=False, late=0, direction=None, start=1.0
):
    """The damped method, with the mistakes that its keywords make."""
    x, path, eta = x0, [x0], start
    while np.linalg.norm(grad(x)) > tol and len(path) < 200:
        g = grad(x)
        p = sign * np.linalg.solve(hess(x), g) if direction is None else direction(g, hess(x))
        eta = eta if carry else start
        while f(x + eta * p) > f(x) + c * (eta if slope else 1.0) * (g @ p):
            eta *= shrink
        eta *= shrink**late
        x = x + eta * p
        path.append(x)
    return path


def endless(f, grad, hess, x0, tol):
    p = -np.linalg.solve(hess(x0), grad(x0))
    while f(x0 + p) > f(x0) + 0.25 * (grad(x0) @ p):
        pass
    return [x0, x0 + p]


def pure(f, grad, hess, x0, tol):
    path = [x0]
    for _ in range(5):
        if np.linalg.norm(grad(path[-1])) <= tol:
            break
        path.append(newton(grad, hess, path[-1]))
    return path


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (endless, "20000 times"),
        (pure, "does not meet Armijo"),
        (lambda *args: damped(*args, c=0.0), "does not meet Armijo"),
        (lambda *args: damped(*args, c=1e-4), "does not meet Armijo"),
        (lambda *args: damped(*args, slope=False), "right side of the test"),
        (lambda *args: damped(*args, late=1), "shrink too often"),
        (lambda *args: damped(*args, carry=True), "shrink too often"),
        (lambda *args: damped(*args, start=2.0), "none of them"),
        (lambda *args: damped(*args, shrink=0.8), "none of them"),
        (lambda *args: damped(*args, sign=1), "20000 times|uphill"),
        (lambda *args: damped(*args, direction=lambda g, H: -g), "not along Newton's direction"),
        (lambda *args: damped(*args)[1:], "first iterate must be x0"),
        (lambda *args: damped(*args)[:-1], "last iterate"),
        (lambda *args: damped(*args[:4], args[4] ** 2), "first iterate whose gradient"),
        (lambda *args: damped(*args)[-1], "shape"),
        (lambda *args: [args[3], args[3] + np.linalg.solve(args[2](args[3]), args[1](args[3]))], "uphill"),
    ],
)
def test_wrong_damped_methods(wrong, message):
    verdict = checks.check_damped_newton(wrong)
    assert any(part in verdict for part in message.split("|")), verdict


def test_a_start_that_is_changed_in_place_is_found_out():
    def moves_x0(f, grad, hess, x0, tol):
        path = np.array(damped(f, grad, hess, x0.copy(), tol))
        x0 += 1
        return path

    assert "x0 itself was changed" in checks.check_damped_newton(moves_x0)


def spectral(change):
    def direction(g, H):
        values, Q = np.linalg.eigh(H)
        return -Q @ ((Q.T @ g) / change(values))

    return direction


def shifted(g, H):
    low = np.linalg.eigvalsh(H)[0]
    return -np.linalg.solve(H + max(0.0, 0.1 - low) * np.eye(len(g)), g)


def or_gradient(g, H):
    return -np.linalg.solve(H, g) if np.linalg.eigvalsh(H)[0] >= 0.1 else -g


@pytest.mark.parametrize("right", [shifted, or_gradient, spectral(lambda v: np.maximum(v, 0.1))])
def test_other_right_directions_pass_too(right):
    assert checks.check_descent_direction(right) == checks.PASSED


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda g, H: np.linalg.solve(H, g), "uphill"),
        (lambda g, H: -g, "Newton's own"),
        (lambda g, H: -np.linalg.solve(H + 0.1 * np.eye(len(g)), g), "Newton's own"),
        (lambda g, H: -g[:2], "shape"),
        (spectral(lambda v: v), "does not descend|longer"),
        (spectral(np.abs), "longer"),
        (spectral(lambda v: np.where(np.abs(v) < 0.1, 0.1, v)), "does not descend"),
        (spectral(lambda v: np.maximum(v, 1e-8)), "longer"),
        (spectral(lambda v: np.maximum(v, 0.15)), "Newton's own"),
        (lambda g, H: -np.linalg.solve(H * (np.abs(H) > 1e-9), g), "longer|does not descend|mend H"),
    ],
)
def test_wrong_directions(wrong, message):
    with np.errstate(divide="ignore"):
        verdict = checks.check_descent_direction(wrong)
    assert any(part in verdict for part in message.split("|")), verdict
