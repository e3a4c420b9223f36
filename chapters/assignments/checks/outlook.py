"""Checks of `6-outlook`."""

from collections import namedtuple

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp

from checks import array, copies, graded, load, number, pair, rng_of

Year = namedtuple("Year", "C ridge u0 v0 X y t")


def year(cohort):
    """This cohort's table of digits with its ridge and saddle, and its 300 cars with their tilt."""
    rng = rng_of(cohort, "outlook")
    _, digits = load("digits")
    rows = digits[rng.permutation(len(digits))[:1000]]
    profiles = rows[:, :64].reshape(-1, 8, 8).sum(axis=1) / 16
    table = np.array([profiles[rows[:, -1] == k].mean(axis=0) for k in range(10)])
    C = table - table.mean(axis=0)
    left, sizes, right = np.linalg.svd(C, full_matrices=False)
    ridge = float(rng.choice([0.2, 0.3, 0.4, 0.5])) * sizes[1]
    length = np.sqrt(sizes[1] - ridge)
    names, data = load("auto-mpg")
    cars = data[rng.permutation(len(data))[:300]]
    numbers = np.column_stack([cars[:, : names.index("origin")], cars[:, -1]])
    numbers = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    X, t = np.column_stack([numbers[:, :-1], np.ones(300)]), float(rng.choice([1.0, 1.5, 2.0, 3.0]))
    return Year(C, ridge, length * left[:, 1], length * right[1], X, numbers[:, -1], t)


# --- 1: a network of two layers ------------------------------------------------------------------


def _network(z, C, lam):
    """The value of f, for u and v in one vector z."""
    u, v = z[: len(C)], z[len(C) :]
    return ((C - np.outer(u, v)) ** 2).sum() / 2 + lam / 2 * (z @ z)


def _curvatures(z, C, lam, h=2e-3):
    """The Hessian by differences of values, extrapolated: exact for a quartic, up to rounding."""
    n = len(z)
    steps = np.eye(n)

    def differences(h):
        table = np.empty((n, n))
        for i in range(n):
            for j in range(i + 1):
                both, across = h * (steps[i] + steps[j]), h * (steps[i] - steps[j])
                corners = [_network(z + s, C, lam) for s in (both, across, -across, -both)]
                table[i, j] = table[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * h * h)
        return table

    return (4 * differences(h) - differences(2 * h)) / 3


def _layers(seed, m=4, k=3):
    rng = np.random.default_rng(seed)
    C, u, v, p, q = (rng.standard_normal(shape) for shape in ((m, k), m, k, m, k))
    return C, u, v, p, q


@graded("1b, product")
def check_hessp(hessp):
    what = "the parts for u and for v"
    for seed, lam in ((0, 0.0), (1, 0.7)):
        C, u, v, p, q = _layers(seed)
        given = copies(C, lam, u, v, p, q)
        a, b = pair(hessp(*given), what)
        a, b = array(a, u.shape, "the part for u"), array(b, v.shape, "the part for v")
        assert all(np.array_equal(x, y) for x, y in zip(given, (C, lam, u, v, p, q), strict=True)), (
            "an argument was changed: work on copies"
        )
        product = np.concatenate([a, b])
        large = np.concatenate(pair(hessp(C, lam, u, v, 1e6 * p, 1e6 * q), what)) / 1e6
        assert np.abs(large - product).max() < 1e-9 * (1 + np.abs(product).max()), (
            "a million times the direction must give a million times the product, which is linear in (p, q): "
            "differences are not"
        )
        z, d = np.concatenate([u, v]), np.concatenate([p, q])
        seen = _curvatures(z, C, lam) @ d
        off = product - seen
        if np.allclose(off, 0, atol=1e-5):
            continue
        assert not np.allclose(off, -lam * d, atol=1e-5) or lam == 0, "what the penalty adds to the product is missing"
        assert not np.allclose(off, -2 * seen, atol=1e-5), "this is minus the product"
        flat = np.zeros_like(u), np.zeros_like(v)
        a0, b0 = pair(hessp(C, lam, *flat, p, q), what)
        at_zero = _curvatures(np.zeros_like(z), C, lam) @ d
        assert np.allclose(np.concatenate([a0, b0]), at_zero, atol=1e-5), (
            "at u = 0, v = 0 it is already off: what is left of the gradient's change there?"
        )
        raise AssertionError(
            "at u = 0, v = 0 it is right, elsewhere not: differences of values say "
            f"{np.round(seen[: len(u)], 3)} for u, and you say {np.round(a, 3)}"
        )


