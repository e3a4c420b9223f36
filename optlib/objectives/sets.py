r"""Closed convex sets C: the projection :math:`P_C(v) = \arg\min_{x \in C} \|x - v\|_2`, the indicator as a penalty.

``C.project(v)`` is the projection, ``C(x)`` is 0 inside and inf outside, ``C.prox(v, t)`` is ``C.project(v)``: a set is
a penalty, and every proximal method takes it. ``C(x)`` forgives what rounding does: a violation of up to 1e-9
times the size of the data (the radius, the centre, x), so that a projected point always counts as inside. Bounds on
single entries (Box, Nonnegative, the signs on the simplex) are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from optlib import checks
from optlib.objectives.penalties import Penalty
from optlib.problem import norm
from optlib.typing import Array, Matrix

EPS = float(np.finfo(float).eps)
TINY = float(np.finfo(float).tiny)
SLACK = 1e-9  # what C(x) forgives, relative to the size of the data


class ConvexSet(Penalty):
    """A closed convex set; one of your own says ``project`` and ``contains``."""

    def project(self, v: Array) -> Array:
        """The point of C nearest to v."""
        raise NotImplementedError

    def contains(self, x: Array) -> bool:
        """Whether x lies in C, up to rounding."""
        raise NotImplementedError

    def __call__(self, x: Array) -> float:
        return 0.0 if self.contains(np.asarray(x, dtype=float)) else math.inf

    def prox(self, v: Array, t: float) -> Array:
        return self.project(v)


@dataclass(frozen=True)
class Nonnegative(ConvexSet):
    r"""The nonnegative orthant, :math:`\{x : x_i \ge 0\}`, with projection :math:`\max(v, 0)`.

    Examples
    --------
    >>> ol.sets.Nonnegative().project([-1.0, 2.0])
    array([0., 2.])
    """

    def project(self, v: Array) -> Array:
        return np.maximum(v, 0.0)

    def contains(self, x: Array) -> bool:
        return bool((x >= 0).all())


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Box(ConvexSet):
    r"""The box :math:`\{x : l_i \le x_i \le u_i\}`, with projection :math:`\min(\max(v, l), u)`.

    Parameters
    ----------
    lower, upper : float or array of shape (n,)
        l <= u; -inf and inf are no bounds.

    Raises
    ------
    ValueError
        If a lower bound is above its upper bound, or one is nan.

    Examples
    --------
    >>> ol.sets.Box(0.0, [1.0, np.inf]).project([-1.0, 2.0]), ol.sets.Box(0.0, 1.0)([0.5, 1.5])
    (array([0., 2.]), inf)
    """

    lower: Any
    upper: Any

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            bound = checks.numeric(name, getattr(self, name)).copy()
            if bound.ndim > 1 or np.isnan(bound).any():
                raise ValueError(f"{name} must be a number or a vector without nan, got {bound}")
            object.__setattr__(self, name, bound)  # set past the frozen guard, once
        if self.lower.size != self.upper.size and 1 not in (self.lower.size, self.upper.size):
            raise ValueError(f"upper must have the shape of lower, {self.lower.shape}, got {self.upper.shape}")
        if not (self.lower <= self.upper).all() or (self.lower == math.inf).any() or (self.upper == -math.inf).any():
            raise ValueError(
                f"lower must be at most upper, and leave a finite point, got {self.lower} and {self.upper}"
            )

    def project(self, v: Array) -> Array:
        return np.minimum(np.maximum(v, self.lower), self.upper)

    def contains(self, x: Array) -> bool:
        return bool(((self.lower <= x) & (x <= self.upper)).all())


@dataclass(frozen=True, eq=False)
class L2Ball(ConvexSet):
    r"""The Euclidean ball :math:`\{x : \|x - c\|_2 \le r\}`, with projection :math:`c + (v - c)\min(1, r/\|v - c\|_2)`.

    Parameters
    ----------
    radius : float
        r > 0.
    center : float or array of shape (n,)
        c; a number stands for the vector whose entries are all that number.

    Raises
    ------
    TypeError, ValueError
        If the radius is not positive, or the centre is no finite vector.

    Examples
    --------
    >>> ol.sets.L2Ball().project([3.0, 4.0]), ol.sets.L2Ball(1.0, center=[3.0, 0.0]).project([3.0, 4.0])
    (array([0.6, 0.8]), array([3., 1.]))
    """

    radius: float = 1.0
    center: Any = 0.0

    def __post_init__(self) -> None:
        checks.positive("radius", self.radius)
        object.__setattr__(self, "center", checks.vector("center", self.center))

    def project(self, v: Array) -> Array:
        v = np.array(v, dtype=float)
        d = v - self.center
        size = norm(d)
        if size <= self.radius:
            return v
        return self.center + d / size * self.radius if size < math.inf else np.full_like(v, math.nan)

    def contains(self, x: Array) -> bool:
        d = x - self.center
        return norm(d) <= self.radius + SLACK * (self.radius + norm(np.broadcast_to(self.center, d.shape)))


@dataclass(frozen=True)
class Simplex(ConvexSet):
    r"""The simplex :math:`\{x : x_i \ge 0, \sum_i x_i = s\}`, with projection :math:`x_i = \max(v_i - \tau, 0)`.

    The threshold :math:`\tau` is the one for which the entries sum to s. Entries up to :math:`\max_j v_j - s` are 0 in
    the answer; on the others :math:`\tau = (\sum_{i\in I} v_i - s)/|I|` is repeated with I the entries from the last
    :math:`\tau` on, until none leaves. That is exact, after finitely many rounds and without sorting; beyond 2000
    entries a guess from every 64th of them saves most of the rounds.

    Parameters
    ----------
    radius : float
        s > 0; 1 is the simplex of probabilities.

    Raises
    ------
    TypeError, ValueError
        If the radius is not positive.

    Notes
    -----
    Source: C. Michelot (1986), doi:10.1007/BF00938486; by sorting, as :func:`simplex_by_sorting` has it: M. Held,
    P. Wolfe, H. P. Crowder (1974), doi:10.1007/BF01580223.

    Examples
    --------
    >>> ol.sets.Simplex().project([0.5, 1.0, -3.0])
    array([0.25, 0.75, 0.  ])
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        checks.positive("radius", self.radius)

    def project(self, v: Array) -> Array:
        v, s = np.asarray(v, dtype=float), float(self.radius)
        top = float(v.max())
        if not math.isfinite(top):
            return np.full_like(v, math.nan)
        with np.errstate(over="ignore"):
            x = v - top  # at most 0: sums of the v themselves would lose s beside large entries
        x -= _threshold(_from(x, -s), s)
        return np.maximum(x, 0.0, out=x)

    def contains(self, x: Array) -> bool:
        return bool((x >= 0).all() and abs(x.sum() - self.radius) <= SLACK * self.radius + TINY)


