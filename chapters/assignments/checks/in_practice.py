"""Checks of `5-in-practice`."""

from collections import namedtuple
from decimal import Decimal, localcontext

import numpy as np

from checks import array, graded, load, number, pair, rng_of

Tumours = namedtuple("Tumours", "X y lam")


def tumours(cohort):
    """This cohort's 300 tumours: measures and a column of ones, labels, and lam."""
    names, data = load("breast-cancer")
    rng = rng_of(cohort, "in-practice")
    rows = data[rng.permutation(len(data))[:300]]
    target = names.index("malignant")
    measures = np.delete(rows, target, axis=1)[:, :10]
    scaled = (measures - measures.mean(axis=0)) / measures.std(axis=0)
    lam = float(rng.choice([0.01, 0.02, 0.03, 0.05]))
    return Tumours(np.column_stack([scaled, np.ones(len(rows))]), rows[:, target], lam)


def run(cohort):
    """This cohort's run: 64 values that fall by one of the two laws of question 2."""
    rng, t = rng_of(cohort, "run"), np.arange(1, 65)
    laws = rng.uniform(0.92, 0.97) ** t, t ** -rng.uniform(0.4, 1.1)
    return rng.uniform(1, 3) + rng.uniform(2, 5) * laws[rng.integers(2)]


# --- 1: a loss at the ends of its range ----------------------------------------------------------

MIDDLE = (-3.0, -1.0, -0.4, 0.0, 0.5, 1.0)
LOW = (-5.0, -10.0, -20.0, -29.0, -33.0, -36.0, -38.0, -50.0)
LOWEST = (-300.0, -800.0, -740.0, -10000.0)
HIGH = (2.0, 3.0, 3.5, 3.7, 4.5, 5.5, 6.0)


def _exact(z):
    """-log P(y = 1) at z, in 250 digits by the formula of the text."""
    with localcontext() as context:
        context.prec = 250
        return -(1 - (-Decimal(z).exp()).exp()).ln()


def _slope(z):
    """Its derivative at z, from differences in 250 digits."""
    h = Decimal(10) ** -25
    with localcontext() as context:
        context.prec = 250
        return float((_exact(Decimal(z) + h) - _exact(Decimal(z) - h)) / (2 * h))


def _relative(value, true):
    return abs(value - true) / abs(true)