@graded("1c, step")
def check_best_step(best_step):
    grid = np.linspace(-12, 12, 4801)
    for seed, lam in ((170, 0.1), (4, 1.0), (2, 0.3), (3, 0.3), (5, 0.1), (6, 0.1)):  # 170: two valleys on the line
        C, u, v, p, q = _layers(seed)
        if seed == 4:  # a saddle at the origin: the slope is 0
            left, _, right = np.linalg.svd(C)
            u, v, p, q = 0 * u, 0 * v, left[:, 0], right[0]
        if seed == 6:  # one layer moves: a parabola
            p = 0 * p
        if seed == 5:
            p, q = p / 10, 3 * q
        t = number(best_step(*copies(C, lam, u, v, p, q)), "the step")
        z, d = np.concatenate([u, v]), np.concatenate([p, q])

        def along(t, z=z, d=d, C=C, lam=lam):
            return _network(z + t * d, C, lam)

        lowest = min(grid, key=along)
        near = minimize_scalar(
            along, bounds=(lowest - 0.005, lowest + 0.005), method="bounded", options={"xatol": 1e-9}
        )
        here, best = along(t), min(along(lowest), near.fun)
        if here <= best + 1e-9 * (1 + abs(best)):
            continue
        start = along(0.0)
        assert here < start or seed != 4 or t != 0, "from a saddle, where the slope is 0, you do not move at all"
        assert here <= start, f"your step leads up, from f = {start:.4g} to {here:.4g}"
        h = 1e-5
        slope, bend = (along(t + h) - along(t - h)) / (2 * h), along(t + 0.01) + along(t - 0.01) - 2 * here
        if abs(slope) < 1e-4:
            kind = "minimum, but another one is lower" if bend > 0 else "maximum"
            raise AssertionError(f"at your t = {t:.4g} f along the line has a local {kind}")
        raise AssertionError(f"at your t = {t:.4g} f along the line has the slope {slope:.3g}: it is no minimum")


@graded("1d, lowest")
def check_lowest(lowest, way, C, lam, u, v):
    low = number(lowest, "lowest")
    p, q = pair(way, "the direction (p, q)")
    d = np.concatenate([array(p, u.shape, "p"), array(q, v.shape, "q")])
    H = _curvatures(np.concatenate([u, v]), C, lam)
    eigenvalues = np.linalg.eigvalsh(H)
    assert abs(d @ d - 1) < 1e-6, f"p and q together must have the length 1, and have {np.sqrt(d @ d):.4g}"
    along = d @ H @ d
    assert abs(low - along) < 2e-5, f"along your direction the curvature is {along:.5f}, and you say {low:.5f}"
    assert abs(along - eigenvalues[-1]) > 1e-3, "your direction is that of the largest curvature"
    assert along < 0, f"along your direction f curves upwards, by {along:.4f}: there is no way down"
    assert along < eigenvalues[0] + 2e-5, f"there is a direction of curvature below your {along:.5f}"


# --- 2: few levels -------------------------------------------------------------------------------


def _draws(quantise, v, levels, count):
    rng = np.random.default_rng(7)
    return np.array([array(quantise(v.copy(), levels, rng), v.shape, "the message") for _ in range(count)])


@graded("2b, message")
def check_quantise(quantise):
    zero = np.asarray(quantise(np.zeros(3), 4, np.random.default_rng(0)), dtype=float)
    assert zero.shape == (3,) and (zero == 0).all(), f"the vector 0 becomes {zero}"
    v, levels, count = np.array([-2.0, -0.9, 0.35, -0.05, 1.3, 0.0]), 5, 4000
    given = v.copy()
    quantise(given, levels, np.random.default_rng(0))
    assert np.array_equal(given, v), "`v` itself was changed: work on a copy"
    first, second = np.random.default_rng(3), np.random.default_rng(3)
    alike = [np.array_equal(*(quantise(v.copy(), levels, rng) for rng in (first, second))) for _ in range(60)]
    assert all(alike), "two generators with the same seed give different messages: draw from `rng` alone"
    drawn = _draws(quantise, v, levels, count)
    unit = 2.0 / levels
    off = np.abs(drawn / unit - np.round(drawn / unit)).max()
    assert off < 1e-9, f"entries lie between the levels, which here are the multiples of {unit}"
    assert (np.abs(drawn - v) < unit * (1 + 1e-9)).all(), (
        f"an entry went to a level that is not next to it: {v[np.abs(drawn - v).max(axis=0).argmax()]:g} moved by "
        f"{np.abs(drawn - v).max():.2g}, and the levels are {unit} apart"
    )
    assert np.allclose(drawn[:, [0, 5]], v[[0, 5]]), "an entry that lies on a level must stay there"
    assert (drawn != drawn[0]).any(), "every call gives the same message: the rounding is not random"
    mean = drawn.mean(axis=0)
    wrong = np.abs(mean - v) > 6 * drawn.std(axis=0) / np.sqrt(count) + 1e-9
    assert not wrong.any(), (
        f"the entry {v[wrong.argmax()]:g} becomes {mean[wrong.argmax()]:.3f} in the mean of {count} messages: "
        "with which probability must it go up?"
    )
    twins = _draws(quantise, np.array([2.0, 0.9, 0.9, 0.9]), levels, 400)
    assert not np.array_equal(twins[:, 1], twins[:, 2]), "equal entries always move together: draw for each its own"


