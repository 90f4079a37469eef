"""Compiles loops over arrays to machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba

Function = TypeVar("Function", bound=Callable)


def compiled(function: Function) -> Function:
    """Returns a function over numbers and arrays as machine code; other threads run beside it.

    The machine code is kept on disk for the next process, if there is a place for it.
    """
    try:
        return numba.njit(function, nogil=True, cache=True)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(function, nogil=True)
