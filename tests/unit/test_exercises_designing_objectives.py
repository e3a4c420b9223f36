"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import designing_objectives as checks
from solutions import versions

cvar = versions("designing-objectives", "cvar")[-1]
worst_weights = versions("designing-objectives", "worst_weights")[-1]
reweight = versions("designing-objectives", "reweight")[-1]


def by_sorting(losses, alpha):
    falling, share = sorted(losses, reverse=True), alpha * len(losses)
    total, left = 0.0, share
    for loss in falling:
        part = min(1.0, left)
        total, left = total + part * loss, left - part
        if left <= 0:
            break
    return total / share


def by_quantile(losses, alpha):
    tau = np.sort(losses)[::-1][min(int(alpha * len(losses)), len(losses) - 1)]
    return tau + np.maximum(losses - tau, 0).mean() / alpha


@pytest.mark.parametrize("right", [by_sorting, by_quantile, cvar])
def test_right_worst_shares_pass(right):
    assert checks.check_cvar(right) == checks.PASSED


def one_by_one(losses, alpha):
    q, cap = [0.0] * len(losses), 1 / (alpha * len(losses))
    for i in sorted(range(len(losses)), key=lambda i: -losses[i]):
        q[i] = min(cap, max(0.0, 1 - sum(q)))
    return q


def ties_shared(losses, alpha):
    """Equal losses get equal weights: another maximiser."""
    q = np.array(one_by_one(losses, alpha))
    for value in set(losses):
        q[losses == value] = q[losses == value].mean()
    return q


@pytest.mark.parametrize("right", [one_by_one, ties_shared, worst_weights])
def test_right_weights_pass(right):
    assert checks.check_worst_weights(right) == checks.PASSED


def by_logarithms(q, risks, eta):
    with np.errstate(divide="ignore"):
        score = np.log(q) + eta * np.asarray(risks)
    score = score - score.max()
    return list(np.exp(score) / np.exp(score).sum())


def by_the_mean(q, risks, eta):
    new = q * np.exp(eta * (risks - np.mean(risks)))
    return new / new.sum()


@pytest.mark.parametrize("right", [by_logarithms, by_the_mean, reweight])
def test_right_updates_pass(right):
    assert checks.check_reweight(right) == checks.PASSED


@pytest.mark.parametrize(
    ("check", "name"),
    [("check_cvar", "cvar"), ("check_worst_weights", "worst_weights"), ("check_reweight", "reweight")],
)
def test_as_shipped_nothing_is_done(check, name):
    shipped = versions("designing-objectives", name)[0]
    assert getattr(checks, check)(shipped) == checks.NOT_DONE
    assert getattr(checks, check)(lambda *args: None) == checks.NOT_DONE


def in_place(losses, alpha):
    losses.sort()
    return cvar(losses, alpha)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda l, a: -cvar(-l, a), "best share"),
        (lambda l, a: np.sort(l)[::-1][: max(1, int(a * len(l)))].mean(), "in part"),
        (lambda l, a: np.sort(l)[::-1][: int(np.ceil(a * len(l)))].mean(), "in part"),
        (lambda l, a: np.quantile(l, 1 - a), "threshold|best share|in part"),
        (lambda l, a: a * cvar(l, a), "not by n"),
        (lambda l, a: a * len(l) * cvar(l, a), "a sum"),
        (lambda l, a: l.mean(), "you return"),
        (lambda l, a: [cvar(l, a)], "one number"),
        (lambda l, a: "large", "one number"),
        (lambda l, a: np.nan, "not finite"),
        (lambda l, a: cvar(l, 1 - a) if a < 1 else cvar(l, 1.0), "you return"),
        (in_place, "changed"),
    ],
)
def test_wrong_worst_shares(wrong, message):
    verdict = checks.check_cvar(wrong)
    assert any(part in verdict for part in message.split("|")), verdict


def sorted_order(losses, alpha):
    return np.sort(worst_weights(losses, alpha))[::-1]


def no_rest(losses, alpha):
    n = len(losses)
    q = np.zeros(n)
    q[np.argsort(-losses)[: int(alpha * n)]] = 1 / (alpha * n)
    return q


def equal_on_the_worst(losses, alpha):
    k = int(np.ceil(alpha * len(losses)))
    q = np.zeros(len(losses))
    q[np.argsort(-losses)[:k]] = 1 / k
    return q


def all_on_one(losses, alpha):
    return np.eye(len(losses))[np.argmax(losses)]


def spoils(losses, alpha):
    q = worst_weights(losses, alpha)
    losses[:] = 0
    return q


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (sorted_order, "order"),
        (lambda l, a: worst_weights(-l, a), "order"),
        (no_rest, "left"),
        (equal_on_the_worst, "is possible"),
        (all_on_one, "more than"),
        (lambda l, a: worst_weights(l, a) * a * len(l), "largest weight is 1"),
        (lambda l, a: worst_weights(l, a) * 1.1, "too much"),
        (lambda l, a: np.full(len(l), 1 / len(l)), "is possible"),
        (lambda l, a: worst_weights(l, a)[:-1], "shape"),
        (lambda l, a: worst_weights(l, a) @ l, "shape"),
        (lambda l, a: {"q": 1}, "vector"),
        (lambda l, a: -worst_weights(l, a), "negative"),
        (spoils, "changed"),
    ],
)
def test_wrong_weights(wrong, message):
    assert message in checks.check_worst_weights(wrong)


def multiplies_in_place(q, risks, eta):
    q *= np.exp(eta * (risks - risks.max()))
    return q / q.sum()


def overflows(q, risks, eta):
    new = q * np.exp(eta * risks)
    return new / new.sum()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (overflows, "subtract"),
        (lambda q, r, eta: reweight(q, -r, eta), "sign"),
        (lambda q, r, eta: reweight(np.ones(len(q)), r, eta), "do not replace"),
        (lambda q, r, eta: q * np.exp(eta * (r - r.max())), "divide by their sum"),
        (lambda q, r, eta: reweight(q, r, 1.0), "must be"),
        (lambda q, r, eta: reweight(q, r, eta)[:-1], "shape"),
        (lambda q, r, eta: "q", "vector"),
        (multiplies_in_place, "changed"),
    ],
)
def test_wrong_updates(wrong, message):
    assert message in checks.check_reweight(wrong)
