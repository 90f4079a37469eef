"""A small HTTP server with the parts of HarperDB that we use: the operations API, and a component's
routes.

Our code is the same as with a real HarperDB, and one suite runs on both. Its component answers from
the constants of `fake_bundle`, and refuses what the real one refuses.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import struct
import tarfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cbor2

from training.harper.config import HarperConfig

USER, PASSWORD = "admin", "correct horse"
INLINE = 8192
TABLES = ("items", "models", "current", "locks", "catalogue_digests", "events", "event_keys")
BLOBS = {"topology": "model.json", "weights": "group1-shard1of1.bin", "probes": "probes.json"}

Row = dict[str, Any]


@dataclass
class FakeHarper:
    """The server; `start` before use, `stop` after."""

    tables: dict[tuple[str, str], dict[str, Row]] = field(default_factory=dict)
    components: dict[str, dict[str, bytes]] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    roles: dict[str, Any] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    received: list[Row] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    """Answers to send instead of the next ones: status and text."""
    before: Callable[[Row], None] = lambda body: None
    """Called with every operation before it is executed."""
    super_user: bool = True
    loses: list[set[str]] = field(default_factory=list)
    """The projects whose routes the worker lacks after each of the next restarts."""
    lost: set[str] = field(default_factory=set)
    takes_part: bool = True
    """Whether the component knows experiments."""
    refuses_challengers: str = ""
    """Why it refuses the challenger of any experiment; "": it does not."""
    metrics: str = "# EOF\n"
    """The answer of `GET …/metrics`."""
    replays: bool = False
    """Answer the probes as they say: for bundles whose graph this server cannot run."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> FakeHarper:
        self.servers = [_serve(_Operations, self), _serve(_Routes, self)]
        return self

    def stop(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def config(self, password: str = PASSWORD) -> HarperConfig:
        operations, routes = (f"http://127.0.0.1:{s.server_address[1]}" for s in self.servers)
        return HarperConfig(operations, routes, USER, password)

    def count(self) -> Counter[str]:
        return Counter(body["operation"] for body in self.received)

    def do(self, body: Row) -> tuple[int, Any]:
        self.received.append(body)
        self.before(body)
        if self.answers:
            status, text = self.answers.pop(0)
            return status, {"error": text}
        work = getattr(self, f"_{body['operation']}", None)
        if work is None:
            return 400, {"error": f"Operation '{body['operation']}' not found"}
        with self.lock:
            name = body.get("database"), body.get("table")
            is_there = name in self.tables or not body.get("table")
            if not is_there and not body["operation"].startswith(("create", "describe")):
                return 404, {"error": f"database '{name[0]}' does not exist"}
            return work(body)

    def _table(self, body: Row) -> dict[str, Row]:
        return self.tables[body["database"], body["table"]]

    def _user_info(self, body: Row) -> tuple[int, Any]:
        role = {"permission": {"super_user": self.super_user}}
        return 200, {"username": USER, "role": role}

    def _cluster_status(self, body: Row) -> tuple[int, Any]:
        return 200, {"node_name": "127.0.0.1", "connections": []}

    def _describe_all(self, body: Row) -> tuple[int, Any]:
        found: dict[str, Row] = {}
        for database, table in self.tables:
            found.setdefault(database, {})[table] = {}
        return 200, found

    def _describe_database(self, body: Row) -> tuple[int, Any]:
        found: Row = {table: {} for database, table in self.tables if database == body["database"]}
        return (200, found) if found else (404, {"error": "database does not exist"})

    def _list_roles(self, body: Row) -> tuple[int, Any]:
        return 200, [{"role": name, "id": name} for name in self.roles]

    def _add_role(self, body: Row) -> tuple[int, Any]:
        self.roles[body["role"]] = body["permission"]
        return 200, {"role": body["role"]}

    _alter_role = _add_role

    def _list_users(self, body: Row) -> tuple[int, Any]:
        return 200, [{"username": name} for name in self.users]

    def _add_user(self, body: Row) -> tuple[int, Any]:
        self.users[body["username"]] = body["password"]
        return 200, {"message": f"{body['username']} successfully added"}

    _alter_user = _add_user

    def _describe_table(self, body: Row) -> tuple[int, Any]:
        name = body["database"], body["table"]
        if name not in self.tables:
            return 404, {"error": f"Table '{name[0]}.{name[1]}' does not exist"}
        found: Row = {"name": name[1], "record_count": len(self.tables[name])}
        attributes = dict.fromkeys(key for row in self.tables[name].values() for key in row)
        return 200, found | {
            "hash_attribute": "id",
            "attributes": [{"attribute": attribute} for attribute in attributes],
        }

    def _create_database(self, body: Row) -> tuple[int, Any]:
        return 200, {"message": "created"}

    def _create_table(self, body: Row) -> tuple[int, Any]:
        self.tables.setdefault((body["database"], body["table"]), {})
        return 200, {"message": "created"}

    def _insert(self, body: Row) -> tuple[int, Any]:
        table, row = self._table(body), body["records"][0]
        if row["id"] in table:
            return 200, {"inserted_hashes": [], "skipped_hashes": [row["id"]]}
        table[row["id"]] = dict(row)
        return 200, {"inserted_hashes": [row["id"]], "skipped_hashes": []}

    def _upsert(self, body: Row) -> tuple[int, Any]:
        table = self._table(body)
        keys = [row.get("id", row.get("version")) for row in body["records"]]
        if body["table"] == "models":
            keys = [row["version"] for row in body["records"]]
        for key, row in zip(keys, body["records"], strict=True):
            table[key] = table.get(key, {}) | row
        return 200, {"upserted_hashes": keys}

    def _delete(self, body: Row) -> tuple[int, Any]:
        deleted = [key for key in body["ids"] if self._table(body).pop(key, None) is not None]
        return 200, {"deleted_hashes": deleted}

    def _search_by_id(self, body: Row) -> tuple[int, Any]:
        table = self._table(body)
        rows = [table[key] for key in body["ids"] if key in table]
        return 200, [_shown(row, body["get_attributes"]) for row in rows]

    def _search_by_value(self, body: Row) -> tuple[int, Any]:
        rows = self._table(body).values()
        chosen = [r for r in rows if body["value"] in ("*", r.get(body["attribute"]))]
        if "limit" in body:
            chosen = sorted(chosen, key=_place(body["attribute"]))[: body["limit"]]
        return 200, [_shown(row, body["get_attributes"]) for row in chosen]

    def _search_by_conditions(self, body: Row) -> tuple[int, Any]:
        rows, key = list(self._table(body).values()), body["sort"]["attribute"]
        for name in body["get_attributes"]:
            if rows and name != "*" and not any(name in row for row in rows):
                return 400, {"error": f"unknown attribute '{name}'"}
        for condition in body["conditions"]:
            rows = [row for row in rows if _meets(row, condition)]
        chosen = sorted(rows, key=_place(key))[: body["limit"]]
        return 200, [_shown(row, body["get_attributes"]) for row in chosen]

    def _deploy_component(self, body: Row) -> tuple[int, Any]:
        raw = gzip.decompress(base64.b64decode(body["payload"]))
        with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
            files = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}  # type: ignore
        self.components[body["project"]] = files
        settings = json.loads(files["settings.json"])
        for table in TABLES:
            self.tables.setdefault((settings["database"], table), {})
        return 200, {"message": f"Successfully deployed: {body['project']}"}

    def _restart_service(self, body: Row) -> tuple[int, Any]:
        self.lost = self.loses.pop(0) if self.loses else set()
        return 200, {"message": "Starting job", "job_id": "job-1"}

    def _get_job(self, body: Row) -> tuple[int, Any]:
        return 200, [{"id": body["id"], "status": "COMPLETE"}]

    def _get_components(self, body: Row) -> tuple[int, Any]:
        if not self.super_user:
            return 403, {"error": "This operation is not authorized due to role restrictions"}
        return 200, {"entries": [_folder(name, files) for name, files in self.components.items()]}

    def _get_component_file(self, body: Row) -> tuple[int, Any]:
        files = self.components.get(body["project"], {})
        if body["file"] not in files:
            return 500, {"error": "Component file not found"}
        return 200, {"message": files[body["file"]].decode()}

    def _drop_table(self, body: Row) -> tuple[int, Any]:
        if not self.super_user:
            return 403, {"error": "This operation is not authorized due to role restrictions"}
        if self.tables.pop((body["database"], body["table"]), None) is None:
            return 404, {"error": "no such table"}
        return 200, {"message": "dropped"}

    def _drop_database(self, body: Row) -> tuple[int, Any]:
        if not self.super_user:
            return 403, {"error": "This operation is not authorized due to role restrictions"}
        for name in [name for name in self.tables if name[0] == body["database"]]:
            del self.tables[name]
        return 200, {"message": "dropped"}

    # The deployed component.

    def health(self, project: str) -> tuple[int, Any]:
        if project not in self.components or project in self.lost:
            return 404, {"message": "Not Found"}
        with self.lock:
            settings = json.loads(self.components[project]["settings.json"])
            database = settings["database"]
            health: Row = {"component": settings["code"], "node": "127.0.0.1", "model": None}
            health |= {"worker": 0, "workers": 1}
            pointer = self.tables[database, "current"].get("current")
            candidate = self.tables[database, "current"].get("candidate")
            if pointer is not None:
                wrong = self._objection(database, pointer["version"])
                if wrong is None:
                    self.live[project] = pointer["version"]
                else:
                    health["refused"] = {"version": pointer["version"], "reason": wrong}
            if candidate is not None:
                wrong = self._objection(database, candidate["version"])
                state = "ready" if wrong is None else "refused"
                reported = {key: candidate.get(key) for key in ("version", "at")}
                health["candidate"] = reported | {"state": state}
                health["candidate"] |= {"reason": wrong} if wrong else {}
            health |= self._experiment(database, pointer)
            version = self.live.get(project)
            if version is None:
                return 503, health | {"reason": "No model has been deployed yet."}
            items = len(json.loads(self.tables[database, "models"][version]["item_ids"]))
            missing = max(0, items - len(self.tables[database, "items"]))
            return 200, health | {"model": version, "items": items, "missing": missing}

    def _experiment(self, database: str, pointer: Row | None) -> Row:
        row = self.tables[database, "current"].get("experiment")
        if row is None or not self.takes_part:
            return {}
        content = row["experiment"]
        reported: Row = {"id": content["id"], "at": row["at"], "state": "ready"}
        wrong = self._objection(database, content["challenger"]["version"])
        wrong = self.refuses_challengers or wrong
        if wrong is not None:
            reported |= {"state": "refused", "reason": wrong}
        elif (pointer or {}).get("version") != content["champion"]["version"]:
            reported |= {"state": "suspended", "reason": "another model is current"}
        return {"experiment": reported}

    def recommend(self, project: str, question: Row) -> tuple[int, Any]:
        self.health(project)
        with self.lock:
            database = json.loads(self.components[project]["settings.json"])["database"]
            version = self.live[project]
            model = self.tables[database, "models"][version]
            if self.replays:
                return 200, {"model": version, "recommendations": _replayed(model, question)}
            ids = json.loads(model["item_ids"])
            numbers = struct.unpack(f"<{len(ids)}i{len(ids)}f", model["weights"])
            order, scores = numbers[: len(ids)], numbers[len(ids) :]
            ranked = [
                {"id": ids[i], "score": s}
                for i, s in zip(order, scores, strict=True)
                if ids[i] not in question["favourites"]
            ]
            return 200, {"model": version, "recommendations": ranked[: question["limit"]]}

    def _objection(self, database: str, version: str) -> str | None:
        model = self.tables[database, "models"].get(version)
        if model is None:
            return f"there is no model {version} here (yet)"
        manifest = json.loads(model["manifest"])
        if manifest["format"] != 1:
            return f"format {manifest['format']}"
        for column, name in BLOBS.items():
            if hashlib.sha256(model[column]).hexdigest() != manifest["files"][name]["sha256"]:
                return f"{name}: its SHA-256 is not the manifest's"
        if self.replays:
            return None
        ids = json.loads(model["item_ids"])
        order = struct.unpack(f"<{len(ids)}i", model["weights"][: 4 * len(ids)])
        for probe in json.loads(model["probes"])["probes"]:
            ranked = [ids[i] for i in order if ids[i] not in probe["favourites"]]
            if ranked[: len(probe["items"])] != probe["items"]:
                return "probe 1 of 3: other answers"
        return None


