"""Law with a date: which rule counts where and when, what fails closed, and what the director adds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, connection

from kapclinic.core.shipped import refuse_broken
from programs.models import LegalRule
from programs.rules import legal
from tests.asking import refused
from tests.cast import Cast

LAST = date(2026, 12, 31)
NEXT = date(2027, 1, 1)
HERE = legal.jurisdictions("CO")


def rule(effect: str = legal.Effect.ALLOWED, where: str = "US", **more: Any) -> legal.Rule:
    said = {"starts": None, "ends": LAST, "source": "A law", "checked_on": date(2026, 11, 28), "code": "one"}
    return legal.Rule(id=uuid4(), jurisdiction=where, effect=effect, **said | more)


@pytest.mark.parametrize(
    ("rules", "day", "required"),
    [
        ([rule()], LAST, False),
        ([rule()], NEXT, True),  # it ran out: silence allows nothing
        ([rule(), rule(starts=NEXT, ends=None)], NEXT, False),  # an extension
        ([rule(), rule(starts=NEXT + timedelta(days=1), ends=None)], NEXT, True),  # one that leaves a gap
        ([], LAST, True),
        ([rule(legal.Effect.WATCH)], LAST, True),
        ([rule("remote_ok")], LAST, True),  # nobody here knows what it does
        ([rule(ends=None), rule("remote_ok", starts=NEXT, ends=None)], LAST, False),  # not in force yet
        ([rule(ends=None), rule("remote_ok", starts=NEXT, ends=None)], NEXT, True),
        ([rule(ends=None), rule(legal.Effect.REQUIRED, "US-CO")], LAST, True),  # the strictest counts
        ([rule(ends=None), rule(legal.Effect.REQUIRED, "US-TX")], LAST, False),  # of another state
        ([rule(where="US-CO")], LAST, True),  # a state does not loosen the country's law
    ],
)
def test_what_the_rules_in_force_say(rules: list[legal.Rule], day: date, required: bool) -> None:
    assert legal.verdict(rules, where=HERE, day=day).required is required


def test_the_clients_state_counts_beside_the_clinics() -> None:
    rules = [rule(ends=None), rule(legal.Effect.REQUIRED, "US-TX")]
    assert legal.verdict(rules, where=legal.jurisdictions("CO", "TX"), day=LAST).required
    assert not legal.verdict(rules, where=legal.jurisdictions("CO", None), day=LAST).required


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 11, 1), None),  # 61 days before
        (date(2026, 11, 2), NEXT),  # 60 days before
        (LAST, NEXT),
        (NEXT, NEXT),
        (date(2027, 6, 1), date(2027, 6, 1)),
    ],
)
def test_it_warns_sixty_days_ahead(day: date, first: date | None) -> None:
    assert legal.first_day_required([rule()], where=HERE, day=day) == first


def test_a_rule_that_is_followed_does_not_near_its_end() -> None:
    ending = rule()
    assert legal.nearly_over([ending], day=date(2026, 11, 1)) == [ending]  # 60 days
    assert legal.nearly_over([ending], day=date(2026, 10, 31)) == []
    assert legal.nearly_over([ending], day=NEXT) == []
    assert legal.nearly_over([ending, rule(starts=NEXT, ends=None)], day=LAST) == []
    assert legal.nearly_over([ending, rule(legal.Effect.WATCH, ends=None)], day=LAST) == [ending]


def test_a_rule_is_looked_at_every_ninety_days() -> None:
    old = rule(ends=None, checked_on=date(2026, 1, 1))
    assert legal.unchecked([old], day=date(2026, 4, 1)) == []  # 90 days
    assert legal.unchecked([old], day=date(2026, 4, 2)) == [old]
    assert legal.unchecked([old, rule(checked_on=date(2026, 4, 2))], day=date(2026, 4, 2)) == []
    assert legal.unchecked([rule(ends=date(2026, 2, 1), checked_on=date(2026, 1, 1))], day=NEXT) == []  # over


# --- the file that ships ----------------------------------------------------------------------------------------------


def test_the_file_that_ships_is_sound_and_ends_the_federal_rule_with_the_year() -> None:
    text = legal.FILE.read_text()
    assert text.splitlines()[0] == "code,jurisdiction,effect,from,to,source,checked_on"
    assert legal.read(text)[1] == []
    (allowed,) = [one for one in legal.shipped() if one.effect == legal.Effect.ALLOWED]
    assert (allowed.jurisdiction, allowed.ends) == ("US", LAST)
    assert not legal.verdict(legal.shipped(), where=HERE, day=LAST).required
    assert legal.verdict(legal.shipped(), where=HERE, day=NEXT).required


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a,US,watch,,,A law", "7 cells"),
        (",US,watch,,,A law,2026-11-28", "code and source"),
        ("a,Texas,watch,,,A law,2026-11-28", "jurisdiction"),
        ("a,US,allowed,,,A law,2026-11-28", "effect"),
        ("a,US,watch,2027-01-01,2026-01-01,A law,2026-11-28", "to lies before from"),
        ("a,US,watch,,soon,A law,2026-11-28", "Invalid isoformat"),
        ("a,US,watch,,,A law,", "Invalid isoformat"),
    ],
)
def test_a_fault_of_the_file_is_told_by_its_line(line: str, fault: str) -> None:
    found, faults = legal.read(",".join(legal.HEADER) + "\n" + line + "\n")
    assert (found, len(faults)) == ([], 1)
    assert faults[0].startswith("line 2: ")
    assert fault in faults[0]


def test_no_process_starts_on_a_broken_file(monkeypatch: Any, tmp_path: Any) -> None:
    broken = tmp_path / "legal_rules.csv"
    broken.write_text("code,effect\n")
    monkeypatch.setattr(legal, "FILE", broken)
    with pytest.raises(ImproperlyConfigured, match="line 1"):
        refuse_broken()


# --- over HTTP --------------------------------------------------------------------------------------------------------

EXTENSION = {
    "code": "us_telehealth_controlled",
    "jurisdiction": "US",
    "effect": "remote_prescribing_allowed",
    "from": "2027-01-01",
    "to": "2027-12-31",
    "source": "91 FR 1",
    "checked_on": "2026-05-04",
}


def test_the_director_adds_a_rule_and_everybody_reads_it_beside_those_that_ship(cast: Cast) -> None:
    shipped = cast.desk("frontdesk").get("legal-rules/").json()
    assert shipped["count"] == len(legal.shipped())
    assert {"code", "jurisdiction", "effect", "from", "to", "source", "checked_on"} <= set(
        shipped["results"][0]
    )
    made = cast.desk("director").must("legal-rules/", EXTENSION, status=201)
    assert {name: made[name] for name in EXTENSION} == EXTENSION
    assert (made["shipped"], made["is_known"]) == (False, True)
    both = cast.desk("np").get("legal-rules/", code="us_telehealth_controlled").json()
    assert [(row["from"], row["to"], row["shipped"]) for row in both["results"]] == [
        (None, "2026-12-31", True),
        ("2027-01-01", "2027-12-31", False),
    ]
    assert cast.desk("np").get(f"legal-rules/{made['id']}/").json() == made


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "billing", "admin"])
def test_nobody_else_adds_or_voids_one(cast: Cast, who: str) -> None:
    made = cast.desk("director").must("legal-rules/", EXTENSION)
    refused(cast.desk(who).post("legal-rules/", EXTENSION), 403, "not_permitted")
    refused(
        cast.desk(who).post(f"legal-rules/{made['id']}/void/", {"reason": "No law"}), 403, "not_permitted"
    )
    assert (LegalRule.objects.count(), LegalRule.objects.filter(void__isnull=False).count()) == (1, 0)


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"jurisdiction": "Texas"}, "/jurisdiction", "invalid"),
        ({"jurisdiction": "tx"}, "/jurisdiction", "invalid"),
        ({"to": "2026-12-31"}, "/to", "reversed"),
        ({"checked_on": "2026-05-05"}, "/checked_on", "in_the_future"),
        ({"source": ""}, "/source", "blank"),
        ({"effect": ""}, "/effect", "blank"),
        ({"until": "2027-12-31"}, "/until", "unknown_field"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_field(
    cast: Cast, more: dict[str, str], pointer: str, code: str
) -> None:
    refused(cast.desk("director").post("legal-rules/", EXTENSION | more), 400, code, pointer)
    assert not LegalRule.objects.exists()


def test_an_effect_that_nobody_knows_is_kept_and_said_to_fail_closed(cast: Cast) -> None:
    made = cast.desk("director").must("legal-rules/", EXTENSION | {"effect": "remote_is_fine"})
    assert made["is_known"] is False


def test_a_rule_is_taken_back_once_and_one_that_ships_never(cast: Cast) -> None:
    director, why = cast.desk("director"), {"reason": "Misread"}
    made = director.must("legal-rules/", EXTENSION)
    director.must(f"legal-rules/{made['id']}/void/", why)
    assert director.get("legal-rules/").json()["count"] == len(legal.shipped())
    refused(director.post(f"legal-rules/{made['id']}/void/", why), 409, "already_void")
    assert director.post(f"legal-rules/{legal.shipped()[0].id}/void/", why).status_code == 404


def test_the_database_refuses_to_change_a_rule(cast: Cast) -> None:
    cast.desk("director").must("legal-rules/", EXTENSION)
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("UPDATE programs_legalrule SET ends = NULL")