@graded("1b, losses")
def check_losses(losses):
    z = np.array([*MIDDLE, *LOW, *LOWEST, *HIGH])
    ones, zeros = np.ones(len(z)), np.zeros(len(z))
    mine, labels = z.copy(), ones.copy()
    one, zero = losses(mine, labels), losses(mine, zeros)
    assert np.shape(one) == z.shape, (
        f"for {len(z)} scores there must be {len(z)} losses, and the shape is {np.shape(one)}"
    )
    assert np.array_equal(mine, z), "`z` itself was changed: leave the scores as they are"
    assert np.array_equal(labels, ones), "`y` itself was changed: leave the labels as they are"
    at = {s: float(v) for s, v in zip(z, one, strict=True)}
    none = {s: float(v) for s, v in zip(z, zero, strict=True)}
    for s in MIDDLE:
        true = float(_exact(s))
        assert not np.isclose(at[s], none[s]), f"at the score {s:g} both labels cost {at[s]:.4g}: does y count?"
        assert not (np.isclose(none[s], true) and not np.isclose(at[s], true)), (
            f"at the score {s:g} the label 0 costs what the label 1 should"
        )
        assert not np.isclose(at[s], np.logaddexp(0, -s)) or np.isclose(at[s], true), (
            f"at the score {s:g} the label 1 costs {at[s]:.4g}, which is the logistic loss: here the link is another"
        )
        assert not np.isclose(at[s], -true), f"at the score {s:g} the label 1 costs {at[s]:.4g}: the sign is wrong"
        assert _relative(at[s], true) < 1e-9, f"at the score {s:g} the label 1 costs {at[s]:.10g}, not {true:.10g}"
        assert _relative(none[s], np.exp(s)) < 1e-9, (
            f"at the score {s:g} the label 0 costs {none[s]:.10g}: see the formula"
        )
    for s in LOW:
        true = float(_exact(s))
        assert np.isfinite(at[s]), f"at the score {s:g} the label 1 costs {at[s]}: which number was rounded to 1?"
        assert _relative(at[s], true) < 1e-9, (
            f"at the score {s:g} the label 1 costs {at[s]:.10g}, and the relative error is "
            f"{_relative(at[s], true):.0e}: where are two nearly equal numbers subtracted, or a score cut off?"
        )
    for s in LOWEST:
        assert np.isfinite(at[s]), f"at the score {s:g} the label 1 costs {at[s]}: which number was rounded to 0?"
        assert _relative(at[s], -s) < 1e-9, f"at the score {s:g} the label 1 costs {at[s]:.6g}: what does 1a (ii) say?"
    for s in HIGH:
        true = float(_exact(s))
        assert np.isfinite(at[s]), f"at the score {s:g} the label 1 costs {at[s]}"
        assert at[s] != 0, f"at the score {s:g} the label 1 costs 0, and should cost {true:.3e}: what was rounded to 1?"
        assert _relative(at[s], true) < 1e-9, (
            f"at the score {s:g} the label 1 costs {at[s]:.6e}, with a relative error of {_relative(at[s], true):.0e}: "
            "the logarithm of a number near 1 keeps few digits"
        )
    for s in (*LOW, *HIGH):
        assert _relative(none[s], np.exp(s)) < 1e-9, (
            f"at the score {s:g} the label 0 costs {none[s]:.10g}: is something cut off or rounded that should not be?"
        )
    y = np.arange(len(z)) % 2
    mixed = array(losses(z.copy(), y.copy()), z.shape, "the losses")
    assert np.allclose(mixed, np.where(y, one, zero), rtol=1e-9, atol=0), "with mixed labels some losses are another"


@graded("1b, slopes")
def check_slopes(slopes):
    z = np.array([*MIDDLE, *LOW, *LOWEST, *HIGH])
    one, zero = slopes(z.copy(), np.ones(len(z))), slopes(z.copy(), np.zeros(len(z)))
    assert np.shape(one) == z.shape, (
        f"for {len(z)} scores there must be {len(z)} slopes, and the shape is {np.shape(one)}"
    )
    at = {s: float(v) for s, v in zip(z, one, strict=True)}
    none = {s: float(v) for s, v in zip(z, zero, strict=True)}
    for s in MIDDLE:
        true = _slope(s)
        assert not np.isclose(at[s], -true), f"at the score {s:g} the slope for the label 1 has the wrong sign"
        assert not np.isclose(at[s] * np.exp(s), true) or np.isclose(at[s], true), (
            f"at the score {s:g} you give the derivative in u: z is what changes"
        )
        assert _relative(at[s], true) < 1e-9, (
            f"at the score {s:g} the slope for the label 1 is {at[s]:.6g}, not {true:.6g}"
        )
        assert _relative(none[s], np.exp(s)) < 1e-9, (
            f"at the score {s:g} the slope for the label 0 is {none[s]:.10g}: differentiate its loss"
        )
    for s in (*LOW, *LOWEST):
        true = _slope(s) if s in LOW else -1.0
        assert np.isfinite(at[s]), (
            f"at the score {s:g} the slope for the label 1 is {at[s]}: what is 0 divided by there?"
        )
        assert _relative(at[s], true) < 1e-9, (
            f"at the score {s:g} the slope for the label 1 is {at[s]:.10g}, with a relative error of "
            f"{_relative(at[s], true):.0e}: where are two nearly equal numbers subtracted, or one rounded to 0?"
        )
    for s in HIGH:
        true = _slope(s)
        assert np.isfinite(at[s]), f"at the score {s:g} the slope for the label 1 is {at[s]}: what is too large?"
        assert at[s] != 0, f"at the score {s:g} the slope for the label 1 is 0: small is not the same as 0"
        assert _relative(at[s], true) < 1e-9, (
            f"at the score {s:g} the slope for the label 1, {at[s]:.6e}, has a relative error of "
            f"{_relative(at[s], true):.0e}: which difference leaves few digits?"
        )
    for s in (*LOW, *HIGH):
        assert _relative(none[s], np.exp(s)) < 1e-9, (
            f"at the score {s:g} the slope for the label 0 is {none[s]:.10g}: is something cut off or rounded that "
            "should not be?"
        )
    y = np.arange(len(z)) % 2
    mixed = array(slopes(z.copy(), y.copy()), z.shape, "the slopes")
    assert np.allclose(mixed, np.where(y, one, zero), rtol=1e-9, atol=0), "with mixed labels some slopes are another"


