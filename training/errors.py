"""Every error we raise.

    RecommenderError            printed in one line by the command line, which exits 1
    ├─ ConfigError              an option, a setting or an environment variable
    ├─ DataError                a file, with its path, line, what was expected and what was found
    ├─ ClusterError             the Dask cluster that runs heavy work
    ├─ ExportError              the bundle disagrees with the model, or is incomplete
    └─ HarperError              the operations API; carries the operation's name, never a password
       ├─ HarperUnavailable     no answer: try again
       └─ HarperRefused         HarperDB's own status and message: do not try again

Anything else that escapes is our own bug and keeps its traceback.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any


class RecommenderError(Exception):
    """Base of all errors that a user can fix; names the place, the value and the remedy."""


class ConfigError(RecommenderError):
    """An option, a setting or an environment variable is unknown, missing or out of range."""


class DataError(RecommenderError):
    """A data file is missing, empty, corrupt or not what was expected.

    Args:
        path: The file or folder.
        line: 1-based line number, where there is one.
        expected: What should have been there.
        found: What was there instead.
        remedy: What the user can do about it.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        expected: str,
        found: str | None = None,
        line: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.path, self.line, self.expected, self.found = path, line, expected, found
        self.remedy = remedy
        place = f"{path}, line {line}" if line is not None else f"{path}"
        text = f"{place}: expected {expected}"
        if found is not None:
            text += f", found {found}"
        if remedy is not None:
            text += f". {remedy}"
        super().__init__(text)

    def __reduce__(self) -> tuple[Any, ...]:
        """Returns how it is made again: workers of a cluster raise it elsewhere."""
        again = partial(type(self), self.path, expected=self.expected, found=self.found)
        return partial(again, line=self.line, remedy=self.remedy), ()


class ClusterError(RecommenderError):
    """The Dask cluster cannot be reached, or lost its workers, or they run other code."""


class ExportError(RecommenderError):
    """The bundle disagrees with the model it was made from, or is incomplete."""


class HarperError(RecommenderError):
    """HarperDB's operations API or a deployed route failed.

    Args:
        operation: Name of the operation or the route, e.g. ``deploy_component``.
        message: What happened, in HarperDB's words where it gave any.
        status: HTTP status, where there was an answer.
    """

    def __init__(self, operation: str, message: str, *, status: int | None = None) -> None:
        self.operation, self.message, self.status = operation, message, status
        answer = f" ({status})" if status is not None else ""
        super().__init__(f"{operation}{answer}: {message}")


class HarperUnavailable(HarperError):
    """No answer, or one that says "not now" (502, 503, 504): try again."""


class HarperRefused(HarperError):
    """HarperDB understood and said no: wrong password, no permission, malformed operation."""
