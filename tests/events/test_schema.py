import base64
import hashlib
import hmac
import json
import struct
from pathlib import Path

import pytest

from tests.events.rows import event_row
from training.deploy.event_keys import SKEW_MS
from training.domains.event_rules import EventRules
from training.events.schema import SCHEMA, digest_of, table_of

CASES = json.loads(Path("tests/cases/events.json").read_text(encoding="utf-8"))


def text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_a_stored_row_becomes_the_record_of_the_contract():
    table, malformed = table_of([CASES["stored"]["row"]])
    [record] = table.to_pylist()
    expected = dict(CASES["stored"]["record"])
    assert record["arrived"].date().isoformat() == expected.pop("date")
    for name in ("at", "shown_at", "arrived"):
        moment = record[name].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record[name] = moment
    assert record == expected
    assert malformed == 0
    assert table.schema == SCHEMA


@pytest.mark.parametrize(
    "case", [c for c in CASES["events"] if "row" in c], ids=lambda c: c["case"]
)
def test_every_row_that_a_node_stores_can_be_collected(case):
    row = case["row"] | {"node": "node-1", "arrived": CASES["now"], "arrival": "node-1/1-0-0"}
    table, malformed = table_of([row])
    [record] = table.to_pylist()
    assert malformed == 0
    assert {name for name, value in record.items() if value is None} == {
        name for name, value in row.items() if value is None
    }


@pytest.mark.parametrize("case", CASES["digests"], ids=lambda c: c["item"])
def test_an_item_is_named_by_the_same_digest_in_both_languages(case):
    assert text_of(digest_of(case["item"])) == case["digest"]


@pytest.mark.parametrize("case", CASES["answers"], ids=lambda c: c["answer"]["variant"] or "none")
def test_a_signed_answer_is_what_the_contract_says(case):
    answer, secret = case["answer"], bytes(range(32))
    assert text_of(secret) == CASES["key"]["secret"]
    texts = [answer[name].encode() for name in ("version", "strategy", "variant", "node")]
    payload = b"\x02" + hashlib.sha256(secret).digest()[:4]
    payload += answer["shown_at"].to_bytes(6, "big")
    payload += b"".join(bytes([len(text)]) + text for text in texts)
    explored = answer["explored"]
    payload += bytes([len(explored)])
    if explored:
        payload += struct.pack(">f", answer["propensity"]) + bytes(explored)
    payload += b"".join(digest_of(item) for item in answer["items"])
    prefix = f"harperdb-recommender answer\0{CASES['project']}\0{CASES['session']}\0".encode()
    mac = hmac.new(secret, prefix + payload, "sha256").digest()[:16]
    assert text_of(payload + mac) == case["token"]
    assert text_of(mac[:9]) == case["name"]


def test_nodes_are_told_what_each_type_needs_and_no_weights():
    told = EventRules().for_nodes()["types"]
    assert told == {name: CASES["types"][name] for name in told}
    assert set(told) == {"view", "click", "like", "dislike"}


def test_both_languages_agree_on_how_far_clocks_may_lie_apart():
    source = Path("custom_functions/recommender/lib/events/batch.js").read_text(encoding="utf-8")
    assert "const SKEW = 2 * HOUR;" in source
    assert SKEW_MS == 2 * 3_600_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"session": 7},
        {"type": ""},
        {"at": "yesterday"},
        {"arrived": None},
        {"at": True},
    ],
    ids=str,
)
def test_a_row_without_what_every_event_has_is_left_out_and_counted(wrong):
    table, malformed = table_of([event_row(), event_row() | wrong])
    assert (table.num_rows, malformed) == (1, 1)


def test_odd_values_of_other_columns_are_empty():
    odd = {"position": "3", "item": 7, "shown_at": "x", "extra": "y", "propensity": 0.0}
    table, _ = table_of([event_row(**odd)])
    [record] = table.to_pylist()
    assert all(record.get(name) is None for name in odd)