def _gradient(w, X, y):
    """The gradient of the mean loss, by steps into the complex plane."""

    def mean(point):
        rate = np.exp(X @ point)
        return np.where(y == 1, -np.log(1 - np.exp(-rate)), rate).mean()

    return np.array([mean(w + 1e-30j * e).imag / 1e-30 for e in np.eye(len(w))])


@graded("1c")
def check_fit(fit, X, y, lam):
    w = array(fit, (X.shape[1],), "fit")
    slope = _gradient(w, X, y)
    assert np.isfinite(slope).all(), "at your weights some loss is so large that it cannot be evaluated"
    off = np.linalg.norm(slope + lam * w)
    if off <= 1.001e-6:
        return
    near = 1e-4
    assert np.linalg.norm(w) > 1e-6, f"the gradient at 0 has the norm {off:.2g}: this is the start"
    for factor, what in ((0, "is left out"), (2, "counts twice"), (len(y), "is multiplied by n"), (0.5, "counts half")):
        assert np.linalg.norm(slope + factor * lam * w) > near, f"your weights are the best ones if the penalty {what}"
    free = np.append(np.ones(len(w) - 1), 0.0)
    assert np.linalg.norm(slope + lam * free * w) > near, "your weights are the best ones if the last is not penalised"
    assert np.linalg.norm(_gradient(w, X, 1 - y) + lam * w) > near, (
        "your weights are the best ones for exchanged labels"
    )
    raise AssertionError(f"the gradient of F at your weights has the norm {off:.2g}, and at most 1e-6 is asked for")


# --- 2: where is it heading? ---------------------------------------------------------------------


def _scale(values):
    return values[0] - values[-1]


@graded("2b, linear")
def check_linear(linear_law):
    for a, c, r, m in (
        (0.0, 1.0, 0.5, 1),
        (0.0, 2.0, 0.8, 5),
        (-3.0, 0.5, 0.9, 20),
        (2.0, 10.0, 0.99, 50),
        (1e3, 4.0, 0.7, 3),
    ):
        values = a + c * r ** np.arange(2 * m + 1)
        limit, rate = pair(linear_law(values.copy()), "the limit and the rate")
        limit, rate = number(limit, "the limit"), number(rate, "the rate")
        told = f"for a = {a:g}, C = {c:g}, r = {r:g} and {2 * m + 1} values"
        close = 1e-6 * _scale(values)
        assert abs(limit - values[-1]) > close, f"{told} your limit is the last value: the run has not arrived"
        assert limit < values[-1], (
            f"{told} your limit is {limit:.6g}, above the last value {values[-1]:.6g}: it falls on"
        )
        assert abs(limit - a) < close, f"{told} your limit is {limit:.6g}"
        if abs(rate - r) > 1e-6:
            assert not np.isclose(rate, r**m), f"{told} your r = {rate:.4g} is the fall of the gap in {m} steps"
            assert not np.isclose(rate, 1 / r), f"{told} your r = {rate:.4g} is above 1: the gap would grow"
            assert not np.isclose(rate, np.log(r)), f"{told} your r = {rate:.4g} is its logarithm"
            plain = a and np.isclose(rate, (values[-1] / values[0]) ** (1 / (2 * m)))
            assert not plain, f"{told} your r = {rate:.4g} treats values as gaps: the limit is not 0"
            raise AssertionError(f"{told} your r is {rate:.6g}")


