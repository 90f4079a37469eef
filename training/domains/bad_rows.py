"""Rows that cannot be read: counted by reason, and explained if there are too many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from training.domains.reading import WINDOWS_1252
from training.errors import DataError

FIELDS = "wrong number of fields"
"""The reason of a row that does not split into the expected fields."""
NOT_UTF8 = "lines that are not UTF-8, read as Windows-1252"
SYSTEMATIC = 0.2
"""Share of bad rows from which the whole file is suspect, so that a higher limit does not help."""
_SAMPLE = 20
_SHOWN = 80
"""Most characters of a value that are shown."""
_SEPARATORS = {
    "<SEP>": "<SEP>",
    "\t": "tabs",
    "::": "double colons",
    ",": "commas",
    ";": "semicolons",
    "|": "vertical bars",
    " ": "spaces",
}


@dataclass
class BadRows:
    """Unreadable rows of one file, counted by reason.

    Attributes:
        path: The file; of several, the one that is read now.
        most: Share of bad rows, 0..1, above which `check` stops.
        columns: The file's columns, for people.
        separator: The character between them.
        dropped: Number of rows by reason.
        not_utf8: Number of lines that `decode` had to convert.
        remedy: What to do if nothing else explains the bad rows.
        what: What holds the rows, for people.
        place_of: (file, line) -> what names a row for people; None: these two.
    """

    path: Path
    most: float
    columns: str
    separator: str
    dropped: dict[str, int] = field(default_factory=dict)
    not_utf8: int = 0
    remedy: str = ""
    what: str = "file"
    place_of: Callable[[Path, int], str] | None = None
    _first: tuple[int, str, str] | None = None
    _first_path: Path | None = None
    _sample: list[str] = field(default_factory=list)
    _ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, line: int, reason: str, expected: str, found: str) -> None:
        """Counts one bad row; the first one is shown if there are too many."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if self._first is None or (self._first_path == self.path and line < self._first[0]):
            self._first, self._first_path = (line, expected, found), self.path
        if reason == FIELDS:
            if len(self._sample) < _SAMPLE:
                self._sample.append(found)
        else:
            self._note_value(reason, found)

    def _note_value(self, reason: str, found: str) -> None:
        try:
            value = float(found)
        except ValueError:
            return
        low, high = self._ranges.get(reason, (value, value))
        self._ranges[reason] = (min(low, value), max(high, value))

    def include(self, part: BadRows, *, lines_before: int = 0) -> None:
        """Adds what was counted in another file, or in a later part of this one.

        Args:
            part: Its counts.
            lines_before: Lines of the same file before the part.
        """
        for reason, count in part.dropped.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + count
        self.not_utf8 += part.not_utf8
        if part._first is not None:
            line, path = part._first[0] + lines_before, part._first_path
            if self._first is None or (self._first_path == path and line < self._first[0]):
                self._first, self._first_path = (line, *part._first[1:]), path
        self._sample += part._sample[: _SAMPLE - len(self._sample)]
        for reason, (low, high) in part._ranges.items():
            least, most = self._ranges.get(reason, (low, high))
            self._ranges[reason] = (min(low, least), max(high, most))

    def decode(self, line: bytes, encoding: str = "utf-8") -> str:
        """Decodes a line; one that is not in the encoding is read as Windows-1252 and counted."""
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            self.not_utf8 += 1
            return line.decode(encoding, WINDOWS_1252)

    def check(self, read: int) -> None:
        """Checks the counts after reading.

        Args:
            read: Number of rows in the file, the bad ones included.

        Raises:
            DataError: there are no rows, no good rows, or more bad rows than `most` allows.
        """
        bad = sum(self.dropped.values())
        if read == 0:
            raise DataError(self.path, expected="rows of data", found="none")
        if self._first is not None and (bad > self.most * read or bad == read):
            line, expected, found = self._first
            path = self._first_path or self.path
            reasons = ", ".join(f"{count} × {reason}" for reason, count in self.dropped.items())
            raise DataError(
                self.place_of(path, line) if self.place_of else path,
                line=None if self.place_of else line,
                expected=expected,
                found=repr(found if len(found) <= _SHOWN else f"{found[:_SHOWN]}…"),
                remedy=f"{bad} of {read} rows cannot be read ({reasons}). "
                + self._advice(bad / read),
            )

    def _advice(self, share: float) -> str:
        if any("\x00" in line for line in self._sample):
            return "The file looks like UTF-16: convert it with `iconv -f utf-16 -t utf-8`"
        other = self._other_separator()
        if other:
            return f"The fields seem to be separated by {other}, not by {self._own_separator()}"
        if share < SYSTEMATIC:
            enough = min(1.0, share * 1.1)
            return (
                f"Correct the {self.what}, or allow more with --set clean.max_bad_rows={enough:.2g}"
            )
        if self.remedy:
            return self.remedy
        for low, high in self._ranges.values():
            return f"These values range from {low:g} to {high:g}: another scale?"
        return f"Is this the right {self.what}? Expected columns: {self.columns}"

    def _own_separator(self) -> str:
        return _SEPARATORS.get(self.separator, self.separator)

    def _other_separator(self) -> str | None:
        """Returns the name of another separator that the sampled lines use."""
        wanted = self._sample and not any(self.separator in line for line in self._sample)
        if wanted:
            for separator, name in _SEPARATORS.items():
                counts = {line.count(separator) for line in self._sample}
                if min(counts) > 0 and (len(counts) == 1 or separator == "<SEP>"):
                    return name
        return None
