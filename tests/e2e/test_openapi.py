"""The API's description against a real node: Schemathesis sends what it allows and forbids."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from harperdb_recommender import (
    ApiError,
    Client,
    EventsAnswer,
    Health,
    Item,
    Model,
    Reason,
    Recommendation,
    Recommendations,
    Refusal,
    Stats,
    new_event,
    new_session,
)
from tests.harper_places import Place, wait_for

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


def test_the_client_has_every_operation_with_every_field(description: dict[str, Any]) -> None:
    named = {
        operation["operationId"]: operation
        for methods in description["paths"].values()
        for operation in methods.values()
    }
    ours = [name for name in vars(Client) if not name.startswith("_") and name != "close"]
    assert sorted(ours) == sorted(named)
    for name, operation in named.items():
        parameters = [parameter["name"] for parameter in operation["parameters"]]
        if "requestBody" in operation:
            parameters += json_of(operation["requestBody"])["properties"]
        signature = inspect.signature(getattr(Client, name))
        assert sorted(signature.parameters) == sorted(["self", *parameters]), name


def test_the_client_knows_every_field_of_the_answers(description: dict[str, Any]) -> None:
    paths, shared = description["paths"], description["components"]["schemas"]

    def answer(path: str, method: str = "get", status: str = "200") -> Mapping[str, Any]:
        return json_of(paths[path][method]["responses"][status])

    recorded = answer("/events", "post", "202")
    recommendation = shared["Recommendation"]
    for ours, schema in [
        (Recommendations, answer("/recommend", "post")),
        (Recommendation, recommendation),
        (Reason, recommendation["properties"]["because"]["items"]),
        (Item, answer("/songs/{id}")),
        (Model, answer("/model")),
        (Health, answer("/health")),
        (Stats, answer("/stats")),
        (EventsAnswer, recorded),
        (Refusal, recorded["properties"]["refused"]["items"]),
    ]:
        # `fields` holds what a catalogue or a later version adds.
        fields = set(inspect.get_annotations(ours)) - {"fields"}
        if required := getattr(ours, "__required_keys__", None):
            fields = set(required) | set(getattr(ours, "__optional_keys__", ()))
            assert set(required) <= set(schema["required"]), ours
        assert fields == set(schema["properties"]), ours


def test_the_client_on_a_real_node(base: str, description: dict[str, Any]) -> None:
    with Client(base) as client:
        assert client.openapi() == description
        popular = client.search(limit=3)
        assert len(popular) == 3
        [first, *_] = popular
        assert client.search(first.fields["title"])[0].id == first.id
        assert client.item(first.id).known
        session = new_session()
        # A worker reads the keys that it signs with every ten seconds.
        wait_for(lambda: client.recommend([first.id], session=session).answer)
        answer = client.recommend([first.id, "nobody"], limit=5, explain=True, session=session)
        assert answer.unknown == ("nobody",)
        assert len(answer.recommendations) == 5
        assert answer.recommendations[0].fields["title"]
        shown = answer.recommendations[1].id
        events = [
            new_event("click", item=shown, answer=answer.answer, position=2),
            new_event("like", item=first.id),
            new_event("dislike", item="nobody", answer=answer.answer),
        ]
        recorded = client.events(session, events)
        assert (recorded["accepted"], recorded["duplicates"]) == (2, 0)
        assert [one["index"] for one in recorded["refused"]] == [2]
        assert client.events(session, events)["duplicates"] == 2
        assert client.model()["version"] == answer.model == client.health()["model"]
        assert client.stats()["routes"]["recommend"]["requests"] > 0
        with pytest.raises(ApiError) as caught:
            client.item("nobody")
        assert (caught.value.status, caught.value.code) == (404, "unknown_item")


def json_of(place: Mapping[str, Any]) -> Any:
    return place["content"]["application/json"]["schema"]


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
