"""Scores, bands and flags, with the vectors of the instruments."""

from __future__ import annotations

import pytest

from programs import policy
from screening.rules import instruments


def scored(key: str, answers, **more):
    return instruments.score(key, answers, limits=policy.LIMITS, **more)


@pytest.mark.parametrize(
    ("key", "answers", "total", "band", "flags"),
    [
        ("phq9", [2, 2, 2, 2, 2, 2, 2, 1, 0], 15, "moderately_severe", ()),
        ("phq9", [0, 0, 0, 0, 0, 0, 0, 0, 1], 1, "minimal", ("item_9",)),
        ("phq9", [0] * 9, 0, "minimal", ()),
        ("phq9", [1, 1, 1, 1, 0, 0, 0, 0, 0], 4, "minimal", ()),
        ("phq9", [1, 1, 1, 1, 1, 0, 0, 0, 0], 5, "mild", ()),
        ("phq9", [3, 3, 3, 1, 0, 0, 0, 0, 0], 10, "moderate", ()),
        ("phq9", [3, 3, 3, 3, 3, 3, 2, 0, 0], 20, "severe", ()),
        ("phq9", [3] * 9, 27, "severe", ("item_9",)),
        ("gad7", [1] * 7, 7, "mild", ()),
        ("gad7", [2] * 7, 14, "moderate", ("evaluate",)),
        ("gad7", [3] * 7, 21, "severe", ("evaluate",)),
        ("gad7", [0] * 7, 0, "minimal", ()),
        ("pcl5", [1] * 20, 20, "below_cut", ()),
        ("pcl5", [2] * 20, 40, "positive", ("provisional",)),
        (
            "pcl5",
            [2 if i in {1, 6, 8, 9, 15, 16} else 0 for i in range(1, 21)],
            12,
            "below_cut",
            ("provisional",),
        ),
        ("pcl5", [2 if i in {1, 6, 8, 15, 16} else 0 for i in range(1, 21)], 10, "below_cut", ()),
        ("qids_sr16", [3, 1, 0, 2, 2, 0, 1, 0, 2, 1, 1, 0, 1, 2, 0, 1], 13, "moderate", ()),
        ("dast10", [0] * 10, 1, "low", ()),
        ("dast10", [1] * 10, 9, "severe", ("relative", "block_pending_review")),
        ("dast10", [0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 0, "none", ()),
        ("dast10", [1, 1, 1, 1, 0, 0, 0, 0, 0, 0], 3, "moderate", ("relative",)),
        ("madrs", [3] * 10, 30, "moderate", ()),
        ("madrs", [0] * 9 + [4], 4, "none", ("item_10",)),
        ("cadss", [0] * 22 + [4], 4, None, ()),
        ("cadss", [0] * 21 + [1, 4], 5, None, ("dissociating",)),
        ("bprs", [1] * 18, 18, None, ()),
        ("bprs", [7] * 18, 126, None, ()),
        ("bprs", [1] * 17 + [0], None, None, ("incomplete",)),  # 0: not assessed
    ],
)
def test_vectors(key: str, answers, total: int, band: str | None, flags: tuple[str, ...]) -> None:
    result = scored(key, answers)
    assert (result.total, result.band, result.flags) == (total, band, flags)


@pytest.mark.parametrize(
    ("sex", "threshold", "band", "used"),
    [
        ("F", None, "positive", 3),
        ("M", None, "negative", 4),
        ("X", None, "positive", 3),
        ("M", 3, "positive", 3),
        ("F", 4, "negative", 4),
    ],
)
def test_audit_c_of_three_depends_on_the_threshold_and_says_which(sex, threshold, band, used) -> None:
    result = scored("audit_c", [1, 1, 1], sex=sex, threshold=threshold)
    assert (result.total, result.band, result.threshold) == (3, band, used)


def test_audit_c_from_eight_asks_for_review() -> None:
    assert scored("audit_c", [4, 4, 0]).flags == ("review",)
    assert scored("audit_c", [4, 3, 0]).flags == ()


@pytest.mark.parametrize(
    ("key", "total", "item_alert", "band", "flags", "causes"),
    [
        ("madrs", 35, False, "severe", ("total_only",), ()),
        ("madrs", 6, True, "none", ("total_only", "item_10"), ("madrs_item_10",)),
        ("qids_sr16", 13, True, "moderate", ("total_only", "item_12"), ("qids_item_12",)),
        ("cadss", 5, None, None, ("total_only", "dissociating"), ()),
        ("cadss", 0, None, None, ("total_only",), ()),
        ("dast10", 6, None, "substantial", ("total_only", "relative", "block_pending_review"), ()),
    ],
)
def test_a_total_alone_is_read_as_its_answers_would_be(key, total, item_alert, band, flags, causes) -> None:
    result = instruments.score_total(key, total, item_alert=item_alert, limits=policy.LIMITS)
    assert (result.total, result.band, result.flags, result.causes) == (total, band, flags, causes)


@pytest.mark.parametrize("key", instruments.INSTRUMENTS)
def test_the_highest_total_is_that_of_the_highest_answers(key: str) -> None:
    shape = instruments.INSTRUMENTS[key]
    if shape.highest_total is not None:
        assert shape.highest_total in {
            scored(key, [shape.high] * shape.items).total,
            10,
        }  # DAST-10: one item is reversed


@pytest.mark.parametrize("key", [key for key in instruments.INSTRUMENTS if key != "cssrs"])
@pytest.mark.parametrize("missing", [0, -1])
def test_a_missing_item_leaves_the_total_open(key: str, missing: int) -> None:
    shape = instruments.INSTRUMENTS[key]
    answers: list[int | None] = [int(shape.zero_is_open)] * shape.items
    answers[missing] = None
    result = scored(key, answers)
    assert (result.total, result.band, result.flags) == (None, None, ("incomplete",))


def test_item_9_alarms_even_when_other_items_are_missing() -> None:
    result = scored("phq9", [None, 0, 0, 0, 0, 0, 0, 0, 2])
    assert (result.total, result.flags, result.causes) == (None, ("incomplete", "item_9"), ("phq9_item_9",))


def test_the_difficulty_item_is_not_scored() -> None:
    assert scored("phq9", [1] * 8 + [0, 3]).total == 8


def test_five_points_worse_than_before_is_flagged() -> None:
    worse, as_before = (scored("phq9", [1] * 8 + [0], before=before) for before in (3, 4))
    assert (worse.flags, worse.causes) == (("worsening",), ("phq9_worsening",))
    assert (as_before.flags, as_before.causes) == ((), ())


Y, N = 1, 0


@pytest.mark.parametrize(
    ("answers", "band", "flags", "causes"),
    [
        ([N, Y, N, Y, N, N, N], "high", (), ("cssrs_high",)),
        ([Y, Y, N, N, Y, N, N], "high", (), ("cssrs_high",)),
        ([N, N, None, None, None, Y, N], "moderate", (), ("cssrs_moderate",)),
        ([N, N, None, None, None, Y, Y], "high", (), ("cssrs_high",)),
        ([N, N, None, None, None, N, Y], "high", (), ("cssrs_high",)),
        ([Y, N, None, None, None, N, N], "low", (), ()),
        ([Y, Y, N, N, N, N, N], "low", (), ()),
        ([Y, Y, Y, N, N, N, N], "moderate", (), ("cssrs_moderate",)),
        ([N, N, None, None, None, N, N], "none", (), ()),
        ([N, N, None, None, None, N], "none", (), ()),
        # what is missing never lowers a tier
        ([N, N, None, None, None, Y], None, ("incomplete",), ("cssrs_moderate",)),
        ([Y, Y, None, None, None, N, N], None, ("incomplete",), ("cssrs_incomplete",)),
        ([Y, Y, N, N, None, N, N], None, ("incomplete",), ("cssrs_incomplete",)),
        ([N, Y, Y, None, N, N, N], None, ("incomplete",), ("cssrs_moderate", "cssrs_incomplete")),
        ([N, Y, None, Y, None, N, N], "high", ("incomplete",), ("cssrs_high",)),
        ([None, Y, None, Y, None, None, None], "high", ("incomplete",), ("cssrs_high",)),
        ([None] * 7, None, ("incomplete",), ()),
    ],
)
def test_the_three_tiers_of_the_columbia_screener(answers, band, flags, causes) -> None:
    result = scored("cssrs", answers, form="lifetime_recent")
    assert (result.total, result.band, result.flags, result.causes) == (None, band, flags, causes)


def test_behaviour_since_last_contact_is_recent() -> None:
    assert scored("cssrs", [N, N, None, None, None, Y], form="since_last_contact").band == "high"


@pytest.mark.parametrize(
    ("key", "answers", "pointer"),
    [
        ("phq9", [0] * 8, "/answers"),
        ("phq9", [0] * 11, "/answers"),
        ("phq9", [0, 4] + [0] * 7, "/answers/1"),
        ("phq9", [0, -1] + [0] * 7, "/answers/1"),
        ("phq9", [True] + [0] * 8, "/answers/0"),
        ("cssrs", [2] + [0] * 6, "/answers/0"),
        ("cssrs", [0] * 5, "/answers"),
        ("audit_c", [5, 0, 0], "/answers/0"),
    ],
)
def test_an_answer_that_the_instrument_does_not_have_is_named(key, answers, pointer) -> None:
    assert [error.pointer for error in instruments.answer_errors(key, answers)] == [pointer]


@pytest.mark.parametrize(
    "answers", [[True, False, None, None, None, False, False], [1, 0, None, None, None, 0]]
)
def test_yes_and_no_come_either_way(answers) -> None:
    assert instruments.answer_errors("cssrs", answers) == []


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("PHQ-9", "phq9"),
        ("phq9", "phq9"),
        ("C-SSRS", "cssrs"),
        ("AUDIT-C", "audit_c"),
        ("audit_c", "audit_c"),
        ("QIDS-SR16", "qids_sr16"),
        ("BDI-II", None),
    ],
)
def test_usual_spellings(name: str, key: str | None) -> None:
    assert instruments.key_of(name) == key
