"""Checks of `2-first-order`."""

from collections import namedtuple
from itertools import product

import numpy as np

import optlib as ol
from checks import array, copies, graded, load, number, pair, rng_of

Tumours = namedtuple("Tumours", "X y lam c")
Sizes = namedtuple("Sizes", "Z target eta batch")
Factors = namedtuple("Factors", "beta1 beta2 times")
Digits = namedtuple("Digits", "pixels sign")


def tumours(cohort):
    """This cohort's 400 tumours: ten measures and a column of ones, 1 for malignant; lam, and Armijo's c."""
    _, data = load("breast-cancer")
    rng = rng_of(cohort, "first order")
    rows = data[rng.permutation(len(data))[:400]]
    scaled = (rows[:, :10] - rows[:, :10].mean(axis=0)) / rows[:, :10].std(axis=0)
    lam, c = rng.choice([0.002, 0.005, 0.01]), rng.choice([0.1, 0.2, 0.3])
    return Tumours(np.column_stack([scaled, np.ones(400)]), rows[:, -1], float(lam), float(c))


def sizes(cohort):
    """300 tumours: four measures turned and scaled so that Z^T Z / n = I, their size; a step, a batch."""
    names, data = load("breast-cancer")
    rng = rng_of(cohort, "sizes")
    rows = data[rng.permutation(len(data))[:300]]
    some = [names.index(f"mean {what}") for what in ("texture", "smoothness", "concave points", "fractal dimension")]
    centred = rows[:, some] - rows[:, some].mean(axis=0)
    Z = np.linalg.qr(centred / centred.std(axis=0))[0] * np.sqrt(len(rows))
    radius = rows[:, 0] - rows[:, 0].mean()
    return Sizes(Z, radius, float(rng.choice([0.2, 0.25, 0.3])), int(rng.integers(4, 7)))


def factors(cohort):
    """This cohort's beta1 and beta2, and how many times lr a step is to be."""
    rng = rng_of(cohort, "factors")
    return Factors(*(float(rng.choice(some)) for some in ([0.8, 0.85, 0.9], [0.98, 0.99, 0.995], [3, 4, 5, 6])))


def digits(cohort):
    """Pictures of two digits, with a last column of ones, and 1 for the first digit, -1 for the second."""
    _, data = load("digits")
    one, other = ((3, 8), (4, 9), (5, 6), (2, 3), (3, 5), (7, 9), (3, 9), (1, 7))[rng_of(cohort, "digits").integers(8)]
    rows = data[(data[:, -1] == one) | (data[:, -1] == other)]
    return Digits(np.column_stack([rows[:, :-1] / 16, np.ones(len(rows))]), np.where(rows[:, -1] == one, 1.0, -1.0))


class Counted:
    """A function that keeps the points at which it was asked, and lets no search go on for ever."""

    def __init__(self, f):
        self.f, self.points = f, []

    def __call__(self, point):
        assert len(self.points) < 2000, (
            "a search does not end: after 2000 trials no step was accepted. Is the value that you compare with that "
            "at the point where you are, and does a short step go downhill?"
        )
        self.points.append(np.array(point, dtype=float))
        return self.f(self.points[-1])


class Stream:
    """A gradient that does not look at the point: the next of these rows, and in the end zeros."""

    def __init__(self, rows):
        self.rows, self.asked = np.array(rows, dtype=float), 0

    def __call__(self, _point):
        self.asked += 1
        return self.rows[self.asked - 1].copy() if self.asked <= len(self.rows) else np.zeros(self.rows.shape[1])


def _path(points, x, steps):
    """The points of a run as an array, the first of them the start."""
    points = array(points, (steps + 1, len(x)), f"the points of {steps} steps")
    assert not (points == points[0]).all(), (
        "all points are the same: does the method move, or is it one array that was changed in place?"
    )
    assert np.array_equal(points[0], x), "the first point must be the start"
    return points


