"""The commands that use HarperDB: their output and exit codes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.environment import variables
from tests.fake_bundle import version_of
from tests.fake_harper import PASSWORD
from tests.harper_places import Place
from training.cli import connection
from training.cli import harper as harper_commands
from training.cli.harper import mount
from training.cli.status import BEHIND
from training.deploy import roles
from training.deploy.component import Component
from training.domains.domain import Domain
from training.errors import ConfigError, HarperRefused, HarperUnavailable
from training.harper.local.node import PROJECT_ROOT

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


def environment(place: Place) -> dict[str, str]:
    return variables(place.config) | {"HARPER_DEPLOYED_BY": "Ann", "COLUMNS": "200"}


@pytest.fixture
def run(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with the test's HarperDB, with bundles under tmp_path/<name>."""
    for name in ("HARPER_NODES", "HARPER_CA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(connection, "HARPER_FOLDER", tmp_path / "harper-local")
    monkeypatch.setattr(connection, "CLUSTER_FOLDER", tmp_path / "harper-local" / "cluster")
    monkeypatch.setattr(harper_commands, "pack", lambda domain: place.component)
    app = typer.Typer()
    mount(app)

    def run(*words: str, **env: str) -> Result:
        return CliRunner().invoke(app, words, env=environment(place) | env)

    return run


def artefacts(place: Place, name: str) -> str:
    """Puts a bundle where the command expects it."""
    folder = place.folder / f"artifacts-{name}"
    shutil.copytree(place.bundle(name), folder / "songs" / "bundle")
    return str(folder)


def test_a_deploy_reports_in_one_line_what_it_did_and_the_second_time_no_change(
    place: Place, run: Run
) -> None:
    folder = artefacts(place, "a")
    first = run("deploy", "songs", "--artifacts", folder)
    assert first.exit_code == 0, first.output
    version = version_of(place.folder / "a")
    assert f"model {version}; 60 of 60 catalogue rows sent" in first.stdout
    again = run("deploy", "songs", "--artifacts", folder)
    assert f"model {version} was current already; 0 of 60 catalogue rows sent" in again.stdout


@pytest.mark.parametrize(
    ("setting", "said", "recorded"),
    [
        ("events.enabled=false", "events are not recorded", (False, "none")),
        ("events.consent=ask", "pages ask before they record events", (True, "ask")),
    ],
)
def test_what_a_setting_says_about_events_is_packed_and_printed(
    fake: Place,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    said: str,
    recorded: tuple[bool, str],
) -> None:
    packed: list[Domain] = []

    def pack(domain: Domain) -> Component:
        packed.append(domain)
        return fake.component

    monkeypatch.setattr(harper_commands, "pack", pack)
    words = ("deploy", "songs", "--artifacts", artefacts(fake, "a"))
    result = run(*words, "--set", setting, **environment(fake))
    assert result.exit_code == 0, result.output
    assert said in result.stdout
    assert said not in run(*words, **environment(fake)).stdout
    assert (packed[0].events.enabled, packed[0].events.consent) == recorded


def test_deploy_refuses_a_setting_that_it_does_not_use(fake: Place, run: Run) -> None:
    folder = artefacts(fake, "a")
    result = run("deploy", "songs", "--artifacts", folder, "--set", "train.batch=64")
    assert result.exit_code == 1
    assert "only settings of the section events" in str(result.exception)


def test_a_page_that_is_not_served_is_reported_though_the_model_answers(
    fake: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {k: v for k, v in fake.component.files.items() if not k.startswith("web/")}
    pageless = dataclasses.replace(fake.component, files=without)
    monkeypatch.setattr(harper_commands, "pack", lambda domain: pageless)
    folder = artefacts(fake, "a")
    result = run("deploy", "songs", "--artifacts", folder, **environment(fake))
    assert result.exit_code == 1
    assert "60 of 60 catalogue rows sent" in result.stdout
    assert "the model is deployed and answers, but" in str(result.exception)
    assert "/song-recommender/ui/ answers 404" in str(result.exception)


def test_a_node_that_does_not_answer_is_named_and_the_exit_code_is_3(
    place: Place, run: Run
) -> None:
    result = run("deploy", "songs", "--artifacts", artefacts(place, "a"), HARPER_NODES="127.0.0.9")
    assert result.exit_code == BEHIND == 3
    assert "127.0.0.9" in result.output
    assert "down" in result.output
    assert place.answering() == version_of(place.folder / "a")


def test_versions_status_and_rollback_show_what_is_deployed(place: Place, run: Run) -> None:
    for name in "ab":
        assert run("deploy", "songs", "--artifacts", artefacts(place, name)).exit_code == 0
    first, second = version_of(place.folder / "a"), version_of(place.folder / "b")
    lines = run("versions", "songs").stdout.splitlines()
    current = next(line for line in lines if "current" in line and second in line)
    assert "Ann" in current
    assert "0.3000" in current
    assert any(first in line for line in lines)
    output = run("status", "songs").stdout
    assert second in output
    assert place.component.code in output
    assert "60" in output
    result = run("rollback", "songs")
    assert result.exit_code == 0
    assert f"model {first} answers" in result.stdout
    assert first in run("status", "songs").stdout


def test_status_exits_with_3_if_a_worker_answers_from_another_model_than_the_current(
    place: Place, run: Run
) -> None:
    assert run("deploy", "songs", "--artifacts", artefacts(place, "a")).exit_code == 0
    assert run("status", "songs").exit_code == 0
    place.write("current", {"id": "current", "version": "00000000deadbeef", "at": "later"})
    result = run("status", "songs")
    assert result.exit_code == BEHIND
    assert version_of(place.folder / "a") in result.stdout


def test_before_the_first_deploy_the_commands_say_so(fake: Place) -> None:
    results = {
        command: subprocess.run(
            [sys.executable, "-m", "training", command, "songs"],
            env=os.environ | environment(fake),
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        for command in ("status", "versions", "rollback")
    }
    assert "has no model of songs: `make deploy-songs`" in results["status"].stderr
    assert "has no model of songs yet: `make deploy-songs`" in results["versions"].stdout
    assert "no model was ever deployed here" in results["rollback"].stderr
    assert [one.returncode for one in results.values()] == [3, 0, 1]


def test_names_are_printed_unchanged(place: Place, run: Run) -> None:
    for name, by in (("a", "CI [build 12]"), ("b", "x [/foo] :smile:")):
        run("deploy", "songs", "--artifacts", artefacts(place, name), HARPER_DEPLOYED_BY=by)
    output = run("versions", "songs").stdout
    assert "CI [build 12]" in output
    assert "x [/foo] :smile:" in output


def test_a_user_without_a_name_deploys_as_somebody(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nameless)
    folder = artefacts(place, "a")
    assert run("deploy", "songs", "--artifacts", folder, HARPER_DEPLOYED_BY="").exit_code == 0
    assert "somebody" in run("versions", "songs").stdout


def test_a_forced_model_is_marked_in_the_list(place: Place, run: Run) -> None:
    bad = place.folder / "bad"
    shutil.copytree(place.bundle("bad-songs", quality=0.01), bad / "songs" / "bundle")
    result = run("deploy", "songs", "--artifacts", str(bad), "--force")
    assert "forced: its ndcg@20" in result.stdout
    assert "forced" in run("versions", "songs").stdout


def test_users_are_made_with_passwords_that_only_a_private_file_holds(
    place: Place, run: Run, tmp_path: Path
) -> None:
    run("deploy", "songs", "--artifacts", artefacts(place, "a"))
    result = run("users", HARPER_READER_PASSWORD="chosen by me")
    assert result.exit_code == 0, result.output
    path = tmp_path / "harper-local" / "users.json"
    kept = json.loads(path.read_text())[place.config.url]
    assert kept[roles.READER] == "chosen by me"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(kept[roles.PUSHER]) > 20
    assert all(password not in result.output for password in kept.values())
    run("users")
    assert json.loads(path.read_text())[place.config.url] == kept


def test_requiring_a_cluster_where_there_is_none_is_an_error(place: Place, run: Run) -> None:
    result = run("status", "songs", "--cluster")
    assert isinstance(result.exception, ConfigError)
    assert "knows no other nodes" in str(result.exception)


def test_an_unknown_domain_is_wrong_usage(run: Run) -> None:
    assert run("status", "films").exit_code == 2


def test_without_an_address_and_a_local_server_the_remedy_is_named(run: Run) -> None:
    result = run("status", "songs", HARPER_URL="")
    assert isinstance(result.exception, ConfigError)
    assert "make harper-up" in str(result.exception)


def test_up_starts_no_server_if_harper_url_names_one(run: Run, tmp_path: Path) -> None:
    assert "as HARPER_URL says" in run("harper", "up").stdout
    assert not (tmp_path / "harper-local").exists()


@pytest.mark.parametrize("command", [("harper", "up"), ("status", "songs")])
def test_a_refused_login_is_reported_before_anything_else(
    place: Place, run: Run, command: tuple[str, str]
) -> None:
    result = run(*command, HARPER_PASSWORD="wrong-secret")
    assert isinstance(result.exception, HarperRefused)
    assert "Login failed" in str(result.exception)


def test_an_address_that_does_not_answer_is_reported_before_any_training(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "READY_SECONDS", 0.1)
    monkeypatch.setenv("HARPER_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HARPER_USERNAME", "u")
    monkeypatch.setenv("HARPER_PASSWORD", "p")
    with pytest.raises(HarperUnavailable, match="is HarperDB running there"):
        harper_commands.require_ready(place.domain, in_cluster=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"HARPER_PASSWORD": "wrong-secret"}, "Login failed"),
        ({"HARPER_URL": "http://127.0.0.1:9"}, "does not answer; is HarperDB running there?"),
        ({"HARPER_URL": "http://u:secret@127.0.0.1:9"}, "HARPER_USERNAME and HARPER_PASSWORD"),
        ({"HARPER_PASSWORD": ""}, "HARPER_PASSWORD not set"),
        ({"HARPER_URL": "http://db.example:9925"}, "is plain HTTP"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1_without_a_password(
    fake: Place, change: dict[str, str], words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", "status", "songs"],
        env=os.environ | environment(fake) | change,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in output
    assert "wrong-secret" not in output
    assert PASSWORD not in output
