"""A real HTTP server of files that can interrupt, redirect and refuse."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves `files`; a test sets its misbehaviour and reads its requests from `received`.

    Attributes:
        files: Path -> body.
        breaks: Bytes of the body after which the next answers are interrupted, one per answer.
        statuses: Statuses of the next answers, before any file is sent.
        redirects: Path -> address.
        tags: Whether an ETag is sent; `weak` makes it a weak one.
        ranges: Whether byte ranges are answered with 206.
        honours_if_range: Whether If-Range is compared with the file's tag.
        content_type: Of each body.
        received: (path, headers) of each request.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.redirects: dict[str, str] = {}
        self.tags = self.ranges = self.honours_if_range = True
        self.weak = False
        self.content_type = "application/octet-stream"
        self.received: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client may close the connection early; that is not an error of the server."""

    def ranges_asked(self) -> list[str | None]:
        return [headers.get("Range") for _, headers in self.received]


class Handler(BaseHTTPRequestHandler):
    server: FileServer

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.received.append((self.path, dict(self.headers)))
        path = self.path.partition("?")[0]
        if self.server.statuses:
            self.answer(self.server.statuses.pop(0), b"not now")
        elif path in self.server.redirects:
            self.answer(302, b"", Location=self.server.redirects[path])
        elif path not in self.server.files:
            self.answer(404, b"no such file")
        else:
            self.answer_file(self.server.files[path])

    def answer_file(self, body: bytes) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"Content-Type": self.server.content_type}
        if self.server.tags:
            headers["ETag"] = f"W/{tag}" if self.server.weak else tag
        start = self.start(tag)
        if start is None:
            self.answer(200, body, **headers)
        elif start >= len(body):
            self.answer(416, b"", **{"Content-Range": f"bytes */{len(body)}"})
        else:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self.answer(206, body[start:], **headers)

    def start(self, tag: str) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if match is None or not self.server.ranges:
            return None
        wanted = self.headers.get("If-Range")
        if self.server.honours_if_range and wanted is not None and wanted != tag:
            return None
        return int(match[1])

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status in (200, 206) and self.server.breaks:
            body = body[: self.server.breaks.pop(0)]
        self.wfile.write(body)


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Runs a server on a free port inside the block."""
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
