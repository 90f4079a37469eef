"""Which models `loop` tries on visitors."""

from __future__ import annotations

import pytest

from tests.pipeline.experiment.conftest import Site
from training.bundle import open_bundle
from training.config import ExperimentConfig
from training.experiments.row import Variant
from training.pipeline.experiment import trying
from training.pipeline.experiment.end import end
from training.pipeline.experiment.start import start


@pytest.mark.parametrize(
    ("outcome", "is_tried"), [("withdrawn", False), ("discarded", False), ("promoted", True)]
)
def test_a_model_that_was_not_promoted_is_not_tried_again(site: Site, outcome, is_tried):
    folders = site.place.folders
    assert trying.objections(folders, site.challenger) == []
    experiment = start(site.place, site.request()).experiment
    end(site.place, experiment, outcome, "for a reason")
    found = trying.objections(folders, site.challenger)
    assert (found == []) == is_tried
    if found:
        assert found == [f"it was {outcome} as challenger of experiment {experiment.id}"]
    assert trying.objections(folders, "another") == []


def test_what_a_strategy_achieved_says_nothing_about_its_model(site: Site):
    variant = Variant(version=site.champion, strategy="voters")
    request = site.request(challenger=variant, bundle=None)
    end(site.place, start(site.place, request).experiment, "withdrawn", "worse")
    assert trying.objections(site.place.folders, site.champion) == []


def test_a_new_model_is_tried_as_the_settings_say(site: Site):
    config = ExperimentConfig(mode="interleave", share=0.3)
    bundle = open_bundle(site.bundle, "songs")
    asked = trying.request(site.place.folders, bundle, lambda: site.server.component, config)
    assert (asked.mode, asked.share, asked.config) == ("interleave", 0.3, config)
    assert asked.challenger == Variant(version=site.challenger)
    assert asked.needed is not None
    assert asked.needed > 100
