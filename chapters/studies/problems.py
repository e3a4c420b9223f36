"""The eight problems of the chapter `comparison`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import optlib as ol

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Case:
    """min f(x) + g(x), with all that the twelve methods may ask of it."""

    name: str
    f: ol.Problem
    start: Callable[[np.random.Generator], np.ndarray]  # x0, made for `plain`
    minimum: float  # of f + g
    tol: float = 1e-6  # what "solved" means, and what is tuned for
    g: Any = field(default_factory=ol.penalties.Zero)
    plain: ol.Problem | None = None  # for methods that know nothing of g; f itself where there is none
    to_x: Callable[[np.ndarray], np.ndarray] = lambda z: z  # from the variables of `plain` to x
    direct: bool = False  # whether ADMM's step in x is one factorisation, for all steps
    risk: ol.EmpiricalRisk | None = None  # f without its L2 penalty, for AdamW
    decay: float = 0.0  # and the penalty's strength, its weight decay
    batch: int = 0  # batch size of the stochastic methods; 0: all samples

    @property
    def d(self) -> int:
        return self.f.dimension

    @property
    def split(self) -> bool:
        return not isinstance(self.g, ol.penalties.Zero)


def quadratic(kappa: float, d: int = 40) -> Case:
    """L = 1, mu = 1/kappa, eigenvalues evenly spread on a logarithmic scale, in no special basis."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    A = (Q * np.geomspace(1 / kappa, 1, d)) @ Q.T
    f = ol.Quadratic((A + A.T) / 2, A @ rng.normal(size=d))
    return Case(f"quadratic {kappa:g}", f, lambda rng: 2 * rng.normal(size=d), f.minimum, direct=True)


def rosenbrock() -> Case:
    """The curved valley, from starts around the customary one."""
    f = ol.Rosenbrock()
    return Case("Rosenbrock", f, lambda rng: f.x0 + 0.2 * rng.normal(size=2), 0.0)


def standardised(columns: np.ndarray) -> np.ndarray:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def logistic(name: str, X: np.ndarray, y: np.ndarray, lam: float, **rest: Any) -> Case:
    """Logistic regression with an L2 penalty; its minimum by Newton's method."""
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, y)
    f = ol.EmpiricalRisk(ol.losses.Logistic(), X, y, ol.penalties.L2(lam))
    best = ol.minimize(f, np.zeros(f.dimension), ol.Newton(ol.line_search.Backtracking()), tol=1e-12)
    return Case(name, f, lambda rng: rng.normal(size=f.dimension), best.fun, risk=risk, decay=lam, **rest)


def tumours() -> Case:
    """Malignant or not, from 30 measurements and an intercept, every gradient on all 569 samples."""
    data = np.loadtxt(DATA / "breast-cancer.csv", delimiter=",", skiprows=1)
    X = np.column_stack([np.ones(len(data)), standardised(data[:, :-1])])
    return logistic("tumours", X, data[:, -1], 0.01)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels between 0 and 1, and the digits, in an order of chance."""
    data = np.loadtxt(DATA / "digits.csv", delimiter=",", skiprows=1)
    data = data[np.random.default_rng(0).permutation(len(data))]
    return data[:, :-1] / 16, data[:, -1].astype(int)


def odd_digits() -> Case:
    """Odd or even, from the pixels that are ever inked; the stochastic methods see 64 of 1797 samples a step."""
    pixels, digit = digits()
    X = np.column_stack([np.ones(len(pixels)), pixels[:, pixels.any(axis=0)]])
    return logistic("odd digits", X, digit % 2, 1e-3, batch=64, tol=1e-2)


def lasso() -> Case:
    """Miles a gallon from 35 columns, 1-norm penalty; who has no prox is given a subgradient."""
    cars = np.loadtxt(DATA / "auto-mpg.csv", delimiter=",", skiprows=1)
    base, y = standardised(cars[:, :-1]), cars[:, -1] - cars[:, -1].mean()
    pairs = [base[:, i] * base[:, j] for i in range(7) for j in range(i, 7)]
    X = standardised(np.column_stack([base, *pairs]))
    f, zero = ol.EmpiricalRisk(ol.losses.Squared(), X, y), np.zeros(35)
    g = ol.penalties.L1(0.1 * np.abs(f.grad(zero)).max())
    best = ol.minimize(f, zero, ol.FISTA(g, 1 / f.lipschitz), tol=1e-11, maxiter=10**5)

    def value_and_subgradient(w: np.ndarray) -> tuple[float, np.ndarray]:
        r = X @ w - y
        return 0.5 * (r @ r) / len(y) + g(w), X.T @ r / len(y) + g.lam * np.sign(w)

    plain = ol.Problem(value_and_subgradient, jac=True, hess=lambda w: X.T @ X / len(y))
    return Case("lasso", f, lambda rng: rng.normal(size=35), best.fun, g=g, plain=plain, direct=True)


def shares() -> Case:
    """Shares of the ten digits in a pile of 50, a point of the simplex; who has no prox works on the logits."""
    pixels, digit = digits()
    M = np.array([pixels[:900][digit[:900] == k].mean(axis=0) for k in range(10)]).T
    rng = np.random.default_rng(1)
    drawn = rng.choice(10, size=50, p=rng.dirichlet(np.full(10, 0.3)))
    pile = [pixels[rng.choice(900 + np.flatnonzero(digit[900:] == k))] for k in drawn]
    f, g = ol.Quadratic(M.T @ M, M.T @ np.mean(pile, axis=0)), ol.sets.Simplex()
    best = ol.minimize(f, np.full(10, 0.1), ol.FISTA(g, 1 / f.lipschitz), tol=1e-12, maxiter=10**5)

    def softmax(z: np.ndarray) -> np.ndarray:
        e = np.exp(np.append(z, 0.0) - max(z.max(), 0.0))
        return e / e.sum()

    def value_and_grad(z: np.ndarray) -> tuple[float, np.ndarray]:
        x = softmax(z)
        value, slope = f.value_and_grad(x)
        return value, (x * (slope - x @ slope))[:-1]

    def hess(z: np.ndarray) -> np.ndarray:
        x = softmax(z)
        slope = x * (f.grad(x) - x @ f.grad(x))
        J = np.diag(x) - np.outer(x, x)
        return (J @ f.A @ J + np.diag(slope) - np.outer(slope, x) - np.outer(x, slope))[:-1, :-1]

    plain = ol.Problem(value_and_grad, jac=True, hess=hess)
    return Case(
        "shares", f, lambda rng: rng.normal(size=9), best.fun, g=g, plain=plain, to_x=softmax, direct=True
    )  # fmt: skip


def all_cases() -> list[Case]:
    return [quadratic(10), quadratic(100), quadratic(1e4), rosenbrock(), tumours(), odd_digits(), lasso(), shares()]
