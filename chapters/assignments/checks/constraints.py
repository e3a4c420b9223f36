"""Checks of `4-constraints`."""

import sys
from collections import namedtuple

import numpy as np
from scipy.optimize import minimize, minimize_scalar

import optlib as ol
from checks import array, copies, graded, load, number, pair, rng_of

Cars = namedtuple("Cars", "X y lam Z miles group price means weights strength")


def _scaled(columns):
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def cars(cohort):
    """This cohort's 300 cars for questions 3, 4 and 5, with their constants."""
    names, data = load("auto-mpg")
    rng = rng_of(cohort, "constraints")
    rows = data[rng.permutation(len(data))[:300]]
    miles, six = rows[:, -1], _scaled(rows[:, : names.index("origin")])
    products = [six[:, i] * six[:, j] for i in range(6) for j in range(i, 6)]
    X, y = _scaled(np.column_stack([six, *products])), miles - miles.mean()
    lam = float(rng.choice([0.02, 0.03, 0.05, 0.08])) * np.abs(X.T @ y).max() / 300
    year = rows[:, names.index("model year")].astype(int) - 70
    count = np.bincount(year, minlength=13)
    # At these prices at least two groups are at the tolerance, so that one multiplier is not yet the price.
    price, strength = float(rng.choice([0.5, 0.6, 0.7, 0.8])), float(rng.choice([0.05, 0.08, 0.12, 0.16]))
    group = rows[:, names.index("origin")].astype(int) - 1
    Z, means = np.column_stack([six, np.ones(300)]), np.bincount(year, miles, 13) / count
    return Cars(X, y, float(lam), Z, miles, group, price, means, count / 300, strength)


def _unchanged(given, kept, name):
    assert np.array_equal(given, kept), f"`{name}` itself was changed: work on a copy"


# --- 1: shares with caps -------------------------------------------------------------------------


def _capped(seed, n, scale):
    """A point, its caps and multipliers that fit; from these a vector whose projection is the point."""
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(n) % 3)  # 0: no share, 1: between, 2: at its cap
    cap = rng.uniform(0.3, 1.0, n) / n
    x = np.where(kind == 0, 0.0, np.where(kind == 1, cap / 2, cap))
    cap, x = cap / x.sum(), x / x.sum()
    lam, mu = (np.where(kind == k, scale * rng.exponential(size=n) / n, 0.0) for k in (0, 2))
    return x, cap, x + mu - lam + scale * rng.standard_normal()


def _most(direction, cap):
    """The largest inner product of a point of C with this direction: where it is largest, all that fits."""
    order = np.argsort(-direction)
    left = np.diff(np.minimum(np.cumsum(cap[order]), 1), prepend=0)
    return left @ direction[order]


@graded("1b, projection")
def check_project(project):
    cases = [
        ("free", np.array([0.4, 0.5, -0.3]), np.ones(3)),
        ("tight", np.array([3.0, 0.1, 0.0, -1.0]), np.array([0.4, 0.5, 0.6, 0.7])),
        ("full", np.array([0.3, -2.0, 1.0]), np.array([0.2, 0.3, 0.5])),
        ("corner", np.array([5.0, 0.0]), np.ones(2)),
    ]
    cases += [("some", *_capped(seed, n, scale)[:0:-1]) for seed, n, scale in ((1, 3, 1), (2, 8, 0.1), (3, 40, 50))]
    for _, v, cap in cases:
        mine, caps = copies(v, cap)
        p = array(project(mine, caps), v.shape, "the projection")
        _unchanged(mine, v, "v")
        _unchanged(caps, cap, "cap")
        said = f"for v = {np.round(v, 2)} with the caps {np.round(cap, 2)}" if len(v) < 9 else f"for {len(v)} places"
        assert (p >= -1e-8).all(), f"{said} a share is negative: {p.min():.4g}"
        assert (p <= cap + 1e-8).all(), f"{said} a share is above its cap, by {(p - cap).max():.4g}"
        assert abs(p.sum() - 1) < 1e-7, f"{said} the shares add up to {p.sum():.8g}"
        moved = array(project(v + 2.5, cap.copy()), v.shape, "the projection")
        assert np.allclose(moved, p, atol=1e-6), (
            "with 2.5 added to every entry of v all points of C rank as before by their distance, and your answer moves"
        )
        size = 1 + np.abs(v).max()
        slack = _most(v - p, cap) - (v - p) @ p  # the angle, for the worst point of C
        assert slack <= 1e-6 * size, (
            f"{said} your point lies in C, but it is not the nearest: towards another point of C the way "
            f"leads nearer to v, with (v - p)'(x - p) = {slack:.3g}"
        )
    for seed in (4, 5):
        x, cap, _ = _capped(seed, 6, 1)
        p = array(project(x.copy(), cap.copy()), x.shape, "the projection")
        assert np.allclose(p, x, atol=1e-7), "a point of C is its own projection, and yours moves"


