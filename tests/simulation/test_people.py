import pytest

from scripts.simulation.people import FAVOURITES, divide, write_raw
from tests import checkerboard
from training.domains import DOMAINS
from training.domains.domain import USER_ID

SONGS = DOMAINS["songs"]


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return checkerboard.write(tmp_path_factory.mktemp("people") / "raw")


def divided(raw):
    return divide(SONGS, raw, rounds=3, start=0.3, panel=40, seed=1)


def test_everybody_is_in_one_share_only(raw):
    people = divided(raw)
    shares = [people.panel, people.start, *people.arriving]
    ids = [person.id for share in shares for person in share]
    assert len(ids) == len(set(ids)) == checkerboard.USERS
    assert [len(share) for share in shares] == [40, 60, 47, 47, 46]


def test_the_same_seed_divides_alike(raw):
    assert divided(raw).panel == divided(raw).panel


def test_the_panel_has_something_to_find(raw):
    for person in divided(raw).panel:
        assert len(person.favourites) == FAVOURITES
        assert len(person.others) >= 2
        assert not person.others & set(person.favourites)


def test_a_raw_folder_holds_the_likes_of_its_people_and_no_others(raw, tmp_path):
    people = divided(raw)
    folder = write_raw(SONGS, raw, people.start, tmp_path / "start")
    rows = SONGS.read_interactions(folder, 0.0).rows
    assert set(rows[USER_ID].astype(str)) == {person.id for person in people.start}
    assert len(rows) == sum(len(person.likes) for person in people.start)
    titles = "unique_tracks.txt"
    assert (folder / titles).read_bytes() == (raw / titles).read_bytes()


def test_books_keep_their_header(tmp_path):
    books = DOMAINS["books"]
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "Ratings.csv").write_text(
        "User-ID,ISBN,Book-Rating\n"
        + "".join(f"{user},{user * 7 % 30 + n:010},8\n" for user in range(90) for n in range(6))
    )
    (raw / "Books.csv").write_text(
        "ISBN,Book-Title,Book-Author,Year-Of-Publication,Book-Publisher\n"
        + "".join(f"{n:010},Title {n},Author {n},2001,Press\n" for n in range(40))
    )
    people = divide(books, raw, rounds=2, start=0.5, panel=10, seed=1)
    folder = write_raw(books, raw, people.start, tmp_path / "start")
    rows = books.read_interactions(folder, 0.0).rows
    assert set(rows[USER_ID].astype(str)) == {person.id for person in people.start}
