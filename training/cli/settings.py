"""The command ``config list``: every setting with its default and meaning."""

from __future__ import annotations

import ast
import inspect
from typing import Annotated

import typer

from training import config as definitions
from training.cli.console import domain_of, out
from training.domains import DOMAINS
from training.errors import ConfigError
from training.pipeline.settings import initial

config = typer.Typer(no_args_is_help=True, help="The settings that --set changes.")
FIRST = next(iter(DOMAINS))
Section = Annotated[str | None, typer.Option(help="Only this section, such as clean.")]
OfDomain = Annotated[str, typer.Argument(help=" or ".join(DOMAINS), metavar="[DOMAIN]")]


def mount(app: typer.Typer) -> None:
    """Adds the command to a command line."""
    app.add_typer(config, name="config")


@config.command("list")
def list_settings(domain: OfDomain = FIRST, section: Section = None) -> None:
    """List every setting as section.setting=default, with its meaning.

    Example: harperdb-recommender config list books --section clean
    """
    sections = initial(domain_of(domain)).as_dict()
    if section is not None and section not in sections:
        raise ConfigError(f"--section {section!r}: there are {', '.join(sections)}")
    meanings = _meanings()
    for name, values in sections.items():
        if section in (None, name):
            for key, value in values.items():
                shown = str(value).lower() if isinstance(value, bool) else value
                setting = f"{name}.{key}={shown}"
                out.print(f"{setting:32} {meanings.get((name, key), '')}".rstrip())


def _meanings() -> dict[tuple[str, str], str]:
    """Returns the text below each field's definition by (section, field)."""
    found = {}
    for node in ast.parse(inspect.getsource(definitions)).body:
        if isinstance(node, ast.ClassDef) and node.name.endswith("Config"):
            section = node.name.removesuffix("Config").lower()
            for field, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    meaning = _text(text)
                    if meaning:
                        found[section, field.target.id] = meaning
    return found


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""