def _replayed(model: Row, question: Row) -> list[Row]:
    asked = [question["favourites"], question.get("strategy")]
    for probe in json.loads(model["probes"])["probes"]:
        if [probe["favourites"], probe["strategy"]] == asked:
            pairs = zip(probe["items"], probe["scores"], strict=True)
            return [{"id": key, "score": score} for key, score in pairs]
    return []


def _meets(row: Row, condition: Row) -> bool:
    """Whether a row meets a condition, in either of the two ways of writing one."""
    name = condition.get("search_attribute", condition.get("attribute"))
    kind = condition.get("search_type", condition.get("comparator"))
    wanted = condition.get("search_value", condition.get("value"))
    if row.get(name) is None:
        return False
    value = _place(name)(row)
    if kind == "between":
        low, high = (_place(name)({name: one}) for one in wanted)
        return low <= value <= high
    least = _place(name)({name: wanted})
    assert kind in ("greater_than", "greater_than_equal")
    return value > least or (kind == "greater_than_equal" and value == least)


def _place(name: str) -> Callable[[Row], Any]:
    """Returns the order of HarperDB: numbers, then texts."""
    return lambda row: (isinstance(row[name], str), row[name])


def _folder(name: str, files: dict[str, bytes]) -> Row:
    tops = sorted({path.split("/")[0] for path in files})
    return {"name": name, "entries": [{"name": top} for top in tops]}