@graded("2b, power")
def check_power(power_law):
    for a, c, p, n in (
        (50.0, 4.0, 1.5, 8),
        (0.0, 2.0, 0.5, 40),
        (-3.0, 0.5, 2.0, 12),
        (2.0, 10.0, 0.25, 400),
        (0.0, 1.0, 1.0, 4),
    ):
        values = a + c * np.arange(1, n + 1.0) ** -p
        limit, power = pair(power_law(values.copy()), "the limit and the power")
        limit, power = number(limit, "the limit"), number(power, "the power")
        told = f"for a = {a:g}, C = {c:g}, p = {p:g} and {n} values"
        close = 1e-6 * _scale(values)
        assert abs(limit - values[-1]) > close, f"{told} your limit is the last value: the run has not arrived"
        if abs(limit - a) > close:
            other = pair(power_law(3 + 0.9 ** np.arange(1, n + 1.0)), "the limit and the power")[0]
            assert abs(other - 3) > 1e-6, f"{told} your limit is {limit:.6g}: equally spaced times suit the other law"
            raise AssertionError(
                f"{told} your limit is {limit:.6g}: which index has which time, and which times does 2a ask for?"
            )
        if abs(power - p) > 1e-6:
            assert not np.isclose(power, -p), f"{told} your p = {power:.4g} has the wrong sign"
            assert not np.isclose(power, p * np.log(2)), f"{told} your p = {power:.4g}: the logarithm to which base?"
            assert not np.isclose(power, 2.0**-p), f"{told} your p = {power:.4g} is the ratio of two gaps, not a power"
            raise AssertionError(f"{told} your p is {power:.6g}")


@graded("2c")
def check_which(which_law):
    for a, c in ((0.0, 1.0), (5.0, 2.0), (-1.0, 30.0)):
        for n in (32, 64, 800):
            t = np.arange(1, n + 1.0)
            runs = [
                ("linear", a + c * r**t, f"r = {r:g}") for r in (0.82, 0.9, 0.95, 0.99, 0.998) if r ** (n - 1) >= 1e-3
            ]
            runs += [("power", a + c * t**-p, f"p = {p:g}") for p in (0.25, 0.5, 1.0, 1.5, 1.9) if n**-p >= 1e-3]
            for law, values, which in runs:
                said = which_law(values.copy())
                assert isinstance(said, str) and said in ("linear", "power"), f'say "linear" or "power", not {said!r}'
                if said != law:
                    why = "what do you take the limit for" if a else "does the answer hang on how fast the run falls"
                    raise AssertionError(
                        f"a run of {n} values with the limit {a:g} follows the {law} law, {which}, "
                        f"and you say {said}: {why}?"
                    )


@graded("2d")
def check_heading(heading, run):
    a = number(heading, "heading")
    assert a != run[-1], "your limit is the last value: the run has not arrived"
    assert a < run[-1], f"your limit is {a:.6g}, above the last value {run[-1]:.6g}: the run falls on"
    gaps, t = np.log(run - a), np.arange(1, 65)

    def off(x):
        """About how far from a limit of this law the answer is."""
        return np.abs(gaps - np.interp(x, x[[0, -1]], gaps[[0, -1]])).max() * (run[-1] - a)

    assert min(off(t), off(np.log(t))) < 1e-6, f"above your limit {a:.8g} the run follows neither law to the end"


# --- 3: patience with a margin -------------------------------------------------------------------

NAN = float("nan")


