"""The shapes of things, for type hints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Matrix = Any  # a dense array or a scipy.sparse matrix
Schedule = Callable[[int], float]