def _shown(row: Row, names: list[str]) -> Row:
    kept = row if names == ["*"] else {name: row.get(name) for name in names}
    return {name: _told(value) for name, value in kept.items()}


def _told(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    if len(value) > INLINE:
        return f"[blob: text/plain, {len(value)} bytes]"
    return value.decode("utf-8", "replace")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024  # one packet per answer: a second one would be delayed (Nagle)
    fake: FakeHarper

    def log_message(self, *args: Any) -> None: ...

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: Any) -> None:
        self.answer_text(status, json.dumps(body), "application/json")

    def answer_text(self, status: int, text: str, kind: str = "text/plain") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Operations(_Handler):
    def do_GET(self) -> None:
        self.answer(200, "HarperDB is running.")

    def do_POST(self) -> None:
        raw = self.body()
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            return self.answer(401, {"error": "Login failed"})
        decode = cbor2.loads if "cbor" in self.headers["Content-Type"] else json.loads
        try:
            status, body = self.fake.do(decode(raw))
        except ConnectionAbortedError:
            self.close_connection = True  # a test closes the connection
            return None
        return self.answer(status, body)


class _Routes(_Handler):
    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        if parts[-1] == "health":
            return self.answer(*self.fake.health(parts[0]))
        if parts[-1] == "metrics":
            return self.answer_text(200, self.fake.metrics)
        if parts[-1] == "ui" and "web/ui/index.html" in self.fake.components.get(parts[0], {}):
            return self.answer(200, "a page")
        return self.answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        question = json.loads(self.body())
        self.answer(*self.fake.recommend(self.path.strip("/").split("/")[0], question))


def _serve(handler: type[_Handler], fake: FakeHarper) -> ThreadingHTTPServer:
    kind = type(handler.__name__, (handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
