"""The reference of settings: every setting, and the stages that use it."""

import pytest

from training.config import Config
from training.domains import DOMAINS
from training.pipeline.reference import settings_of, settings_reference
from training.pipeline.settings import initial


@pytest.fixture(scope="module")
def stages():
    return {setting.name: setting.stages for setting in settings_reference()}


def test_every_setting_is_listed_once_in_order(stages):
    assert list(stages) == [setting.name for setting in settings_of()]
    assert len(stages) == sum(len(part) for part in Config().as_dict().values())


def test_no_setting_is_used_by_no_stage(stages):
    assert [name for name, users in stages.items() if not users] == []


@pytest.mark.parametrize(
    ("setting", "users"),
    [
        ("clean.liked_from", ("prepare",)),
        ("train.batch", ("train",)),
        ("evaluate.seed", ("train", "evaluate")),
        ("evaluate.quick", ("evaluate",)),
        ("export.dtype", ("evaluate", "export")),
        ("events.enabled", ("prepare", "deploy")),
        ("events.consent", ("deploy",)),
    ],
)
def test_a_setting_names_the_stages_that_use_it(stages, setting, users):
    assert stages[setting] == users


@pytest.mark.parametrize("name", list(DOMAINS))
def test_defaults_can_be_a_domains_own(name):
    config = initial(DOMAINS[name])
    found = {setting.name: setting.default for setting in settings_reference(config)}
    assert found["clean.liked_from"] == DOMAINS[name].clean.liked_from