def _still(x, before):
    assert np.array_equal(x, before), "the start that was handed in has changed: make new arrays"


# --- 1: a step that may grow again ---------------------------------------------------------------


def _hills():
    """Functions to go down: name, f, its gradient, a start."""
    rng = np.random.default_rng(0)
    curved, b = np.array([1.0, 7.0, 40.0]), rng.standard_normal(3)
    yield "a quadratic", lambda x: x @ (curved * x) / 2 - b @ x, lambda x: curved * x - b, rng.standard_normal(3)
    yield "sum of log cosh", lambda x: np.log(np.cosh(3 * x)).sum(), lambda x: 3 * np.tanh(3 * x), np.array([2.0, -1.1])
    yield (
        "x - log x, infinite for x <= 0,",
        lambda x: (x - np.log(x)).sum() if (x > 0).all() else np.inf,
        lambda x: 1 - 1 / x,
        np.array([0.2, 5.0]),
    )


RULES = ((1.0, 3.0, 0.5, 0.1), (0.01, 1.7, 0.6, 0.3), (4.0, 2.5, 0.3, 0.7))


def _descended(descend, f, grad, x, rule, steps):
    handed = x.copy()
    points, etas = pair(descend(f, grad, handed, *rule, steps), "the points and the steps")
    _still(handed, x)
    etas = array(etas, (steps,), "the steps")
    assert (etas > 0).all(), f"a step is {etas.min():.3g}"
    return _path(points, x, steps), etas


@graded("1b, rule")
def check_rule(descend):
    for (what, f, grad, x), rule in product(_hills(), RULES):
        start, grow, shrink, c = rule
        points, etas = _descended(descend, Counted(f), grad, x, rule, 12)
        where = f"{what} with start = {start}, grow = {grow}, shrink = {shrink}, c = {c}"
        for t, eta in enumerate(etas):
            g = grad(points[t])
            if np.linalg.norm(g) < 1e-6:  # what rounding could decide is not asked for
                break
            went, size = points[t + 1] - points[t], 1e-8 * (np.abs(points[t]).max() + eta * np.abs(g).max())
            assert np.abs(went - eta * g).max() > size or not g.any(), f"{where}: the step goes uphill"
            assert np.abs(went + eta * g).max() < size, (
                f"{where}: step {t} has eta = {eta:.4g}, but the points differ by something else than eta times "
                "the gradient at the first of them"
            )
            fell, rounding = f(points[t]) - f(points[t + 1]), 1e-12 * (1 + abs(f(points[t])))
            wanted = c * eta * (g @ g)
            assert fell >= wanted * (1 - 1e-7) - rounding, (
                f"{where}: step {t} lowers f by {fell:.4g}, and a fraction c of what the slope promises is {wanted:.4g}"
            )
            first = start if t == 0 else grow * etas[t - 1]
            shrunk = np.log(first / eta) / np.log(1 / shrink)
            if abs(shrunk - round(shrunk)) > 1e-6 or shrunk < -1e-6:
                assert t == 0 or (etas[1:] > etas[:-1] * (1 + 1e-9)).any(), (
                    f"{where}: no step is longer than the one before. What is the first trial?"
                )
                raise AssertionError(
                    f"{where}: step {t} has eta = {eta:.4g}, which is none of the trials "
                    f"{first:.4g}, {first * shrink:.4g}, {first * shrink**2:.4g}, ..."
                )
            if round(shrunk) > 0:
                longer = points[t] - eta / shrink * g
                missing = f(points[t]) - c * eta / shrink * (g @ g) - f(longer)
                assert missing < 1e-7 * wanted + rounding, (
                    f"{where}: step {t} has eta = {eta:.4g}, although the trial before, {eta / shrink:.4g}, "
                    "lowers f enough, too"
                )


