"""Only one command at a time writes a domain's artifacts.

The lock is the operating system's (``flock``), on a file that is never deleted: it ends with the
process that holds it, however that process ends. The file names the holder.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from training.errors import ConfigError, RecommenderError

FILE = ".lock"


@contextlib.contextmanager
def exclusive(folder: Path, command: str) -> Iterator[None]:
    """Holds the lock of a folder.

    Args:
        folder: The folder; it is created if it is missing.
        command: The command that takes the lock, for the message to others.

    Raises:
        RecommenderError: another process holds it.
        ConfigError: the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be created: {error.strerror}. "
            "Name another folder with --artifacts DIR"
        ) from error
    path = folder / FILE
    # Appending: the holder's note must survive an attempt that fails.
    with path.open("ab", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RecommenderError(
                f"{folder} is in use by {_holder(path)}. Wait until it has finished, "
                "or write elsewhere with --artifacts DIR"
            ) from error
        since = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        note = {"pid": os.getpid(), "since": since, "command": command}
        with contextlib.suppress(OSError):  # on a full disk the lock holds without its note
            file.truncate(0)
            file.write(json.dumps(note).encode())
        yield


def _holder(path: Path) -> str:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return f"process {note['pid']} since {note['since']}: `{note['command']}`"
    except (OSError, ValueError, KeyError, TypeError):  # the holder is just writing the note
        return "another process"
