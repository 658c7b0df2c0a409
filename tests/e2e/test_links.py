"""A client's own phone, held upright, in Spanish: a scale is filled in and a consent signed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from screening.models import Consent, Measure
from tests import cast as people
from tests.e2e.screens import Served, Tablet
from tests.sessions.links.phone import link, measure_link


@pytest.fixture
def phone(clinic: Served, chromium: Browser) -> Iterator[Tablet]:
    """375 px wide, without a mouse, and of somebody who speaks Spanish. It runs no script of ours: there is none."""
    screen = {"width": 375, "height": 667}
    yield from Tablet.lent(clinic, chromium, viewport=screen, has_touch=True, is_mobile=True, locale="es-MX")


def _open(phone: Tablet, url: str) -> None:
    phone.page.goto(url.removeprefix("http://testserver"))
    expect(phone.page.get_by_role("link", name="Llame o mande un texto al 988")).to_be_visible()
    assert "Robin" not in phone.page.content()
    phone.accessible()
    phone.page.get_by_label("Mes").select_option(label="marzo")
    phone.page.get_by_label("Día").fill("2")
    phone.page.get_by_label("Año").fill("1985")
    phone.page.get_by_role("button", name="Continuar").click()


def _fits(phone: Tablet) -> None:
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 375
    small = phone.page.evaluate(
        "[...document.querySelectorAll('button, .choice, .primary, summary')]"
        ".filter(one => one.getBoundingClientRect().height < 24).map(one => one.textContent)"
    )
    assert small == []


def test_a_client_fills_in_phq9_and_signs_a_consent_in_spanish(clinic: Served, phone: Tablet) -> None:
    cast = clinic.cast
    who = people.client(cast.north, by=cast.frontdesk, first="Robin", last="Phone")
    program = people.opened_program(
        cast, protocol=people.approved_protocol(cast, name="KAP by phone"), who=who
    )
    made = measure_link(cast, program)
    _open(phone, made["url"])
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("Su cuestionario: PHQ-9")
    _fits(phone)
    phone.page.get_by_role("button", name="Enviar").click()
    expect(phone.page.get_by_role("alert")).to_contain_text("Elija una respuesta")
    phone.accessible()
    for number in range(1, 10):
        question = phone.page.get_by_role("group", name=f"{number}. ")
        question.get_by_text("Varios días" if number < 9 else "Ningún día").click()
    phone.page.get_by_role("button", name="Enviar").click()
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("Gracias. Se envió")
    phone.accessible()
    measure = Measure.objects.get(program=program)
    assert (measure.total, measure.language) == (8, "es")
    phone.page.goto(made["url"].removeprefix("http://testserver"))
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("Este enlace ya no sirve")
    phone.accessible()

    body = {"program": str(program.pk), "document": "kap_treatment"}
    consent = cast.desk("frontdesk").must("consents/", body)
    _open(phone, link(cast, program, "consent", consent["id"])["url"])
    _fits(phone)
    phone.page.get_by_label("He leído este documento").check()
    phone.page.get_by_label("Su nombre completo").fill("Robin Phone")
    phone.accessible()
    phone.page.get_by_role("button", name="Firmar").click()
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("Gracias. Se envió")
    signed = Consent.objects.get(pk=consent["id"])
    assert (signed.status, signed.method, signed.signer_name) == ("signed", "remote", "Robin Phone")
