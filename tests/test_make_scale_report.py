"""The page about scale: what was measured, how it grows, and what was not measured."""

from scripts import make_scale_report
from scripts.make_scale_report import AIM, growth, missing, page


def run(share: float, plays: int, **stages: float) -> dict:
    return {
        "share": share,
        "machine": "2 cores, 24 GB of memory",
        "measured": "2026-11-29",
        "counts": {"pairs liked and kept": plays, "listeners": plays // 50, "songs": 1000},
        "train": {"item table": 90.0},
        "stages": {
            name: {"seconds": 2 * took, "processor": took, "gigabytes": took / 60, "others": 0.5}
            for name, took in stages.items()
        },
    }


RUNS = [run(1 / 16, 3000, prepare=60, train=120), run(1 / 4, 12000, prepare=120)]


def test_every_measured_stage_is_listed_with_what_it_took():
    text = page(RUNS)
    assert "| 1/16 | train | 4.0 | 2.0 | 2.0 | 0.5 |" in text
    assert "| 1/16 | item table | 1.5 |" in text
    assert "2 cores, 24 GB of memory" in text
    assert "{" not in text


def test_growth_is_shown_beside_that_of_the_plays():
    assert "| 1/16 → 1/4 | prepare | 4.0 | 2.0 | 2.0 |" in growth(RUNS)
    assert "train" not in growth(RUNS)


def test_what_was_not_measured_is_named():
    text = " ".join(missing([RUNS[0] | {"note": "Of an earlier state."}, RUNS[1]]).split())
    assert "`evaluate` at 1/16" in text
    assert "`train` at 1/4" in text
    assert "`prepare` at 1," in text
    assert "`prepare` at 1/4" not in text
    assert text.endswith("Of an earlier state.")
    whole = dict.fromkeys(make_scale_report.STAGES, 60.0)
    assert missing([run(share, 1000, **whole) for share in make_scale_report.SHARES]) == AIM


def test_the_plot_is_the_same_for_the_same_figures(tmp_path):
    for name in ("one.svg", "other.svg"):
        make_scale_report.plot(RUNS, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
