"""docs/settings.md: up to date and complete."""

from scripts.make_settings_reference import PAGE, page
from training.pipeline.reference import settings_of


def test_the_page_matches_the_current_settings():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make settings-reference`"


def test_every_setting_is_on_the_page_with_its_range():
    lines = page().splitlines()
    for setting in settings_of():
        (line,) = [line for line in lines if line.startswith(f"| `{setting.name}` ")]
        assert setting.range in line
        assert setting.description in line
