"""Times as other people write them: seconds or milliseconds since 1970, or ISO 8601 text."""

from __future__ import annotations

EXPECTED_TIME = "a time between 1973 and 2100, as seconds or milliseconds since 1970 or as ISO 8601"
_FIRST, _LAST = 100_000_000, 4_102_444_800
"""1973 and 2100. Smaller numbers are dates such as 20261124, or count something else."""


def seconds(column: str) -> str:
    """Returns the SQL that turns a column of text into seconds since 1970, as DOUBLE.

    NULL where the text is no time between 1973 and 2100. A number of 12 digits or more counts
    milliseconds, one of 15 or more microseconds, one of 18 or more nanoseconds. ISO 8601 text may
    be a date alone; without an offset it is in the connection's time zone.

    Args:
        column: Its name.
    """
    number = f"try_cast({column} AS DOUBLE)"
    scaled = (
        f"{number} / CASE WHEN {number} < 1e11 THEN 1 WHEN {number} < 1e14 THEN 1e3 "
        f"WHEN {number} < 1e17 THEN 1e6 ELSE 1e9 END"
    )
    found = f"coalesce({scaled}, epoch(try_cast({column} AS TIMESTAMPTZ)))"
    return f"CASE WHEN {found} BETWEEN {_FIRST} AND {_LAST} THEN {found} END"
