"""How settings reach `deploy`: whether nodes record events, and whether pages ask first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from training.domains import DOMAINS
from training.domains.event_rules import EventRules
from training.errors import ConfigError
from training.pipeline import settings
from training.pipeline.folders import Folders


def folders_of(tmp_path: Path, rules: EventRules, *saved: str) -> Folders:
    """Returns folders in which ``evaluate`` has run with the settings ``saved``, if any."""
    folders = Folders(replace(DOMAINS["songs"], events=rules), tmp_path, tmp_path / "artifacts")
    if saved:
        folders.report.mkdir(parents=True)
        settings.save(settings.Config().with_settings(saved), folders.report)
    return folders


def deployed(folders: Folders, *changes: str) -> tuple[bool, str]:
    config = settings.of_deploy(folders, changes)
    rules = settings.domain_with(folders.domain, config).events
    return rules.enabled, rules.consent


@pytest.mark.parametrize("rules", [EventRules(), EventRules(enabled=False, consent="ask")])
def test_the_domain_decides_where_nothing_was_set(tmp_path, rules):
    assert deployed(folders_of(tmp_path, rules)) == (rules.enabled, rules.consent)
    assert settings.initial(replace(DOMAINS["songs"], events=rules)).events.consent == rules.consent


@pytest.mark.parametrize("rules", [EventRules(), EventRules(enabled=False, consent="ask")])
def test_a_setting_overrides_the_domain(tmp_path, rules):
    folders = folders_of(tmp_path, rules)
    assert deployed(folders, "events.enabled=false")[0] is False
    assert deployed(folders, "events.enabled=true", "events.consent=none") == (True, "none")
    assert deployed(folders, "events.consent=ask")[1] == "ask"


def test_deploy_continues_with_the_settings_of_the_stages(tmp_path):
    folders = folders_of(tmp_path, EventRules(), "events.enabled=false", "events.consent=ask")
    assert deployed(folders) == (False, "ask")
    assert deployed(folders, "events.enabled=true") == (True, "ask")


def test_a_domain_that_came_to_record_less_is_obeyed_without_running_a_stage(tmp_path):
    rules = EventRules(enabled=False, consent="ask")
    assert deployed(folders_of(tmp_path, rules, "events.enabled=true")) == (False, "ask")


def test_the_domains_other_rules_stay(tmp_path):
    rules = EventRules(answer_hours=48)
    folders = folders_of(tmp_path, rules)
    config = settings.of_deploy(folders, ["events.enabled=false"])
    changed = settings.domain_with(folders.domain, config).events
    assert changed == rules.model_copy(update={"enabled": False})


@pytest.mark.parametrize("change", ["events.enabled=perhaps", "events.consent=maybe", "events.x=1"])
def test_a_wrong_setting_is_refused(tmp_path, change):
    with pytest.raises(ConfigError, match=r"events\."):
        settings.of_deploy(folders_of(tmp_path, EventRules()), [change])
