"""Deploying and rolling back; the same suite on a fake server and on a real HarperDB (e2e)."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.fake_bundle import change_manifest, item_ids, version_of
from tests.harper_places import Place, killed_deploy, wait_for
from training.deploy.outcome import STEPS, Watcher
from training.deploy.rollback import rollback
from training.deploy.versions import KEPT
from training.errors import HarperError, HarperRefused

pytestmark = pytest.mark.slow


def names(place: Place) -> set[str]:
    return {version.version for version in place.models.listed()}


def roll_back(place: Place, version: str | None = None) -> str:
    return rollback(
        place.target, place.domain.database, place.domain.project, version, by="tests"
    ).version


def test_a_deployed_bundle_answers_and_is_listed_as_current(place: Place) -> None:
    bundle = place.bundle("a")
    outcome = place.deploy(bundle)
    assert outcome.is_on_all_nodes
    assert not outcome.unchanged
    assert place.ask(*item_ids(0)[:2])["model"] == version_of(bundle)
    [listed] = place.models.listed()
    assert listed.current
    assert listed.pushed_by == "tests"
    assert len(place.rows("items")) == 60


def test_an_unchanged_bundle_sends_no_row_and_does_not_move_the_pointer(place: Place) -> None:
    bundle = place.bundle("a")
    place.deploy(bundle)
    before = place.models.pointer()
    outcome = place.deploy(bundle)
    assert outcome.unchanged
    assert outcome.rows_sent == 0
    assert not outcome.code_deployed
    assert place.models.pointer() == before


def test_an_unchanged_bundle_upserts_nothing_but_its_lock(fake: Place) -> None:
    bundle = fake.bundle("a")
    fake.deploy(bundle)
    assert fake.fake is not None
    fake.fake.received.clear()
    fake.deploy(bundle)
    written = {b["table"] for b in fake.fake.received if b["operation"] in ("upsert", "insert")}
    assert written == {"locks"}


def test_the_next_deploy_sends_only_changed_rows(place: Place) -> None:
    first = place.bundle("a", seed=5)
    place.deploy(first)
    second = place.bundle("b", seed=5)
    lines = (second / "items.jsonl").read_text().splitlines()
    row = json.loads(lines[7]) | {"title": "Another title"}
    (second / "items.jsonl").write_text("\n".join([*lines[:7], json.dumps(row), *lines[8:]]) + "\n")
    change_manifest(second)
    assert place.deploy(second).rows_sent == 1
    assert {r["id"]: r["title"] for r in place.rows("items")}[row["id"]] == "Another title"


def test_a_second_model_answers_without_new_code(place: Place) -> None:
    place.deploy(place.bundle("a"))
    outcome = place.deploy(place.bundle("b"))
    assert not outcome.code_deployed
    assert place.answering() == outcome.version


def test_editions_travel_with_a_model_that_has_some(place: Place) -> None:
    plain, other = place.bundle("a"), place.bundle("b", editions={"paperback": 3})
    for bundle in (plain, other):
        assert place.deploy(bundle, force=True).version == version_of(bundle)
    editions = {row["version"]: row.get("editions") for row in place.rows("models")}
    assert editions == {version_of(plain): None, version_of(other): '{"paperback": 3}'}


def test_a_model_that_does_not_beat_popularity_stays_out_of_the_database(place: Place) -> None:
    place.deploy(place.bundle("a"))
    before = names(place), len(place.rows("items"))
    with pytest.raises(HarperRefused, match="does not beat popularity"):
        place.deploy(place.bundle("bad", quality=0.05))
    assert (names(place), len(place.rows("items"))) == before
    assert place.answering() in names(place)


def test_a_model_worse_than_the_current_one_beyond_its_interval_is_refused(place: Place) -> None:
    place.deploy(place.bundle("a", quality=0.30))
    with pytest.raises(HarperRefused, match="below the current model's"):
        place.deploy(place.bundle("b", quality=0.27))
    assert place.deploy(place.bundle("c", quality=0.29)).is_on_all_nodes


def test_force_overrides_the_gate_and_is_recorded(place: Place) -> None:
    outcome = place.deploy(place.bundle("bad", quality=0.05), force=True)
    assert "does not beat popularity" in outcome.forced[0]
    [listed] = place.models.listed()
    assert listed.forced
    assert (place.models.pointer() or {})["forced"] is True


def test_a_model_whose_probes_do_not_match_is_refused_even_by_force(place: Place) -> None:
    good = place.bundle("a")
    place.deploy(good)
    bad = place.bundle("bad")
    probes = json.loads((bad / "probes.json").read_text())
    probes["probes"][0]["items"].reverse()
    (bad / "probes.json").write_text(json.dumps(probes))
    change_manifest(bad)
    with pytest.raises(HarperRefused, match="refuses model"):
        place.deploy(bad, force=True)
    assert names(place) == {version_of(good)}
    assert {row["id"] for row in place.rows("items")} == set(item_ids_of(place, good))
    assert place.answering() == version_of(good)


def test_a_refused_bundle_is_deployed_completely_once_it_is_repaired(place: Place) -> None:
    old, bundle = place.bundle("a"), place.bundle("bad")
    place.deploy(old)
    right = (bundle / "probes.json").read_text()
    wrong = json.loads(right)
    wrong["probes"][0]["items"].reverse()
    (bundle / "probes.json").write_text(json.dumps(wrong))
    change_manifest(bundle)
    with pytest.raises(HarperRefused, match="refuses model"):
        place.deploy(bundle)
    (bundle / "probes.json").write_text(right)
    change_manifest(bundle)
    assert place.deploy(bundle).is_on_all_nodes
    needed = {*item_ids_of(place, old), *item_ids_of(place, bundle)}
    assert {row["id"] for row in place.rows("items")} == needed


def item_ids_of(place: Place, bundle: object) -> list[str]:
    return json.loads((bundle / "item_ids.json").read_text())  # type: ignore[operator]


def test_rolling_back_makes_the_previous_version_current(place: Place) -> None:
    first, second = place.bundle("a"), place.bundle("b")
    place.deploy(first)
    place.deploy(second)
    assert roll_back(place) == version_of(first)
    assert place.answering() == version_of(first)


def test_going_back_and_forth_forgets_no_version(fake: Place) -> None:
    bundles = [fake.bundle(name) for name in "abcd"]
    for bundle in bundles:
        fake.deploy(bundle)
    for _ in range(60):
        roll_back(fake)
    assert all(version.made_current for version in fake.models.listed())
    fake.deploy(fake.bundle("e"))
    assert len(names(fake)) == KEPT


def test_rolling_back_accepts_a_named_version(place: Place) -> None:
    bundles = [place.bundle(name) for name in "abc"]
    for bundle in bundles:
        place.deploy(bundle)
    assert roll_back(place, version_of(bundles[0])) == version_of(bundles[0])
    assert place.answering() == version_of(bundles[0])


def test_rolling_back_to_a_version_that_is_not_there_changes_nothing(place: Place) -> None:
    bundle = place.bundle("a")
    place.deploy(bundle)
    with pytest.raises(HarperRefused, match="no version 00000000deadbeef; kept: "):
        roll_back(place, "00000000deadbeef")
    assert place.answering() == version_of(bundle)


def test_rolling_back_without_an_older_version_says_so(place: Place) -> None:
    place.deploy(place.bundle("a"))
    with pytest.raises(HarperRefused, match="no older version"):
        roll_back(place)


def test_a_pointer_to_a_missing_version_leaves_the_old_model_answering(place: Place) -> None:
    bundle = place.bundle("a")
    place.deploy(bundle)
    place.write("current", {"id": "current", "version": "00000000deadbeef", "at": "later"})
    wait_for(lambda: (place.health().refused or {}).get("version") == "00000000deadbeef")
    assert place.ask(item_ids(0)[0])["model"] == version_of(bundle)
    assert place.deploy(bundle).is_on_all_nodes
    assert not place.health().refused


@pytest.mark.parametrize("damage", ["corrupted", "truncated"])
def test_a_damaged_record_does_not_answer_and_is_repaired_by_deploying_again(
    place: Place, damage: str
) -> None:
    first, second = place.bundle("a"), place.bundle("b")
    place.deploy(first)
    place.deploy(second)
    roll_back(place)
    weights = (second / "group1-shard1of1.bin").read_bytes()
    spoilt = weights[:-8] if damage == "truncated" else weights[::-1]
    place.write("models", {"version": version_of(second), "weights": spoilt})
    place.write("current", {"id": "current", "version": version_of(second), "at": "later"})
    wait_for(lambda: (place.health().refused or {}).get("version") == version_of(second))
    assert place.ask(item_ids(0)[0])["model"] == version_of(first)
    assert place.deploy(second).is_on_all_nodes
    assert place.ask(item_ids(0)[0])["model"] == version_of(second)


def test_a_record_that_the_node_stored_incompletely_is_reported_and_removed(fake: Place) -> None:
    old, new = fake.bundle("a"), fake.bundle("b", items=3000)
    fake.deploy(old)

    def cut_short(body: dict[str, Any]) -> None:
        if body["operation"] == "upsert" and body["table"] == "models":
            body["records"][0]["weights"] = body["records"][0]["weights"][:10_000]

    fake.fake.before = cut_short
    with pytest.raises(HarperRefused, match="incomplete after it was written"):
        fake.deploy(new)
    fake.fake.before = lambda body: None
    assert_no_orphan(fake, {version_of(old)})
    assert fake.answering() == version_of(old)
    assert len(fake.rows("items")) == 60


def test_a_manifest_of_a_later_format_in_the_database_is_refused_by_the_node(place: Place) -> None:
    first, second = place.bundle("a"), place.bundle("b")
    place.deploy(first)
    place.deploy(second)
    roll_back(place)
    later = json.dumps(json.loads((second / "manifest.json").read_text()) | {"format": 99})
    place.write("models", {"version": version_of(second), "manifest": later})
    with pytest.raises(HarperRefused, match=r"cannot answer.*99"):
        roll_back(place, version_of(second))
    wait_for(lambda: place.answering() == version_of(first))
    assert (place.models.pointer() or {})["version"] == version_of(first)


def test_the_last_few_versions_are_kept_and_the_current_one_always(place: Place) -> None:
    bundles = [place.bundle(name) for name in "abcdefg"]
    for bundle in bundles:
        place.deploy(bundle)
    assert names(place) == {version_of(bundle) for bundle in bundles[-KEPT:]}
    needed = {key for bundle in bundles[-KEPT:] for key in item_ids_of(place, bundle)}
    assert {row["id"] for row in place.rows("items")} == needed


@pytest.mark.parametrize("step", [*STEPS, "rows"])
def test_a_deploy_killed_at_any_step_leaves_an_answer_and_can_be_run_again(
    place: Place, step: str
) -> None:
    old, new = place.bundle("a"), place.bundle("b")
    place.deploy(old)
    killed_deploy(place, new, step)
    expected = {version_of(old)} | ({version_of(new)} if step in ("verify", "prune") else set())
    assert place.ask(item_ids(0)[0])["model"] in expected
    outcome = place.deploy(new)
    assert outcome.is_on_all_nodes
    assert place.answering() == version_of(new)
    assert_no_orphan(place, {version_of(old), version_of(new)})


@pytest.mark.parametrize("step", ["rows", "candidate", "pointer"])
def test_the_next_deploy_removes_what_a_killed_one_left(place: Place, step: str) -> None:
    old, lost, new = place.bundle("a"), place.bundle("b"), place.bundle("c")
    place.deploy(old)
    killed_deploy(place, lost, step)
    place.deploy(new)
    assert_no_orphan(place, {version_of(old), version_of(new)})
    needed = {*item_ids_of(place, old), *item_ids_of(place, new)}
    assert {row["id"] for row in place.rows("items")} == needed


def assert_no_orphan(place: Place, versions: set[str]) -> None:
    assert names(place) == versions
    assert [row["id"] for row in place.rows("current")] == ["current"]
    assert len(place.rows("locks")) == 1


def test_of_two_deploys_at_once_one_wins_and_the_other_says_so(place: Place) -> None:
    place.deploy(place.bundle("a"))
    bundles = {name: place.bundle(name) for name in "bc"}
    inside, messages = threading.Event(), []

    def first() -> None:
        def slow(step: str) -> None:
            if step == "model":
                inside.set()
                refused.wait(30)

        place.deploy(bundles["b"], watcher=Watcher(slow))

    refused = threading.Event()
    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(30)
    try:
        place.deploy(bundles["c"])
    except HarperRefused as error:
        messages.append(str(error))
    refused.set()
    thread.join()
    assert "another deploy is running: tests" in messages[0]
    assert place.answering() == version_of(bundles["b"])
    assert version_of(bundles["c"]) not in names(place)


def test_a_deploy_that_lost_its_lock_says_so_and_leaves_the_winner_alone(place: Place) -> None:
    place.deploy(place.bundle("a"))
    late, punctual = place.bundle("b"), place.bundle("c")
    nearly, go, won = threading.Event(), threading.Event(), []

    def stall(step: str) -> None:
        if step == "candidate":
            row = max(place.rows("locks"), key=lambda lock: int(lock["id"].removeprefix("lock-")))
            place.write("locks", row | {"released": True})
            winner.start()
            assert nearly.wait(60)

    def wait_before_the_pointer(step: str) -> None:
        if step == "pointer":
            nearly.set()
            go.wait(60)

    def win() -> None:
        won.append(place.deploy(punctual, watcher=Watcher(wait_before_the_pointer)).version)

    winner = threading.Thread(target=win)
    with pytest.raises(HarperRefused, match="lost its lock"):
        place.deploy(late, watcher=Watcher(stall))
    go.set()
    winner.join()
    assert won == [version_of(punctual)]
    assert place.answering() == version_of(punctual)


def test_deploys_that_begin_together_end_with_one_winner(place: Place) -> None:
    place.deploy(place.bundle("a"))
    bundles = [place.bundle(name) for name in "bcde"]
    barrier, won, lost = threading.Barrier(len(bundles)), [], []

    def wait_for_the_others(step: str) -> None:
        # Such a small deploy may have ended before the last of them begins.
        if step == "pointer":
            wait_for(lambda: len(lost) == len(bundles) - 1)

    def run(index: int) -> None:
        barrier.wait()
        try:
            won.append(place.deploy(bundles[index], watcher=Watcher(wait_for_the_others)).version)
        except HarperError as error:
            lost.append(str(error))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(bundles))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1, lost
    assert all("another deploy" in reason.lower() or "lost its lock" in reason for reason in lost)
    assert place.answering() == won[0]
