"""The command line: all commands, and how errors end.

Exit codes: 0; 1 for an error that is explained in one line; 2 for wrong usage; 130 after Ctrl-C. A
traceback indicates a bug.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from typing import Annotated

import typer

import training
from training.cli import (
    events,
    experiment,
    harper,
    loop,
    new,
    pull,
    recommend,
    remove,
    settings,
    stages,
)
from training.cli.console import err, out, printable
from training.errors import RecommenderError

HELP = """Train recommenders and serve them with HarperDB.

Start with `harperdb-recommender run songs`: it trains on demonstration data and deploys.

Exit codes: 0; 1 for an error, explained in one line; 2 for wrong usage; 3 if a node is down or has
an older model; 130 after Ctrl-C.
"""
ENVIRONMENT = """Environment variables:

\b
  HARPER_URL           operations API, such as https://node-1.example:9925
  HARPER_ROUTES_URL    custom functions; default: the same host, port 9926
  HARPER_USERNAME      user of the operations API
  HARPER_PASSWORD      its password
  HARPER_SOURCE_USERNAME, HARPER_SOURCE_PASSWORD
                       another login for reading HarperDB tables
  HARPER_NODES         hosts of the other nodes, between commas
  HARPER_CA            file of the authority that signed the nodes' certificates
  HARPER_PLAIN_HTTP    yes: send the password unencrypted to another machine
  RECOMMENDER_DATASETS folder of the descriptions that `new` writes; default: datasets
  TF_CONFIG            workers that train together, see docs/many-machines.md
  HARPER_PROGRAM       program that `harper up` starts instead of npm's harperdb

Without HARPER_URL the commands use the local HarperDB (`make harper-up`).
"""
REFUSED = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EROFS: "use another folder with --artifacts DIR",
    errno.EACCES: "use another folder, or another user",
    errno.EPERM: "use another folder, or another user",
}
"""Errors of the operating system that are no bug of ours, and their remedies."""
STOPPED = 130

app = typer.Typer(
    help=HELP,
    epilog=ENVIRONMENT,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
new.mount(app)
pull.mount(app)
stages.mount(app)
recommend.mount(app)
harper.mount(app)
remove.mount(app)
events.mount(app)
experiment.mount(app)
loop.mount(app)
settings.mount(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"harperdb-recommender {training.__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
]


@app.callback()
def _options(
    version: Version = False,
) -> None:
    pass


def main() -> None:
    """Runs the command line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app(prog_name="harperdb-recommender")
    except RecommenderError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        path = f"{error.filename}: " if error.filename else ""
        _fail(f"{path}{os.strerror(error.errno)}: {REFUSED[error.errno]}. Finished stages are kept")
    except KeyboardInterrupt:
        err.print("stopped; finished stages are kept")
        sys.exit(STOPPED)
    except SystemExit as ended:
        if ended.code == STOPPED:
            err.print("stopped; finished stages are kept")
        raise


def _fail(message: str) -> None:
    err.print(printable(f"error: {message}"), style="red")
    sys.exit(1)
