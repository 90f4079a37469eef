"""Raw tables → cleaned, indexed and split; with a third domain, made of given tables."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from training.config import CleanConfig, SplitConfig
from training.data.cleaning import build
from training.data.dataset import EDITIONS, PARTS, load, save
from training.domains.domain import (
    ITEM,
    ITEM_ID,
    LIKED,
    POPULARITY,
    STRENGTH,
    TITLE,
    USER,
    USER_ID,
    Domain,
    Labels,
    Table,
)
from training.errors import DataError

CLEAN = CleanConfig(liked_from=1, max_untitled=1)


def domain_of(rows, catalogue=(), same_work=(), dropped=None) -> Domain:
    """Returns a domain of these rows: (user, item, strength) and (id, title, maker)."""
    plays = pd.DataFrame(list(rows), columns=[USER_ID, ITEM_ID, STRENGTH])
    films = pd.DataFrame(list(catalogue), columns=[ITEM_ID, TITLE, "maker"], dtype=object)
    return Domain(
        name="films",
        project="film-recommender",
        labels=Labels("film", "films", "viewer", "viewers", "watched"),
        sources=(),
        read_interactions=lambda raw, most: Table(plays, len(plays), dropped or {}, {}),
        read_items=lambda raw, most: Table(films, len(films), {}, {}),
        find_files=lambda raw: {},
        code=__name__,
        clean=CLEAN,
        creator="maker",
        shown=((TITLE, "Title"),),
        data_name="",
        terms="",
        same_work=same_work,
    )


def made(rows, catalogue=(), *, clean=CLEAN, split=None, **kinds):
    domain = domain_of(rows, catalogue, **kinds)
    dataset, counts = build(domain, "raw", clean, split or SplitConfig())
    return dataset, dict(counts.lines)


def grid(users: int = 30, items: int = 24, strength: float = 1.0) -> list[tuple[str, str, float]]:
    """Returns rows of users who all like the same items, which cleaning keeps."""
    pairs = itertools.product(range(users), range(items))
    return [(f"u{u:02}", f"i{i:02}", strength) for u, i in pairs]


def cells(dataset) -> dict[tuple[int, str], tuple[float, bool]]:
    """Returns (strength, liked) by user index and item id."""
    ids = dataset.items[ITEM_ID].to_numpy()[dataset.interactions[ITEM]]
    table = dataset.interactions
    return {
        (user, id_): (strength, liked)
        for user, id_, strength, liked in zip(
            table[USER], ids, table[STRENGTH], table[LIKED], strict=True
        )
    }


@st.composite
def tables(draw):
    """Draws interactions: 30 to 60 users, 25 to 60 items, strengths 0 to 10, some pairs twice."""
    users, items = draw(st.integers(30, 60)), draw(st.integers(25, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = users * draw(st.integers(8, 30))
    favour = rng.dirichlet(np.ones(items) * draw(st.sampled_from([0.5, 5.0])))
    return list(
        zip(
            [f"u{u}" for u in rng.integers(0, users, count)],
            [f"i{i}" for i in rng.choice(items, count, p=favour)],
            rng.integers(0, 11, count).astype(float),
            strict=True,
        )
    )


def built(rows, **options):
    """Builds a data set; rejects examples with too little data."""
    try:
        return made(rows, **options)
    except DataError:
        assume(False)


@settings(deadline=None, max_examples=15)
@given(tables())
def test_id_to_index_to_id_is_the_identity(rows):
    dataset, _ = built(rows)
    ids = dataset.items[ITEM_ID].tolist()
    assert [ids[dataset.index_of[id_]] for id_ in ids] == ids
    assert [dataset.index_of[id_] for id_ in ids] == list(range(len(ids)))
    assert set(ids) <= {item for _, item, _ in rows}


@settings(deadline=None, max_examples=15)
@given(tables())
def test_a_split_loses_no_liked_interaction_and_shares_no_user(rows):
    dataset, counts = built(rows)
    parts = {part: dataset.liked(part) for part in PARTS}
    users = [len(dataset.parts[dataset.parts == PARTS.index(part)]) for part in PARTS]
    assert [matrix.shape[0] for matrix in parts.values()] == users
    assert sum(users) == len(dataset.parts) == counts["viewers"]
    liked = dataset.interactions[dataset.interactions[LIKED]]
    assert sum(matrix.nnz for matrix in parts.values()) == len(liked)
    assert counts["pairs liked and kept"] == len(liked)
    for part, matrix in parts.items():
        of_part = np.flatnonzero(dataset.parts == PARTS.index(part))
        row, column = matrix.nonzero()
        own = set(zip(of_part[row], column, strict=True))
        mine = liked[liked[USER].isin(of_part)]
        assert own == set(zip(mine[USER], mine[ITEM], strict=True))


@settings(deadline=None, max_examples=15)
@given(tables(), st.integers(2, 4), st.integers(1, 4))
def test_users_and_items_that_are_kept_have_enough_likes(rows, by_user, by_item):
    clean = replace(CLEAN, min_liked_per_user=by_user, min_likers_per_item=by_item)
    dataset, _ = built(rows, clean=clean)
    liked = dataset.interactions[dataset.interactions[LIKED]]
    assert liked[USER].value_counts().min() >= by_user
    assert liked[ITEM].value_counts().min() >= by_item
    assert set(liked[USER]) == set(range(len(dataset.parts)))
    if by_item > 1:
        assert set(liked[ITEM]) == set(range(len(dataset.items)))


@settings(deadline=None, max_examples=15)
@given(tables())
def test_index_0_is_the_item_most_liked_by_train_users(rows):
    dataset, _ = built(rows)
    likers = np.asarray(dataset.liked("train").sum(axis=0)).ravel()
    assert likers.tolist() == dataset.items[POPULARITY].tolist()
    order = list(zip(-dataset.items[POPULARITY], dataset.items[ITEM_ID], strict=True))
    assert order == sorted(order)


@settings(deadline=None, max_examples=10)
@given(tables(), st.randoms())
def test_the_order_of_the_rows_changes_nothing(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    one, other = built(rows), built(mixed)
    pd.testing.assert_frame_equal(one[0].items, other[0].items)
    pd.testing.assert_frame_equal(one[0].interactions, other[0].interactions)
    assert (one[0].parts == other[0].parts).all()


def test_a_tenth_of_the_users_is_held_out_for_validation_and_a_tenth_for_test():
    dataset, _ = made(grid(users=100))
    assert np.bincount(dataset.parts).tolist() == [80, 10, 10]


def test_another_seed_holds_out_other_users_and_the_same_seed_the_same():
    one, again, other = (
        made(grid(users=100), split=SplitConfig(seed=seed))[0].parts for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert (one != other).any()


def test_a_user_with_too_few_likes_to_be_measured_is_a_train_user():
    rows = [row for row in grid(60) if int(row[0][1:]) % 2 or row[1] < "i04"]
    dataset, _ = made(rows, split=SplitConfig(min_liked=5))
    few = np.flatnonzero(np.bincount(dataset.interactions[USER]) < 5)
    assert len(few) == 30
    assert (dataset.parts[few] == 0).all()
    assert np.bincount(dataset.parts).tolist() == [54, 3, 3]


def test_data_too_small_to_hold_users_out_is_refused_with_the_remedy():
    with pytest.raises(DataError, match=r"split\.min_liked"):
        made([row for row in grid() if int(row[1][1:]) % 8 == int(row[0][1:]) % 8])


def test_a_pair_given_twice_is_one_pair_with_the_greatest_strength():
    dataset, counts = made([("u00", "i00", 3.0), *grid(), ("u00", "i00", 2.0)])
    assert cells(dataset)[0, "i00"] == (3.0, True)
    assert counts["repeated pairs"] == 2


def test_an_item_without_a_title_is_kept_and_counted():
    dataset, counts = made(grid(), [("i00", "Zero", "Nobody")])
    title = dataset.items.set_index(ITEM_ID)[TITLE]
    assert (title["i00"], title["i01"]) == ("Zero", "")
    assert counts["without a title"] == 23


@pytest.mark.parametrize("titles", [[("TR1", "Zero", "A")], [("i00", "", "A"), ("i01", "", "")]])
def test_titles_of_other_ids_or_none_at_all_are_refused(titles):
    clean = replace(CLEAN, max_untitled=0.9)
    with pytest.raises(DataError) as caught:
        made(grid(), titles, clean=clean)
    text = str(caught.value)
    assert "expected titles of at least 10% of the 24 items, found none for 24 of them" in text
    assert f"'i00'. Ids with a title look like '{titles[0][0]}'" in text
    assert "--set clean.max_untitled=1" in text


def test_as_many_items_without_a_title_as_the_setting_allows_are_kept():
    titles = [(f"i{i:02}", "T", "A") for i in range(12)]
    assert made(grid(), titles, clean=replace(CLEAN, max_untitled=0.5))[1]["without a title"] == 12


def test_a_domain_without_titles_shows_ids():
    assert made(grid(), clean=replace(CLEAN, max_untitled=0))[1]["without a title"] == 24


def test_a_titled_item_without_interactions_is_dropped():
    dataset, _ = made(grid(), [("new", "New", "Nobody")])
    assert "new" not in dataset.index_of


def test_if_no_liker_is_required_the_whole_catalogue_is_kept():
    clean = replace(CLEAN, min_likers_per_item=0)
    rows = [*grid(), ("u00", "disliked", 0.0)]
    dataset, _ = made(rows, [("new", "New", "Nobody")], clean=clean)
    popularity = dataset.items.set_index(ITEM_ID)[POPULARITY]
    assert (popularity["new"], popularity["disliked"]) == (0, 0)
    assert dataset.items[ITEM_ID].tolist()[-2:] == ["disliked", "new"]
    assert dataset.liked("train").shape[1] == 26


def test_items_with_too_few_likers_are_dropped_and_counted():
    rows = [*grid(), ("u00", "rare", 1.0), ("u01", "rare", 1.0)]
    assert "rare" in made(rows, clean=replace(CLEAN, min_likers_per_item=2))[0].index_of
    dataset, counts = made(rows, clean=replace(CLEAN, min_likers_per_item=3))
    assert "rare" not in dataset.index_of
    assert counts["items dropped: too few likers"] == 1


def test_an_item_that_only_people_with_too_few_likes_like_is_kept_without_likers():
    dataset, counts = made([*grid(), ("once", "rare", 1.0), ("once", "unloved", 0.0)])
    rare = dataset.index_of["rare"]
    assert dataset.items[POPULARITY][rare] == 0
    assert "unloved" not in dataset.index_of
    assert counts["users dropped: too few liked"] == 1
    several = made([*grid(), ("once", "rare", 1.0)], clean=replace(CLEAN, min_likers_per_item=2))
    assert "rare" not in several[0].index_of


def test_dropping_an_item_can_drop_its_users_in_turn():
    chain = [("a", "x", 1.0), ("a", "y", 1.0), ("b", "y", 1.0), ("b", "z", 1.0), ("c", "z", 1.0)]
    dataset, counts = made([*grid(), *chain], clean=replace(CLEAN, min_likers_per_item=2))
    assert not {"x", "y", "z"} & set(dataset.index_of)
    assert counts["users dropped: too few liked"] == 3


def test_an_interaction_below_the_threshold_is_kept_but_not_liked():
    rows = [*grid(strength=5.0), ("u00", "i99", 4.0), *[(f"u{u:02}", "i99", 5.0) for u in (1, 2)]]
    dataset, counts = made(rows, clean=replace(CLEAN, liked_from=5))
    assert cells(dataset)[0, "i99"] == (4.0, False)
    assert cells(dataset)[1, "i99"] == (5.0, True)
    assert counts["pairs not liked"] == 1


def test_a_strength_of_0_is_never_liked_whatever_the_settings():
    rows = [*grid(), ("u00", "i99", 0.0), ("u01", "i99", 1.0)]
    dataset, _ = made(rows, clean=replace(CLEAN, liked_from=0))
    assert cells(dataset)[0, "i99"] == (0.0, False)
    assert not (dataset.strengths("train").data == 0).any()


def test_liked_above_mean_requires_the_users_own_mean_strength():
    own = [("u00", "i90", 1.0), ("u00", "i91", 3.0), ("u00", "i92", 5.0), ("u00", "i93", 0.0)]
    others = [(f"u{u:02}", f"i9{i}", 1.0) for u in (1, 2) for i in range(4)]
    rows = [row for row in grid() if row[0] != "u00"] + own + others
    liked = {i: cells(made(rows)[0])[0, f"i9{i}"][1] for i in range(4)}
    assert liked == {0: True, 1: True, 2: True, 3: False}
    dataset, _ = made(rows, clean=replace(CLEAN, liked_above_mean=True))
    liked = {i: cells(dataset)[0, f"i9{i}"][1] for i in range(4)}
    # The mean is 3: a 0 is no opinion and does not count.
    assert liked == {0: False, 1: True, 2: True, 3: False}


def test_editions_of_a_work_are_one_item_under_the_most_frequent_id():
    rows = [*grid(), ("u00", "hard", 2.0), ("u01", "hard", 2.0), ("u00", "soft", 3.0)]
    catalogue = [
        ("soft", "The Sea, the Sea", "Iris MURDOCH"),
        ("hard", "The sea the sea!", "Iris Murdoch"),
        ("other", "The Sea, the Sea", "Somebody Else"),
        ("i00", "", "Iris Murdoch"),
        ("i01", "", "Iris Murdoch"),
    ]
    dataset, counts = made(rows, catalogue, same_work=(TITLE, "maker"))
    assert dataset.index_of["soft"] == dataset.index_of["hard"]
    assert dataset.items[ITEM_ID][dataset.index_of["soft"]] == "hard"
    assert list(dataset.items[EDITIONS][dataset.index_of["hard"]]) == ["soft"]
    assert cells(dataset)[0, "hard"] == (3.0, True)
    assert counts["editions merged into their works"] == 1
    assert dataset.index_of["i00"] != dataset.index_of["i01"]


def test_of_equally_frequent_editions_the_smallest_id_represents_the_work():
    rows = [*grid(), ("u00", "b", 1.0), ("u01", "a", 1.0)]
    catalogue = [("b", "T", "M"), ("a", "T", "M")]
    dataset, _ = made(rows, catalogue, same_work=(TITLE, "maker"))
    assert dataset.items[ITEM_ID][dataset.index_of["b"]] == "a"


def test_an_edition_without_interactions_still_leads_to_its_work_if_the_catalogue_is_kept():
    catalogue = [("i00", "T", "M"), ("new", "T", "M")]
    clean = replace(CLEAN, min_likers_per_item=0)
    dataset, _ = made(grid(), catalogue, clean=clean, same_work=(TITLE, "maker"))
    assert dataset.index_of["new"] == dataset.index_of["i00"]


def test_a_single_field_can_identify_a_work():
    catalogue = [("i00", "T", "A"), ("i01", "t!", "B")]
    dataset, _ = made(grid(), catalogue, same_work=(TITLE,))
    assert dataset.index_of["i00"] == dataset.index_of["i01"]


def test_what_a_reader_dropped_and_noted_is_counted():
    _, counts = made(grid(), dropped={"truncated line": 7})
    assert counts["interactions read"] == 720
    assert counts["interactions dropped: truncated line"] == 7


@pytest.mark.parametrize(("users", "items"), [(19, 30), (30, 19)])
def test_too_little_data_names_the_remedy(users, items):
    with pytest.raises(DataError, match=r"at least 20 users and 20 items.*Lower clean"):
        made(grid(users, items))


def test_data_without_likes_is_too_little_data():
    with pytest.raises(DataError, match="found 0 users and 0 items"):
        made(grid(), clean=replace(CLEAN, liked_from=100))


def test_load_returns_what_save_wrote(tmp_path):
    catalogue = [("i00", "T", "M"), ("i01", "T", "M"), ("i02", "Über", "Ñ")]
    dataset, _ = made(grid(), catalogue, same_work=(TITLE, "maker"))
    save(dataset, tmp_path)
    again = load(tmp_path)
    assert again.index_of == dataset.index_of
    pd.testing.assert_frame_equal(again.interactions, dataset.interactions)
    pd.testing.assert_frame_equal(
        again.items.drop(columns=EDITIONS), dataset.items.drop(columns=EDITIONS)
    )
    assert (again.parts == dataset.parts).all()


@pytest.mark.parametrize("name", ["items.parquet", "interactions.parquet", "parts.npy"])
def test_a_missing_file_names_the_stage_that_makes_it(tmp_path, name):
    folder = tmp_path / "songs" / "prepared"
    folder.mkdir(parents=True)
    save(made(grid())[0], folder)
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"{name}.*harperdb-recommender prepare songs"):
        load(folder)
