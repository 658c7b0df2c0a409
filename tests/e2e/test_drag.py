"""A session is carried on the day grid by hand: letting go writes nothing, the move dialog does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from kapclinic.core import clock
from kapclinic.practice.models import Client
from sessions.booking.models import Session
from tests import cast as people
from tests.e2e.screens import Served, Tablet

QUARTER = 15  # px of a quarter of an hour, at 16 px to the rem


def _booked(clinic: Served, days: int) -> Session:
    """A preparation in Aspen at nine, on a day of its own."""
    cast = clinic.cast
    who = people.client(
        cast.north, by=cast.frontdesk, first=f"Lou{Client.objects.count():03}", last="Carried"
    )
    program = people.cleared_program(
        cast, protocol=people.approved_protocol(cast, min_preparations=0), who=who
    )
    now = clock.now().astimezone(cast.north.zone)
    return people.booked(
        cast,
        program,
        "preparation",
        (now + timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0),
    )


def _on_its_day(tablet: Tablet, session: Session) -> tuple[Page, Locator]:
    day = f"{session.starts_at.astimezone(tablet.clinic.cast.north.zone):%Y-%m-%d}"
    tablet.sign_in("frontdesk", at=f"/desk/schedule?day={day}")
    card = tablet.page.locator(".ev", has_text=str(session.program.client.display_name))
    card.wait_for()
    card.evaluate("card => card.scrollIntoView({ block: 'center' })")  # near an edge the day scrolls along
    where = None
    while where != (where := card.bounding_box()):  # until nothing that still comes pushes it
        tablet.page.wait_for_timeout(700)
    return tablet.page, card


def _column(page: Page, name: str) -> float:
    box: Any = page.locator(".heads b", has_text=name).bounding_box()
    return float(box["x"] + box["width"] / 2)


def _by_mouse(page: Page, x: float, y: float, to_x: float, to_y: float) -> Callable[[], None]:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 10, steps=2)
    page.mouse.move(to_x, to_y, steps=5)
    return page.mouse.up


def _by_finger(page: Page, x: float, y: float, to_x: float, to_y: float) -> Callable[[], None]:
    """Rest, then carry: a finger that moves at once scrolls."""
    hand = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": at_x, "y": at_y} for at_x, at_y in points]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    touch("touchStart", (x, y))
    expect(page.locator(".ev.lifted")).to_be_visible()
    for part in (0.3, 0.7, 1):
        touch("touchMove", (x + (to_x - x) * part, y + (to_y - y) * part))
    return lambda: touch("touchEnd")


@pytest.mark.parametrize("by", ["mouse", "finger"])
def test_a_session_is_carried_to_another_room_and_time(clinic: Served, request: Any, by: str) -> None:
    tablet: Tablet = request.getfixturevalue("tablet" if by == "mouse" else "touch")
    session = _booked(clinic, 12 if by == "mouse" else 13)
    page, card = _on_its_day(tablet, session)
    box: Any = card.bounding_box()
    x, y = box["x"] + 30, box["y"] + 10
    quarters, there = (
        (5, "10:15") if by == "mouse" else (2, "09:30")
    )  # on a tablet the day is low: near an edge it scrolls
    carry = _by_mouse if by == "mouse" else _by_finger
    let_go = carry(page, x, y, _column(page, "Birch"), y + quarters * QUARTER)
    expect(page.locator(".carry")).to_have_text(f"Birch, {there}")
    page.keyboard.press("Escape")
    expect(page.locator(".carry")).to_have_count(0)
    let_go()
    expect(page.get_by_role("dialog")).to_have_count(0)
    carry(page, x, y, _column(page, "Birch"), y + quarters * QUARTER)()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Start")).to_have_value(there)
    expect(dialog.get_by_label("Room").locator("option:checked")).to_have_text("Birch")
    expect(dialog.get_by_role("status")).to_contain_text("It fits")
    session.refresh_from_db()
    assert (session.room_id, session.starts_at.minute) == (clinic.cast.aspen.pk, 0), "carrying writes nothing"
    dialog.get_by_label("Why?").fill("The client asked")
    dialog.get_by_role("button", name="Move to").click()
    expect(dialog).to_have_count(0)
    session.refresh_from_db()
    local = session.starts_at.astimezone(clinic.cast.north.zone)
    assert (session.room_id, f"{local:%H:%M}") == (clinic.cast.birch.pk, there)


def test_a_session_is_carried_to_somebody_else_but_to_nobody_of_another_role(
    clinic: Served, tablet: Tablet
) -> None:
    """By staff, the seat changes with the column; a time that is taken says whose it is."""
    cast = clinic.cast
    session, other = _booked(clinic, 14), _booked(clinic, 15)
    people.booked(
        cast,
        other.program,
        "preparation",
        session.starts_at + timedelta(hours=3),
        staff=people.team(cast, "other_therapist"),
        room=cast.birch.pk,
    )
    page, card = _on_its_day(tablet, session)
    page.get_by_role("button", name="Staff").click()
    box: Any = card.bounding_box()
    x, y = box["x"] + 30, box["y"] + 10
    _by_mouse(page, x, y, _column(page, cast.other_therapist.name), y + 12 * QUARTER)()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Therapist").locator("option:checked")).to_have_text(cast.other_therapist.name)
    expect(dialog.get_by_role("status")).to_contain_text(f"{cast.other_therapist.name} is taken 12:00–13:00.")
    dialog.get_by_label("Start").fill("16:00")
    expect(dialog.get_by_role("status")).to_contain_text("It fits")
    tablet.accessible()
    dialog.get_by_label("Why?").fill("The client asked")
    dialog.get_by_role("button", name="Move to").click()
    expect(dialog).to_have_count(0)
    session.refresh_from_db()
    assert session.staff == [{"user": str(cast.other_therapist.pk), "role": "therapist"}]