@graded("1b, calls")
def check_calls(descend):
    for (what, f, grad, x), rule in product(_hills(), RULES):
        asked, slopes = Counted(f), Counted(grad)
        _, etas = _descended(descend, asked, slopes, x, rule, 12)
        assert len(slopes.points) == 12, f"{what}: 12 steps, and you ask for {len(slopes.points)} gradients"
        firsts = np.append(rule[0], rule[1] * etas[:-1])
        trials = int(np.round(np.log(firsts / etas) / np.log(1 / rule[2])).sum()) + 12
        assert len(asked.points) <= trials + 1, (
            f"{what}: {trials} trials, and you ask for {len(asked.points)} values. Which of them were known?"
        )


@graded("1c, bold")
def check_bold(bold, risk, c):
    w, eta = pair(bold, "the weights and the step")
    w, eta = array(w, (11,), "w"), number(eta, "the step")
    g, limit = risk.grad(w), 2 / risk.lipschitz
    assert np.linalg.norm(g) >= 0.01, f"there the gradient is {np.linalg.norm(g):.2g} long: where F is steeper, please"
    assert eta >= 5 * limit, f"your step is {eta / limit:.3g} times 2/L, and 5 times is asked for"
    fell = risk(w) - risk(w - eta * g)
    assert fell >= c * eta * (g @ g) * (1 - 1e-9), (
        f"there your step lowers F by {fell:.3g}, which is {fell / (eta * (g @ g)):.3g} times eta times the squared "
        f"length of the gradient, and c = {c}"
    )


# --- 2: one method between three ------------------------------------------------------------------


@graded("2b, path")
def check_path(between):
    steps, eta = 80, 0.5
    for beta, nu in ((0.8, 0.3), (0.6, 0.9), (0.7, 1.0), (0.7, 0.0)):
        stream, x = Stream([[0, 0], [1, -2]]), np.array([3.0, 1.0])
        points = _path(between(stream, x.copy(), eta, beta, nu, steps), x, steps)
        assert stream.asked == steps, f"{steps} steps, and you ask for {stream.asked} gradients"
        moved = -np.diff(points[:, 0]) / eta
        told = f"beta = {beta}, nu = {nu}, all gradients 0 but the second, which is 1 in the first entry: "
        assert abs(moved[0]) < 1e-12, told + "x moves in the first step already"
        assert moved.sum() > 0, told + "x moves uphill"
        assert np.isclose(moved.sum(), 1), (
            told + f"x moves by {moved.sum():.4g} eta altogether. The average weighs a gradient by 1 in all, "
            "and so does this method"
        )
        assert nu == 0 or abs(moved[1] - (1 - nu)) > 1e-9, (
            told + "in its own step the gradient comes in without the average: which m, the old or the new?"
        )
        assert nu in (0.5, 1) or abs(moved[1] - (1 - (1 - nu) * beta)) > 1e-9, (
            told + "it looks as if nu and 1 - nu had changed places"
        )
        faded = moved[3] / moved[2] if moved[2] else 0.0
        assert nu == 0 or np.isclose(faded, beta), (
            told + f"from one step to the next its share fades by the factor {faded:.4g}"
        )
        right = 1 - sum(nu * beta**k * (1 - beta) for k in range(1, 400))
        assert np.isclose(moved[1], right), told + f"its own step is {moved[1]:.4g} eta, and must be {right:.4g} eta"
        assert np.allclose(np.diff(points[:, 1]), -2 * np.diff(points[:, 0])), (
            "twice and opposite gradients must move an entry twice as far and the other way"
        )
    bowl, x = ol.Quadratic([1.0, 6.0, 20.0]), np.array([1.0, -2.0, 0.5])
    beta, eta, steps = 0.75, 0.1, 30
    known = {
        0.0: ("gradient descent", ol.GradientDescent(eta)),
        1.0: ("the heavy ball", ol.HeavyBall((1 - beta) * eta, beta)),
    }
    for nu, (name, method) in known.items():
        handed = x.copy()
        points = _path(between(bowl.grad, handed, eta, beta, nu, steps), x, steps)
        _still(handed, x)
        other = ol.minimize(bowl, x, method, tol=0, maxiter=steps).history.x
        off = np.abs(points - other).max(axis=1)
        assert off.max() < 1e-8, (
            f"on a quadratic with nu = {nu:g} this is {name}, and from point {int((off > 1e-8).argmax())} on you go "
            f"elsewhere: {'what is m before the first step' if off[1] > 1e-8 else 'where is the gradient taken'}?"
        )


