"""Experiments on three real nodes, with visitors over HTTP who prefer one of two rankings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scripts.simulation.nodes import wait_until_signing
from tests.e2e.test_cluster import Nodes
from tests.fake_bundle import version_of
from tests.harper_places import built_component, three_nodes, wait_for
from tests.tried_rankings import CONFIG, Trying, bundle_of
from training.bundle import open_bundle
from training.experiments.row import Experiment, Variant
from training.harper.cluster import client_of
from training.harper.node import health
from training.pipeline.experiment.end import Place, end
from training.pipeline.experiment.start import Request, start
from training.pipeline.experiment.stories import stories
from training.pipeline.folders import Folders

pytestmark = pytest.mark.e2e

MOST = 1_500
"""Sessions within which each verdict is given."""


class Site(Nodes):
    """Three nodes that answer from the better ranking or the worse one."""

    trying: Trying
    better: Path
    worse: Path

    @property
    def place(self) -> Place:
        return self.trying.place

    def begin(self, challenger: Path, *, mode: str = "split", share: float = 0.5) -> Experiment:
        bundle = open_bundle(challenger, "songs")
        variant = Variant(version=bundle.version)
        request = Request(
            variant, mode, share, CONFIG, bundle=bundle, component=lambda: self.component
        )
        done = start(self.place, request)
        assert done.down == []
        return done.experiment

    def reported(self) -> list[str | None]:
        found = [health(node, self.domain.project).experiment or {} for node in self.target.nodes]
        return [one.get("state") for one in found]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("experiments")
    with three_nodes(folder) as members:
        made = Site(members[0].config(), built_component(), folder / "bundles")
        made.members = members
        made.better = bundle_of(folder / "better", misplaced=0)
        made.worse = bundle_of(folder / "worse", misplaced=12)
        made.deploy(made.worse)
        wait_until_signing(members, made.domain.project)
        place = Place(Folders(made.domain, folder, folder / "artifacts"), made.target, "tests")
        addresses = [node.routes_url for node in made.target.nodes]
        made.trying = Trying(place, addresses, np.random.default_rng(20))
        yield made


def test_the_better_ranking_is_promoted_and_then_the_worse_one_withdrawn(site: Site) -> None:
    experiment = site.begin(site.better)
    assert site.reported() == ["ready"] * 3
    assert site.models_answering() == [version_of(site.worse)] * 3
    outcome, seen, sessions = site.trying.until_decided(experiment, MOST)
    assert (outcome, seen.verdict) == ("promoted", "better"), seen
    assert sessions <= MOST
    assert site.models_answering() == [version_of(site.better)] * 3
    assert site.reported() == [None] * 3

    outcome, seen, by_split = site.trying.until_decided(site.begin(site.worse), MOST)
    assert (outcome, seen.verdict) == ("withdrawn", "worse"), seen
    interleaved = site.begin(site.worse, mode="interleave", share=1.0)
    outcome, seen, by_interleaving = site.trying.until_decided(interleaved, MOST)
    assert (outcome, seen.verdict) == ("withdrawn", "worse"), seen
    # How much sooner is measured by `make bench-experiments`.
    assert by_interleaving <= by_split
    assert site.models_answering() == [version_of(site.better)] * 3
    ended = [story.ended["outcome"] for story in stories(site.place.folders.home)]
    assert ended == ["promoted", "withdrawn", "withdrawn"]
    assert site.trying.ledger.refused == 0


def test_a_node_that_loses_its_events_leaves_no_verdict(site: Site) -> None:
    site.deploy(site.better)
    experiment = site.begin(site.worse)
    site.trying.come(300)
    lose_events(site, site.target.nodes[2].name)
    seen = site.trying.look(experiment)
    assert seen.verdict == "not valid", seen
    assert site.target.nodes[2].name in seen.note
    assert "it loses events" in seen.note
    end(site.place, experiment, "discarded", "it loses events")
    assert site.reported() == [None] * 3


def lose_events(site: Site, name: str) -> None:
    """Deletes the events that a node received, on every node, before they are collected."""

    def ids() -> list[str]:
        condition = {"attribute": "node", "value": name, "get_attributes": ["id"]}
        database, table = site.domain.database, "events"
        clients = [client_of(node, site.config) for node in site.target.nodes]
        for client in clients:
            found = client.operation("search_by_value", database=database, table=table, **condition)
            client.delete(database, table, [str(row["id"]) for row in found])
            if found:
                return [str(row["id"]) for row in found]
        return []

    wait_for(lambda: not ids())