@graded("1c, multipliers")
def check_multipliers(multipliers):
    cases = [_capped(seed, n, 1.0) for seed, n in ((6, 3), (7, 9), (8, 20))]
    zero = np.array([0.5, 0.5, 0.0, 0.0])  # no share strictly between
    cases.append((zero, np.array([0.5, 0.5, 0.8, 0.9]), zero + np.array([0.9, 0.4, -0.2, -0.7]) + 1.5))
    full = np.array([0.2, 0.3, 0.5])  # every share at its cap
    cases.append((full, full.copy(), full + np.array([0.5, 1.0, 0.1]) - 2.0))
    for x, cap, v in cases:
        answer = multipliers(*copies(v, x, cap))
        assert isinstance(answer, tuple | list) and len(answer) == 3, "return three things: tau, lambda, mu"
        between = ((x > 0) & (x < cap)).any()
        where = "" if between else "where every share is 0 or at its cap, "
        assert between or np.isfinite(np.asarray(answer[0], dtype=float)).all(), (
            f"{where}tau is {answer[0]}: which numbers do the other conditions allow it to be?"
        )
        tau = number(answer[0], "tau")
        lam, mu = array(answer[1], x.shape, "lambda"), array(answer[2], x.shape, "mu")
        for name, some in (("lambda", lam), ("mu", mu)):
            assert (some >= -1e-8).all(), f"{where}{name} has a negative entry, {some.min():.4g}"
        if not np.allclose(x - v - lam + mu + tau, 0, atol=1e-8):
            assert not np.allclose(x - v - lam + mu - tau, 0, atol=1e-8), (
                "with -tau for tau the gradient of L would be zero: mind its sign in L"
            )
            assert not np.allclose(x - v + lam - mu + tau, 0, atol=1e-8), (
                "with lambda and mu exchanged the gradient of L would be zero: which belongs to which constraint?"
            )
            off = np.abs(x - v - lam + mu + tau).max()
            raise AssertionError(f"{where}the gradient of L in x is not zero: an entry is off by {off:.4g}")
        for name, some, slack in (("lambda", lam, x), ("mu", mu, cap - x)):
            worst = np.abs(some * slack).max()
            assert worst < 1e-8, (
                f"{where}complementarity fails: {name} is positive where its constraint is slack "
                f"(a product is {worst:.3g})"
            )


# --- 2: a loss with two kinks --------------------------------------------------------------------


def _cost(x, a, b, free):
    return a * max(x - free, 0.0) + b * max(-x - free, 0.0)


CONSTANTS = ((0.7, 2.0, 0.5, 1.0), (1.0, 1.0, 3.0, 0.3), (2.5, 0.4, 0.4, 0.8), (0.5, 1.5, 1.0, 0.0))


