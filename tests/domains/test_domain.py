"""One suite over every registered domain: its description is complete and its sample is valid."""

import gzip
import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from training.config import SplitConfig
from training.data.cleaning import build
from training.data.dataset import EDITIONS
from training.domains import DOMAINS
from training.domains.domain import ITEM_ID, POPULARITY, STRENGTH, TITLE, USER_ID, Domain
from training.domains.reading import find_all
from training.errors import DataError
from training.pipeline.folders import Folders
from training.pipeline.stages import STAGES

ROOT = Path(__file__).parents[2]
SITES = {domain.name: domain.site for domain in DOMAINS.values() if domain.site}


@pytest.fixture(params=list(DOMAINS.values()), ids=list(DOMAINS))
def domain(request) -> Domain:
    return request.param


@pytest.fixture
def sample(domain) -> Path:
    return ROOT / "datasets" / domain.name / "sample"


def test_the_registry_uses_each_domains_own_name(domain):
    assert DOMAINS[domain.name].name == domain.name
    # Its code is part of the fingerprint of what is prepared.
    assert ROOT.joinpath(*domain.code.split(".")).with_suffix(".py").is_file()


def test_its_description_is_part_of_what_makes_data_stale(domain, sample):
    assert domain.find_files(sample)["domain.toml"].parent.name == domain.name


def test_no_two_domains_share_a_name_in_harperdb():
    assert len({d.project for d in DOMAINS.values()}) == len(DOMAINS)
    assert len({d.database for d in DOMAINS.values()}) == len(DOMAINS)


def test_names_are_valid_in_a_url_and_as_a_database(domain):
    assert re.fullmatch(r"[a-z]+", domain.name)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", domain.project)
    assert re.fullmatch(r"[a-z_]+", domain.database)


def test_no_label_for_people_is_missing(domain):
    assert all(vars(domain.labels).values())
    assert domain.data_name
    assert domain.terms
    assert all(source.what and source.columns and source.names for source in domain.sources)


@pytest.mark.parametrize("name", SITES)
def test_a_site_has_addresses_and_says_how_to_get_a_login_if_it_needs_one(name):
    site = SITES[name]
    for address in (site.page, *(f"{site.base}/{remote.path}" for remote in site.remotes)):
        parts = urlsplit(address)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert "//" not in parts.path
    assert bool(site.login) == bool(site.get_key)


def test_a_link_names_only_values_that_pages_have(domain):
    if domain.link is None:
        return
    shown = {name for name, _ in domain.shown}
    for url in filter(None, (domain.link.url, domain.link.synthetic_url)):
        assert url.startswith("https://")
        names = set(re.findall(r"\{(.*?)\}", url))
        assert names
        assert names <= shown | {"id"}


@pytest.mark.parametrize("name", SITES)
def test_what_is_downloaded_is_what_the_domain_reads(name):
    brought = {n for remote in SITES[name].remotes for n in remote.holds or (remote.name,)}
    for source in DOMAINS[name].sources:
        named = {name + packed for name in source.names for packed in ("", ".gz", ".zip")}
        assert named & brought or not source.required


def test_no_field_has_a_name_that_the_catalogue_uses_for_itself(domain, sample):
    fields = set(domain.read_items(sample, 0.0).rows.columns) - {ITEM_ID}
    assert not fields & {"id", POPULARITY, EDITIONS}
    shown = {name for name, _ in domain.shown}
    assert shown | {domain.creator} | set(domain.groups) | set(domain.same_work) <= fields
    assert {domain.year} - {""} <= fields


def test_interactions_have_the_declared_columns_and_read_clean(domain, sample):
    table = domain.read_interactions(sample, 0.0)
    assert list(table.rows.columns) == [USER_ID, ITEM_ID, STRENGTH]
    assert (table.dropped, table.read) == ({}, len(table.rows))
    assert table.rows[STRENGTH].dtype == "float32"
    for name in (USER_ID, ITEM_ID):
        ids = table.rows[name].unique()
        assert all(isinstance(id_, str) and id_ and id_ == id_.strip() for id_ in ids)


