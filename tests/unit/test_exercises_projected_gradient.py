"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import projected_gradient as checks
from solutions import versions

project_simplex = versions("projected-gradient", "project_simplex")[-1]
projected_gradient = versions("projected-gradient", "projected_gradient")[-1]


def by_bisection(v):
    low, high = np.min(v) - 1, np.max(v)
    for _ in range(200):
        tau = (low + high) / 2
        low, high = (tau, high) if np.maximum(v - tau, 0).sum() > 1 else (low, tau)
    return np.maximum(v - high, 0)


def by_dropping(v):
    keep = np.ones(len(v), dtype=bool)
    while True:
        tau = (v[keep].sum() - 1) / keep.sum()
        if (v[keep] >= tau).all():
            return list(np.where(keep, np.maximum(v - tau, 0), 0))
        keep &= v > tau


@pytest.mark.parametrize("right", [by_bisection, by_dropping])
def test_other_right_projections_pass_too(right):
    assert checks.check_project_simplex(right) == checks.PASSED


def test_another_right_method_passes_too():
    def by_recursion(grad, project, x0, eta, steps):
        x = project(x0) if steps == 0 else None
        if x is None:
            x, left = project(x0), steps
            while left:
                x, left = project(x - eta * grad(x)), left - 1
        return x

    assert checks.check_projected_gradient(by_recursion) == checks.PASSED


def test_a_gradient_more_than_needed_is_no_mistake():
    def looks_ahead(grad, project, x0, eta, steps):
        x = project(x0)
        g = grad(x)
        for _ in range(steps):
            x = project(x - eta * g)
            g = grad(x)
        return list(x)

    assert checks.check_projected_gradient(looks_ahead) == checks.PASSED


def test_rounding_below_zero_is_no_mistake():
    def rounds(v):
        p = project_simplex(v)
        return np.where(p == 0, -1e-17, p)

    assert checks.check_project_simplex(rounds) == checks.PASSED


def softmax(v):
    e = np.exp(v - v.max())
    return e / e.sum()


def clip_and_divide(v):
    p = np.maximum(v, 1e-300)
    return p / p.sum()


def in_place(v):
    p = project_simplex(v)
    v.sort()
    return p


def ascending(v):
    u = np.sort(v)
    taus = (np.cumsum(u) - 1) / np.arange(1, len(u) + 1)
    return np.maximum(v - taus[-1], 0) / max(np.maximum(v - taus[-1], 0).sum(), 1e-300)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (softmax, "softmax"),
        (clip_and_divide, "nearer point"),
        (ascending, "nearer point"),
        (lambda v: v - (v.sum() - 1) / len(v), "not negative"),
        (lambda v: np.maximum(v - (v.sum() - 1) / len(v), 0), "add up to"),
        (lambda v: np.eye(len(v))[np.argmax(v)], "nearer point|must stay"),
        (lambda v: np.full(len(v), 1 / len(v)), "must stay|nearer point"),
        (lambda v: project_simplex(v)[1:], "shape"),
        (lambda v: v / 0, "not finite"),
        (in_place, "changed"),
        (lambda v: (project_simplex(v), 0.1), "one vector"),
    ],
)
def test_wrong_projections(wrong, message):
    with np.errstate(all="ignore"):
        verdict = checks.check_project_simplex(wrong)
    assert any(part in verdict for part in message.split("|")), verdict


def loop(grad, project, x0, eta, steps, *, first=True, sign=-1, last=True, extra=0, scale=1.0):
    x = project(x0) if first else x0.copy()
    for _ in range(steps + extra):
        x = x + sign * scale * eta * grad(x)
        x = project(x) if last else x
    return x


def moves_x0(grad, project, x0, eta, steps):
    x = loop(grad, project, x0, eta, steps)
    x0 -= 1
    return x


def restarts(grad, project, x0, eta, steps):
    x = project(x0)
    for _ in range(steps):
        new = project(x - eta * grad(x))
    return new if steps else x


def projects_the_gradient(grad, project, x0, eta, steps):
    x = project(x0)
    for _ in range(steps):
        x = x - eta * project(grad(x))
    return x


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda *args: loop(*args, first=False), "projected"),
        (lambda *args: loop(*args, sign=1), "sign"),
        (lambda *args: loop(*args, last=False), "outside"),
        (lambda *args: loop(*args, extra=1), "no steps"),
        (lambda *args: loop(*args, scale=0.5), "is eta in"),
        (lambda grad, project, x0, eta, steps: loop(grad, project, x0, 1.0, steps), "is eta in|uphill|outside"),
        (restarts, "gradient mapping"),
        (projects_the_gradient, "outside|not the gradient"),
        (lambda grad, project, x0, eta, steps: project(loop(grad, lambda x: x, project(x0), eta, steps)), "mapping|9"),
        (lambda *args: loop(*args)[:1], "shape"),
        (moves_x0, "changed"),
        (lambda *args: (loop(*args), [loop(*args)]), "alone"),
        (lambda grad, project, x0, eta, steps: project(x0), "no gradient"),
        (lambda *args: loop(*args[:4], max(args[4] - 1, 0)), "`steps` steps"),
    ],
)
def test_wrong_methods(wrong, message):
    with np.errstate(all="ignore"):
        verdict = checks.check_projected_gradient(wrong)
    assert any(part in verdict for part in message.split("|")), verdict