@graded("2c, edge")
def check_edge(edge):
    def grows(h, beta, nu, steps=500):
        own, old, x = 1 - nu, nu * (1 - beta), [1.0, 0.7]  # what a slope weighs in its own step, and from the average
        while len(x) < steps and abs(x[-1]) < 1e6:
            ages = np.arange(len(x))[::-1]
            x.append(x[-1] - h * (own * x[-1] + old * (beta**ages @ x)))
        return max(np.abs(x[-20:])) > 1

    for beta, nu in ((0.5, 0.0), (0.9, 0.0), (0.5, 1.0), (0.5, 0.5), (0.8, 0.6), (0.3, 0.9), (0.9, 0.7), (0.0, 0.4)):
        limit = number(edge(beta, nu), "the edge")
        assert limit > 0, f"the edge is {limit:.4g} for beta = {beta}, nu = {nu}: short steps converge"
        told = f"beta = {beta}, nu = {nu}: your edge is {limit:.4g}, "
        hint = ". Which method is it for nu = 0?" if nu == 0 else ""
        assert not grows(0.97 * limit, beta, nu), told + "and with 0.97 of it the run still diverges" + hint
        assert grows(1.03 * limit, beta, nu), told + "and with 1.03 of it the run still converges" + hint


# --- 3: where SGD comes to rest -------------------------------------------------------------------


@graded("3b, sgd")
def check_sgd(sgd):
    rng = np.random.default_rng(3)
    X, y, w, eta, batch = rng.standard_normal((3, 2)), rng.standard_normal(3), np.array([0.5, -1.0]), 0.2, 2

    def run(etas, rng):
        given = *copies(X, y, w), np.array(etas), batch
        points = array(sgd(*given, rng), (len(etas) + 1, 2), f"the points of {len(etas)} steps")
        for now, before in zip(given, (X, y, w, np.array(etas)), strict=False):
            assert np.array_equal(now, before), "an array that was handed in has changed: make new ones"
        return points

    points = run([eta, eta, eta], np.random.default_rng(0))
    assert not (points == points[0]).all(), (
        "all points are the same: does the method move, or is it one array that was changed in place?"
    )
    assert np.array_equal(points[0], w), "the first point must be the start"
    assert np.array_equal(points, run([eta, eta, eta], np.random.default_rng(0))), (
        "two generators in the same state give two runs: draw from `rng` alone"
    )
    for etas in ([0.0, eta, eta], [eta, 0.0, eta], [eta, eta, 0.0]):
        moves = np.abs(np.diff(run(etas, np.random.default_rng(1)), axis=0)).max(axis=1)
        assert (moves[np.array(etas) == 0] == 0).all(), f"etas = {etas}, and x moves in the step that has eta = 0"
        assert (moves[np.array(etas) > 0] > 0).all(), f"etas = {etas}, and x stays in a step that has eta > 0"

    def moves_from(point):  # all batches that can come, as ordered pairs
        slopes = np.array([x * (x @ point - t) for x, t in zip(X, y, strict=True)])
        return np.array([slopes[list(rows)].mean(axis=0) for rows in product(range(3), repeat=batch)])

    rng = np.random.default_rng(2)
    many = np.array([run([eta, eta], rng) for _ in range(2500)])
    first, full = (many[:, 0] - many[:, 1]) / eta, moves_from(w).mean(axis=0)
    assert not np.allclose(first, first[0]), "every run makes the same first step: draw a batch from `rng`"
    kinds, where = np.unique(np.round(moves_from(w), 9), axis=0, return_inverse=True)
    distances = np.linalg.norm(first[:, None] - kinds, axis=2)
    if distances.min(axis=1).max() > 1e-7:
        times = first.mean(axis=0) @ full / (full @ full)
        assert abs(times - 1) < 0.3, (
            f"the mean of 2500 first steps is {times:.2g} times eta times the negative gradient, and should be once"
        )
        raise AssertionError(f"a first step came that no batch of {batch} rows can give")
    seen = np.bincount(distances.argmin(axis=1), minlength=len(kinds))
    expected = len(many) * np.bincount(where.ravel()) / len(where.ravel())
    assert (seen > 0).all(), f"some batches never come: {batch} rows are drawn, with replacement"
    assert (np.abs(seen - expected) < 7 * np.sqrt(expected)).all(), "the rows are not drawn equally often"
    same = 0
    for _, middle, end in many[:500]:
        second = np.linalg.norm(moves_from(middle) - (middle - end) / eta, axis=1)
        assert second.min() < 1e-7, "the second step is none that a batch can give at the second point"
        chosen = np.linalg.norm(moves_from(w) - (w - middle) / eta, axis=1).argmin()
        same += chosen == second.argmin()
    assert same < 250, "the second step has the batch of the first: draw a new one for each step"


