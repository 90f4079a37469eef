"""Features of an item besides who likes it: creator, title words, year, other fields of the source.

A new item has nothing else, so its recommendations come from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.data.text import normalise
from training.domains.domain import TITLE, Domain
from training.domains.lists import split

RARE, COMMON = 2, 0.01
"""Least number of titles with a title word, and largest share of them (50 are always allowed)."""


@dataclass(frozen=True)
class ItemFeatures:
    """The features of items, by index.

    Attributes:
        groups: [items, values] 0/1 by field: one value per item, of a list several; none where
            unknown.
        title: [items, words] float32; the product of two rows is the similarity of their titles.
        years: [items] float64, NaN where unknown.
        names: By field, and for the title under `TITLE`: [values] text, what the columns stand for.
    """

    groups: dict[str, sp.csr_matrix]
    title: sp.csr_matrix
    years: np.ndarray
    names: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def describe(self) -> bool:
        """Whether anything is known of any item besides who likes it."""
        known = [*self.groups.values(), self.title]
        return any(table.nnz for table in known) or bool(np.isfinite(self.years).any())

    def bags(self, most: int = 12) -> tuple[np.ndarray, int]:
        """Returns each item's features as tokens for a tower.

        Args:
            most: Most tokens kept per item, the rarest first: they are the most informative.

        Returns:
            [items, most] int32, 0 where there is none; and the number of tokens, 0 included.
        """
        parts = [*self.groups.values(), self.title, *(table for table, _ in self._decades())]
        table = sp.hstack(parts, format="csr")
        holders = np.bincount(table.indices, minlength=table.shape[1])
        row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
        shared = holders[table.indices] >= RARE  # a value of a single item is uninformative
        row, column = row[shared], table.indices[shared]
        order = np.lexsort((column, holders[column], row))
        row, column = row[order], column[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        kept = place < most
        bags = np.zeros((table.shape[0], most), np.int32)
        bags[row[kept], place[kept]] = column[kept] + 1
        return bags, table.shape[1] + 1

    def token_names(self) -> np.ndarray:
        """Returns [tokens] text, what each token of `bags` stands for; token 0 is "".

        A token's number depends on the order of the items; its name does not.
        """
        named = [(name, self.names[name]) for name in (*self.groups, TITLE)]
        named += [("decade", names) for _, names in self._decades()]
        return np.array(["", *(f"{kind}\t{name}" for kind, names in named for name in names)])

    def _decades(self) -> list[tuple[sp.csr_matrix, np.ndarray]]:
        """Returns [items, decades] 0/1 and the decades' names; nothing if no item has a year.

        Few items share a year; a decade separates old from new.
        """
        if not np.isfinite(self.years).any():
            return []
        return [_one_hot(pd.Series(self.years // 10).map(str).replace("nan", ""))]


def creators_of(domain: Domain, items: pd.DataFrame) -> pd.Series:
    """Returns [items] the normalised creator; "" where unknown, and if the domain has none."""
    if not domain.creator:
        return pd.Series("", index=items.index, dtype=object)
    return items[domain.creator].map(normalise)


def features_of(domain: Domain, items: pd.DataFrame) -> ItemFeatures:
    """Reads the features of items.

    Args:
        domain: Its fields say which are features.
        items: [items] rows with the domain's fields, text, "" where unknown.
    """
    years = np.full(len(items), np.nan)
    if domain.year:
        numbers = pd.to_numeric(items[domain.year], errors="coerce").to_numpy(np.float64)
        years = np.where((numbers > 1000) & (numbers < 2100), numbers, np.nan)
    found = {
        name: _many_hot(items[name])
        if name in domain.lists
        else _one_hot(items[name].map(normalise))
        for name in domain.groups
    }
    title, words = _title_words(items[TITLE])
    names = {name: values for name, (_, values) in found.items()} | {TITLE: words}
    return ItemFeatures({name: table for name, (table, _) in found.items()}, title, years, names)


def _many_hot(lists: pd.Series) -> tuple[sp.csr_matrix, np.ndarray]:
    """Returns [items, values] 0/1 of lists of values, and the values."""
    values = lists.map(lambda text: sorted({normalise(one) for one in split(text)} - {""}))
    row = np.repeat(np.arange(len(values)), values.map(len).to_numpy(int))
    table, names = _one_hot(pd.Series([one for some in values for one in some], dtype=object))
    cells = (table.data, (row, table.indices))
    return sp.csr_matrix(cells, shape=(len(lists), len(names))), names


def _one_hot(values: pd.Series) -> tuple[sp.csr_matrix, np.ndarray]:
    """Returns [items, values] 0/1, and the values; one column "" if no item has a value."""
    codes, names = pd.factorize(values.where(values != ""), use_na_sentinel=True)
    known = np.flatnonzero(codes >= 0)
    cells = (np.ones(len(known), np.float32), (known, codes[known]))
    names = np.asarray(names if len(names) else [""], dtype=object)
    return sp.csr_matrix(cells, shape=(len(values), len(names))), names


def _title_words(titles: pd.Series) -> tuple[sp.csr_matrix, np.ndarray]:
    """Returns idf-weighted words, divided by (length + 3), and the words.

    By the division short titles are similar to none.
    """
    bags = [sorted(set(normalise(title).split())) for title in titles]
    row = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    codes, names = pd.factorize(np.array([word for bag in bags for word in bag], dtype=object))
    holders = np.bincount(codes, minlength=len(names))
    useful = (holders >= RARE) & (holders <= COMMON * len(bags) + 50)
    weight = np.where(useful, np.log(len(bags) / np.maximum(holders, 1)), 0).astype(np.float32)
    names = names if len(names) else np.array([""], dtype=object)
    table = sp.csr_matrix((weight[codes], (row, codes)), shape=(len(bags), len(names)))
    table.eliminate_zeros()
    length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return (sp.diags((1 / (length + 3)).astype(np.float32)) @ table).tocsr(), names