@graded("2b, prox")
def check_prox(prox):
    for t, a, b, free in CONSTANTS:
        ends = np.array([free + t * a, free, -free, -free - t * b])
        v = np.concatenate([ends, ends + 0.1, ends - 0.1, [7.0, -7.0, 0.0]])
        mine = v.copy()
        p = array(prox(mine, t, a, b, free), v.shape, "the prox")
        _unchanged(mine, v, "v")
        told = f"with t = {t}, a = {a}, b = {b}, epsilon = {free}"
        inside = np.abs(v) <= free
        assert np.allclose(p[inside], v[inside]), (
            f"{told}: within epsilon nothing is charged, and yet v = {v[inside][0]:.3g} moves"
        )
        late, early = (v - p)[v == 7.0][0], (p - v)[v == -7.0][0]
        assert late > 0 and early > 0, (
            f"{told}: the prox lowers the cost, and yours does not bring both 7 and -7 nearer to 0"
        )
        assert a == b or not np.isclose(late / t, b), f"{told}: late minutes are charged at the rate of early ones"
        for moved, rate, side in ((late, a, 7), (early, b, -7)):
            assert t == 1 or not np.isclose(moved, rate), f"{told}: from v = {side} the prox moves as for t = 1"
            assert np.isclose(moved, t * rate), f"{told}: from v = {side}, far out, it moves by {moved:.4g}"
        for own, point in zip(v, p, strict=True):
            slope = (own - point) / t  # it must be a slope of g at p: g(x) >= g(p) + slope (x - p)
            for x in (-20.0, -free, free, 20.0):
                excess = _cost(point, a, b, free) + slope * (x - point) - _cost(x, a, b, free)
                if excess <= 1e-9:
                    continue
                assert point * own >= 0 and abs(point) >= free - 1e-12, (
                    f"{told}: v = {own:.4g} goes to {point:.4g}, further than to where the charge ends"
                )
                raise AssertionError(
                    f"{told}: v = {own:.4g} goes to {point:.4g}, but (v - p)/t = {slope:.4g} is no subgradient there: "
                    "which points have a whole interval of slopes?"
                )


@graded("2c, envelope")
def check_envelope(envelope):
    for t, a, b, free in CONSTANTS:
        v = np.array([-4.0, -free - t * b / 2 - 0.01, -free / 2, free / 3, free + t * a / 3, 2.9, 5.0])
        given = (t, a, b, free)
        names = "M and its slope"
        value, slope = pair(envelope(v.copy(), *given), names)
        value, slope = array(value, v.shape, "M"), array(slope, v.shape, "the slope")
        told = f"with t = {t}, a = {a}, b = {b}, epsilon = {free}"
        for own, mine in zip(v, value, strict=True):

            def whole(x, own=own, given=given):
                return _cost(x, *given[1:]) + (x - own) ** 2 / (2 * given[0])

            best = minimize_scalar(whole, bracket=(own - 1, own), tol=1e-12)
            kink = min((-free, free, own), key=whole)
            x, least = (kink, whole(kink)) if whole(kink) <= best.fun else (best.x, best.fun)
            assert mine <= least + 1e-7, (
                f"{told}: M({own:.4g}) is {mine:.5g} at you, and at x = {x:.4g} less is reached, {least:.5g}"
            )
            assert mine >= least - 1e-7, (
                f"{told}: M({own:.4g}) is {mine:.5g} at you, and no x reaches less than {least:.5g}: "
                "are both terms in, with their factors?"
            )
        h = 1e-6
        shifted = [array(pair(envelope(v + s, *given), names)[0], v.shape, "M") for s in (h, -h)]
        change = (shifted[0] - shifted[1]) / (2 * h)
        assert not np.allclose(slope, -change, atol=1e-6), "the slope has the wrong sign: compare with differences of M"
        wrong = np.abs(slope - change).argmax()
        assert np.allclose(slope, change, atol=1e-6), (
            f"{told}: at v = {v[wrong]:.4g} differences of your M say the slope {change[wrong]:.5g}, "
            f"and you say {slope[wrong]:.5g}"
        )


# --- 3: zeros that are proved --------------------------------------------------------------------


def _lasso(seed, n, d, share):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * rng.uniform(0.5, 3, d)
    y = X[:, 0] - X[:, 1] + rng.standard_normal(n)
    return X, y, share * np.abs(X.T @ y).max() / n