def _later(spread, Z, target, eta, batch):
    """What one step of SGD makes of the mean of (w - best)(w - best)^T, and the part of it that is new noise."""
    n, d = Z.shape
    left = target - Z @ np.linalg.solve(Z.T @ Z, Z.T @ target)
    kept = np.eye(d) - eta * Z.T @ Z / n  # what a step by the full gradient keeps
    own = np.einsum("ni,nj->nij", Z, Z)
    varied = np.mean([x @ spread @ x for x in own - Z.T @ Z / n], axis=0)
    noise = np.mean(left[:, None, None] ** 2 * own, axis=0)
    return kept @ spread @ kept + eta**2 * (varied + noise) / batch, eta**2 * noise / batch


@graded("3c, spread")
def check_spread(spread, Z, target, eta, batch):
    spread = array(spread, (4, 4), "the matrix")
    assert np.allclose(spread, spread.T), "the matrix must be symmetric"
    least = np.linalg.eigvalsh(spread)[0]
    assert least > 1e-12 * np.trace(spread), (
        "there is a direction in which the mean square is 0 or less: is it a mean over many points?"
    )
    after, noise = _later(spread, Z, target, eta, batch)
    now, then, rounding = np.trace(spread), np.trace(after), 0.12 * np.trace(noise)
    told = f"if the mean squared distance is {now:.4g}, as your matrix says, one more step makes it {then:.4g}"
    assert now < then + rounding, (
        f"{told}: it still falls. Is yours a mean, is the start forgotten, is the distance that from the best weights, "
        "and was the batch the one given?"
    )
    assert now > then - rounding, (
        f"{told}: it still grows. Is it the mean itself, and not half of it? If the matrix comes from a "
        "formula: does that know that noise grows with the distance?"
    )
    off = np.linalg.norm(spread - after) / np.linalg.norm(noise)
    assert off < 0.18, (
        "the mean squared distance is right, and the directions are not: with your matrix one more step adds "
        f"{np.round(np.diag(after - spread), 3)} to its diagonal"
    )


def _ripe(rows, patience, total=0.0):
    """How many of these gradients come before the change of the step; all, if there is none."""
    sums = total + np.cumsum((rows[:-1] * rows[1:]).sum(axis=1))
    ripe = np.flatnonzero(sums[patience - 1 :] < 0)
    return int(ripe[0]) + patience + 1 if len(ripe) else len(rows)


