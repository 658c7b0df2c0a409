"""Taking readings at the bedside."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from kapclinic.core import clock
from sessions.monitoring.models import Alarm, Check
from sessions.notes.models import RecordEntry
from tests.e2e.screens import LASTS, Served, Tablet, pressures


def test_a_nurse_finds_who_is_due_and_takes_the_reading(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.sign_in("np")
    row = tablet.page.locator(".wr", has_text=session.program.client.display_name)
    expect(row).to_contain_text("due in")
    row.get_by_role("link", name="Take reading").click()
    tablet.take(131, 82, 74)
    tablet.sees("on server", 2)
    assert pressures(session) == [131]


def test_by_keyboard_alone(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    for key in ("1", "2", "9", "Enter", "8", "1", "Enter", "7", "0", "Enter", "9", "8", "Enter"):
        tablet.page.keyboard.press(key)
    tablet.sees("on server", 2)
    row = session.readings.get(systolic=129)
    assert (row.diastolic, row.heart_rate, row.spo2) == (81, 70, 98)


def test_by_touch_on_a_tablet_held_upright(clinic: Served, touch: Tablet) -> None:
    session = clinic.watched()
    touch.at_bedside(session)
    width = touch.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 768
    for name in ("Save reading", "Call for help"):
        box = touch.page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= 768
    touch.take(127, 80, 71)
    touch.sends(session, 127)
    touch.take(172, 104, 86)  # what is asked then stands beside the numbers, and nothing over the edge
    for button in ("Measure again", "Save with this"):
        expect(touch.page.get_by_role("button", name=button)).to_be_in_viewport(ratio=1)
    assert touch.page.locator(".ent").evaluate("pane => pane.scrollWidth - pane.clientWidth") == 0
    touch.page.get_by_role("tab", name="Table").tap()
    expect(touch.rows("127/80")).to_be_visible()
    touch.page.get_by_role("button", name="Void").first.scroll_into_view_if_needed()
    touch.page.get_by_role("tab", name="All checks").tap()
    expect(touch.page.get_by_role("cell", name="With the dose")).to_be_visible()


def test_a_check_that_was_taken_late_waits_for_nobody(clinic: Served, tablet: Tablet) -> None:
    began = clock.now() - timedelta(hours=5, minutes=30)  # before the slots of all others
    with clock.fixed(
        clock.now() - timedelta(minutes=22)
    ):  # nearer to the check of minute 15 than to the next
        session = clinic.watched(starts_at=began, ends_at=began + LASTS)
    tablet.at_bedside(session)
    expect(tablet.page.locator(".timer")).to_contain_text("OVERDUE")
    tablet.take(127, 80, 71)
    expect(tablet.page.locator(".timer")).not_to_contain_text("OVERDUE")
    expect(tablet.page.locator(".alarm", has_text="taken too late")).to_be_visible()
    tablet.page.get_by_role("tab", name="All checks").click()
    expect(tablet.page.get_by_role("row", name="taken late")).to_be_visible()


def test_a_value_that_was_not_obtained_is_said(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.page.get_by_role("radio", name="Heart rate").click()
    tablet.press("72")
    tablet.page.get_by_role("button", name="Save reading").click()
    expect(tablet.page.locator(".bi.wrong")).to_have_count(2)
    assert pressures(session) == []
    for sign in ("Systolic", "Diastolic"):
        tablet.page.get_by_role("button", name=f"Not obtained {sign}").click()
    tablet.page.get_by_role("button", name="Save reading").click()
    tablet.page.get_by_label("What did you do about it?").fill("Cuff moved to the other arm")
    tablet.page.get_by_role("button", name="Save with this").click()
    tablet.sees("on server", 2)
    (row,) = session.readings.exclude(heart_rate=70)
    assert (row.not_obtainable, row.action_taken) == (
        ["systolic", "diastolic"],
        "Cuff moved to the other arm",
    )


def test_a_pressure_out_of_band_asks_what_was_done_and_rings(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.take(172, 104, 88)
    asked = tablet.page.get_by_role("alertdialog")
    expect(asked).to_contain_text("Systolic: amber")
    assert pressures(session) == []
    asked.get_by_label("What did you do about it?").fill("Sat up")
    asked.get_by_role("button", name="Save with this").click()
    bar = tablet.page.locator(".alarm", has_text="amber band")
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Acknowledge").click()
    expect(tablet.page.get_by_label("What did you do?")).to_have_value("Sat up")
    tablet.page.get_by_role("button", name="Measured again").click()
    tablet.page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    expect(bar).to_have_count(0)
    alarm = Alarm.objects.get(session=session, cause=Alarm.Cause.AMBER)
    assert (alarm.state, alarm.action) == ("acknowledged", "Measured again")


def test_what_was_typed_wrong_is_taken_back_with_a_reason(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.take(131, 82, 74)
    tablet.sees("on server", 2)
    tablet.rows("131/82").get_by_role("button", name="Void").click()
    tablet.page.get_by_label("Why?").fill("Typed 131 for 121")
    tablet.page.get_by_role("button", name="Take it back").click()
    tablet.sees("on server", 1)
    tablet.sees("voided", 1)  # it stays in the table, struck through
    assert session.readings.get(systolic=131).void.reason == "Typed 131 for 121"


def test_a_check_that_is_let_go_is_said_with_its_reason(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.page.keyboard.press("n")
    tablet.page.get_by_role("button", name="Asleep, breathing calmly").click()
    tablet.page.get_by_role("dialog").get_by_role("button", name="Not taken", exact=True).click()
    tablet.page.get_by_role("tab", name="All checks").click()
    expect(tablet.page.locator("tr", has_text="Asleep, breathing calmly")).to_be_visible(timeout=15_000)
    (check,) = Check.objects.filter(session=session, state="not_taken", ended_at__isnull=True)
    assert (check.minute, check.reason) == (15, "Asleep, breathing calmly")


def test_an_observation_goes_into_the_record(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.page.get_by_role("button", name="Observation").click()
    tablet.page.get_by_label("What did you see or hear?").fill("Hums along with the music")
    with tablet.page.expect_response(re.compile("/record/$")):
        tablet.page.get_by_role("button", name="Save observation").click()
    (entry,) = RecordEntry.objects.filter(session=session, part="observation")
    assert entry.content == {"text": "Hums along with the music"}
    expect(tablet.page.locator(".acts [role=status]")).to_contain_text("on server")
    tablet.page.reload()
    tablet.page.get_by_role("tab", name="Record").click()
    expect(tablet.page.locator("tr", has_text="Hums along with the music")).to_contain_text("Observation")
    tablet.accessible()


def test_none_recorded_is_not_none_known(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    facts = tablet.page.locator(".facts")
    expect(facts).to_contain_text("none recorded")
    facts.get_by_role("button", name="none recorded").click()
    tablet.accessible()
    tablet.page.get_by_role("button", name="Asked: none known").click()
    expect(facts).to_contain_text("none known")
    facts.get_by_role("button", name="none known").click()
    tablet.page.get_by_label("To what?").fill("Latex")
    tablet.page.get_by_label("What happens?").fill("rash")
    tablet.page.get_by_role("button", name="Write it down").click()
    expect(facts).to_contain_text("Latex: rash")


def test_help_is_one_press_away_and_says_where_to_come(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.page.get_by_role("button", name="Call for help").click()
    call = tablet.page.get_by_role("dialog").get_by_role("link", name="emergency services")
    expect(call).to_have_attribute("href", "tel:911")
    tablet.accessible()


@pytest.mark.parametrize("page", ["/sign-in", "/bedside", "session", "keys", "acknowledge"])
def test_no_page_shuts_anybody_out(clinic: Served, tablet: Tablet, page: str) -> None:
    session = clinic.watched()
    if page == "/sign-in":
        tablet.page.goto(page)
        tablet.page.get_by_label("E-mail").wait_for()
        tablet.fill_sign_in("np", "a wrong password")
        tablet.page.locator(".errors").wait_for()
    elif page == "session":
        tablet.at_bedside(session)
    else:
        tablet.sign_in("np")
        tablet.page.locator(".wr").first.wait_for()
        if page == "keys":
            tablet.page.keyboard.press("?")
            tablet.page.get_by_role("dialog").wait_for()
    tablet.accessible()


def test_in_spanish(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.context.add_cookies([{"name": "kap_lang", "value": "es", "url": clinic.base_url}])
    tablet.page.goto(f"/sign-in?next=/bedside/sessions/{session.pk}")
    tablet.page.get_by_label("Correo electrónico").fill(clinic.cast.np.email)
    tablet.page.get_by_label("Contraseña", exact=True).fill("correct horse battery staple")
    tablet.page.get_by_role("button", name="Entrar").click()
    expect(tablet.page.get_by_role("button", name="Guardar medición")).to_be_visible()
    expect(tablet.page.locator("html")).to_have_attribute("lang", "es")


def test_the_clinics_time_on_a_browser_in_berlin(clinic: Served, chromium: object) -> None:
    session = clinic.watched()
    lent = Tablet.lent(clinic, chromium, timezone_id="Europe/Berlin")  # type: ignore[arg-type]
    tablet = next(lent)
    tablet.at_bedside(session)
    taken = session.readings.get().measured_at.astimezone(clinic.cast.north.zone)
    expect(tablet.rows("122/78")).to_contain_text(f"{taken:%H:%M}")
    expect(tablet.page.locator(".where")).to_contain_text(re.compile("M[SD]T"))
    next(lent, None)
