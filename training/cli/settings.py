"""The command ``config list``: every setting with its default, range and meaning."""

from __future__ import annotations

from typing import Annotated

import typer

from training.cli.console import domain_of, out
from training.config import Config
from training.domains import DOMAINS
from training.errors import ConfigError
from training.pipeline.reference import Setting, settings_reference
from training.pipeline.settings import initial

config = typer.Typer(no_args_is_help=True, help="The settings that --set changes.")
Section = Annotated[str | None, typer.Option(help="Only this section, such as clean.")]
OfDomain = Annotated[
    str | None,
    typer.Argument(help=f"With the defaults of {' or '.join(DOMAINS)}.", metavar="[DOMAIN]"),
]


def mount(app: typer.Typer) -> None:
    """Adds the command to a command line."""
    app.add_typer(config, name="config")


@config.command("list")
def list_settings(domain: OfDomain = None, section: Section = None) -> None:
    """List every setting as section.setting=default, with its range, meaning and stages.

    Example: harperdb-recommender config list books --section clean
    """
    config = initial(domain_of(domain)) if domain else Config()
    settings = list(settings_reference(config))
    sections = dict.fromkeys(setting.name.partition(".")[0] for setting in settings)
    if section is not None and section not in sections:
        raise ConfigError(f"--section {section!r}: there are {', '.join(sections)}")
    for setting in settings:
        if section in (None, setting.name.partition(".")[0]):
            out.print(_line(setting))


def _line(setting: Setting) -> str:
    default = str(setting.default)
    if isinstance(setting.default, bool):
        default = default.lower()
    values = f"{setting.type}, {setting.range}" if setting.range else setting.type
    stages = f" Used by {', '.join(setting.stages)}." if setting.stages else ""
    return f"{f'{setting.name}={default}':32} {setting.description} ({values}){stages}"
