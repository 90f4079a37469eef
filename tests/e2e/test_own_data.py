"""From a file that nobody described to a page that answers, without a line of Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.chromium import assert_passes_in_chromium
from tests.described_site import DescribedSite, are_odd, described_site
from tests.domains.descriptions import ITEMS, likes

pytestmark = pytest.mark.e2e

PICTURES = '\n[picture]\nurl = "https://pictures.example/{id}.svg"\n'


def write_files(folder: Path) -> None:
    """Writes a log of anonymous views, and rows of user, item, weight and time with titles."""
    lines = [json.dumps({"visit": {"id": user}, "page": item}) for user, item, _ in likes()]
    (folder / "views.jsonl").write_text("\n".join(lines))
    rows = [f"{u}\t{i}\t{w}\t{1_700_000_000 + n * 60}" for n, (u, i, w) in enumerate(likes())]
    (folder / "rows.tsv").write_text("\n".join(["user\titem\tweight\tat", *rows]))
    titles = [f"thing {n},Film {n},{'Odd' if n % 2 else 'Even'}|Drama\n" for n in range(ITEMS)]
    (folder / "films.csv").write_text("item,title,genres\n" + "".join(titles))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DescribedSite]:
    """A node with two recommenders, each made by two commands."""
    folder = tmp_path_factory.mktemp("own-data")
    write_files(folder)
    with described_site(folder) as site:
        site.call("new", "views", "--interactions", "views.jsonl", "--yes")
        site.call("new", "films", "--interactions", "rows.tsv", "--items", "films.csv", "--yes")
        with site.description("films").open("a") as description:
            description.write(PICTURES)
        for name in ("views", "films"):
            site.run(name)
        yield site


def test_the_routes_answer_from_ids_alone(site: DescribedSite) -> None:
    base = site.base("views")
    model = requests.get(f"{base}/model", timeout=30).json()
    assert (model["creator"], model["data"]["synthetic"]) == (None, False)
    assert [field["name"] for field in model["fields"]] == ["title"]
    found = requests.get(f"{base}/views?q=thing+12&limit=1", timeout=30).json()["views"]
    assert found[0]["id"] == found[0]["title"] == "thing 12"
    ids = site.recommended("views")
    assert (len(ids), are_odd(ids)) == (5, True)
    assert len(site.recommended("views", diversity=1)) == 5


def test_weights_times_and_titles_from_files_reach_the_routes(site: DescribedSite) -> None:
    model = requests.get(f"{site.base('films')}/model", timeout=30).json()
    assert model["picture"] == {"url": "https://pictures.example/{id}.svg"}
    found = requests.get(f"{site.base('films')}/films?q=film+7&limit=1", timeout=30).json()
    assert (found["films"][0]["id"], found["films"][0]["title"]) == ("thing 7", "Film 7")
    page = requests.get(f"{site.base('films')}/ui/", timeout=30)
    assert (
        "img-src 'self' data: https://pictures.example;"
        in (page.headers["content-security-policy"])
    )


def test_the_pages_are_right_with_ids_alone_and_with_pictures(site: DescribedSite) -> None:
    assert_passes_in_chromium(
        "node",
        "--test",
        "tests/e2e/own_data.browser.js",
        RECOMMENDER_OWN_URL=f"{site.base('views')}/",
        RECOMMENDER_PICTURES_URL=f"{site.base('films')}/",
    )
