"""Metrics, request ids and the log of a real node with two workers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.fake_bundle import item_ids, make_bundle
from tests.harper_places import built_component, real_node, wait_for
from tests.ops_files import OPS, expressions, metric_names
from training.bundle import open_bundle
from training.deploy.deploy import deploy
from training.domains import DOMAINS
from training.harper import cluster
from training.harper.client import HarperClient
from training.harper.local.node import LocalNode

pytestmark = pytest.mark.e2e

SONGS = DOMAINS["songs"]
OF_THE_NODE = frozenset({("project", SONGS.project)})
# What a Prometheus sends.
PROMETHEUS = {
    "accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "accept-encoding": "gzip",
}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Scrape:
    """One answer of `GET …/metrics`, parsed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.types = {}
        self.samples: Samples = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                assert key not in self.samples, f"twice: {key}"
                self.samples[key] = sample.value
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
            for suffix in suffixes.get(family.type, [""]):
                self.types[family.name + suffix] = family.type
            assert family.documentation, family.name

    def by_worker(self, name: str, **labels: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for (sample, own), value in self.samples.items():
            if sample == name and frozenset(labels.items()) <= own:
                worker = dict(own)["worker"]
                found[worker] = found.get(worker, 0.0) + value
        return found

    def total(self, name: str, **labels: str) -> float:
        return sum(self.by_worker(name, **labels).values())


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    folder = tmp_path_factory.mktemp("metrics")
    with real_node(folder / "node") as running:
        for name in ("songs", "books"):
            bundle = open_bundle(make_bundle(folder / name, domain=name), name)
            target = cluster.target(running.config())
            domain = DOMAINS[name]
            assert deploy(
                target, domain.database, bundle, built_component(name), by="ann"
            ).is_on_all_nodes
        yield running


def scrape(node: LocalNode, project: str = SONGS.project) -> Scrape:
    answer = requests.get(f"{node.routes_url}/{project}/metrics", headers=PROMETHEUS, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Scrape(answer.text)


def settled(node: LocalNode) -> Scrape:
    """A scrape of both workers that counts what was asked before.

    An answer is used again for a moment, and a machine that is busy with other things may keep a
    worker from reporting in time; the scrape then says so.
    """
    for _ in range(30):
        time.sleep(0.3)
        found = scrape(node)
        reporting = found.samples["recommender_workers_reporting", OF_THE_NODE]
        assert len(found.by_worker("recommender_model_loaded")) == reporting
        if reporting == 2:
            return found
    pytest.fail("a worker never reported")


def test_every_scrape_holds_the_figures_of_both_workers(node: LocalNode) -> None:
    before = settled(node).total("recommender_http_requests_total", route="item")
    url = f"{node.routes_url}/{SONGS.project}/songs/{item_ids(1)[0]}"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: requests.get(url, timeout=30).status_code, range(60)))
    assert statuses == [200] * 60
    # Whichever worker answers a scrape, of both.
    for _ in range(8):
        found = settled(node)
        workers = found.by_worker("recommender_model_loaded")
        assert list(workers.values()) == [1, 1], found.text
        assert found.total("recommender_http_requests_total", route="item") == before + 60
        assert found.samples["recommender_workers", OF_THE_NODE] == 2


def test_two_recommenders_of_a_node_do_not_mix_their_figures(node: LocalNode) -> None:
    project = DOMAINS["books"].project
    requests.get(f"{node.routes_url}/{project}/books?q=a", timeout=30).raise_for_status()
    time.sleep(0.3)
    books = scrape(node, project)
    assert books.total("recommender_http_requests_total", route="search") == 1
    projects = {dict(labels).get("project") for _, labels in books.samples}
    assert projects == {project}


def test_the_alert_rules_and_the_dashboard_name_only_metrics_that_exist(node: LocalNode) -> None:
    found = settled(node)
    for expression in expressions():
        missing = metric_names(expression) - set(found.types)
        assert not missing, expression


def test_every_metric_is_documented(node: LocalNode) -> None:
    manual = (OPS.parent / "docs" / "operations.md").read_text("utf-8")
    names = {re.sub("_(bucket|sum|count)$", "", name) for name in settled(node).types}
    section = manual.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`((?:recommender|process)_\w+)`", section))
    assert names == documented


def test_names_follow_the_conventions_of_prometheus(node: LocalNode) -> None:
    types = settled(node).types
    assert len(types) > 25
    for name, kind in types.items():
        assert re.fullmatch(r"(recommender|process)_[a-z_]+", name), name
        assert (kind == "counter") == name.endswith("_total"), name
        assert not re.search(r"milli|kilo|mega|_ms|_mb|percent", name), name


def test_a_request_id_of_a_proxy_comes_back_from_every_kind_of_answer(node: LocalNode) -> None:
    headers = {"x-request-id": "proxy.77"}
    base = f"{node.routes_url}/{SONGS.project}"
    for method, path in [
        ("GET", "health"),
        ("GET", "metrics"),
        ("GET", "songs?q=s"),
        ("GET", "nowhere"),
        ("GET", "ui/"),
        ("POST", "recommend"),
        ("PURGE", "songs"),
    ]:
        answer = requests.request(method, f"{base}/{path}", headers=headers, timeout=30)
        assert answer.headers["x-request-id"] == "proxy.77", (method, path)
    denied = requests.get(f"{base}/health", headers=headers, auth=("nobody", "x"), timeout=30)
    assert (denied.status_code, denied.headers["x-request-id"]) == (401, "proxy.77")
    own = requests.get(f"{base}/health", timeout=30).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", own)


def test_the_log_has_one_json_object_for_a_failed_request_with_the_id_of_its_answer(
    node: LocalNode,
) -> None:
    # The last test of this node: it breaks it.
    client = HarperClient(node.config())
    client.operation("drop_table", database=SONGS.database, table="models")

    failed: list[requests.Response] = []

    def fails() -> bool:
        # A worker learns a moment later that the table is gone.
        stats = requests.get(f"{node.routes_url}/{SONGS.project}/stats", timeout=30)
        if not stats.ok:
            failed.append(stats)
        return bool(failed)

    wait_for(fails)
    [answer] = failed
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    log = Path(node.folder, "root", "log", "hdb.log")
    request = answer.headers["x-request-id"]
    wait_for(lambda: request in log.read_text("utf-8"))
    [line] = [one for one in log.read_text("utf-8").splitlines() if request in one]
    received = json.loads(line[line.index("{") :])
    assert received["message"] == "a request failed"
    assert received["route"] == f"/{SONGS.project}/stats"
    assert (received["project"], received["method"]) == (SONGS.project, "GET")
    assert received["error"]["stack"]
    assert settled(node).total("recommender_http_errors_total", code="internal") == 1
