"""The test problems of Moré, Garbow and Hillstrom (1981, doi:10.1145/355934.355936), with their starts and minima.

Each is a sum of squared residuals, written as in the paper. The Jacobian of the residuals is taken by complex steps,
which are exact to rounding; the Hessian by central differences of that gradient, right to about nine digits.
"""

from collections.abc import Callable

import numpy as np

import optlib as ol


class LeastSquares(ol.Problem):
    r"""f(x) = sum of r_i(x)^2, for residuals that are analytic functions of x."""

    def __init__(self, residuals: Callable, x0, minima) -> None:
        self.residuals, self.x0, self.minima = residuals, np.array(x0, dtype=float), tuple(minima)
        self.minimum = self.minima[0]
        self.dimension = self.x0.size
        super().__init__(self._sum, jac=self._slope, hess=self._curvature)

    def _sum(self, x):
        return float((np.asarray(self.residuals(x)) ** 2).sum())

    def _slope(self, x):
        tiny = 1e-30
        J = np.array([np.imag(self.residuals(x + 1j * tiny * e)) / tiny for e in np.eye(x.size)])
        return 2 * J @ np.asarray(self.residuals(x))

    def _curvature(self, x):
        h = np.cbrt(np.finfo(float).eps) * np.maximum(np.abs(x), 1e-3)
        steps = np.diag(h)
        H = np.array([(self._slope(x + d) - self._slope(x - d)) / (2 * d.sum()) for d in steps])
        return (H + H.T) / 2


def rosenbrock(x):
    return [*(10 * (x[1::2] - x[::2] ** 2)), *(1 - x[::2])]


def freudenstein_roth(x):
    return [-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]]


def powell_badly_scaled(x):
    return [1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001]


def brown_badly_scaled(x):
    return [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2]


def beale(x):
    return [y - x[0] * (1 - x[1] ** i) for i, y in ((1, 1.5), (2, 2.25), (3, 2.625))]


def jennrich_sampson(x):
    i = np.arange(1, 11)
    return 2 + 2 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))


def helical_valley(x):
    theta = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0.5 if np.real(x[0]) < 0 else 0.0)
    return [10 * (x[2] - 10 * theta), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]]


def bard(x):
    y = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
    u = np.arange(1, 16)
    v = 16 - u
    return y - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


def gaussian(x):
    half = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
    t = (8 - np.arange(1, 16)) / 2
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - np.array([*half, 0.3989, *half[::-1]])


def box(x):
    t = 0.1 * np.arange(1, 11)
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


def powell_singular(x):
    a, b, c, d = x[::4], x[1::4], x[2::4], x[3::4]
    return np.concatenate([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2])


def wood(x):
    return [
        10 * (x[1] - x[0] ** 2), 1 - x[0], 90**0.5 * (x[3] - x[2] ** 2), 1 - x[2],
        10**0.5 * (x[1] + x[3] - 2), 10**-0.5 * (x[1] - x[3]),
    ]  # fmt: skip


def kowalik_osborne(x):
    y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
    u = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])
    return y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x):
    t = np.arange(1, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


def osborne_1(x):
    y = np.array([
        0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603,
        0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411,
        0.406,
    ])  # fmt: skip
    t = 10 * np.arange(33)
    return y - (x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))


def biggs_exp6(x):
    t = 0.1 * np.arange(1, 14)
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


def watson(x):
    t, j = np.arange(1, 30)[:, None] / 29, np.arange(x.size)
    slope = (j[1:] * x[1:] * t ** (j[1:] - 1)).sum(axis=1)
    return [*(slope - (x * t**j).sum(axis=1) ** 2 - 1), x[0], x[1] - x[0] ** 2 - 1]


def penalty_1(x):
    return [*(1e-5**0.5 * (x - 1)), (x**2).sum() - 0.25]


def penalty_2(x):
    n, e = x.size, np.exp(x / 10)
    i = np.arange(2, n + 1)
    y = np.exp(i / 10) + np.exp((i - 1) / 10)
    return [
        x[0] - 0.2, *(1e-5**0.5 * (e[1:] + e[:-1] - y)), *(1e-5**0.5 * (e[1:] - np.exp(-0.1))),
        (np.arange(n, 0, -1) * x**2).sum() - 1,
    ]  # fmt: skip


