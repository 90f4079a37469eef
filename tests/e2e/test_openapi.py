"""The API's description against a real node: Schemathesis sends what it allows and forbids."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.harper_places import Place

pytestmark = pytest.mark.e2e

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = 12
"""Requests of each operation and phase: all phases together take a few seconds."""


@pytest.fixture(scope="module")
def base(real_place: Place, tmp_path_factory: pytest.TempPathFactory) -> str:
    real_place.folder = tmp_path_factory.mktemp("openapi")
    real_place.empty()
    assert real_place.deploy(real_place.bundle()).is_on_all_nodes
    return f"{real_place.target.node.routes_url}/{real_place.domain.project}"


@pytest.fixture(scope="module")
def description(base: str) -> dict[str, Any]:
    answer = requests.get(f"{base}/openapi.json", timeout=30)
    assert answer.status_code == 200
    return answer.json()


def test_every_answer_is_documented_and_none_is_a_server_error(
    base: str, description: dict[str, Any], tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *(SCHEMATHESIS, "run", f"{base}/openapi.json", "--url", base),
            *("--max-examples", str(EXAMPLES), "--seed", "20", "--mode", "all"),
            *("--request-timeout", "60", "--suppress-health-check", "all"),
            *("--report", "ndjson", "--report-ndjson-path", tmp_path / "report.ndjson"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]

    seen: dict[str, set[int]] = defaultdict(set)
    for method, path, status in answers(tmp_path / "report.ndjson", base):
        seen[f"{method} {path}"].add(status)
    operations = documented(description)
    # The description itself is left out by Schemathesis.
    assert set(operations) - {"GET /openapi.json"} <= set(seen)
    for name, statuses in operations.items():
        assert seen[name] <= statuses, name
        assert not any(status >= 500 for status in seen[name]), name
    assert seen["POST /recommend"] >= {200, 400, 415}
    assert seen["POST /events"] >= {202, 400, 415}
    assert seen["GET /songs"] >= {200, 400}
    assert seen["GET /songs/{id}"] >= {200, 404}


def documented(description: dict[str, Any]) -> dict[str, set[int]]:
    return {
        f"{method.upper()} {path}": {int(status) for status in operation["responses"]}
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def answers(report: Path, base: str) -> Iterator[tuple[str, str, int]]:
    """Yields method, path of the description and status of every answer to a documented method."""
    for line in report.read_text(encoding="utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder")
        if recorder is None:
            continue
        for case, exchange in recorder.get("interactions", {}).items():
            sent = recorder["cases"][case]["value"]
            if exchange["response"] is not None and exchange["request"]["uri"].startswith(base):
                yield sent["method"], sent["path"], exchange["response"]["status_code"]
