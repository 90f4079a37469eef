"""The alert rules, their tests, the dashboard and the runbook fit together.

That the metrics they name exist in a real scrape: tests/e2e/test_metrics.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.ops_files import ALERTS, DASHBOARD, OPS, expressions, metric_names

ROOT = OPS.parent
RUNBOOK = ROOT / "docs" / "runbook.md"


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_bad_it_is_and_where_its_runbook_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^## (\w+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_the_runbook_has_no_alert_that_does_not_exist() -> None:
    headings = re.findall(r"^## (Recommender\w+)$", RUNBOOK.read_text("utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(rule["alert"] for rule in rules())


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    tests = yaml.safe_load((OPS / "alerts_test.yml").read_text("utf-8"))["tests"]
    firing = {
        match.group(1)
        for test in tests
        for case in test["promql_expr_test"]
        if case["exp_samples"][0]["value"] == 1
        and (match := re.search(r'alertname="(\w+)"', case["expr"]))
    }
    assert firing == {rule["alert"] for rule in rules()}


def test_promtool_accepts_the_rules_and_they_fire_when_they_should() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here (Debian: apt-get install prometheus)")
    for command in (["check", "rules", "alerts.yml"], ["check", "config", "prometheus.yml"]):
        subprocess.run([promtool, *command], cwd=OPS, check=True, capture_output=True)
    done = subprocess.run(
        [promtool, "test", "rules", "alerts_test.yml"],
        cwd=OPS,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scrapes_of_the_example_are_those_that_the_rules_expect() -> None:
    example = yaml.safe_load((OPS / "prometheus.yml").read_text("utf-8"))
    for scrape in example["scrape_configs"]:
        assert scrape["metrics_path"] == f"/{scrape['job_name']}/metrics"
        assert re.fullmatch(r".+-recommender", scrape["job_name"])


def test_the_panels_of_the_dashboard_do_not_overlap_and_all_ask_the_chosen_source() -> None:
    board = json.loads(DASHBOARD.read_text("utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["targets"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


def test_names_of_metrics_are_read_from_expressions() -> None:
    expression = (
        'sum by (instance, le) (rate(recommender_x_seconds_bucket{route="recommender_no"}[5m]))'
        ' / process_cpu_seconds_total > 1 and up{job=~".+"} == 0'
    )
    assert metric_names(expression) == {"recommender_x_seconds_bucket", "process_cpu_seconds_total"}
    named = set().union(*(metric_names(one) for one in expressions()))
    assert len(named) > 20
