"""Checks of the coding exercises of `momentum`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing

import optlib as ol


def check_nesterov_step(nesterov_step):
    """`nesterov_step(grad, x, v, eta, beta)` returns the next x and the next v."""
    rng = np.random.default_rng(0)
    for n in (1, 2, 4):
        A = rng.standard_normal((n, n))
        q = ol.Quadratic(A @ A.T + np.eye(n), rng.standard_normal(n))
        x, v, eta, beta = rng.standard_normal(n), rng.standard_normal(n), 0.3 / q.lipschitz, 0.7
        kept_x, kept_v, asked = x.copy(), v.copy(), []

        def grad(point, q=q, asked=asked):
            asked.append(np.array(point, dtype=float))
            return q.grad(point)

        answer = nesterov_step(grad, x, v, eta, beta)
        if missing(answer):
            return NOT_DONE
        if not isinstance(answer, tuple | list | np.ndarray) or len(answer) != 2:
            return "return two things, the new x and the new v"
        new_x, new_v = map(np.asarray, answer)
        if np.shape(new_x) != (n,) or np.shape(new_v) != (n,):
            return f"x and v must have shape ({n},), and have {np.shape(new_x)} and {np.shape(new_v)}"
        if not (np.array_equal(x, kept_x) and np.array_equal(v, kept_v)):
            return "x or v itself was changed: make new arrays (v = beta * v + ..., not v *= beta)"
        if not asked:
            return "the gradient was not asked for: call grad(...)"
        if verdict := _where_asked(asked, x, v, eta, beta):
            return verdict
        g = q.grad(x - eta * beta * v)
        if np.allclose(new_x, beta * v + g) and np.allclose(new_v, x - eta * new_x):
            return "the new v came first: return the new x, then the new v"
        if np.allclose(new_v, beta * v + (1 - beta) * g):
            return "the gradient enters v whole here, without the factor 1 - beta"
        if np.allclose(new_v, beta * v + eta * g):
            return "the rate stands outside the velocity here: v gets the gradient itself, x moves by eta v"
        if not np.allclose(new_v, beta * v + g):
            return "the new v is not beta v plus the gradient at the look-ahead point"
        if np.allclose(new_x, x - eta * v):
            return "x moved by the old velocity: use the new one"
        if np.allclose(new_x, x - eta * beta * v - eta * new_v):
            return "the look-ahead point is only where the gradient is asked: the step itself begins at x"
        if not np.allclose(new_x, x - eta * new_v):
            return "the new x is not x minus eta times the new v"
    return PASSED


def _where_asked(asked, x, v, eta, beta):
    if any(np.allclose(point, x - eta * beta * v) for point in asked):
        return ""
    if any(np.allclose(point, x) for point in asked):
        return "the gradient was asked at x, which is the heavy ball: look ahead first"
    if any(np.allclose(point, x + eta * beta * v) for point in asked):
        return "the look-ahead goes the wrong way: x itself will move by minus eta v"
    if any(np.allclose(point, x - beta * v) for point in asked):
        return "the look-ahead point lacks the rate: the velocity moves x by eta v"
    if any(np.allclose(point, x - eta * v) for point in asked):
        return "the look-ahead point lacks beta: only the part beta v of the velocity is known beforehand"
    return "the gradient was asked at some other point than x - eta beta v"


def check_spectral_radius(spectral_radius):
    """`spectral_radius(eta_lam, beta)` returns the largest modulus of the two roots, for numbers."""
    points = [(0.4, 0.7), (1.0, 0.9), (0.001, 0.5), (2.9, 0.5), (3.4, 0.5), (0.01, 0.0), (1.7, 0.0), (3.7, 0.9)]
    rng = np.random.default_rng(1)
    points += [(rng.uniform(0.01, 4), rng.uniform(0.05, 0.95)) for _ in range(40)]
    for eta_lam, beta in points:
        with np.errstate(all="ignore"):
            try:
                answer = spectral_radius(eta_lam, beta)
            except ValueError as error:
                return f"it fails at eta lam = {eta_lam:.3g}, beta = {beta:.3g} ({error}): the roots may be complex"
        if missing(answer):
            return NOT_DONE
        if np.ndim(answer) != 0:
            return f"one number is wanted, got {answer!r}"
        if isinstance(answer, complex | np.complexfloating) and answer.imag != 0:
            return "the radius is a real number: take the modulus of the complex roots"
        answer = float(np.real(answer))
        roots = np.roots([1.0, -(1 + beta - eta_lam), beta])
        right, place = np.abs(roots).max(), f"at eta lam = {eta_lam:.3g}, beta = {beta:.3g}"
        if np.isclose(answer, right, rtol=1e-6, atol=1e-7):
            continue
        if not np.isfinite(answer):
            return f"{place} it is not a number: the roots are complex there"
        if np.isclose(answer, np.sqrt(beta)):
            return f"{place} the roots are real, and their product is beta: one of them is larger than sqrt(beta)"
        if np.isclose(answer, 2 * right):
            return f"{place} it is twice too large: is the half of the quadratic formula there?"
        if beta > 0 and np.isclose(answer, 1 / np.abs(roots).min()):
            return f"{place} it is the modulus of an inverse root: np.roots takes the factor of sigma squared first"
        if np.isclose(answer, np.real(roots).max()) or np.isclose(answer, roots.real[np.argmax(np.abs(roots))]):
            return f"{place} a real part is not the modulus: take abs of both roots, then the larger"
        if np.isclose(answer, np.abs(roots).min()):
            return f"{place} that is the smaller root: the larger one decides"
        kind = "complex" if np.iscomplexobj(roots) else "real"
        return f"{place}, where the roots are {kind}, it is {answer:.4f}; the error there shrinks by {right:.4f} a step"
    return PASSED


def check_nesterov_restarted(nesterov_restarted):
    """`nesterov_restarted(grad, x0, eta, steps)` returns x_0, ..., x_steps, one a row."""
    slope = np.array([3.0, -1.0])
    path = _path(nesterov_restarted, lambda x: slope, np.array([1.0, 2.0]), 0.1, 400)
    if isinstance(path, str):
        return path
    if not np.allclose(path[1], path[0] - 0.1 * slope):
        return (
            "the first step must be a gradient step, x0 - eta grad(x0), since nothing moves yet: is the momentum 0 "
            "there, and are the rows x, not y?"
        )
    far = (path[0] - path[-1]) @ slope / (400 * 0.1 * slope @ slope)
    if far < 5:
        return (
            "on a straight slope, where momentum never points uphill, it goes no faster than gradient descent: does it "
            "restart there, and with which sign? Or is the old x gone before the new minus the old is formed?"
        )
    if far < 50:
        return "on a straight slope the momentum must grow towards 1, as (k - 1)/(k + 2) does: is it constant?"
    for curvatures in (np.geomspace(1, 1e4, 15), np.array([1.0, 1e4])):
        q, x0 = ol.Quadratic(curvatures), np.ones(len(curvatures))
        path = _path(nesterov_restarted, q.grad, x0, 1e-4, 2000)
        if isinstance(path, str):
            return path
        if not np.isfinite(path).all():
            return "it diverges on a quadratic with the step 1/L: does each x come from a gradient step at y?"
        plain = ol.minimize(q, x0, ol.Nesterov(1e-4, lambda t: max(t - 1, 0) / (t + 2)), tol=0, maxiter=2000)
        if q(path[-1]) > 1e-3 * plain.history.fun[-100:].max():
            return (
                "on a strongly convex quadratic it is no better than without restart: is the momentum set back to 0 "
                "where the gradient at y and the step just made point the same way?"
            )
    beta = _momenta(path, 1 - 1e-4)  # along the valley, whose curvature is 1
    restart = next((t for t in range(10, len(beta)) if beta[t] < 0.05), None)
    if restart is not None and beta[restart + 1] > 0.6:
        return (
            "after a restart the momentum is at once as large as before: it must grow anew from 0, so k begins again "
            "at 1, while t goes on"
        )
    return PASSED


def _momenta(path, shrink, steps=1000):
    """beta_1, beta_2, ... from x_{t+1} = shrink y_t in the first coordinate."""
    x = path[:steps, 0]
    moved = x[1:-1] - x[:-2]
    with np.errstate(all="ignore"):
        return (x[2:] / shrink - x[1:-1]) / moved


def _path(nesterov_restarted, grad, x0, eta, steps):
    calls, before = 0, x0.copy()

    def counted(x):
        nonlocal calls
        calls += 1
        if calls > 3 * steps:
            raise TooManyCalls
        return grad(x)

    try:
        with np.errstate(all="ignore"):
            path = nesterov_restarted(counted, x0, eta, steps)
    except TooManyCalls:
        return "more than three gradients a step were asked: one, at y, is enough for the step and for the test"
    if missing(path):
        return NOT_DONE
    path = np.asarray(path, dtype=float)
    if path.shape != (steps + 1, x0.size):
        return f"{steps} steps make {steps + 1} points, shape {(steps + 1, x0.size)}, and yours is {path.shape}"
    if not np.array_equal(x0, before):
        return "x0 itself was changed: make new arrays"
    if not np.array_equal(path[0], x0):
        return "the first row must be x0"
    return path