class _Script:
    """A training run whose held-out losses are written down."""

    def __init__(self, losses, hint=""):
        self.hint = f": {hint}" if hint else ""
        self.losses, self.steps, self.asked = losses, 0, []

    def step(self, w):
        self.steps += 1
        assert self.steps < 60, f"after 60 epochs you have not stopped; {self}{self.hint}"
        w += np.array([1.0, 10.0])

    def held_out(self, w):
        epoch = round(float(w[0]))
        self.asked.append(epoch)
        return self.losses[min(epoch, len(self.losses) - 1)]

    def __str__(self):
        return f"the losses are {', '.join(f'{loss:g}' for loss in self.losses)}, the last one for ever"

    def run(self, train, patience, margin):
        answer = train(self.step, np.zeros(2), self.held_out, patience, margin)
        kept, epochs = pair(answer, "the weights and the number of epochs")
        told = f"{self}; with patience {patience} and margin {margin:g}"
        assert self.asked[:1] == [0], "ask for the held-out loss at the start, before the first epoch"
        assert len(self.asked) == len(set(self.asked)), f"{told} you ask for the loss of epoch {self.asked[-1]} twice"
        return array(kept, (2,), "the weights"), number(epochs, "the number of epochs"), told


@graded("3b, stop")
def check_stop(train):
    cases = [  # losses, patience, margin, epochs, what to say
        ((5, 4, 3, 6, 7, 8), 3, 0, 5, "count the epochs since the last new reference"),
        ((1, 2, 3, 4), 1, 0, 1, "a patience of 1 is one epoch"),
        ((5, 6, 4, 6, 3, 6, 2, 6, 6, 6), 2, 0, 8, "only epochs *in a row* count"),
        ((3, 2, 2, 2, 2, 2), 3, 0, 4, "the same loss again is no fall"),
        ((4, 3, 3, 3, 3), 2, 1, 2, "a fall by exactly the margin is not more than it"),
        ((5, 4.99, 4.98, 4.97, 4.96, 4.95, 4.94), 2, 0.5, 2, "falls below the margin do not reset the clock"),
        (
            (5, 4.9, 4.8, 4.7, 4.6, 4.55, 4.52, 4.51, 4.6),
            3,
            0.15,
            7,
            "many small falls add up to one: compare with the reference",
        ),
        ((3, 2, NAN, NAN, 1, 5, 5, 5, 5), 3, 0, 7, "nan is no fall, and training goes on"),
        ((3, NAN, NAN, 1, 1), 2, 0, 2, "nan is no fall, and its epoch counts"),
    ]
    for losses, patience, margin, wanted, hint in cases:
        script = _Script(losses, hint)
        _, epochs, told = script.run(train, patience, margin)
        assert script.steps == wanted, (
            f"{told} you run {script.steps} epochs, {'too many' if script.steps > wanted else 'too few'}: {hint}"
        )
        assert epochs == script.steps, f"{told} you say {epochs:g} epochs, and {script.steps} were run"


@graded("3b, kept")
def check_kept(train):
    cases = [
        ((5, 4, 3, 6, 7, 8), 3, 0, 2),
        ((1, 2, 3, 4), 2, 0, 0),
        ((3, 2, 2, 2, 2, 2), 3, 0, 1),
        ((5, 4.99, 4.98, 4.97, 4.96), 3, 0.5, 3),
        ((5, 4.9, 4.8, 4.7, 4.6, 4.55, 4.52, 4.51, 4.6), 3, 0.15, 7),
        ((3, 2, NAN, NAN, 1, 5, 5, 5, 5), 3, 0, 4),
        ((3, 2, 5, NAN), 2, 0, 1),
    ]
    for losses, patience, margin, wanted in cases:
        script = _Script(losses)
        kept, _, told = script.run(train, patience, margin)
        epoch = round(float(kept[0]))
        assert np.allclose(kept, [epoch, 10 * epoch]), f"{told} your weights are those of no epoch"
        if epoch == wanted:
            continue
        loss = losses[min(epoch, len(losses) - 1)]
        said = f"{told} you keep the weights of epoch {epoch}, with the loss {loss:g}"
        assert loss == loss, f"{said}: no comparison with nan is true"
        assert loss != losses[wanted], f"{said}, and another epoch had it before"
        assert epoch != script.steps, f"{said}, where the run stopped: is what you kept a copy, and of which epoch?"
        assert not margin, f"{said}, and {losses[wanted]:g} was seen: the margin moves the reference, not the choice"
        raise AssertionError(f"{said}, and {losses[wanted]:g} was seen")