@graded("2c, error")
def check_error(quantise_error):
    def error(*v, levels):
        return number(quantise_error(np.array(v, dtype=float), levels), "the error")

    assert error(0, 0, 0, levels=4) == 0, "the vector 0 is sent without an error"
    exact = error(1, -0.5, 0, 0.25, levels=4)
    assert abs(exact) < 1e-12, f"where all entries lie on levels there is no error, and you say {exact:.3g}"
    v = np.array([2.0, -0.9, 0.35, -0.05, 1.3])
    assert np.isclose(error(*(3 * v), levels=5), 9 * error(*v, levels=5)), (
        "with v tripled a squared error becomes nine times as large"
    )
    assert np.isclose(error(*-v, levels=5), error(*v, levels=5)), "v and -v must have the same error"
    half = error(4, 1, -3, 1, levels=2)
    assert not np.isclose(half, 3 / 4), "this is the mean over the entries, not their sum"
    assert np.isclose(half, 3), (
        "with the levels -4, -2, 0, 2, 4 each of the entries 1, -3, 1 is off by 1, whichever way it goes, "
        f"and you say that the squares add up to {half:.4g} in the mean"
    )
    moving = np.array([error(4, 2 + k / 4, levels=2) for k in range(9)])
    assert np.ptp(np.diff(moving, 2)) < 1e-9, (
        f"an entry that moves from the level 2 to the level 4 has the errors {np.round(moving, 3)} at you: "
        "is that the formula of 2a?"
    )
    parts = error(4, 0.7, levels=2), error(4, -2.6, levels=2), error(4, 0.7, -2.6, levels=2)
    assert np.isclose(parts[0] + parts[1], parts[2]), (
        f"two entries with the errors {parts[0]:.4g} and {parts[1]:.4g} alone have {parts[2]:.4g} together"
    )


@graded("2d, ledger")
def check_messages(messages):
    rng = np.random.default_rng(11)
    G, steps = rng.standard_normal((9, 4)), 0.5 / np.arange(1, 10)
    asked = []

    def largest(x):
        asked.append(np.array(x, dtype=float))
        kept = np.zeros(4)
        kept[np.abs(x).argmax()] = x[np.abs(x).argmax()]
        return kept

    kept_G, kept_steps = copies(G, steps)
    sent = array(messages(G, steps, largest), G.shape, "the messages")
    assert np.array_equal(G, kept_G) and np.array_equal(steps, kept_steps), "an argument was changed: work on copies"
    assert len(asked) == 9, f"`compress` was called {len(asked)} times for 9 rounds"
    collected = np.cumsum(steps[:, None] * G, axis=0)
    assert np.allclose(asked[0], collected[0]), (
        f"before the first message {np.round(collected[0], 3)} is owed, and `compress` got {np.round(asked[0], 3)}"
    )
    assert not np.allclose(asked[1], collected[1] - collected[0]), "in the second round what was kept is forgotten"
    assert not np.allclose(asked[1], collected[1]), "in the second round what was already sent is sent again"
    debt = np.vstack([asked[0], collected[1:] - np.cumsum(sent, axis=0)[:-1]])
    for k in range(9):
        assert np.allclose(sent[k], largest(asked[k])), f"message {k} is not what `compress` returned"
        assert np.allclose(asked[k], debt[k]), (
            f"in round {k} {np.round(debt[k], 3)} is owed, and `compress` got {np.round(asked[k], 3)}: "
            "does an old debt keep the step it was made with?"
        )


# --- 3: unlike numbers of steps ------------------------------------------------------------------


def _workers(seed, N=3, d=2):
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((N, d, d))
    A = np.array([r @ r.T / 4 + 0.3 * np.eye(d) for r in roots])
    w = rng.uniform(0.5, 2.0, N)
    return A, 2 * rng.standard_normal((N, d)), w / w.sum(), 0.9 / np.linalg.norm(A, 2, axis=(1, 2)).max()