@graded("3d, halving")
def check_halving(halving):
    for seed, patience, drift in ((4, 5, 0.4), (5, 1, 0.6), (6, 8, 0.3), (7, 3, 0.0), (8, 10, 0.5)):
        steps, x = 120, np.array([1.0, -1.0])
        rows = drift + np.random.default_rng(seed).standard_normal((steps, 2))
        stream, handed = Stream(rows), x.copy()
        points, etas = pair(halving(stream, handed, 0.8, patience, steps), "the points and the steps")
        _still(handed, x)
        points, etas = _path(points, x, steps), array(etas, (steps,), "the steps")
        assert stream.asked == steps, f"{steps} steps, and you ask for {stream.asked} gradients"
        assert etas[0] == 0.8, f"the first step has eta = {etas[0]:.4g}, and 0.8 was given"
        off = np.abs(np.diff(points, axis=0) + etas[:, None] * rows).max(axis=1)
        assert off.max() < 1e-9, (
            f"step {int(off.argmax())}: the points do not differ by the eta that you give for it times its gradient"
        )
        begin, left = 0, 0.0
        while begin < steps:  # one stretch of equal steps after the other
            sums = np.cumsum((rows[begin:-1] * rows[begin + 1 :]).sum(axis=1))
            end = begin + _ripe(rows[begin:], patience)
            changed = np.flatnonzero(etas[begin:] != etas[begin])
            own = begin + changed[0] if len(changed) else steps
            told = f"patience = {patience}, steps of {etas[begin]:.3g} since step {begin}: "
            hint = ". Was all forgotten at the change?" if begin else ""
            if begin and own == _ripe(rows[begin - 1 :], patience) + begin - 1 != end:
                hint = ". It looks as if the last gradient of the stretch before still made a product"
            elif begin and own == _ripe(rows[begin:], patience, left) + begin != end:
                hint = ". It looks as if the sum of the stretch before still counted"
            if own < end:
                ready = own - begin - 1
                assert ready >= patience, (
                    told + f"you change before step {own}, with {ready} products of this stretch{hint}"
                )
                raise AssertionError(
                    told + f"you change before step {own}, where the sum of this stretch is {sums[ready - 1]:.3g}{hint}"
                )
            assert own == end, (
                told + f"the sum is {sums[end - begin - 2]:.3g} after step {end - 1}, of {end - begin - 1} products, "
                f"and step {end} has the old eta{hint}"
            )
            if end < steps:
                assert np.isclose(etas[end], etas[begin] / 2), (
                    told + f"then you go on with {etas[end] / etas[begin]:.3g} times the step, and not with half"
                )
                left = sums[end - begin - 2]
            begin = end


# --- 4: belief --------------------------------------------------------------------------------------


def _believed(belief, rows, lr, beta1, beta2, eps):
    """The steps that the student's function makes for these gradients, uphill counted as negative."""
    rows = np.array(rows, dtype=float)
    stream, x = Stream(rows), np.full(rows.shape[1], 0.25)
    handed = x.copy()
    points = _path(belief(stream, handed, lr, beta1, beta2, eps, len(rows)), x, len(rows))
    _still(handed, x)
    assert stream.asked == len(rows), f"{len(rows)} steps, and you ask for {stream.asked} gradients"
    return -np.diff(points, axis=0)