# --- 4: the referee ------------------------------------------------------------------------------


class _Tooth:
    """f(x) = |x|^2, with a count of calls that cannot be talked out of it."""

    def __init__(self, limit=None):
        self.calls, self.limit, self.reached, self.complaint = 0, limit, False, ""

    def __call__(self, x):
        self.calls += 1
        if self.limit is not None and self.calls > self.limit:
            self.complaint = f"f is called more often than the budget of {self.limit} allows"
        if self.reached:
            self.complaint = "f is called again after the target has been reached"
        assert not self.complaint, self.complaint
        value = float(np.sum(np.asarray(x) ** 2))
        self.reached = value <= 0.25
        return (NAN if value > 1e6 else value), 2 * np.asarray(x)


def _scripted(values, ends):
    """A method that asks at points with these values, and then returns, or asks for ever."""

    def method(oracle, x, step):
        x *= 0  # methods may do this to what they are given
        for value in values:
            answer = oracle(np.array([value**0.5, 0.0]))
            assert isinstance(answer, tuple | list) and len(answer) == 2, (
                "the oracle must give what f gives: a value and a gradient"
            )
            assert (np.isnan(answer[0]) or np.isclose(answer[0], value)) and np.isclose(answer[1][0], 2 * value**0.5), (
                "the oracle must give what f gives, unchanged"
            )
        for _ in range(0 if ends else 100_000):
            oracle(np.array([3.0, 0.0]))
        assert ends, "a method that never ends was not stopped"

    return method


@graded("4b")
def check_price(price):
    cases = [  # values, ends, budget, price, what to say
        ((9, 4, 0.25), True, 10, 3, "the call that reaches it counts, and so does a value equal to the target"),
        ((0.1,), True, 1, 1, "the first call may reach it, and a budget of 1 allows one call"),
        ((9, 4, 1, 0), True, 4, 4, "the last call of the budget is a call as any other"),
        ((9, 4, 1, 0), True, 3, np.inf, "the target was not seen within the budget"),
        ((9, 4), True, 10, np.inf, "the method returned without having seen the target"),
        ((), True, 10, np.inf, "a method that asks nothing has not seen the target"),
        ((9, 4), False, 20, np.inf, "the target was not seen within the budget"),
        ((9, 0.2), False, 20, 2, "what the method does after the target does not matter"),
        ((9, 1e8, 0.2), True, 20, 3, "nan is a value that does not reach the target"),
    ]
    for values, ends, budget, wanted, hint in cases:
        f, start = _Tooth(budget), np.array([2.0, 1.0])
        paid = price(_scripted(values, ends), f, start, 0.1, budget, 0.25)
        assert not f.complaint, f.complaint  # also where the code catches every error
        told = f"a method sees {', '.join(f'{v if v < 1e6 else NAN:g}' for v in values) or 'nothing'}"
        told += f"{'' if ends else ' and goes on for ever'}; target 0.25, budget {budget}"
        assert np.array_equal(start, [2.0, 1.0]), (
            "`start` was changed by the method: the next run would begin elsewhere"
        )
        assert paid is not None and np.ndim(paid) == 0, f"the price must be one number, got {paid!r}"
        assert paid == wanted, f"{told}: you say {paid}, but {hint}"

    def descent(oracle, x, step):
        for _ in range(50):
            x -= step * oracle(x)[1]

    for step, calls in ((0.5, 2), (0.25, 4), (1.0, np.inf)):  # x is divided by 1 - 2 step
        paid = price(descent, _Tooth(), np.array([3.0, 0.0]), step, 40, 0.25)
        assert paid == calls, (
            f"gradient descent on x^2 from 3 with the step {step}: the target 0.25 is met by {calls} calls, not {paid}"
        )