def variably_dimensioned(x):
    s = (np.arange(1, x.size + 1) * (x - 1)).sum()
    return [*(x - 1), s, s**2]


def trigonometric(x):
    return x.size - np.cos(x).sum() + np.arange(1, x.size + 1) * (1 - np.cos(x)) - np.sin(x)


def brown_almost_linear(x):
    return [*(x[:-1] + x.sum() - (x.size + 1)), x.prod() - 1]


def neighbours(x):
    """x_{i-1} and x_{i+1}, 0 beyond the ends."""
    return np.concatenate([[0], x[:-1]]), np.concatenate([x[1:], [0]])


def discrete_boundary_value(x):
    h = 1 / (x.size + 1)
    t, (left, right) = h * np.arange(1, x.size + 1), neighbours(x)
    return 2 * x - left - right + h**2 * (x + t + 1) ** 3 / 2


def broyden_tridiagonal(x):
    left, right = neighbours(x)
    return (3 - 2 * x) * x - left - 2 * right + 1


def broyden_banded(x):
    n = x.size
    return [
        x[i] * (2 + 5 * x[i] ** 2) + 1
        - sum(x[j] * (1 + x[j]) for j in range(max(0, i - 5), min(n, i + 2)) if j != i)
        for i in range(n)
    ]  # fmt: skip


def linear(x):
    return [*(x - 0.1 * x.sum() - 1), *([-0.1 * x.sum() - 1] * 10)]


TEN = np.arange(1, 11)
# name: (residuals, standard start, published minima, the global one first)
TABLE = {
    "Rosenbrock": (rosenbrock, [-1.2, 1], [0]),
    "Freudenstein and Roth": (freudenstein_roth, [0.5, -2], [0, 48.9842536792]),
    "Powell badly scaled": (powell_badly_scaled, [0, 1], [0]),
    "Brown badly scaled": (brown_badly_scaled, [1, 1], [0]),
    "Beale": (beale, [1, 1], [0]),
    "Jennrich and Sampson": (jennrich_sampson, [0.3, 0.4], [124.362182]),
    "helical valley": (helical_valley, [-1, 0, 0], [0]),
    "Bard": (bard, [1, 1, 1], [8.21487731e-3, 17.4286933]),
    "Gaussian": (gaussian, [0.4, 1, 0], [1.12793277e-8]),
    "Box": (box, [0, 10, 20], [0]),
    "Powell singular": (powell_singular, [3, -1, 0, 1], [0]),
    "Wood": (wood, [-3, -1, -3, -1], [0]),
    "Kowalik and Osborne": (kowalik_osborne, [0.25, 0.39, 0.415, 0.39], [3.07505604e-4, 1.02734e-3]),
    "Brown and Dennis": (brown_dennis, [25, 5, -5, -1], [85822.2016]),
    "Osborne 1": (osborne_1, [0.5, 1.5, -1, 0.01, 0.02], [5.46489470e-5]),
    "Biggs EXP6": (biggs_exp6, [1, 2, 1, 1, 1, 1], [0, 5.65564993e-3, 0.306366773]),
    "Watson 6": (watson, [0] * 6, [2.28767005e-3]),
    "Rosenbrock 10": (rosenbrock, [-1.2, 1] * 5, [0]),
    "Powell singular 12": (powell_singular, [3, -1, 0, 1] * 3, [0]),
    "penalty I": (penalty_1, [1, 2, 3, 4], [2.24997750e-5]),
    "penalty II": (penalty_2, [0.5] * 4, [9.37629328e-6]),
    "variably dimensioned": (variably_dimensioned, 1 - TEN / 10, [0]),
    "trigonometric": (trigonometric, [0.1] * 10, [0, 2.79506122e-5]),
    "Brown almost linear": (brown_almost_linear, [0.5] * 10, [0, 1]),
    "discrete boundary value": (discrete_boundary_value, TEN / 11 * (TEN / 11 - 1), [0]),
    "Broyden tridiagonal": (broyden_tridiagonal, [-1] * 10, [0]),
    "Broyden banded": (broyden_banded, [-1] * 10, [0]),
    "linear": (linear, [1] * 10, [10]),
}
PROBLEMS = {name: (lambda row=row: LeastSquares(*row)) for name, row in TABLE.items()}