@graded("4b, first step")
def check_first(belief):
    lr, eps = 0.5, 1e-14

    def first(beta1, beta2, g=3.0, eps=eps):
        return float(_believed(belief, [[g]], lr, beta1, beta2, eps)[0, 0])

    length = first(0.9, 0.99)
    assert length > 0, "the first step goes uphill"
    assert length < 1e6 * lr, (
        f"the first step is {length / lr:.1e} times lr: s is 0, or nearly. From which average is the gradient's "
        "distance taken?"
    )
    other = first(0.9, 0.9)
    assert np.isclose(length, other), (
        f"another beta2 makes the first step {other / length:.4g} times as long; with weights that add up to 1, "
        "s is the one square that came"
    )
    assert abs(length - lr) > 1e-8, (
        "the first step is lr, as Adam's. How far is the first gradient from the new average?"
    )
    for beta1, g in ((0.9, 3.0), (0.5, 3.0), (0.8, 0.02), (0.8, -40.0)):
        length = first(beta1, 0.99, g)
        off = np.abs(g - (1 - beta1) * g)  # from the new average, and the one square is all that s has seen
        told = f"for beta1 = {beta1} and the gradient {g:g} the first step is {length / lr:.5g} times lr"
        assert not np.isclose(length * off, lr * g * (1 - beta1)), (
            told + f", {1 / (1 - beta1):.3g} times too short: do the weights in m add up to 1?"
        )
        assert np.isclose(length * off, lr * g), told
    for eps in (0.1, 3.0):
        length = first(0.8, 0.99, 3.0, eps)
        assert np.isclose(lr * 3.0 / length - lr * 3.0 / first(0.8, 0.99), eps), (
            f"with eps = {eps} the first step is {length / lr:.4g} times lr: where does eps stand?"
        )


def _off(hats, beta, terms):
    """By how much averages, seen with their hats, are not beta times the one before and 1 - beta times the new term."""
    bare = hats * (1 - beta ** np.arange(1, len(hats) + 1))[:, None]
    return np.abs(bare - beta * np.vstack([0 * bare[:1], bare[:-1]]) - (1 - beta) * terms), bare


@graded("4b, path")
def check_belief(belief):
    rng = np.random.default_rng(9)
    for beta1, beta2, eps in ((0.85, 0.99, 1e-8), (0.5, 0.9, 0.2), (0.7, 0.6, 1e-3)):
        rows = rng.standard_normal((9, 3)) * np.array([1.0, 10.0, 0.1]) + 0.3
        # lr / step = (root + eps) / mean is a line in eps, and two of its points show both averages
        lr, near, far = 0.1, *(_believed(belief, rows, 0.1, beta1, beta2, e) for e in (eps, eps + 1))
        assert (near * far != 0).all(), f"beta1 = {beta1}, beta2 = {beta2}: an entry stays where it is"
        slope = lr / far - lr / near
        assert (slope != 0).all(), f"beta1 = {beta1}, beta2 = {beta2}: another eps makes the same steps"
        means, roots = 1 / slope, lr / near / slope - eps
        told = f"beta1 = {beta1}, beta2 = {beta2}, eps = {eps}: "
        lost, bare = _off(means, beta1, rows)
        strayed, _ = _off(roots**2, beta2, (rows - bare) ** 2)
        sizes = np.abs(rows).max(axis=0)
        for t in range(len(rows)):
            for what, off, scale in (("first", lost, sizes), ("second", strayed, sizes**2)):
                assert (off[t] < 1e-6 * scale).all(), (
                    f"{told}the first step is off: see the check above, or do entries mix?"
                    if t == 0
                    else f"{told}{t} {'step is' if t == 1 else 'steps are'} right, and in step number {t + 1} "
                    f"the {what} average is wrong. What do it and its correction know of earlier gradients?"
                )
    bowl, asked = ol.Quadratic([1.0, 9.0]), []

    def grad(x):
        asked.append(np.array(x, dtype=float))
        return bowl.grad(x)

    x = np.array([2.0, -1.0])
    points = _path(belief(grad, x.copy(), 0.05, 0.9, 0.99, 1e-8, 20), x, 20)
    assert np.allclose(asked, points[:-1]), "the gradient is taken at other points than those that you return"


