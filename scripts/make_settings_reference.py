"""Writes docs/settings.md, the reference of all settings.

python -m scripts.make_settings_reference
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd

from training.config import Config
from training.pipeline.reference import Setting, settings_reference

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """# Settings

Made by `make settings-reference` from `training/config.py`; change it there.

A setting is changed with `--set section.field=value`, which may be repeated. A stage saves the
settings that it used beside its result, and the next stage continues with them. A changed setting
reruns the first stage that uses it and those after it. A domain may have its own defaults in the
sections `clean` and `events`: `harperdb-recommender config list books` shows them.

`deploy` uses the section `events` and continues with the settings of `evaluate`, too. Where the
domain records less than these (`enabled` is false, `consent` is `ask`), the domain decides; `deploy
--set` overrides both. Give `loop` the same settings, because it deploys as well.

Experiments use the section `experiment`, from `experiment start` or from `loop --experiment`; each
keeps the settings that it began with. No stage is rerun for one.
"""


def page() -> str:
    """Returns the reference as Markdown."""
    parts = [HEAD]
    for section, settings in itertools.groupby(
        settings_reference(), lambda setting: setting.name.partition(".")[0]
    ):
        about = str(getattr(Config(), section).__doc__)
        parts += [f"## {section}\n", f"{about}\n", _table(list(settings)) + "\n"]
    return "\n".join(parts)


def _table(settings: list[Setting]) -> str:
    rows = [
        {
            "setting": f"`{one.name}`",
            "type": one.type,
            "default": f"`{_written(one.default)}`",
            "range": one.range,
            "meaning": one.description,
            "used by": ", ".join(one.stages),
        }
        for one in settings
    ]
    return str(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True))


def _written(default: bool | int | float | str) -> str:
    """Returns a default as it is written on the command line."""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:.10g}" if isinstance(default, float) else str(default)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written to {PAGE}")
