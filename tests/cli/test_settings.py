"""The command ``config list``."""

import pytest

from training.domains import DOMAINS
from training.pipeline.settings import initial


@pytest.mark.parametrize("name", DOMAINS)
def test_every_setting_is_listed_with_the_domains_default(call, name):
    code, shown, errors = call("config", "list", name)
    assert (code, errors) == (0, "")
    listed = dict(line.split()[0].split("=", 1) for line in shown.splitlines())
    sections = initial(DOMAINS[name]).as_dict()
    assert listed.keys() == {f"{s}.{key}" for s, part in sections.items() for key in part}
    assert float(listed["clean.liked_from"]) == DOMAINS[name].clean.liked_from
    assert listed["evaluate.quick"] == "false"


def test_a_listed_line_says_what_the_setting_means_its_range_and_its_stages(call):
    shown = call("config", "list", "--section", "split")[1]
    assert all(line.startswith("split.") for line in shown.splitlines())
    line = next(line for line in shown.splitlines() if line.startswith("split.test_share=0.1 "))
    assert line.endswith("to measure. (number, 0.001 to 0.45) Used by prepare.")


def test_an_unknown_section_names_those_there_are(call):
    code, shown, errors = call("config", "list", "--section", "fly")
    assert (code, shown) == (1, "")
    assert "clean, split" in errors
