"""Which program a local node is, and how it is started."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.harper_places import free_ports
from training.errors import ConfigError
from training.harper.local.launch import program_of
from training.harper.local.node import PROJECT_ROOT, LocalNode
from training.harper.local.server import start, stop

# Answers as a healthy node does, and records how it was started.
PROGRAM = f"""#!{sys.executable}
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer

class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

root = os.environ["ROOTPATH"]
with open(os.path.join(root, "started.json"), "w") as file:
    json.dump([sys.argv[1:], sorted(os.environ)], file)
servers = []
for name in ("OPERATIONSAPI_NETWORK_PORT", "HTTP_PORT"):
    host, port = os.environ[name].split(":")
    servers.append(HTTPServer((host, int(port)), Healthy))
threading.Thread(target=servers[0].serve_forever, daemon=True).start()
servers[1].serve_forever()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "harper"
    path.write_text(PROGRAM, "utf-8")
    path.chmod(0o755)
    return path


def test_the_program_is_npms_unless_another_is_named() -> None:
    installed = PROJECT_ROOT / "node_modules" / ".bin" / "harperdb"
    for environment in ({}, {"HARPER_PROGRAM": ""}):
        assert program_of(environment) == str(installed)


def test_a_program_is_named_by_its_path_or_as_a_command(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program_of({"HARPER_PROGRAM": str(program)}) == str(program)
    monkeypatch.chdir(program.parent)
    assert program_of({"HARPER_PROGRAM": "./harper"}) == str(program)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    assert program_of({"HARPER_PROGRAM": "harper"}) == str(program)
    monkeypatch.setenv("HOME", str(program.parent))
    assert program_of({"HARPER_PROGRAM": "~/harper"}) == str(program)


def test_a_name_that_is_no_program_is_refused(program: Path) -> None:
    program.chmod(0o644)
    for name in (str(program), str(program.parent / "none"), "no-such-harper"):
        with pytest.raises(ConfigError, match=f"HARPER_PROGRAM={name}"):
            program_of({"HARPER_PROGRAM": name})


def test_the_named_program_is_started_in_the_foreground_with_the_nodes_environment(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARPER_PROGRAM", str(program))
    node = LocalNode(tmp_path / "node", "127.0.0.1", *free_ports("127.0.0.1", 3))
    start(node)
    try:
        started = (node.folder / "root" / "started.json").read_text("utf-8")
        arguments, names = json.loads(started)
        assert arguments == ["run"]
        assert {"HOME", "HTTP_PORT", "NODE_HOSTNAME", "THREADS_COUNT"} <= set(names)
    finally:
        assert stop(node)
