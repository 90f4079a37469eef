import json

from scripts.make_learning_report import DOCS, page, plot, rises

COUNTS = {
    "events: likes learned": 900,
    "events dropped: likes of unknown items": 10,
    "events dropped: more likes of an item than expected": 40,
}


def round_of(ndcg, **more):
    figures = {
        "outcome": "deployed",
        "new_events": 1_000,
        "ndcg": ndcg,
        "standard_error": 0.01,
        "panel_with_pushed": 0.02,
        "answers": 200,
        "answers_with_pushed": 4,
        "counts": COUNTS,
    }
    return figures | more


CONDITIONS = {
    "measured": "2026-11-29",
    "domain": "songs",
    "data": "Demonstration data",
    "people": {"panel": 100, "start": 300, "arriving": 700},
    "bots": 0.0,
    "rule": "popular",
    "seed": 20,
    "changes": ["evaluate.quick=true"],
}
PEOPLE = CONDITIONS | {
    "rounds": [round_of(0.2), round_of(0.25, people=350), round_of(0.28, people=350, kills=2)],
    "full_history": {"ndcg": 0.3},
    "events": {
        "accepted": 2_000,
        "collected": 2_000,
        "lost": 0,
        "twice": 0,
        "refused": 3,
        "resent": 8,
    },
}
BOTS = PEOPLE | {
    "bots": 0.2,
    "rounds": [
        round_of(0.2),
        round_of(0.24, people=350, bots=87, answers_with_pushed=100),
        round_of(0.273, people=350, bots=88, panel_with_pushed=0.03, answers_with_pushed=6),
    ],
}
PLANNED = [
    CONDITIONS | {"variant": name, "ndcg": ndcg, "panel_with_pushed": share, "counts": COUNTS}
    for name, ndcg, share in (("people", 0.28, 0.02), ("bots", 0.273, 0.03))
]


def test_the_page_says_what_was_reached_and_what_bots_cost():
    text = page([PEOPLE, BOTS, *PLANNED])
    assert "reaches 93% of that, from 67%" in text
    assert "rose in every round" in text
    assert (
        "| songs | popular | 20 | 700 | 175 | 2 | 3.00% (2.00%) | 3.00% (2.00%) "
        "| 0.2730 (0.2800, -2.5%) |"
    ) in text
    assert "| songs | bots | popular | 20 | 900 | 40 | 0.2730 (-2.5%) | 3.00% of" in text
    assert "| songs | 2,000 | 2,000 | 0 | 0 | 3 | 8 |" in text
    assert "{" not in text


def test_bots_are_compared_only_to_a_run_under_the_same_conditions():
    other = BOTS | {"seed": 21}
    assert "Over HTTP, after the last round" not in page([PEOPLE, other, *PLANNED])


def test_the_page_names_what_was_not_measured():
    text = page([PEOPLE, *PLANNED])
    assert "- Not measured yet: rounds on books, bots over HTTP." in text
    assert "Not measured" not in page([PEOPLE, BOTS, PEOPLE | {"domain": "books"}, *PLANNED])


def test_a_round_that_did_not_rise_is_counted():
    assert rises([0.1, 0.2, 0.15, 0.3]) == "rose in 2 of 3 rounds"


def test_the_same_figures_draw_the_same_file(tmp_path):
    for name in ("one.svg", "other.svg"):
        plot([PEOPLE, PEOPLE | {"domain": "books"}], tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


def test_the_page_is_what_the_figures_say():
    runs = [json.loads(path.read_text("utf-8")) for path in sorted(DOCS.glob("learning/*.json"))]
    assert (DOCS / "learning.md").read_text("utf-8") == page(runs)
