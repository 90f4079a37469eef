"""Writes a ``domain.toml`` with comments, for a person to edit."""

from __future__ import annotations

from dataclasses import dataclass, field

import tomlkit

from training.domains.harper_table import is_table
from training.domains.tabular import Layout

_TEMPLATE = """# What `harperdb-recommender run {name}` learns from and recommends.
# Every key is explained in docs/your-own-data.md; an unknown one is an error.

# The prefix of the routes: /{project}/…
project = {project_text}

[data]
name = {data}
terms = ""                    # licence or source, shown at the foot of the page

[labels]                      # words for people
item = {item_word}
items = {items_word}
person = "user"
people = "users"
liked = "liked"

[interactions]                # who liked what
files = {files}
# A file, a folder of parts, a pattern such as "views/*.jsonl.gz", or a HarperDB table such as
# "harperdb:shop.orders". Relative names start here.
{layout}user = {user}
item = {item}
{strength}
{time}
{items}
[clean]                       # what counts as liking
liked_from = {liked_from:<17g}# least strength that counts as liked; 0: any above 0
liked_above_mean = false      # also require the user's own mean
min_liked_per_user = 2
min_likers_per_item = 1
max_bad_rows = 0.01           # share of unreadable rows above which reading stops

# [link]                      # where pages link each item to
# label = "Shop"
# url = "https://shop.example/{{id}}"

# [picture]                   # where pages find a picture of each item
# url = "https://pictures.example/{{id}}.jpg"

# [events.types.purchase]     # further events of visitors; see docs/events.md
# weight = 3.0
# success = true
"""
_ITEMS = """
[items]                       # what is shown of them
files = {files}
{layout}id = {id}
{fields}
"""


@dataclass(frozen=True)
class Group:
    """A field that makes items similar: name, column, and what is between two values, if any is."""

    name: str
    column: str
    separator: str


@dataclass(frozen=True)
class ItemsText:
    """The section ``[items]``: files, layout, the column of the id, and columns by key."""

    files: str
    layout: Layout
    id: str
    columns: dict[str, str] = field(default_factory=dict)
    group: Group | None = None


@dataclass(frozen=True)
class DescriptionText:
    """What is written."""

    name: str
    project: str
    files: str
    layout: Layout
    user: str
    item: str
    strength: str
    time: str
    liked_from: float
    items: ItemsText | None = None

    def toml(self) -> str:
        """Returns the file's text."""
        strength = (
            f"strength = {_text(self.strength)}"
            if self.strength
            else (
                '# strength = "…"             # a column with numbers; without one, presence counts'
            )
        )
        time = (
            f"time = {_text(self.time)}"
            if self.time
            else '# time = "…"                 # a column with times: evaluate also splits by time'
        )
        word = self.name.replace("-", " ")
        return _TEMPLATE.format(
            name=self.name,
            project=self.project,
            project_text=_text(self.project),
            data=_text(word.capitalize()),
            item_word=_text(word.removesuffix("s") or word),
            items_word=_text(word),
            files=_text(self.files),
            layout=_layout(self.files, self.layout),
            user=_text(self.user),
            item=_text(self.item),
            strength=strength,
            time=time,
            items=_items(self.items) if self.items else "",
            liked_from=self.liked_from,
        )


def _items(items: ItemsText) -> str:
    lines = [f"{key} = {_text(column)}" for key, column in items.columns.items()]
    lines += [f'# {key} = "…"' for key in ("title", "creator", "year") if key not in items.columns]
    group = items.group or Group("genre", "…", "|")
    mark, several = ("" if items.group else "# "), ("" if items.group and group.separator else "# ")
    name, column, separator = group.name, _text(group.column), _text(group.separator or "|")
    lines += [
        "# Further fields by their columns, those with several values and what is between two, and",
        "# those whose values make items similar.",
        f"{mark}fields = {{ {name} = {column} }}",
        f"{several}lists = {{ {name} = {separator} }}",
        f"{mark}groups = [{_text(name)}]",
    ]
    return _ITEMS.format(
        files=_text(items.files),
        layout=_layout(items.files, items.layout),
        id=_text(items.id),
        fields="\n".join(lines),
    )


def _layout(files: str, layout: Layout) -> str:
    if is_table(files):
        return ""
    lines = f"format = {_text(layout.format)}\n"
    if layout.format == "csv":
        lines += f"separator = {_text(layout.separator)}\nquote = {_text(layout.quote)}\n"
        lines += f"header = {str(layout.header).lower()}\n"
    return lines


def _text(value: str) -> str:
    return str(tomlkit.item(value).as_string())
