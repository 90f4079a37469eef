"""Starts the command line: ``harperdb-recommender``, or ``python -m training``."""

import os
import signal
import sys

STOPPED = 130
"""Exit code after Ctrl-C."""
REMEDY = "Run `make setup`, then `.venv/bin/harperdb-recommender`"


def _stop_at_once(signal_number: int, frame: object) -> None:
    os.write(sys.stderr.fileno(), b"stopped; finished stages are kept\n")
    os._exit(STOPPED)


def main() -> None:
    """Runs the command line."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        # An import that is interrupted can raise any error; nothing needs to be cleaned up yet.
        signal.signal(signal.SIGINT, _stop_at_once)
    try:
        from training.cli.app import main as run
    except ModuleNotFoundError as error:
        if f"{error.name}".startswith("training"):
            raise
        sys.exit(f"error: {error.name} is not installed for {sys.executable}. {REMEDY}")
    finally:
        signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