def _round(x, A, c, w, eta, steps):
    """One round, step by step."""
    ends = []
    for matrix, centre, count in zip(A, c, steps, strict=True):
        y = x.copy()
        for _ in range(count):
            y = y - eta * matrix @ (y - centre)
        ends.append(y)
    return np.array(w) @ np.array(ends)


@graded("3b, map")
def check_round_map(round_map):
    for seed, steps in ((0, [1, 1, 1]), (1, [2, 5, 1]), (2, [4, 0, 3])):
        A, c, w, eta = _workers(seed)
        B, b = pair(round_map(*copies(A, c, w, eta), list(steps)), "B and b")
        B, b = array(B, (2, 2), "B"), array(b, (2,), "b")
        at_zero = _round(np.zeros(2), A, c, w, eta, steps)
        columns = np.array([_round(e, A, c, w, eta, steps) - at_zero for e in np.eye(2)]).T
        if np.allclose(B, columns) and np.allclose(b, at_zero):
            continue
        when = f"for {steps} local steps"
        assert not np.allclose(B, columns) or not np.allclose(b, -at_zero), f"{when} b has the wrong sign"
        assert not np.allclose(B, columns), (
            f"{when} B is right, but from x = 0 a round leads to {np.round(at_zero, 3)}, and your b is {np.round(b, 3)}"
        )
        same = np.ones(3) / 3
        zero = _round(np.zeros(2), A, c, same, eta, steps)
        plain = np.array([_round(e, A, c, same, eta, steps) - zero for e in np.eye(2)]).T
        assert not np.allclose(B, plain), "all workers count the same in your B: there are weights"
        raise AssertionError(
            f"{when} the first column of B, what a unit step in x along the first axis does to the next point, is "
            f"{np.round(columns[:, 0], 3)}, and yours is {np.round(B[:, 0], 3)}"
        )


@graded("3c, limit")
def check_limit(limit):
    for seed, steps in ((3, [1, 1, 1]), (4, [2, 7, 3]), (5, [1, 12, 4])):
        A, c, w, eta = _workers(seed)
        x = array(limit(*copies(A, c, w, eta), list(steps)), (2,), "the limit")
        after = _round(x, A, c, w, eta, steps)
        centre = np.linalg.lstsq(np.tensordot(w, A, 1), sum(k * m @ s for k, m, s in zip(w, A, c, strict=True)))[0]
        assert steps[1] == 1 or not np.allclose(x, centre), "this is the minimiser of f: the rounds end elsewhere"
        assert np.allclose(after, x, atol=1e-7), (
            f"for {steps} local steps one more round moves your limit by {np.linalg.norm(after - x):.3g}"
        )


@graded("3d, fair")
def check_fair(fair_weights):
    for w, a, eta, steps in (([0.2, 0.3, 0.5], 2.0, 0.1, [4, 4, 4]), ([0.2, 0.3, 0.5], 2.0, 0.2, [1, 6, 3])):
        s = array(fair_weights(np.array(w), a, eta, list(steps)), (3,), "the server's weights")
        assert abs(s.sum() - 1) < 1e-9, f"your weights add up to {s.sum():.6g}"
        assert (s > 0).all(), "every worker must be heard: a weight is not positive"
        c = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        x = np.zeros(3)
        for _ in range(400):
            x = _round(x, a * np.array([np.eye(3)] * 3), c, s, eta, steps)
        assert np.allclose(x, w, atol=1e-7), (
            f"for {steps} local steps and w = {w} the rounds with your weights end where the centres count "
            f"{np.round(x, 3)}"
        )


# --- 4: a tilt between mean and maximum ----------------------------------------------------------


def _tilted(tilted, losses, t):
    value, q = pair(tilted(np.array(losses, dtype=float), t), "the value and the weights")
    return number(value, "the value"), array(q, (len(losses),), "the weights")