def _counted(prices):
    """What one may report of these prices, by any usage of the median of an even number."""
    if len(prices) < 2:
        return []
    middle = sorted(prices)[(len(prices) - 1) // 2 : len(prices) // 2 + 1]
    return [(prices[1], m, prices[-2]) for m in (*middle, float(np.mean(middle)))]


@graded("4c")
def check_report(report):
    inf = np.inf
    grid = [0.3, 0.1, 1.0]
    cases = [  # the price of each start (a row) with each step (a column)
        ([[5, 9, 7], [6, 2, 3], [8, 3, 3], [12, 2, 3], [30, 2, 3], [7, 2, 2]], 0),
        ([[9, 9, 7], [9, 2, 11], [8, 3, inf], [7, 2, 4], [6, 2, 30], [7, 2, 12]], 2),
        ([[6, 6, 6], [3, 20, 4], [3, 21, 4], [3, inf, 4], [3, 9, 4], [3, 25, 4]], 1),
        ([[inf, inf, 19], [2, 2, 13], [2, 2, inf], [2, 2, inf]], 2),
        ([[inf, inf, inf], [4, 8, 5], [4, 9, 5], [4, 10, 5], [4, 17, 5], [4, 5, 5]], 1),
    ]
    for table, chosen in cases:
        used = []

        def paid(start, step, table=table, used=used):
            assert step in grid, f"the step {step!r} is not in the grid"
            used.append((round(float(start[0])), grid.index(step)))
            return table[used[-1][0]][used[-1][1]]

        answer = report(paid, list(grid), [np.array([k, 0.0]) for k in range(len(table))])
        assert isinstance(answer, tuple | list) and len(answer) == 4, "return four things: step, low, median, high"
        step, *three = answer
        told = f"the prices with the steps {grid} are, a start a line, {table}"
        first = table[0]
        if step != grid[chosen]:
            assert step in grid, f"the step {step!r} is not in the grid"
            assert first[grid.index(step)] != min(first), (
                f"{told}: the step {step} is as cheap as others, and not the smallest"
            )
            raise AssertionError(f"{told}: you choose the step {step}; which start may choose, and what is best there?")
        peeked = {j for k, j in used if k and j != chosen}
        assert not peeked, "the starts that are reported must not be tried with any other step: that is peeking"
        assert {j for k, j in used if k == 0} == {0, 1, 2}, "every step of the grid is to be tried from the first start"
        assert all(k < len(table) for k, _ in used) and {k for k, _ in used} == set(range(len(table))), (
            "some of the starts were never run"
        )
        fresh = sorted(row[chosen] for row in table[1:])
        everything = sorted(row[chosen] for row in table)
        size = len(fresh)
        wanted = [fresh[1], fresh[size // 2], fresh[size - 2]]
        if list(three) == wanted:
            continue
        low, median, high = (float(v) for v in three)
        told += f"; you report {low:g}, {median:g}, {high:g}"
        assert not (np.isnan(median) or np.isnan(low) or np.isnan(high)), (
            f"{told}: infinity minus infinity is no number"
        )
        said = low, median, high
        assert said != (fresh[0], wanted[1], fresh[-1]), f"{told}: the least and the largest are to be dropped"
        assert said not in _counted(everything), f"{told}: the start that chose the step is among them"
        solved = [v for v in fresh if v < inf]
        assert len(solved) == size or said not in _counted(solved), (
            f"{told}: a run that never arrives counts, as infinity"
        )
        assert median == wanted[1], f"{told}: half of the prices should lie on each side of the median"
        raise AssertionError(f"{told}: count from both ends; the second smallest, the second largest")
