"""How many sessions an experiment is estimated to need."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.events.rows import NOW_MS
from tests.experiments.made import made, sessions_of, store_of
from training.config import ExperimentConfig
from training.domains.event_rules import EventRules
from training.experiments.power import estimate

NOW = datetime.fromtimestamp(NOW_MS / 1000, timezone.utc) + timedelta(days=1)
CONFIG = ExperimentConfig(margin=0.02)


def needed(store, *, mode="split", share=0.5, config=CONFIG, now=NOW):
    return estimate(store, EventRules(), config, mode=mode, share=share, now=now)


def test_without_events_the_worst_is_assumed_and_said(tmp_path):
    found = needed(store_of(tmp_path, []))
    assert (found.known, found.margin) == (0, 0.02)
    # A fixed sample would need 4 * .25 * ((1.96 + .84) / .02)² = 19,600; looking is not for free.
    assert 30_000 < found.sessions < 50_000


@pytest.mark.parametrize("metric", ["success", "like"])
def test_what_varies_less_between_sessions_needs_fewer_of_them(tmp_path, metric):
    rare = store_of(tmp_path, sessions_of(made(), 400, {"champion": 0.03, "challenger": 0.03}))
    config = ExperimentConfig(margin=0.02, metric=metric)
    found = needed(rare, config=config)
    assert found.known == 400
    assert found.sessions < needed(store_of(tmp_path / "none", [])).sessions / 5
    assert needed(rare, config=config, share=0.1).sessions > 2 * found.sessions
    # Sessions of more than four weeks ago say nothing about these.
    assert needed(rare, config=config, now=NOW + timedelta(days=40)).known == 0


def test_interleaving_needs_the_fewer_the_fewer_sessions_have_a_success(tmp_path):
    often = store_of(tmp_path / "often", sessions_of(made(), 300, {"champion": 0.5}))
    rarely = store_of(tmp_path / "rarely", sessions_of(made(), 300, {"champion": 0.05}))
    found = [needed(store, mode="interleave", share=1.0) for store in (often, rarely)]
    assert found[0].margin == CONFIG.preference_margin
    assert found[0].sessions > 3 * found[1].sessions
