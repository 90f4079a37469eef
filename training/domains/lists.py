"""Fields that hold a list of values, such as genres: reading them, and splitting them again."""

from __future__ import annotations

import json

import pandas as pd

JSON = "json"
"""In place of a separator: the field holds a JSON list."""
BETWEEN = ", "
"""Between two values of a field that was read. A comma within a value separates too."""


def joined(values: pd.Series, separator: str) -> pd.Series:
    """Returns [items] text: each value once, in the order of the source, joined by `BETWEEN`.

    Args:
        values: [items] text as the source has it, "" where unknown.
        separator: Between two values, or `JSON`. What is no JSON list is taken as one value.
    """
    texts = {text: BETWEEN.join(_parts(text, separator)) for text in values.unique()}
    return values.map(texts)


def split(text: str) -> list[str]:
    """Returns the values of a field that `joined` made."""
    return [part for part in (one.strip() for one in text.split(",")) if part]


def _parts(text: str, separator: str) -> list[str]:
    parts = _json_parts(text) if separator == JSON else text.split(separator)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _json_parts(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return [text]
    return [str(one) for one in found if one is not None] if isinstance(found, list) else [text]
