"""The registry: built-in domains, and every description of a folder."""

import pytest

from tests.domains.descriptions import describe
from training.domains import DOMAINS
from training.errors import ConfigError

ROWS = '[interactions]\nfiles = "rows.csv"\nuser = "u"\nitem = "i"\n'


@pytest.fixture(autouse=True)
def datasets(tmp_path, monkeypatch):
    monkeypatch.setenv("RECOMMENDER_DATASETS", str(tmp_path))
    return tmp_path


def test_a_description_is_a_domain_beside_the_built_in_ones(datasets):
    describe(datasets, ROWS)
    assert list(DOMAINS) == ["songs", "books", "things"]
    assert len(DOMAINS) == 3
    assert DOMAINS["things"].project == "things-recommender"


def test_a_broken_description_hides_no_other_domain(datasets):
    (datasets / "broken").mkdir()
    (datasets / "broken" / "domain.toml").write_text("?")
    describe(datasets, ROWS)
    assert DOMAINS["things"].name == "things"
    assert "broken" in DOMAINS
    with pytest.raises(ConfigError, match="broken"):
        DOMAINS["broken"]


def test_a_name_leads_to_no_other_folder(datasets):
    describe(datasets / "inner", ROWS)
    assert "inner/things" not in DOMAINS
    with pytest.raises(KeyError):
        DOMAINS["inner/things"]


def test_a_description_does_not_replace_a_built_in_domain(datasets):
    describe(datasets, ROWS, name="songs")
    with pytest.raises(ConfigError, match="songs is built in"):
        DOMAINS["songs"]
