"""When a request is sent again, and after how long."""

from __future__ import annotations

import email.utils
import random
import time
from dataclasses import dataclass

_RANDOM = random.SystemRandom()


@dataclass(frozen=True)
class Retries:
    """Exponential backoff with jitter, and the server's ``Retry-After`` where it is longer.

    Attributes:
        most: How often a request is sent again; 0: never.
        backoff: Seconds before the first retry; doubled before each further one.
        longest_wait: Seconds; a server that asks for more is not waited for.
    """

    most: int = 3
    backoff: float = 0.2
    longest_wait: float = 30.0

    def wait(self, retry: int, retry_after: float | None) -> float | None:
        """Returns the seconds to wait before a retry, or None if there is none.

        Args:
            retry: 0 for the first.
            retry_after: What the server asked for, in seconds.
        """
        if retry >= self.most or (retry_after or 0.0) > self.longest_wait:
            return None
        # Many clients whose requests failed together must not come back together.
        jitter = _RANDOM.uniform(0.5, 1.0)
        backoff = min(self.backoff * 2**retry, self.longest_wait) * jitter
        return max(backoff, retry_after or 0.0)


def seconds_of(retry_after: str | None) -> float | None:
    """Reads the header ``Retry-After``: seconds, or a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        date = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())
