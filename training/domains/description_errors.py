"""Errors of a ``domain.toml``, explained by key, value and what is expected."""

from __future__ import annotations

import difflib
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError


def explained(error: ValidationError, described: type[BaseModel]) -> str:
    """Returns the first error for people: key, value, what is expected.

    Args:
        error: What was found.
        described: The model of the whole description.
    """
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    value = repr(first["input"])[:80]
    if first["type"] == "missing":
        return f"{key} is missing; see docs/your-own-data.md"
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = _keys_at(described, first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, 1, 0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"{key} = {value}: no such key; {hint}There are {', '.join(known)}"
    message = first["msg"].removeprefix("Value error, ")
    # An error about several keys names them itself.
    is_about_several = first["type"] == "value_error" and isinstance(first["input"], dict)
    return f"{key} = {value}: {message}" if key and not is_about_several else message


def _keys_at(model: Any, place: tuple[int | str, ...]) -> list[str]:
    for part in place:
        if get_origin(model) is dict:
            model = get_args(model)[1]
            continue
        fields = _fields_of(model)
        if part not in fields:
            return []
        annotation = fields[str(part)].annotation
        options = [one for one in get_args(annotation) if one is not type(None)]
        is_optional = type(None) in get_args(annotation)
        model = options[0] if is_optional else annotation
    return list(_fields_of(model))


def _fields_of(model: Any) -> dict[str, Any]:
    named = getattr(model, "model_fields", None) or getattr(model, "__pydantic_fields__", {})
    return dict(named)