@graded("4c, late")
def check_late(late, beta1, beta2, times):
    late = number(late, "the number")
    assert late == round(late) and late >= 1, f"a whole number from 1 on, please; got {late}"
    same = np.ones(int(min(late, 1000)))

    def average(terms, beta):  # solves what says how each comes from the one before
        return np.linalg.solve(np.eye(len(same)) - beta * np.eye(len(same), k=-1), (1 - beta) * terms)

    lengths = np.sqrt(average(same, beta2) / average((same - average(same, beta1)) ** 2, beta2))
    assert lengths[-1] > times, f"step number {late:.0f} is {lengths[-1]:.4g} times lr: not longer than {times:g} times"
    assert (lengths[:-1] <= times).all(), (
        f"step number {late:.0f} is longer than {times:g} times lr, but an earlier one is, too"
    )


# --- 5: a step from the value ----------------------------------------------------------------------


def _bowls():
    """Convex functions: name, f, a subgradient, the least value, a minimiser, a start."""
    rng = np.random.default_rng(10)
    a = rng.standard_normal(3)
    yield "a round bowl", lambda x: (x - a) @ (x - a) + 2, lambda x: 2 * (x - a), 2.0, a, a + np.array([3.0, -1.0, 2.0])
    curved = np.array([1.0, 25.0])
    yield "a valley", lambda x: x @ (curved * x) / 2 - 5, lambda x: curved * x, -5.0, np.zeros(2), np.array([4.0, 0.3])
    yield (
        "a sum of absolute values",
        lambda x: 3 * abs(x[0]) + abs(x[1] - 1),
        lambda x: np.array([3 * np.sign(x[0]), np.sign(x[1] - 1)]),
        0.0,
        np.array([0.0, 1.0]),
        np.array([0.7, -2.0]),
    )


@graded("5b, step")
def check_polyak(polyak):
    for what, f, grad, least, end, x in _bowls():
        for floor in (least, least - 0.5):
            told = f"{what} with the floor {floor:g}: "
            for steps in (1, 12):
                handed = x.copy()
                points = _path(polyak(f, grad, handed, floor, steps), x, steps)
                _still(handed, x)
                for t in range(steps):
                    now, g, above = points[t], grad(points[t]), f(points[t]) - floor
                    went = points[t + 1] - now
                    if above <= 1e-12 or not g.any():
                        assert np.abs(went).max() < 1e-9, told + "the method moves where f is at its floor"
                        continue
                    if above < 1e-7:
                        continue
                    assert g @ went < 0, told + f"step {t} does not go downhill"
                    across = went - (g @ went) / (g @ g) * g
                    assert np.abs(across).max() < 1e-8 * np.abs(went).max() + 1e-13, (
                        told + f"step {t} is not along the gradient at its point"
                    )
                    share = -(g @ went) / above
                    assert abs(share - 1) < 1e-6, (
                        told + f"the tangent at point {t} falls by {share:.8g} times f - floor over your step, "
                        "and is to reach the floor"
                    )
            if floor == least:
                away = np.linalg.norm(points - end, axis=1)
                assert (np.diff(away) < 1e-12).all(), told + "a step leads further away from the minimiser"
    for f, grad, x, floor, what in (
        (lambda x: x @ x, lambda x: 2 * x, np.zeros(2), -1.0, "the gradient is 0"),
        (lambda x: x @ x, lambda x: 2 * x, np.array([1.0, 1.0]), 3.0, "f is below the floor"),
    ):
        points = polyak(f, grad, x.copy(), floor, 4)
        assert np.shape(points) == (5, 2), f"the points of 4 steps must have shape (5, 2), and have {np.shape(points)}"
        assert np.array_equal(points, np.tile(x, (5, 1))), f"where {what} at the start, all points are the start"


@graded("5c, separator")
def check_separator(separator, pixels, sign):
    w = array(separator, (pixels.shape[1],), "the weights")
    margins = sign * (pixels @ w)
    wrong, hinge = int((margins <= 0).sum()), np.maximum(0, 1 - margins).mean()
    assert wrong == 0, f"{wrong} of the {len(sign)} pictures are on the wrong side, or on neither"
    assert hinge <= 1e-3, (
        f"all pictures are on their side, but the mean loss is {hinge:.2g}: some have a margin far below 1"
    )