@graded("4b, risk")
def check_tilted(tilted):
    rng = np.random.default_rng(13)
    losses = rng.exponential(size=7)
    for t in (0.5, 3.0, -2.0):
        value, q = _tilted(tilted, losses, t)
        equal, _ = _tilted(tilted, np.full(5, 1.7), t)
        assert np.isclose(equal, 1.7), f"five losses of 1.7 have the tilted risk {equal:.4g} for t = {t}, and not 1.7"
        double, _ = _tilted(tilted, np.append(losses, losses), t)
        assert np.isclose(double, value), "with every sample taken twice the risk must stay as it is"
        assert losses.min() < value < losses.max(), (
            f"for t = {t} the risk is {value:.4g}, and the losses lie between {losses.min():.4g} and {losses.max():.4g}"
        )
        assert (value - losses.mean()) * t > 0, (
            f"for t = {t} your risk is {value:.4g}, and the mean of the losses {losses.mean():.4g}: "
            "to which side does t lean?"
        )
        # exp(t risk) of two lists of equal length, joined, is half way between those of the two
        short, _ = _tilted(tilted, losses[:3], t)
        rest, _ = _tilted(tilted, losses[3:6], t)
        six, _ = _tilted(tilted, losses[:6], t)
        middle = (np.exp(t * short) + np.exp(t * rest)) / 2
        assert np.isclose(np.exp(t * six), middle), f"for t = {t} your risk is not the one of the formula"
        assert abs(q.sum() - 1) < 1e-9, f"the weights add up to {q.sum():.6g}"
        h = 1e-5
        slopes = np.array(
            [
                (_tilted(tilted, losses + h * e, t)[0] - _tilted(tilted, losses - h * e, t)[0]) / (2 * h)
                for e in np.eye(7)
            ]
        )
        assert np.allclose(q, slopes, atol=1e-6), (
            f"for t = {t} the weights are not the slopes of your value in the losses: differences say "
            f"{np.round(slopes, 3)}, and you say {np.round(q, 3)}"
        )
    value, q = _tilted(tilted, losses, 0.0)
    assert np.isclose(value, losses.mean()) and np.allclose(q, 1 / 7), "t = 0 stands for the limit t to 0"


@graded("4b, digits")
def check_digits(tilted):
    for losses, t in (([1e4, 9e3, 0.0], 1.0), ([1e4, 9e3, 0.0], -1.0), ([-2e4, -1e4], 0.5)):
        value, q = tilted(np.array(losses), t)
        assert np.isfinite(value) and np.isfinite(q).all(), (
            f"losses {losses} with t = {t} overflow or underflow: value {value}, weights {q}"
        )
        assert min(losses) <= value <= max(losses), f"losses {losses} with t = {t} give {value:.6g}"
    losses = np.array([0.3, 1.1, 2.9, 4.2])
    for t in (2.0, -2.0):
        value, q = _tilted(tilted, losses, t)
        for more in (1e4, -1e4):
            moved, weights = _tilted(tilted, losses + more, t)
            assert abs(moved - value - more) < 1e-8, (
                f"with {more:g} added to every loss the risk should change by {more:g}, and changes by "
                f"{moved - value:.8g} (t = {t})"
            )
            assert np.allclose(weights, q, atol=1e-8), (
                f"with {more:g} added to every loss the weights should stay, and {np.round(q, 4)} become "
                f"{np.round(weights, 4)} (t = {t})"
            )
    for t in (1e-6, 1e-9, -1e-12):
        value, _ = _tilted(tilted, losses, t)
        close = losses.mean() + t / 2 * losses.var()  # up to t^2
        assert abs(value - close) < 1e-10, (
            f"for t = {t:g} your value is off by {abs(value - close):.1e}: which difference of nearly equal numbers "
            "is divided by t?"
        )


@graded("4c, tilt")
def check_enough(enough):
    for n, gap in ((10, 0.5), (300, 0.1), (2, 3.0)):
        t = number(enough(n, gap), "t")
        assert t > 0, f"t = {t:.4g} does not lean towards the maximum"
        # nothing but one loss, the others far below
        losses = np.append(0.0, np.full(n - 1, -1e9))
        left = -(logsumexp(t * losses) - logsumexp(np.zeros(n))) / t
        assert left <= gap * (1 + 1e-9), (
            f"n = {n}, gap = {gap}: with one loss far above the others your t = {t:.4g} leaves {left:.4g}"
        )
        assert left >= gap * (1 - 1e-9), f"n = {n}, gap = {gap}: a smaller t than {t:.4g} is enough for all losses"


@graded("4d, fit")
def check_fit(w, X, y, t):
    w = array(w, (X.shape[1],), "w_tilted")

    def risk(w, tilt=t):
        return (logsumexp(tilt * (X @ w - y) ** 2 / 2) - logsumexp(np.zeros(len(y)))) / tilt

    plain = np.linalg.lstsq(X, y)[0]
    assert not np.allclose(w, plain, atol=1e-3), "these are the weights of least squares, the fit without a tilt"
    assert not np.allclose(w, 0, atol=1e-3), "these are weights of 0"
    best = minimize(risk, w, method="BFGS", options={"gtol": 1e-7}).fun
    best = min(best, minimize(risk, plain, method="BFGS", options={"gtol": 1e-7}).fun)
    assert risk(w) <= best + 1e-6, f"other weights have the tilted risk {best:.6f}, and yours have {risk(w):.6f}"