def _from(u: Array, tau: float) -> Array:
    """The entries of u from tau on; u itself, not a copy, if these are all."""
    keep = u >= tau
    return u if keep.all() else u[keep]


def _threshold(u: Array, s: float) -> float:
    """Michelot's iteration: tau with sum max(u - tau, 0) = s, for u with maximum 0."""
    if u.size > 2000:  # a first guess from some of the entries; the tau of any set of entries is a lower bound
        top = float(u[::64].max())
        guess = _from(u, top + _threshold(u[::64] - top, s / 64))
        u = _from(u, (float(guess.sum()) - s) / guess.size)
    while True:
        tau = (float(u.sum()) - s) / u.size
        above = _from(u, tau)
        if above is u:
            return tau
        u = above


def simplex_by_sorting(v: Array, radius: float = 1.0) -> Array:
    r"""The projection onto the simplex in its plain form, which ``Simplex`` must agree with.

    With u the entries in descending order, :math:`\tau = (u_1 + \dots + u_k - s)/k` for the largest k with
    :math:`u_k > \tau`.

    Examples
    --------
    >>> ol.sets.simplex_by_sorting(np.array([0.5, 1.0, -3.0]))
    array([0.25, 0.75, 0.  ])
    """
    top = v.max()
    u = np.sort(v)[::-1] - top
    taus = (np.cumsum(u) - radius) / np.arange(1, u.size + 1)
    tau = taus[np.flatnonzero(u >= taus)[-1]]
    return np.maximum(v - top - tau, 0.0)


