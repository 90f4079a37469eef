"""Settings: typed, changed by name, saved beside the results."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from training.config import CleanConfig, Config, from_dict
from training.errors import ConfigError
from training.harper.config import HarperConfig
from training.pipeline.reference import settings_of

ALL = [
    (section, key, value)
    for section, part in Config().as_dict().items()
    for key, value in part.items()
]
ACCOUNT = {"HARPER_USERNAME": "me", "HARPER_PASSWORD": "secret"}


@pytest.mark.parametrize(
    ("setting", "section", "key", "value"),
    [
        ("clean.liked_from=10", "clean", "liked_from", 10.0),
        ("clean.liked_from=3.5", "clean", "liked_from", 3.5),
        ("clean.liked_above_mean=yes", "clean", "liked_above_mean", True),
        ("clean.liked_above_mean=OFF", "clean", "liked_above_mean", False),
        ("train.max_steps=300", "train", "max_steps", 300),
        (" train.max_steps = 300 ", "train", "max_steps", 300),
        ("export.dtype=float32", "export", "dtype", "float32"),
    ],
)
def test_a_setting_is_changed_by_its_name_and_keeps_its_type(setting, section, key, value):
    after = Config().with_settings([setting])
    found = getattr(getattr(after, section), key)
    assert (found, type(found)) == (value, type(value))
    others = [(s, k) for s, k, v in ALL if getattr(getattr(after, s), k) != v]
    assert set(others) <= {(section, key)}


def test_of_two_values_for_one_setting_the_last_one_counts():
    config = Config().with_settings(["train.seed=1", "train.seed=2"])
    assert config.train.seed == 2


@pytest.mark.parametrize("section", [f.name for f in dataclasses.fields(Config)])
def test_no_section_can_be_changed_in_place(section):
    part = getattr(Config(), section)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part, dataclasses.fields(part)[0].name, 1)


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ("train.max_step=3", "train has seed, batch"),
        ("trian.max_steps=3", "there are clean, split"),
        ("max_steps=3", "section.field=value"),
        ("train.max_steps", "section.field=value"),
        ("", "section.field=value"),
        ("train.max_steps=many", "train.max_steps=many: expected a whole number of 1 or more"),
        ("train.max_steps=1.5", "train.max_steps=1.5: expected a whole number of 1 or more"),
        ("train.max_steps=", "train.max_steps=: expected a whole number of 1 or more"),
        ("clean.max_bad_rows=2", "clean.max_bad_rows=2: expected a number from 0 to 1"),
        ("clean.liked_from=x", "expected a number from 0 to 1,000,000,000"),
        ("clean.liked_above_mean=perhaps", "expected true or false"),
        ("export.dtype=int8", "export.dtype=int8: expected float16 or float32"),
    ],
)
def test_an_unknown_setting_or_a_wrong_value_names_itself_and_what_is_expected(setting, remedy):
    with pytest.raises(ConfigError) as caught:
        Config().with_settings([setting])
    assert remedy in str(caught.value)
    assert setting.partition("=")[0] in str(caught.value)


@pytest.mark.parametrize("wrong", [{"liked_fom": 1}, {"liked_from": -1}, {"max_bad_rows": "many"}])
def test_settings_made_in_code_are_checked_too(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        CleanConfig(**wrong)


def test_a_changed_copy_is_checked_too():
    with pytest.raises(ValidationError, match="max_bad_rows"):
        dataclasses.replace(CleanConfig(), max_bad_rows=7)


def test_every_setting_has_a_type_and_a_meaning():
    for setting in settings_of():
        assert setting.description.endswith("."), setting.name
        choices = " or " in setting.type
        assert setting.range or choices or setting.type == "text"


@pytest.mark.parametrize(
    "setting",
    [
        "clean.max_bad_rows=-0.1",
        "clean.max_bad_rows=1.1",
        "clean.max_bad_rows=nan",
        "clean.min_liked_per_user=-1",
        "clean.min_likers_per_item=-1",
        "clean.liked_from=nan",
        "split.validation_share=0",
        "split.test_share=1.5",
        "split.min_liked=1",
        "split.seed=-1",
        "model.dim=0",
        "model.favourites=0",
        "model.favourites=11",
        "model.user_items=0",
        "train.seed=-1",
        "train.batch=0",
        "train.learning_rate=0",
        "train.learning_rate=inf",
        "train.max_steps=0",
        "train.eval_every=0",
        "train.patience=0",
        "items.seed=-1",
        "items.neighbours=0",
        "items.new_neighbours=-1",
        "items.cap=1",
        "items.calibration=0",
        "items.calibration=1",
        "items.max_calibration=0",
        "items.draws=0",
        "items.negatives=0",
        "items.hidden=1",
        "items.epochs=0",
        "items.batch=0",
        "items.learning_rate=nan",
        "items.ridge=-1",
        "items.dropped=1.1",
        "evaluate.favourites=0",
        "evaluate.max_users=0",
        "export.dtype=int8",
        "export.max_megabytes=-1",
        "export.max_exclude=-1",
        "export.max_limit=0",
        "export.shard_bytes=0",
    ],
)
def test_a_value_out_of_range_is_refused_by_name(setting):
    with pytest.raises(ConfigError, match=setting.partition("=")[0].replace(".", r"\.")):
        Config().with_settings([setting])


def test_every_default_lies_in_its_own_range():
    assert Config().with_settings([f"{s}.{k}={v}" for s, k, v in ALL]) == Config()


@given(
    st.integers(1, 4096), st.floats(0, 1), st.booleans(), st.sampled_from(["float16", "float32"])
)
def test_settings_saved_as_json_are_read_back_the_same(dim, share, above, dtype):
    config = Config().with_settings(
        [
            f"model.dim={dim}",
            f"clean.max_bad_rows={share!r}",
            f"clean.liked_above_mean={above}",
            f"export.dtype={dtype}",
        ]
    )
    assert from_dict(json.loads(json.dumps(config.as_dict()))) == config


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"train": {"batches": 3}}, "train.batches=3: there is no such setting"),
        ({"train": {"batch": 0}}, "train.batch=0: Input should be greater than or equal to 1"),
        ({"trian": {}}, "trian={}: there is no such setting"),
        ({"train": None}, "train=None"),
    ],
)
def test_saved_settings_of_another_version_are_refused(change, problem):
    with pytest.raises(ConfigError, match="saved settings") as caught:
        from_dict(Config().as_dict() | change)
    assert problem in str(caught.value)


def test_harperdb_is_on_loopback_unless_the_environment_says_otherwise():
    config = HarperConfig.from_environment(ACCOUNT)
    assert (config.url, config.routes_url) == ("http://127.0.0.1:9925", "http://127.0.0.1:9926")
    assert (config.username, config.password, config.ca) == ("me", "secret", None)


@pytest.mark.parametrize(
    ("url", "routes"),
    [
        ("https://db.example.org:9925", "https://db.example.org:9926"),
        ("https://db.example.org/", "https://db.example.org:9926"),
        ("http://[::1]:9925", "http://[::1]:9926"),
    ],
)
def test_the_routes_are_expected_on_the_same_host(url, routes):
    config = HarperConfig.from_environment(ACCOUNT | {"HARPER_URL": url})
    assert (config.url, config.routes_url) == (url.rstrip("/"), routes)


@pytest.mark.parametrize("missing", list(ACCOUNT))
def test_a_missing_user_or_password_is_named(missing):
    with pytest.raises(ConfigError, match=missing):
        HarperConfig.from_environment({k: v for k, v in ACCOUNT.items() if k != missing})


@pytest.mark.parametrize("name", ["HARPER_URL", "HARPER_ROUTES_URL"])
@pytest.mark.parametrize("value", ["127.0.0.1:9925", "ftp://host", "http://", "http:///x"])
def test_an_invalid_address_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=name):
        HarperConfig.from_environment(ACCOUNT | {name: value})


def test_a_password_is_never_shown():
    url = "http://me:secret@127.0.0.1:9925"
    with pytest.raises(ConfigError) as caught:
        HarperConfig.from_environment(ACCOUNT | {"HARPER_URL": url})
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(HarperConfig.from_environment(ACCOUNT))
