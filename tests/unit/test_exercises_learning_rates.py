"""The checks accept any right answer, and say of typical wrong ones what is wrong."""

import numpy as np
import pytest
from exercises import learning_rates as checks
from solutions import versions

second_moment = versions("learning-rates", "second_moment")[-1]
warmup_linear = versions("learning-rates", "warmup_linear")[-1]


def test_other_right_answers_pass_too():
    def by_products(etas, mu, sigma2, e0):
        keep = (1 - np.asarray(etas) * mu) ** 2
        return [
            e0 * keep[:T].prod() + sigma2 * sum(etas[t] ** 2 * keep[t + 1 : T].prod() for t in range(T))
            for T in range(len(etas) + 1)
        ]

    def by_interpolation(t, eta0, warmup, total):
        return np.interp(t, [-1, warmup - 1, warmup, total], [0, eta0, eta0, 0]) if warmup else eta0 * max(
            0, 1 - t / total
        )  # fmt: skip

    assert checks.check_second_moment(by_products) == checks.PASSED
    assert checks.check_warmup_linear(by_interpolation) == checks.PASSED


def recursion(etas, mu, sigma2, e0, *, shrink=2, grow=2, variance=1, late=0):
    e = [e0]
    for eta in np.roll(etas, -late):
        e.append((1 - eta * mu) ** shrink * e[-1] + eta**grow * sigma2**variance)
    return np.array(e)


def in_place(etas, mu, sigma2, e0):
    e = second_moment(etas, mu, sigma2, e0)
    etas *= 0
    return e


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda *args: recursion(*args, shrink=1), "square of that"),
        (lambda *args: recursion(*args, grow=1), "eta squared"),
        (lambda *args: recursion(*args, variance=2), "do not square it"),
        (lambda *args: recursion(*args, late=1), "product of all"),
        (lambda *args: recursion(*args)[1:], "e_0 among them"),
        (lambda *args: recursion(*args)[-1], "e_0 among them"),
        (lambda etas, mu, sigma2, e0: recursion(etas, mu, sigma2, e0**0.5), "first entry"),
        (lambda etas, mu, sigma2, e0: recursion(etas, mu, 0, e0) + sigma2 * np.append(0, np.cumsum(etas**2)), "shrunk"),
        (lambda etas, mu, s, e0: recursion(etas, mu, s, e0) + s * e0 * np.arange(len(etas) + 1), "add up"),
        (lambda etas, mu, sigma2, e0: recursion(etas, mu, -sigma2, e0), "its own noise"),
        (lambda *args: recursion(*args, variance=0.5), "its own noise"),
        (in_place, "changed"),
    ],
)
def test_wrong_errors_of_a_schedule(wrong, message):
    assert message in checks.check_second_moment(wrong)


def rise_and_fall(t, eta0, warmup, total, *, first=1, span=None, peak=0):
    if t < warmup:
        return eta0 * (t + first) / warmup
    return eta0 * max(total - t - peak, 0) / (total - warmup if span is None else span(warmup, total))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda *args: rise_and_fall(*args, first=0), "moves nothing"),
        (lambda *args: rise_and_fall(*args, first=2), "last step of the warm-up"),
        (lambda *args: rise_and_fall(*args, span=lambda w, t: t), "at t = warmup"),
        (lambda *args: rise_and_fall(*args, peak=1), "at t = warmup"),
        (lambda t, eta0, w, total: eta0 * (t + 1) / w if t < w else eta0 * (total - t) / (total - w), "negative"),
        (lambda t, eta0, w, total: min(1, (t + 1) / max(w, 1)) ** 2 * rise_and_fall(t, eta0, 0, total), "last step"),
        (lambda t, eta0, w, total: eta0 * ((t + 1) / w) ** 2 if t < w else rise_and_fall(t, eta0, w, total), "rise by"),
        (
            lambda t, eta0, w, total: (
                eta0 * (t + 1) / w
                if t < w
                else eta0 * (1 + np.cos(np.pi * min(1, (t - w) / (total - w)))) / 2
            ),
            "same amount",
        ),
        (lambda t, eta0, w, total: eta0 * (t + 1) / w if t < w else eta0, "from t = total"),
        (
            lambda t, eta0, w, total: eta0 * (t + 1) / w if t < w else eta0 * abs(total - t) / (total - w),
            "yours at t = 21",
        ),
        (lambda t, eta0, w, total: [rise_and_fall(t, eta0, w, total)], "one number"),
    ],
)  # fmt: skip
def test_wrong_schedules(wrong, message):
    assert message in checks.check_warmup_linear(wrong)