def _minimiser(X, y, lam):
    f = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
    method = ol.FISTA(ol.penalties.L1(lam), 1 / f.lipschitz)
    return ol.minimize(f, np.zeros(X.shape[1]), method, tol=1e-10, maxiter=5000).x


def _off(X, y, lam, w, j):
    """By how much the slope of f in the entry j is none that the kink or the sign of w_j can balance."""
    slope = X[:, j] @ (X @ w - y) / len(y)
    return abs(slope + lam * np.sign(w[j])) if w[j] else max(0.0, abs(slope) - lam)


@graded("3b, sweep")
def check_sweep(sweep, X, y, lam):
    own = (X[:, :8], y, lam)
    for i, data in enumerate((_lasso(20, 12, 4, 0.2), _lasso(21, 30, 6, 0.05), _lasso(22, 5, 8, 0.3), own)):
        d, near = data[0].shape[1], 1e-7 * (1 + data[2])
        w = np.random.default_rng(30 + i).standard_normal(d)
        given = copies(*data, w)
        new = array(sweep(*given), (d,), "the new weights")
        for mine, kept, name in zip(given, (*data, w), ("X", "y", "lam", "w"), strict=True):
            _unchanged(mine, kept, name)
        if _off(*data, np.append(new[:1], w[1:]), 0) > near:  # the first weight: old and new values cannot be mixed up
            scaled = [(data[0], data[1], data[2] / len(data[1])), (data[0], data[1], 0.0)]
            first = np.append(new[:1], w[1:])
            assert _off(*scaled[0], first, 0) > near, (
                "the first weight belongs to a sum of squares: F has half of a mean"
            )
            assert _off(*scaled[1], first, 0) > near, "the first weight minimises the squares alone: where is the kink?"
            raise AssertionError(
                "along the first weight F is not least where you stop: the slope of the squares is off by "
                f"{_off(*data, first, 0):.4g} of what lam can balance. Is the length of the column, "
                f"{np.linalg.norm(data[0][:, 0]):.3g}, in, and are the other weights still the old ones?"
            )
        for j in range(1, d):
            if _off(*data, np.concatenate([new[: j + 1], w[j + 1 :]]), j) > near:
                old = np.concatenate([w[:j], new[j : j + 1], w[j + 1 :]])
                assert _off(*data, old, j) > near, (
                    f"weight {j} is right for the old values of those before it: each step takes the newest ones"
                )
                raise AssertionError(
                    f"with the new weights before weight {j} and the old ones behind it, F is not least in it"
                )
    blank = _lasso(23, 10, 4, 0.2)
    blank[0][:, 2] = 0.0
    with_none = np.asarray(sweep(*copies(*blank), np.ones(4)), dtype=float)
    assert np.shape(with_none) == (4,) and np.isfinite(with_none).all(), (
        "a column of zeros gives a weight that is not finite: what does its weight do to F?"
    )
    assert with_none[2] == 0, f"a column of zeros keeps the weight {with_none[2]:.3g}, which only costs"
    best = _minimiser(X, y, lam)
    still = array(sweep(*copies(X, y, lam, best)), best.shape, "the new weights")
    assert np.allclose(still, best, atol=1e-5), "the minimiser of F on your cars does not stay where it is"


def _rule(X, y, lam, w):
    """For two samples, column by column: the largest |x_j'u| in the circle of 3a around u, tried point by point."""
    u = X @ w - y
    u = u * min(1.0, 2 * lam / np.abs(X.T @ u).max())
    F = ((X @ w - y) ** 2).sum() / 4 + lam * np.abs(w).sum()
    delta = F + (u**2 / 2 + u * y).sum() / 2
    angle = np.linspace(0, 2 * np.pi, 5001)
    circle = u[:, None] + 2 * np.sqrt(max(delta, 0.0)) * np.array([np.cos(angle), np.sin(angle)])
    return np.abs(X.T @ circle).max(axis=1)


