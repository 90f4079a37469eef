"""docs/settings.md: as the settings are now, and nothing missing."""

from scripts.make_settings_reference import PAGE, page
from training.config import settings_of


def test_the_page_is_what_the_settings_say_now():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make settings-reference`"


def test_every_setting_stands_on_the_page_with_its_range():
    lines = page().splitlines()
    for setting in settings_of():
        (line,) = [line for line in lines if line.startswith(f"| `{setting.name}` ")]
        assert setting.range in line
        assert setting.description in line