def test_strengths_span_what_counts_as_liked_and_are_never_negative(domain, sample):
    strengths = domain.read_interactions(sample, 0.0).rows[STRENGTH]
    assert strengths.min() >= 0
    assert 0 < domain.clean.liked_from <= strengths.max()
    assert (strengths >= domain.clean.liked_from).mean() > 0.5


def test_items_have_the_declared_columns_and_read_clean(domain, sample):
    table = domain.read_items(sample, 0.0)
    names = {ITEM_ID, TITLE, domain.creator, *(name for name, _ in domain.shown), *domain.same_work}
    assert names <= set(table.rows.columns)
    assert table.dropped == {}
    assert table.rows[ITEM_ID].is_unique
    assert all(isinstance(v, str) for column in table.rows for v in table.rows[column])
    assert (table.rows[[TITLE, domain.creator]] != "").all(axis=None)


def test_every_item_of_the_sample_has_a_title(domain, sample):
    titled = set(domain.read_items(sample, 0.0).rows[ITEM_ID])
    assert set(domain.read_interactions(sample, 0.0).rows[ITEM_ID]) <= titled


def test_the_sample_says_that_it_is_invented(domain, sample):
    source = json.loads((sample / "source.json").read_text(encoding="utf-8"))
    assert source["synthetic"] is True
    assert source["name"]
    assert source["terms"]


def test_the_sample_is_large_enough_to_train_on(domain, sample):
    dataset, _ = build(domain, sample, domain.clean, SplitConfig())
    assert len(dataset.items) >= 300
    assert len(dataset.parts) >= 1000
    assert [int((dataset.parts == part).sum()) >= 100 for part in (1, 2)] == [True, True]


def test_packed_files_read_the_same(domain, sample, tmp_path):
    for path in find_all(sample, domain.sources).values():
        if "rat" in path.name.lower() or "train" in path.name:
            (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        else:
            with zipfile.ZipFile(tmp_path / f"{path.name}.zip", "w") as archive:
                archive.write(path, path.name)
    for read in (domain.read_interactions, domain.read_items):
        assert read(tmp_path, 0.0).rows.equals(read(sample, 0.0).rows)


def test_each_missing_required_file_is_named(domain, sample, tmp_path):
    for missing in (source for source in domain.sources if source.required):
        folder = tmp_path / missing.names[0]
        shutil.copytree(sample, folder)
        for path in folder.glob(f"{missing.names[0]}*"):
            path.unlink()
        with pytest.raises(DataError) as caught:
            STAGES["prepare"](
                Folders(domain, folder, tmp_path / "artifacts"), [], progress=lambda *_: None
            )
        assert missing.names[0] in str(caught.value)
        assert str(folder) in str(caught.value)


def test_a_file_of_noise_is_refused_in_one_line_that_names_it(domain, tmp_path):
    noise = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 50
    for source in domain.sources:
        (tmp_path / source.names[0]).write_bytes(noise)
    for read, source in (
        (domain.read_interactions, domain.sources[0]),
        (domain.read_items, domain.sources[1]),
    ):
        with pytest.raises(DataError, match=re.escape(source.names[0])) as caught:
            read(tmp_path, domain.clean.max_bad_rows)
        assert str(caught.value).isprintable()


def test_an_item_needs_no_likes_to_be_in_the_catalogue(domain, sample):
    clean = replace(domain.clean, min_likers_per_item=0)
    dataset, _ = build(domain, sample, clean, SplitConfig())
    known = set(domain.read_items(sample, 0.0).rows[ITEM_ID])
    assert known == set(dataset.index_of)


def test_no_module_depends_on_which_domain_it_serves():
    package = ROOT / "training"
    own = {package / "domains" / f"{name}.py" for name in DOMAINS}
    for path in sorted(set(package.rglob("*.py")) - own):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""["'](songs|books)["']""", text), path