def _mask(surely_zero, *data):
    mask = surely_zero(*copies(*data))
    shape = (data[0].shape[1],)
    assert mask is not None, "the answer is None: is there a `return`?"
    assert np.shape(mask) == shape, f"one True or False for each column is wanted, shape {shape}; got {np.shape(mask)}"
    mask = np.asarray(mask)
    assert np.isin(mask, (0, 1)).all(), f"the answer holds something else than True and False: {mask}"
    return mask.astype(bool)


@graded("3c, zeros")
def check_zeros(surely_zero, X, y, lam):
    for data, what in (((X, y, lam), "your cars"), (_lasso(24, 20, 8, 0.4), "random data")):
        best, d = _minimiser(*data), data[0].shape[1]
        slack = data[2] - np.abs(data[0].T @ (data[0] @ best - data[1])) / len(data[1])
        rng = np.random.default_rng(40)
        for distance in (1e-4, 1e-3, 1e-2, 0.1, 1.0):
            mask = _mask(surely_zero, *data, best + distance * rng.standard_normal(d))
            wrong = mask & (np.abs(best) > 1e-6)
            assert not wrong.any(), (
                f"{what}, {distance:g} away from the minimiser: you say that weight {wrong.argmax()} is zero, "
                f"and it is {best[wrong.argmax()]:.3g}"
            )
        missed = ~_mask(surely_zero, *data, best) & (slack > 0.02 * data[2])
        assert not missed.any(), (
            f"{what}: at the minimiser itself, weight {missed.argmax()} is not proved zero although its slope is "
            f"only {1 - slack[missed.argmax()] / data[2]:.2f} lam"
        )
    big = _lasso(25, 10, 5, 1.5)
    assert _mask(surely_zero, *big, np.zeros(5)).all(), (
        "lam is 1.5 times as large as it has to be for all weights to be zero, and at w = 0 you do not prove it"
    )
    for seed in range(50, 90):
        rng = np.random.default_rng(seed)
        some, labels, w = rng.standard_normal((2, 5)), rng.standard_normal(2), 0.05 * rng.standard_normal(5)
        strength = rng.uniform(0.4, 0.95) * np.abs(some.T @ labels).max() / 2
        method = ol.ProximalGradient(ol.penalties.L1(strength), 2 / np.linalg.norm(some, 2) ** 2)
        risk, steps = ol.EmpiricalRisk(ol.losses.Squared(), some, labels), int(rng.integers(1, 30))
        w = ol.minimize(risk, w, method, tol=0, maxiter=steps).x
        worst, mask = _rule(some, labels, strength, w), _mask(surely_zero, some, labels, strength, w)
        must, close = worst < 2 * strength, np.abs(worst / (2 * strength) - 1) < 1e-4
        missed = must & ~close & ~mask
        assert not missed.any(), (
            "two samples: for every u in the ball of 3a (i), |x_j'u| / (n lam) is at most "
            f"{worst[missed.argmax()] / (2 * strength):.3f}, and you do not prove the zero: "
            "is your ball too large, or its radius no number?"
        )
        toomuch = ~must & ~close & mask
        if toomuch.any():
            best = _minimiser(some, labels, strength)
            slope = np.abs(some.T @ (some @ best - labels)) / 2 / strength
            assert (slope[toomuch] < 1 - 1e-6).all(), "two samples: a weight that you call zero is none"
            assert not (worst[toomuch] > 2.2 * strength).any(), (
                "two samples: you call a weight zero although the ball of 3a (i) holds a u with "
                f"|x_j'u| = {worst[toomuch].max() / (2 * strength):.3f} n lam: that is luck and no proof"
            )


# --- 4: what equal treatment costs ---------------------------------------------------------------


def _program(seed, n, m, push):
    rng = np.random.default_rng(seed)
    Q = rng.standard_normal((n, n))
    A, b, G = Q @ Q.T / n + np.eye(n), rng.standard_normal(n), rng.standard_normal((m, n))
    inside = np.linalg.solve(A, b) + push * rng.standard_normal(n)
    return A, b, G, G @ inside + rng.uniform(0.05, 0.3, m)


