"""Raw tables → cleaned, merged, indexed by popularity and split.

*id* is the outside world's text name; *index* is our dense integer. Items are indexed by
popularity among the train users, so index 0 is the most liked item.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from training.config import CleanConfig, SplitConfig
from training.data.dataset import EDITIONS, PARTS, Counts, Dataset, by_user
from training.data.text import normalise
from training.data.visitors import with_visitors
from training.domains.domain import (
    ITEM,
    ITEM_ID,
    LIKED,
    POPULARITY,
    STRENGTH,
    TIME,
    TITLE,
    USER,
    USER_ID,
    Domain,
    Table,
)
from training.errors import DataError


def build(
    domain: Domain,
    raw: Path,
    clean: CleanConfig,
    split: SplitConfig,
    *,
    visitors: Table | None = None,
) -> tuple[Dataset, Counts]:
    """Reads, cleans, indexes and splits.

    Args:
        domain: What the folder is about.
        raw: Folder with the domain's sources.
        clean: What counts as liking.
        split: Which users are held out.
        visitors: Likes of visitors, which count as likes whatever `clean` says.

    Returns:
        The data set, and the counts of rows read, dropped and kept.

    Raises:
        DataError: a source is missing or corrupt, titles are missing, or too little is left.
    """
    counts = Counts()
    plays, catalogue = (
        read(raw, clean.max_bad_rows) for read in (domain.read_interactions, domain.read_items)
    )
    counts.add_table("interactions", plays)
    counts.add_table(domain.labels.items, catalogue)
    interactions = plays.rows
    if visitors is not None:
        interactions = with_visitors(
            interactions, visitors, catalogue.rows, clean, domain.events, counts
        )
    items = _known_items(interactions, catalogue.rows, clean, counts, raw)
    work_of, items = _merge_editions(items, interactions, domain.same_work, counts)
    rows = _one_row_a_pair(interactions, work_of, clean.liked_from, counts)
    rows[LIKED] = _likes(rows, clean)
    counts.add("pairs not liked", (~rows[LIKED]).sum())
    kept_users, kept_items = _enough(rows, items.index, clean, counts, raw)
    dataset = _indexed(rows, items, kept_users, kept_items, split, growing=visitors is not None)
    if len(set(dataset.parts)) < len(PARTS):
        raise DataError(
            raw,
            expected=f"enough users with {split.min_liked} liked items to hold some of them out",
            found=f"too few among {len(dataset.parts)} users",
            remedy="Lower split.min_liked, or raise split.validation_share and split.test_share.",
        )
    counts.add("pairs liked and kept", dataset.interactions[LIKED].sum())
    counts.add(domain.labels.people, len(dataset.parts))
    counts.add(domain.labels.items, len(dataset.items))
    return dataset, counts


def _known_items(
    rows: pd.DataFrame, catalogue: pd.DataFrame, clean: CleanConfig, counts: Counts, raw: Path
) -> pd.DataFrame:
    """Returns the catalogue by id; an item without a title is kept, and shows its id.

    Raises:
        DataError: more items than `clean.max_untitled` allows have no title.
    """
    catalogue = catalogue.set_index(ITEM_ID)
    seen = pd.Index(rows[ITEM_ID].unique().astype(str))
    counts.add("without a title", _untitled(seen, catalogue, clean, raw))
    if clean.min_likers_per_item > 0:
        catalogue = catalogue.loc[catalogue.index.intersection(seen)]
    unknown = pd.DataFrame(index=seen.difference(catalogue.index), columns=catalogue.columns)
    return pd.concat([catalogue, unknown]).fillna("")


def _untitled(seen: pd.Index, catalogue: pd.DataFrame, clean: CleanConfig, raw: Path) -> int:
    """Returns how many of the items in the interactions have no title.

    Raises:
        DataError: more than `clean.max_untitled` allows.
    """
    untitled = seen.difference(catalogue.index[catalogue[TITLE] != ""])
    # A domain without titles shows ids; one with titles of other items has the wrong file.
    if len(catalogue) and len(untitled) > clean.max_untitled * len(seen):
        raise DataError(
            raw,
            expected=f"titles of at least {1 - clean.max_untitled:.0%} of the {len(seen):,} items",
            found=f"none for {len(untitled):,} of them, such as {untitled[0]!r}",
            remedy=f"Ids with a title look like {catalogue.index[0]!r}: do both files use the same "
            "ids? To show ids in place of titles: --set clean.max_untitled=1",
        )
    return len(untitled)


def _merge_editions(
    items: pd.DataFrame, rows: pd.DataFrame, same_work: tuple[str, ...], counts: Counts
) -> tuple[pd.Series, pd.DataFrame]:
    """Returns each id's work (an id), and the items with one row per work.

    The edition with the most interactions represents its work; of equal ones the smallest id does.
    """
    own = pd.Series(items.index, index=items.index)
    seen = rows[ITEM_ID].value_counts().reindex(items.index).fillna(0)
    key = own
    if same_work:
        words = [items[name].map(normalise) for name in same_work]
        named = np.logical_and.reduce([w != "" for w in words])
        joined = ["\n".join(values) for values in zip(*words, strict=True)]
        key = pd.Series(joined, index=items.index).where(named, own)
    order = pd.DataFrame({"key": key, "seen": -seen, "id": own}).sort_values(["seen", "id"])
    work_of = order.groupby("key")["id"].transform("first").reindex(items.index)
    others = own[work_of != own].groupby(work_of).agg(lambda ids: sorted(ids))
    works = items[work_of == own].copy()
    works[EDITIONS] = [others.get(id_, []) for id_ in works.index]
    if same_work:
        counts.add("editions merged into their works", len(items) - len(works))
    return work_of, works


def _one_row_a_pair(
    rows: pd.DataFrame, work_of: pd.Series, liked_from: float, counts: Counts
) -> pd.DataFrame:
    """Returns interactions of works, each (user, work) once, with the greatest strength.

    Its time, if there are times, is the first at which it was liked, or else seen.
    """
    rows = rows.astype({USER_ID: "category", ITEM_ID: "category"})
    codes = pd.Index(work_of.index).get_indexer(rows[ITEM_ID].cat.categories.astype(str))
    work = pd.Categorical.from_codes(
        pd.factorize(work_of)[0][codes][rows[ITEM_ID].cat.codes], pd.factorize(work_of)[1]
    )
    rows = rows.assign(**{ITEM_ID: work})
    if TIME in rows:
        rows = _with_first_times(rows, liked_from)
    some = rows[_repeated(rows)].sort_values(STRENGTH, ascending=False, kind="stable")
    weaker = some.index[some.duplicated([USER_ID, ITEM_ID])]
    counts.add("repeated pairs", len(weaker))
    return rows.drop(weaker) if len(weaker) else rows


def _repeated(rows: pd.DataFrame) -> np.ndarray:
    """Returns [rows] bool, whether a pair occurs more than once: in most data few do."""
    user, item = (rows[name].cat.codes.to_numpy(np.int64) for name in (USER_ID, ITEM_ID))
    key = user << 32 | item
    ordered = np.sort(key)
    return np.isin(key, np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))


def _with_first_times(rows: pd.DataFrame, liked_from: float) -> pd.DataFrame:
    pair = [rows[USER_ID], rows[ITEM_ID]]
    as_liked = rows[TIME].where((rows[STRENGTH] >= liked_from) & (rows[STRENGTH] > 0))
    first = [
        times.groupby(pair, observed=True).transform("min") for times in (as_liked, rows[TIME])
    ]
    return rows.assign(**{TIME: first[0].fillna(first[1])})


def _likes(rows: pd.DataFrame, clean: CleanConfig) -> pd.Series:
    liked = (rows[STRENGTH] >= clean.liked_from) & (rows[STRENGTH] > 0)
    if clean.liked_above_mean:
        given = rows[STRENGTH].where(rows[STRENGTH] > 0)
        liked &= rows[STRENGTH] >= given.groupby(rows[USER_ID], observed=True).transform("mean")
    return liked


def _enough(
    rows: pd.DataFrame, items: pd.Index, clean: CleanConfig, counts: Counts, raw: Path
) -> tuple[pd.Index, pd.Index]:
    """Returns the users and items with enough likes, counted among those that are kept."""
    likes = rows[rows[LIKED]]
    while True:
        by_user = likes[USER_ID].value_counts()
        by_item = likes[ITEM_ID].value_counts()
        few_users = by_user.index[(by_user < clean.min_liked_per_user) & (by_user > 0)]
        few_items = by_item.index[(by_item < clean.min_likers_per_item) & (by_item > 0)]
        if not len(few_users) and not len(few_items):
            break
        likes = likes[~likes[USER_ID].isin(few_users) & ~likes[ITEM_ID].isin(few_items)]
    users = pd.Index(by_user.index[by_user > 0])
    kept = items
    if clean.min_likers_per_item > 1:
        kept = pd.Index(by_item.index[by_item > 0])
    elif clean.min_likers_per_item == 1:
        # What only people with too few likes like has a creator and a title to go by.
        kept = pd.Index(rows.loc[rows[LIKED], ITEM_ID].unique())
    counts.add("users dropped: too few liked", rows[USER_ID].nunique() - len(users))
    counts.add("items dropped: too few likers", len(items) - len(kept))
    if len(users) < 20 or len(kept) < 20:
        raise DataError(
            raw,
            expected="at least 20 users and 20 items after cleaning",
            found=f"{len(users)} users and {len(kept)} items",
            remedy="Lower clean.liked_from, clean.min_liked_per_user or clean.min_likers_per_item.",
        )
    return users, kept


def _indexed(
    rows: pd.DataFrame,
    items: pd.DataFrame,
    users: pd.Index,
    kept: pd.Index,
    split: SplitConfig,
    *,
    growing: bool,
) -> Dataset:
    users = pd.Index(sorted(users))
    ids = users.astype(str).to_numpy(object)
    user_of = users.get_indexer(rows[USER_ID].cat.categories)[rows[USER_ID].cat.codes]
    found = (user_of >= 0) & rows[ITEM_ID].isin(kept).to_numpy()
    # Every copy of all rows takes gigabytes of a large source, and of a small one no time.
    if not found.all():
        rows, user_of = rows[found], user_of[found]
    liked = rows[LIKED].to_numpy(bool)
    liked_count = np.bincount(user_of[liked], minlength=len(users))
    parts = _stable_split(liked_count, ids, split) if growing else _split(liked_count, split)
    likers = rows[ITEM_ID][liked & (parts[user_of] == 0)].value_counts()
    likers.index = likers.index.astype(str)
    items = items.loc[kept.astype(str)].copy()
    items[POPULARITY] = likers.reindex(items.index).fillna(0).astype("int32")
    items.index.name = ITEM_ID
    items = items.reset_index().sort_values([POPULARITY, ITEM_ID], ascending=[False, True])
    items = items.reset_index(drop=True)
    place = pd.Index(items[ITEM_ID]).get_indexer(rows[ITEM_ID].cat.categories.astype(str))
    interactions = pd.DataFrame(
        {
            USER: user_of.astype("int32"),
            ITEM: place[rows[ITEM_ID].cat.codes].astype("int32"),
            STRENGTH: rows[STRENGTH].to_numpy("float32"),
            LIKED: liked,
        }
        | ({TIME: rows[TIME].to_numpy("float64")} if TIME in rows else {})
    )
    return Dataset(items, by_user(interactions), parts, pd.util.hash_array(ids, categorize=False))


def _split(liked_count: np.ndarray, split: SplitConfig) -> np.ndarray:
    """Returns [users] int8, places in `PARTS`; whole users, drawn among those with enough likes."""
    parts = np.zeros(len(liked_count), dtype=np.int8)
    eligible = np.flatnonzero(liked_count >= split.min_liked)
    drawn = np.random.default_rng(split.seed).permutation(eligible)
    validation = round(len(drawn) * split.validation_share)
    test = round(len(drawn) * split.test_share)
    parts[drawn[:validation]] = PARTS.index("validation")
    parts[drawn[validation : validation + test]] = PARTS.index("test")
    return parts


def _stable_split(liked_count: np.ndarray, ids: np.ndarray, split: SplitConfig) -> np.ndarray:
    """Returns the same, each user's part decided by his id alone.

    With visitors there are new users every day: those who are held out must stay so, or the next
    model would be measured on users from whom the last one learned.
    """
    key = f"{split.seed:016d}"[-16:]
    share = pd.util.hash_array(ids, hash_key=key, categorize=False) / 2.0**64
    is_test = share < split.test_share
    is_validation = ~is_test & (share < split.test_share + split.validation_share)
    parts = np.zeros(len(liked_count), dtype=np.int8)
    parts[is_validation] = PARTS.index("validation")
    parts[is_test] = PARTS.index("test")
    parts[liked_count < split.min_liked] = PARTS.index("train")
    return parts
