"""Measured rates and orders, on sequences whose rate and order are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optlib as ol


@given(st.floats(0.05, 0.99), st.floats(1e-3, 1e3), st.integers(4, 200))
def test_the_rate_of_a_geometric_sequence_is_its_factor(r, c, n):
    errors = c * r ** np.arange(n)
    assert ol.observed_rate(errors) == pytest.approx(r, rel=1e-9)


def test_the_first_steps_do_not_count():
    errors = np.concatenate([np.linspace(200, 100, 30), 0.5 ** np.arange(30)])
    assert ol.observed_rate(errors) == pytest.approx(0.5, rel=1e-12)


def test_what_is_rounding_does_not_count():
    errors = np.concatenate([0.1 ** np.arange(12), np.full(50, 1e-16)])
    assert ol.observed_rate(errors) == pytest.approx(0.1, rel=1e-9)
    assert ol.observed_rate([*0.1 ** np.arange(6), 0.0, 1.0, 1.0]) == pytest.approx(0.1)
    assert ol.observed_order([1e-1, 1e-2, 1e-4, 1e-8, 1e-16, 1e-16]) == pytest.approx(2.0)
    assert ol.observed_order([1.0, 1e-1, 1e-2, 1e-4, 0.9e-14]) == pytest.approx(2.0)  # 1e-14 of the first
    assert ol.observed_order([1.0, 1e-7, 1.1e-14]) == pytest.approx(1.0, abs=0.01)


@given(st.floats(1.1, 4), st.floats(0.01, 0.3))
def test_the_order_of_a_power_sequence_is_its_exponent(q, e0):
    errors = [e0, e0**q, e0 ** (q * q)]
    if errors[-1] > 1e-13 * e0:
        assert ol.observed_order(errors) == pytest.approx(q, rel=1e-9)


def test_the_order_uses_the_last_three_errors():
    assert ol.observed_order([5.0, 0.9, 0.5, 0.25, 0.0625]) == pytest.approx(2.0)
    assert ol.observed_order(0.5 ** np.arange(20)) == pytest.approx(1.0)


def test_rate_of_gradient_descent_and_order_of_newton():
    q = ol.Quadratic([1.0, 9.0])
    errors = np.linalg.norm(ol.minimize(q, [9.0, 1.0], ol.GradientDescent(0.2)).history.x, axis=1)
    assert ol.observed_rate(errors) == pytest.approx(0.8, rel=1e-10)
    roots = ol.newton_root(lambda x: x**2 - 2, 1.0, jac=lambda x: 2 * x).history.x[:, 0]
    assert ol.observed_order(abs(roots - 2**0.5)) == pytest.approx(2.0, abs=0.1)


def test_the_order_of_errors_that_do_not_fall_is_an_error():
    for errors in ([1.0, 0.5, 0.5], [0.5, 0.5, 0.25], [0.5, 1.0, 0.25]):
        with pytest.raises(ValueError, match="errors must fall at the end"):
            ol.observed_order(errors)


def test_an_error_of_zero_at_the_start_leaves_nothing():
    with pytest.raises(ValueError, match="got 0"):
        ol.observed_rate([0.0, 1.0, 0.5, 0.25, 0.125])