def _own(solve, *data):
    """What the function gives; fails where it leaves the work to an optimiser that is there already."""
    called = set()

    def note(frame, event, _):
        module = frame.f_globals.get("__name__", "") if event == "call" else ""
        called.update(name for name in ("scipy.optimize", "optlib.methods") if module.startswith(name))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        answer = solve(*data)
    finally:
        sys.setprofile(before)
    assert not called, f"`solve_qp` calls {' and '.join(sorted(called))}: here the method is to be your own"
    return answer


@graded("4b, program")
def check_qp(solve_qp):
    slack = np.eye(2), np.array([1.0, -1.0]), np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([5.0, 6.0])
    corner = np.eye(2), np.array([2.0, 1.5]), np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([2.0, 1.2])
    wall = np.diag([2.0, 1.0]), np.array([4.0, 0.0]), np.array([[3.0, 0.0]]), np.array([3.0])
    cases = [slack, wall, corner]
    cases += [_program(seed, n, m, push) for seed, n, m, push in ((60, 3, 2, 1), (61, 4, 6, 1), (62, 6, 5, 2))]
    for data in cases:
        A, b, G, c = data
        w, lam = pair(_own(solve_qp, *copies(*data)), "the minimiser and its multipliers")
        w, lam = array(w, b.shape, "the minimiser"), array(lam, c.shape, "the multipliers")
        near = 2e-5 * (1 + np.abs(lam).max())
        told = f"variables: {len(b)}, rows: {len(c)}"
        over = G @ w - c
        assert over.max() < near, f"{told}: a constraint is violated, G w exceeds c by {over.max():.3g}"
        assert lam.min() > -near, f"{told}: a multiplier is negative, {lam.min():.3g}: walls push, they do not pull"
        rest = A @ w - b + G.T @ lam
        if np.abs(rest).max() > near:
            assert np.abs(A @ w - b - G.T @ lam).max() > near, (
                f"{told}: the multipliers belong to a Lagrangian in which the constraints are subtracted"
            )
            assert np.abs(lam).max() > near, (
                f"{told}: with all multipliers 0 the gradient of the function should be zero, and its length is "
                f"{np.linalg.norm(rest):.3g}"
            )
            raise AssertionError(
                f"{told}: the gradient of the Lagrangian should be zero, and has the length {np.linalg.norm(rest):.3g}"
            )
        product = np.abs(lam * over).max()
        assert product < near, (
            f"{told}: a row with room to spare has a multiplier (the product is {product:.3g}): "
            "a wall that is not touched does not push"
        )


@graded("4c, tolerance")
def check_tolerance(tolerance, A, b, G, c, price):
    theta, d = number(tolerance, "the tolerance"), len(b)
    assert theta >= 0, f"a tolerance of {theta:.4g} is negative"
    free = (G @ np.linalg.solve(A, b) - c).max()
    assert theta < free, (
        f"at theta = {theta:.4g} the free plane is allowed: no constraint is active, and theta has no price there"
    )

    def least(level):
        rows = {"type": "ineq", "fun": lambda w: c + level - G @ w, "jac": lambda w: -G}
        run = minimize(
            lambda w: w @ A @ w / 2 - b @ w,
            np.zeros(d),
            jac=lambda w: A @ w - b,
            constraints=rows,
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 300},
        )
        return run.fun

    # Where both sides agree, theta and the price belong together: the same problem with the price as a penalty.
    joint = minimize(
        lambda v: v[:d] @ A @ v[:d] / 2 - b @ v[:d] + price * v[d],
        np.append(np.linalg.solve(A, b), free),
        jac=lambda v: np.append(A @ v[:d] - b, price),
        constraints={
            "type": "ineq",
            "fun": lambda v: c + v[d] - G @ v[:d],
            "jac": lambda v: np.column_stack([-G, np.ones(len(c))]),
        },
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 300},
    )
    right, h = joint.x[d], 1e-3
    if abs(theta - right) > 1e-4:
        rate = (least(max(theta - h, 0)) - least(theta + h)) / (theta + h - max(theta - h, 0))
        raise AssertionError(
            f"around theta = {theta:.4g} a tolerance smaller by 0.001 raises the least risk by {rate / 1000:.3g}: "
            f"that is a rate of {rate:.4g}, and {price} is asked for"
        )


