"""TF_CONFIG: who fits the towers together, and what is wrong with it in one line."""

import json

import pytest

from training.errors import ConfigError
from training.models.workers import Workers, named

TWO = ["one:2222", "two:2223"]


def config(cluster, task) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def test_each_worker_knows_its_place_and_the_first_is_the_chief():
    found = [named(config({"worker": TWO}, {"type": "worker", "index": i})) for i in (0, 1)]
    assert found == [Workers(tuple(TWO), 0), Workers(tuple(TWO), 1)]
    assert [one.is_chief for one in found] == [True, False]
    assert found[0].text(1) == "worker 1 (two:2223)"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"TF_CONFIG": " "},
        {"TF_CONFIG": "{}"},
        config({"worker": TWO[:1]}, {"type": "worker", "index": 0}),
    ],
)
def test_a_process_without_others_fits_alone(environment):
    assert named(environment) is None


WORKER = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    ("cluster", "task", "message"),
    [
        ("hosts", WORKER, 'cluster is "hosts", expected an object'),
        (
            {"ps": ["a:1"], "worker": TWO},
            WORKER,
            'cluster.ps is \\["a:1"\\], expected workers only',
        ),
        ({"worker": []}, WORKER, "cluster.worker is \\[\\], expected a list of addresses"),
        (
            {"worker": ["one:1", "two"]},
            WORKER,
            'cluster.worker\\[1\\] is "two", expected host:port',
        ),
        ({"worker": ["one:1", 7]}, WORKER, "cluster.worker\\[1\\] is 7, expected host:port"),
        ({"worker": ["one:70000", "b:1"]}, WORKER, "cluster.worker\\[0\\].* expected host:port"),
        ({"worker": ["a:1", "a:1"]}, WORKER, "cluster.worker\\[1\\].*each address once"),
        ({"worker": TWO}, None, "task is missing, expected an object"),
        ({"worker": TWO}, {"type": "chief", "index": 0}, 'task.type is "chief", expected "worker"'),
        ({"worker": TWO}, {"type": "worker"}, "task.index is missing, expected 0 to 1"),
        ({"worker": TWO}, {"type": "worker", "index": 2}, "task.index is 2.* has 2 addresses"),
        ({"worker": TWO}, {"type": "worker", "index": "0"}, 'task.index is "0", expected 0 to 1'),
    ],
)
def test_what_is_wrong_is_named_with_what_is_expected(cluster, task, message):
    with pytest.raises(ConfigError, match=message) as raised:
        named(config(cluster, task))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "worker"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(ConfigError, match="TF_CONFIG is not JSON"):
        named({"TF_CONFIG": text})


def test_json_of_another_kind_is_refused():
    with pytest.raises(ConfigError, match="TF_CONFIG is \\[1\\], expected an object"):
        named({"TF_CONFIG": "[1]"})
