"""The errors that a client raises.

ClientError
├── ApiError      the server answered with an error
└── Unreachable   no answer: no connection, a timeout, or a gateway without a node behind it
"""

from __future__ import annotations


class ClientError(Exception):
    """Any error of a request."""


class ApiError(ClientError):
    """The server answered with an error.

    Attributes:
        status: HTTP status, 400..599; of an answer that is not JSON, any.
        code: A stable word for programs, such as ``unknown_item``; see docs/api.md.
        message: A sentence for people; names the field and what was expected.
        retry_after: Seconds after which the server suggests another try.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


class Unreachable(ClientError):
    """There was no answer; the server may have done the work."""
