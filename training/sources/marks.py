"""How far a table was pulled: the latest time in it, and from where the next pull reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

OVERLAP = timedelta(days=1)
"""How far before the latest time the next pull starts: for rows that were written late, clocks
that differ, and texts in local time.
"""
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (float("inf"), 1e9))
"""Numbers below the first are times in so many parts of a second, as `prepare` reads them."""
Mark = str | int | float


def latest(values: Iterable[Any], mark: Mark | None, began: datetime) -> Mark | None:
    """Returns the latest time of rows.

    Args:
        values: Of the column of times; those that are no time are left out.
        mark: The latest before; None: none.
        began: When the pull began. Later times are left out: rows that are written while the table
            is read may be missed, and belong to the next pull; and one clock that is years ahead
            must not hide what comes.
    """
    found = [value for value in values if is_time(value) and moment_of(value) <= began]
    found += [] if mark is None else [mark]
    return max(found, key=moment_of, default=None)


def is_time(value: Any) -> bool:
    """Whether it is a number of seconds or parts of one since 1970, or ISO 8601 text."""
    try:
        moment_of(value)
    except (ValueError, TypeError, OverflowError, OSError):
        return False
    return True


def moment_of(value: Any) -> datetime:
    """Returns a time; a text without an offset is in UTC.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{value!r} is no time")
    if isinstance(value, str):
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return datetime.fromtimestamp(value / _unit(value), timezone.utc)


def _unit(value: float) -> float:
    return next(unit for below, unit in _UNITS if value < below)


def start_after(mark: Mark) -> Mark:
    """Returns the time from which the next pull reads, written like the mark.

    HarperDB compares a text with texts letter by letter, and converts it for a column of dates.
    """
    if not isinstance(mark, str):
        return mark - type(mark)(OVERLAP.total_seconds() * _unit(mark))
    # The digits as they stand: all texts of a column are assumed to have the same offset.
    moment = datetime.fromisoformat(mark.replace("Z", "+00:00")).replace(tzinfo=None) - OVERLAP
    if len(mark) <= len("2026-11-24"):
        return moment.date().isoformat()
    text = moment.isoformat(sep=mark[10], timespec="milliseconds")
    return f"{text}Z" if mark.endswith("Z") else text[: len("2026-11-24T10:00:00")]
