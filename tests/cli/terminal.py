"""A terminal on which somebody has typed an answer."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

END_OF_INPUT = b"\x04"


@contextmanager
def terminal(typed: bytes) -> Iterator[TextIO]:
    """Yields the standard input of a command."""
    mine, theirs = pty.openpty()
    os.write(mine, typed)
    try:
        with os.fdopen(theirs) as opened:
            yield opened
    finally:
        os.close(mine)