# --- 5: the years in which cars changed ----------------------------------------------------------


def _total(x, m, weights, lam):
    return weights @ (x - m) ** 2 / 2 + lam * np.abs(np.diff(x)).sum()


def _slopes(function, x, h=0.5):
    """The gradient of a quadratic function, for which central differences are exact."""
    return np.array([(function(x + h * e) - function(x - h * e)) / (2 * h) for e in np.eye(len(x))])


@graded("5b, step")
def check_fused_step(fused_step):
    for seed, n, lam, rho in ((70, 4, 0.3, 0.5), (71, 7, 0.2, 2.0), (72, 13, 0.5, 0.1)):
        rng = np.random.default_rng(seed)
        m, weights = 3 * rng.standard_normal(n), rng.uniform(0.2, 2, n)
        z, u = rng.standard_normal((2, n - 1))
        mine = copies(z, u)
        answer = fused_step(*copies(m, weights), lam, rho, *mine)
        _unchanged(mine[0], z, "z")
        _unchanged(mine[1], u, "u")
        assert isinstance(answer, tuple | list) and len(answer) == 3, "return three things: the new x, z and u"
        x, new, moved = (
            array(part, (size,), f"the new {name}")
            for part, size, name in zip(answer, (n, n - 1, n - 1), "xzu", strict=True)
        )

        def pulled(target, share=weights, strength=rho, m=m):
            """How steep the function that x should minimise is at x, with this in place of the copy."""

            def function(p):
                return share @ (p - m) ** 2 / 2 + strength / 2 * ((np.diff(p) - target) ** 2).sum()

            return np.abs(_slopes(function, x)).max()  # noqa: B023

        near = 1e-7 * (1 + rho) * (1 + np.abs(m).max())
        if pulled(z - u) > near:
            assert pulled(z + u) > near, "x is right for -u in place of u"
            assert pulled(z) > near, "x takes no notice of u"
            assert pulled(z - u, np.ones(n)) > near, "x is right for years that all have the weight 1"
            assert pulled(z - u, 2 * weights) > near, "x is right for the squares without their factor 1/2"
            assert pulled(z - u, strength=1.0) > near, "x is right for rho = 1"
            raise AssertionError(
                f"x does not minimise its function: at your x the steepest slope is {pulled(z - u):.3g}"
            )
        kink = rho * (np.diff(x) + u - new)  # it must be lam times a slope of the absolute value at z

        def balanced(pull, new=new, lam=lam):
            at_zero, elsewhere = np.maximum(np.abs(pull) - lam, 0), np.abs(pull - lam * np.sign(new))
            return np.where(np.abs(new) < 1e-9, at_zero, elsewhere).max() < 1e-7

        if not balanced(kink):
            assert not balanced(kink / rho), "z shrinks by an amount that has not seen rho"
            assert not balanced(rho * (np.diff(x) - u - new)), "z is right for -u in place of u"
            assert not balanced(rho * (np.diff(x) - new)), "z takes no notice of u"
            raise AssertionError(
                "z does not minimise its function, with your new x: "
                f"rho (Dx - z + u) is {np.round(kink, 3)}, z is {np.round(new, 3)}, and lam = {lam}"
            )
        wanted = np.diff(x) - new
        if not np.allclose(moved - u, wanted, atol=1e-8):
            assert not np.allclose(moved - u, -wanted, atol=1e-8), "u moves the wrong way"
            assert not np.allclose(moved - u, rho * wanted, atol=1e-8), "u is scaled: rho is in it already"
            assert not np.allclose(moved - u, np.diff(x) - z, atol=1e-8), "u has seen the old z"
            assert not np.allclose(moved, u), "u has not moved"
            raise AssertionError(f"u should have moved by {np.round(wanted, 3)}, and has by {np.round(moved - u, 3)}")


