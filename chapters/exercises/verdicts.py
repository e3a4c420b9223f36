"""What every check of an exercise can say, whatever the exercise."""

NOT_DONE = "not done yet"
PASSED = "passed"


class TooManyCalls(Exception):
    """Raised by a counted function to end a loop that would not end by itself."""


def missing(value):
    """Whether the exercise is still as it was shipped."""
    return value is None or value is NotImplemented
