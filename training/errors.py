"""Every error we raise.

    RecommenderError            told in one line by the command line, which exits 1
    ├─ ConfigError              an option, a setting or an environment variable
    ├─ DataError                a file, with its path, line, what was expected and what was found
    ├─ ExportError              the bundle disagrees with the model, or is not whole
    └─ HarperError              the operations API; carries the operation's name, never a password
       ├─ HarperUnavailable     no answer: worth another try
       └─ HarperRefused         HarperDB's own status and message: not worth one

Anything else that escapes is our own bug and keeps its traceback.
"""

from __future__ import annotations

from pathlib import Path


class RecommenderError(Exception):
    """Base of all errors that a user can mend; names the place, the value and the remedy."""


class ConfigError(RecommenderError):
    """An option, a setting or an environment variable is unknown, missing or out of range."""


class DataError(RecommenderError):
    """A data file is missing, empty, torn or not what was looked for.

    Args:
        path: The file or folder.
        line: 1-based line number, where there is one.
        expected: What should have stood there.
        found: What stood there instead.
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
        place = f"{path}, line {line}" if line is not None else f"{path}"
        text = f"{place}: expected {expected}"
        if found is not None:
            text += f", found {found}"
        if remedy is not None:
            text += f". {remedy}"
        super().__init__(text)


class ExportError(RecommenderError):
    """The bundle disagrees with the model it was made from, or is not whole."""


class HarperError(RecommenderError):
    """HarperDB's operations API or a deployed route did not do what was asked.

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
    """No answer, or one that says "not now" (502, 503, 504): worth another try."""


class HarperRefused(HarperError):
    """HarperDB understood and said no: wrong password, no permission, malformed operation."""