@graded("5c, gap")
def check_gap(gap):
    for seed, n, lam in ((80, 3, 0.4), (81, 6, 0.2), (82, 13, 0.1)):
        rng = np.random.default_rng(seed)
        weights = rng.uniform(0.2, 2, n)
        kind = rng.integers(-1, 2, n - 1)  # at the minimiser: a fall, none, a rise
        best = np.concatenate([[5.0], 5 + np.cumsum(kind * rng.uniform(0.5, 2, n - 1))])
        s = lam * np.where(kind == 0, rng.uniform(-0.9, 0.9, n - 1), kind)
        m = best + _slopes(lambda v, s=s: s @ np.diff(v), best) / weights
        least = _total(best, m, weights, lam)
        x, other = best + rng.standard_normal(n), lam * rng.uniform(-1, 1, n - 1)

        def answer(x, s, weights=weights, m=m, lam=lam):
            return number(gap(*copies(m, weights), lam, *copies(x, s)), "the gap")

        def floor(s, weights=weights, m=m):
            """The least value of the Lagrangian over x, found by a search."""
            return minimize(
                lambda p: weights @ (p - m) ** 2 / 2 + s @ np.diff(p), m, method="BFGS", options={"gtol": 1e-9}
            ).fun

        excess = answer(x, s) - answer(best, s)
        true = _total(x, m, weights, lam) - least
        assert np.isclose(excess, true, atol=1e-8), (
            f"from one x to another P rises by {true:.5g}, and your gap, with the same s, by {excess:.5g}"
        )
        nothing = answer(best, s)
        assert abs(nothing) < 1e-7, (
            f"at the minimiser, with the multipliers that belong to it, the gap is {nothing:.4g}, and should be zero"
        )
        shift = answer(best, other) - nothing
        right = least - floor(other)
        assert abs(shift - right) < 1e-5 * (1 + abs(right)), (
            f"for another allowed s, d(s) lies {right:.5g} below the minimum, and at you {shift:.5g}"
        )
        far = other * 3
        clipped = answer(best, far)
        right = least - floor(np.clip(far, -lam, lam))
        assert abs(clipped - right) < 1e-5 * (1 + abs(right)), (
            f"with entries of s beyond lam the gap should be {right:.5g} and is {clipped:.5g}: "
            "what happens to them first?"
        )


@graded("5d, levels")
def check_levels(levels, m, weights, lam):
    x = array(levels, m.shape, "the levels")
    balance = weights @ (x - m)
    assert abs(balance) < 1e-4, (
        f"moved up or down together by the best amount, your levels lower P: their mean is off by {balance:.3g}"
    )
    # Moving the first k + 1 years together changes only the jump behind them: what pulls there is known.
    pull, jump = np.cumsum(weights * (x - m))[:-1], np.diff(x)
    for k, (force, step) in enumerate(zip(pull, jump, strict=True)):
        years = f"between 19{70 + k} and 19{71 + k}"
        assert abs(force) < lam * (1 + 2e-3) + 1e-4, (
            f"{years} the levels should part further: moving all years before it together lowers P"
        )
        assert abs(step) < 1e-3 or abs(force - lam * np.sign(step)) < 5e-3 * lam, (
            f"{years} your levels jump by {step:.3g}, and a smaller jump, or none, would lower P"
        )
    best = minimize(
        lambda v: weights @ (v[:13] - m) ** 2 / 2 + lam * v[13:].sum(),
        np.concatenate([x, np.abs(jump)]),
        jac=lambda v: np.concatenate([weights * (v[:13] - m), np.full(12, lam)]),
        constraints={
            "type": "ineq",
            "fun": lambda v: np.concatenate([v[13:] - np.diff(v[:13]), v[13:] + np.diff(v[:13])]),
        },
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 200},
    )
    excess = _total(x, m, weights, lam) - _total(best.x[:13], m, weights, lam)
    assert excess < 1e-8, f"P is still {excess:.1e} above what can be reached"
