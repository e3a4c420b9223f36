from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notebooks.agree import agree, difference

digits = st.integers(-(10**9), 10**9)
places = st.integers(1, 8)
words = st.text(st.characters(categories=["L", "P"], exclude_characters=".+-−_"), min_size=1)


def printed(units: int, places: int) -> str:
    return f"{Decimal(units).scaleb(-places):.{places}f}"


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("loss 0.123", "loss 0.124"),
        ("1.2e-05", "1.3e-05"),
        ("9.99e-05", "1.00e-04"),
        ("0.12", "0.1251"),  # the coarser of the two has two digits
        ("1", "0.9999"),  # "%.4g" on either side of 0.99995
        ("1e+04", "9999"),
        ("-0.000", "0.000"),
        ("[ 0.  1.]", "[-0.  1.]"),
        ("−0.50", "-0.51"),
        ("speedup 1.25x", "speedup 1.26x"),
        ("(1.5,-2.5)", "(1.5,-2.4)"),
        ("a  b\n c", "a b c"),
        ("nan inf -inf", "nan  inf -inf"),
        ("1e9999 and 12.", "1e9999 and 12."),
    ],
)
def test_agree(expected, got):
    assert agree(expected, got)
    assert agree(got, expected)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("loss 0.123", "loss 0.125"),
        ("loss 0.123", "gain 0.123"),
        ("1.2e-05", "1.2e-04"),
        ("0.001", "-0.001"),
        ("12 steps", "13 steps"),
        ("stopped after 12.", "stopped after 13."),
        ("[1. 2.]", "[2. 2.]"),
        ("2", "1e+01"),
        ("1 2", "12"),
        ("x0", "x1"),
        ("L-BFGS2", "L-BFGS3"),
        ("x_0.5", "x_0.6"),
        ("SciPy 1.17.0", "SciPy 1.18.0"),
        ("nan", "inf"),
        ("inf", "-inf"),
        ("nan", "0.5"),
        ("0.5 and 0.5", "0.5"),
        ("a b", "ab"),
        ("1e9999", "1e9998"),
    ],
)
def test_disagree(expected, got):
    assert not agree(expected, got)
    assert not agree(got, expected)


@given(st.text())
def test_every_text_agrees_with_itself(text):
    assert agree(text, text)


@given(digits, places, st.integers(-3, 3))
def test_one_unit_of_the_last_digit_and_no_more(units, places, off):
    assert agree(printed(units, places), printed(units + off, places)) == (abs(off) <= 1)


@given(digits, places, st.integers(-300, 300), st.integers(-3, 3))
def test_the_unit_scales_with_the_exponent(units, places, exponent, off):
    a, b = (f"{printed(u, places)}e{exponent:+03d}" for u in (units, units + off))
    assert agree(a, b) == (abs(off) <= 1)


@given(st.integers(), st.integers())
def test_integers_agree_only_when_equal(a, b):
    assert agree(str(a), str(b)) == (a == b)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e10, max_value=1e10), st.integers(1, 8), places)
def test_a_value_agrees_with_itself_printed_more_coarsely(value, fewer, more):
    assert agree(f"{value:.{fewer}f}", f"{value:.{fewer + more}f}")


@given(digits, digits, words, words)
def test_words_around_numbers_must_be_equal(a, b, before, after):
    text, other = f"{before} {a}.5 {after}", f"{before} {b}.5 {after}"
    assert agree(text, other) == (abs(a - b) == 0)
    assert not agree(text, f"{before}! {a}.5 {after}")
    assert not agree(text, f"{before} {a}.5 {after}!")


@given(words.filter(lambda word: word[-1].isalpha()), st.integers(0, 99), st.integers(0, 99))
def test_digits_of_a_name_are_text(name, a, b):
    assert agree(f"{name}{a}.5", f"{name}{b}.5") == (a == b)


def test_the_difference_leaves_out_what_agrees():
    expected = ["step  loss", "0  1.000", "1  0.500", "2  0.250", "done"]
    got = ["step  loss", "0  1.001", "1  0.700", "2  0.250", "warning", "done"]
    assert list(difference(expected, got)) == ["- 1  0.500", "+ 1  0.700", "+ warning"]
