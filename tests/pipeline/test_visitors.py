"""Visitors' likes are prepared beside the raw files, and counted separately."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data.test_dataset import CLEAN, domain_of, grid
from tests.events.rows import NOW_MS, event_row
from training.config import SplitConfig
from training.data.cleaning import build
from training.data.dataset import PARTS, Dataset, load, save
from training.domains import DOMAINS
from training.domains.event_rules import EventRules
from training.events.schema import table_of
from training.events.store import EventStore
from training.pipeline import stages, visitors
from training.pipeline.folders import Folders


def ignore(done: int, total: int, text: str) -> None:
    pass


SAMPLE = Path("datasets/songs/sample")


def folders_of(tmp_path: Path, rules: EventRules | None = None) -> Folders:
    songs = replace(DOMAINS["songs"], events=rules or EventRules())
    return Folders(songs, SAMPLE, tmp_path)


def collected(folders: Folders, *likes: tuple[str, str], arrived: int = NOW_MS) -> None:
    rows = [
        event_row(session=session, item=item, arrived=arrived + 7_001 * n, type="like")
        for n, (session, item) in enumerate(likes)
    ]
    EventStore(folders.home / "events").append(table_of(rows)[0])


def test_without_events_nothing_changes(tmp_path):
    folders = folders_of(tmp_path)
    assert visitors.described(folders) == {}
    assert visitors.read(folders) is None


def test_a_domain_with_events_disabled_learns_nothing_from_them(tmp_path):
    folders = folders_of(tmp_path, EventRules(enabled=False))
    collected(folders, ("s1", "a"))
    assert visitors.described(folders) == {}
    assert visitors.read(folders) is None


def test_the_likes_are_a_table_of_interactions(tmp_path):
    folders = folders_of(tmp_path)
    collected(folders, ("s1", "a"), ("s1", "b"), ("s2", "a"), ("s2", "c"))
    table = visitors.read(folders)
    assert list(table.rows["user_id"]) == ["visitor s1"] * 2 + ["visitor s2"] * 2
    assert list(table.rows["item_id"]) == ["a", "b", "a", "c"]
    assert (table.read, table.notes["sessions"], table.notes["likes"]) == (4, 2, 4)


def test_old_likes_decay(tmp_path):
    folders = folders_of(tmp_path)
    collected(folders, ("s1", "a"), ("s1", "b"))
    collected(folders, ("s2", "a"), ("s2", "b"), arrived=NOW_MS - 200 * 86_400_000)
    table = visitors.read(folders)
    assert set(table.rows["user_id"]) == {"visitor s1"}
    assert table.notes["likes that have faded"] == 2


def test_a_client_whose_clock_is_years_ahead_does_not_age_other_events(tmp_path):
    folders = folders_of(tmp_path)
    collected(folders, ("s1", "a"), ("s1", "b"))
    ahead = [event_row(session="s2", item=i, at=float(NOW_MS + 10**11)) for i in "ab"]
    EventStore(folders.home / "events").append(table_of(ahead)[0])
    assert set(visitors.read(folders).rows["user_id"]) == {"visitor s1", "visitor s2"}


def test_a_node_whose_clock_is_years_ahead_does_not_age_other_events(tmp_path):
    folders = folders_of(tmp_path)
    now = int(time.time() * 1000)
    collected(folders, ("s1", "a"), ("s1", "b"), arrived=now)
    collected(folders, ("s2", "a"), ("s2", "b"), arrived=now + 4 * 365 * 86_400_000)
    assert set(visitors.read(folders).rows["user_id"]) == {"visitor s1", "visitor s2"}


def test_new_events_and_forgotten_ones_make_the_result_stale(tmp_path):
    folders = folders_of(tmp_path)
    collected(folders, ("s1", "a"), ("s2", "b"))
    first = visitors.described(folders)
    assert visitors.described(folders) == first
    collected(folders, ("s3", "a"))
    second = visitors.described(folders)
    EventStore(folders.home / "events").forget("s1")
    assert len({json.dumps(d) for d in (first, second, visitors.described(folders))}) == 3


@pytest.mark.parametrize("liked_from", [1, 3.3, 5])
def test_a_visitors_like_counts_as_liked_whatever_the_unit(tmp_path, liked_from):
    folders = folders_of(tmp_path)
    likes = [("s1", f"i{n:02}") for n in range(6)]
    collected(folders, *likes, ("s1", "an id that nobody knows"))
    clean = replace(CLEAN, liked_from=liked_from, liked_above_mean=True)
    domain = domain_of(grid(strength=float(10)))
    data, counts = build(domain, tmp_path, clean, SplitConfig(), visitors=visitors.read(folders))
    lines = dict(counts.lines)
    assert lines["viewers"] == 31
    assert lines["pairs liked and kept"] == 30 * 24 + 6
    assert lines["events dropped: likes of unknown items"] == 1
    assert lines["events: likes learned"] == 6
    assert "an id that nobody knows" not in set(data.items["item_id"])


def test_prepare_reads_events_again_only_if_there_are_new_ones(tmp_path):
    folders = folders_of(tmp_path)
    prepare = stages.STAGES["prepare"]
    assert prepare(folders, [], progress=ignore).fresh
    assert not prepare(folders, [], progress=ignore).fresh
    known = (SAMPLE / "unique_tracks.txt").read_text(encoding="utf-8").splitlines()[:3]
    songs = [line.split("<SEP>")[1] for line in known]
    collected(folders, *[(f"s{n}", song) for n in range(4) for song in songs])
    done = prepare(folders, [], progress=ignore)
    assert done.fresh
    assert "12 events read" in done.text
    assert "12 events: likes," in done.text
    assert not prepare(folders, [], progress=ignore).fresh


def test_prepare_learns_from_no_events_where_they_are_disabled_by_a_setting(tmp_path):
    folders = folders_of(tmp_path)
    prepare = stages.STAGES["prepare"]
    prepare(folders, [], progress=ignore)
    collected(folders, ("s1", "a"), ("s2", "b"))
    assert not prepare(folders, ["events.enabled=false"], progress=ignore).fresh
    assert "2 events read" in prepare(folders, [], progress=ignore).text
    assert "events" not in prepare(folders, ["events.enabled=false"], progress=ignore).text


def test_asking_visitors_first_does_not_make_what_was_learned_stale(tmp_path):
    folders = folders_of(tmp_path)
    collected(folders, ("s1", "a"), ("s2", "b"))
    prepare = stages.STAGES["prepare"]
    prepare(folders, [], progress=ignore)
    assert not prepare(folders, ["events.consent=ask"], progress=ignore).fresh


def held_out(data: Dataset) -> dict[str, set[int]]:
    return {part: set(data.users[data.parts == n].tolist()) for n, part in enumerate(PARTS)}


def test_whoever_is_held_out_stays_so_when_more_visitors_come(tmp_path):
    folders = folders_of(tmp_path)
    domain = domain_of(grid(users=200, strength=float(10)))

    def after(*sessions: str) -> dict[str, set[int]]:
        collected(folders, *[(s, f"i{n:02}") for s in sessions for n in range(8)])
        clean, split = replace(CLEAN, liked_from=1), SplitConfig()
        data, _ = build(domain, tmp_path, clean, split, visitors=visitors.read(folders))
        assert len(data.users) == len(set(data.users.tolist())) == len(data.parts)
        return held_out(data)

    first = after("s0")
    second = after(*[f"s{n}" for n in range(1, 60)])
    for part in PARTS:
        assert len(first[part]) > 5
        assert first[part] < second[part]


def test_users_survive_saving(tmp_path):
    data, _ = build(domain_of(grid(users=60)), tmp_path, CLEAN, SplitConfig())
    save(data, tmp_path)
    assert load(tmp_path).users.tolist() == data.users.tolist()
    (tmp_path / "users.npy").unlink()
    assert load(tmp_path).users is None