@dataclass(frozen=True)
class L1Ball(ConvexSet):
    r"""The ball of the 1-norm, :math:`\{x : \|x\|_1 \le s\}`.

    A point outside keeps its signs, and its moduli are projected onto the simplex of radius s: J. Duchi, S.
    Shalev-Shwartz, Y. Singer, T. Chandra (2008), doi:10.1145/1390156.1390191.

    Parameters
    ----------
    radius : float
        s > 0.

    Raises
    ------
    TypeError, ValueError
        If the radius is not positive.

    Examples
    --------
    >>> ol.sets.L1Ball().project([0.5, -1.0, 0.1])
    array([ 0.25, -0.75,  0.  ])
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        checks.positive("radius", self.radius)

    def project(self, v: Array) -> Array:
        v = np.array(v, dtype=float)
        size = np.abs(v)
        if float(size.max()) <= self.radius and float(size.sum()) <= self.radius:  # the maximum first: no overflow
            return v
        return np.copysign(Simplex(self.radius).project(size), v) + 0.0  # + 0.0 makes -0 a 0

    def contains(self, x: Array) -> bool:
        size = np.abs(x)
        limit = (1 + SLACK) * self.radius + TINY
        return float(size.max()) <= limit and float(size.sum()) <= limit


@dataclass(frozen=True, eq=False)
class AffineSet(ConvexSet):
    r"""The affine set :math:`\{x : Ax = b\}`, with projection :math:`v - A^+(Av - b)`.

    Rows are scaled to norm 1, and an SVD gives an orthonormal basis Q of their span; the projection is
    :math:`A^+b + (I - QQ^\top)v`. Dependent rows are no harm.

    Parameters
    ----------
    A : array or scipy.sparse matrix of shape (m, n)
        A sparse matrix is made dense.
    b : array of shape (m,)

    Raises
    ------
    TypeError, ValueError
        If A or b is not finite or of the wrong shape, or no x has Ax = b.

    Examples
    --------
    >>> ol.sets.AffineSet([[1.0, 1.0, 1.0]], [1.0]).project([1.0, 4.0, 5.0]).round(6)
    array([-2.,  1.,  2.])
    """

    A: Matrix
    b: Any
    _rows: Array = field(init=False, repr=False)
    _offsets: Array = field(init=False, repr=False)
    _basis: Array = field(init=False, repr=False)
    _nearest: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        A = np.atleast_2d(checks.numeric("A", self.A.toarray() if sparse.issparse(self.A) else self.A)).copy()
        b = checks.vector("b", self.b)
        if A.ndim != 2 or A.size == 0 or b.shape != A.shape[:1]:
            raise ValueError(f"A and b must have shapes (m, n) and (m,), got {A.shape} and {b.shape}")
        if not np.isfinite(A).all():
            raise ValueError("A must be finite")
        sizes = np.array([norm(a) or 1.0 for a in A])  # a row of zeros stays: it asks for b = 0
        rows, offsets = A / sizes[:, None], b / sizes
        U, sigma, Vt = np.linalg.svd(rows, full_matrices=False)
        rank = int((sigma > max(A.shape) * EPS * sigma[0]).sum())
        Q = Vt[:rank].T
        x = Q @ (U[:, :rank].T @ offsets / sigma[:rank])  # the shortest solution, A^+ b
        for name, value in (("A", A), ("b", b), ("_rows", rows), ("_offsets", offsets), ("_basis", Q), ("_nearest", x)):
            object.__setattr__(self, name, value)
        if not self.contains(x):
            raise ValueError(f"b must be consistent with A: no x has Ax = b (A has rank {rank} and {len(A)} rows)")

    def project(self, v: Array) -> Array:
        v, Q = np.asarray(v, dtype=float), self._basis
        with np.errstate(over="ignore", invalid="ignore"):  # entries at the end of the range: nan, which ends a run
            w = v - Q @ (Q.T @ v)
            again = w - Q @ (Q.T @ w)  # the first leaves rounding errors of the size of v
            if norm(again) < 0.5 * norm(w):  # and was nothing else: v lies in the span of Q, up to rounding
                return self._nearest.copy()
            return self._nearest + again

    def contains(self, x: Array) -> bool:
        return float(np.abs(self.residual(x)).max()) <= SLACK * norm(x)

    def residual(self, x: Array) -> Array:
        """Ax - b with rows of norm 1, of shape (m,): the signed distances of x from the hyperplanes."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self._rows @ x - self._offsets)


@dataclass(frozen=True, eq=False)
class Halfspace(ConvexSet):
    r"""The half-space :math:`\{x : a^\top x \le b\}`, with projection :math:`v - \max(a^\top v - b, 0)\, a/\|a\|^2`.

    Parameters
    ----------
    a : array of shape (n,)
        Not 0.
    b : float

    Raises
    ------
    TypeError, ValueError
        If a is 0 or no finite vector, or b no number.

    Examples
    --------
    >>> ol.sets.Halfspace([3.0, 4.0], 5.0).project([3.0, 4.0]).round(6)
    array([0.6, 0.8])
    """

    a: Any
    b: float
    _wall: AffineSet = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", checks.vector("a", self.a))
        if not self.a.any():
            raise ValueError("a must not be 0: the half-space would be everything or nothing")
        object.__setattr__(self, "_wall", AffineSet(self.a, [checks.real("b", self.b)]))

    def project(self, v: Array) -> Array:
        v = np.array(v, dtype=float)
        return v if self._wall.residual(v)[0] <= 0 else self._wall.project(v)

    def contains(self, x: Array) -> bool:
        return bool(self._wall.residual(x)[0] <= SLACK * norm(x))
