"""A therapist's notes: what is to be written, where the words are, two versions, signatures, phrases and the private note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from kapclinic.core import clock
from kapclinic.practice import doors
from kapclinic.practice.factors import enrolling, rules
from kapclinic.practice.models import SYSTEM, Client, Room, User
from programs.models import Program
from sessions.booking.models import Session
from sessions.notes import services as notes
from sessions.notes.models import Note, Phrase, PsychotherapyNote
from tests import cast as people
from tests.e2e.screens import Served, Tablet

WAIT = 20_000
NUMBERS = count(1)


@dataclass
class Writer:
    """A therapist and a room of their own, whom no other test knows."""

    clinic: Served
    tablet: Tablet
    name: str
    room: Room

    @property
    def page(self) -> Page:
        return self.tablet.page

    @property
    def user(self) -> User:
        return User.objects.get(pk=self.clinic.cast.people[self.name].pk)

    def who(self, first: str) -> Program:
        """A new client's course with this therapist, cleared for doses."""
        cast = self.clinic.cast
        with clock.fixed(self.clinic.opened_at - timedelta(days=10)):
            edition = people.approved_protocol(cast, min_preparations=0)
            client: Client = people.client(cast.north, by=cast.frontdesk, first=first, last="Draft")
            return people.cleared_program(cast, protocol=edition, who=client, therapist=self.user.pk)

    def met(self, program: Program, kind: str = "preparation", *, hours: float, by: str = "") -> Session:
        """An hour that ended so many hours ago."""
        starts_at = self.clinic.opened_at - timedelta(hours=hours + 1)
        return people.completed_session(
            self.clinic.cast,
            program,
            kind=kind,
            starts_at=starts_at,
            who=(by or self.name,),
            room=self.room.pk,
        )

    def dosed(self, program: Program, *, hours: float) -> Session:
        """A dose with all of its readings so many hours ago."""
        cast = self.clinic.cast
        with clock.fixed(self.clinic.opened_at - timedelta(hours=hours)):
            seats = people.team(cast, f"{self.name}_np", self.name)
            return people.completed_dose(cast, program, staff=seats, room=self.room.pk)

    def draft(self, session: Session, frame: str = "dap", by: str = "", **sections: str) -> Note:
        user = User.objects.get(pk=self.clinic.cast.people[by or self.name].pk)
        return notes.write_note(
            session_id=session.pk, kind=session.kind, frame=frame, sections=sections, by=user, at=clock.now()
        )

    def opens(self, path: str = "/notes", name: str = "") -> Page:
        self.tablet.sign_in(name or self.name, at=path)
        return self.page

    def section(self, name: str) -> Locator:
        return self.page.get_by_role("textbox", name=name, exact=True)

    def sees(self, words: str) -> None:
        """The page says where the words are."""
        expect(self.page.locator(".save")).to_contain_text(words, timeout=WAIT)

    def row(self, first: str) -> Locator:
        return self.page.locator(".il a", has_text=first)


def written(note: Note) -> dict[str, str]:
    return dict(Note.objects.get(pk=note.pk).sections)


@pytest.fixture
def writer(clinic: Served, tablet: Tablet) -> Iterator[Writer]:
    cast = clinic.cast
    name = f"writer_{next(NUMBERS)}"
    with clock.fixed(clinic.opened_at - timedelta(days=11)):
        people.colleague(cast, name, "therapist", kap_trained=True, credentials="LCSW", npi="1245319599")
        people.colleague(cast, f"{name}_np", "nurse_practitioner", credentials="NP", monitor_capacity=3)
        room = people.room(f"Room of {name}", cast.north, people.KINDS)
    yield Writer(clinic, tablet, name, room)
    for one in (name, f"{name}_np"):
        gone = User.objects.get(pk=cast.people[one].pk)
        gone.is_active = False  # or other tests would be offered their hours
        gone.save_by(SYSTEM, at=clock.now())
    for first in Client.objects.filter(legal_last_name="Draft").values_list("legal_first_name", flat=True):
        assert first not in tablet.page.url
        assert first not in tablet.page.title()


def test_words_outlive_a_lost_connection_and_a_lost_answer(clinic: Served, writer: Writer) -> None:
    first = f"Alex{next(NUMBERS)}"
    session = writer.met(writer.who(first), hours=2)
    page, tablet = writer.opens(), writer.tablet
    tablet.accessible()
    writer.row(first).click()
    page.get_by_role("button", name="Begin the note").click()
    writer.section("Data").fill("Slept seven hours.")
    writer.sees("On the server")
    note = Note.objects.get(session=session)
    assert (written(note)["data"], note.frame) == ("Slept seven hours.", "dap")

    tablet.offline()
    writer.section("Plan").fill("Meet on Friday.")
    writer.sees("On this page")
    writer.sees("sent again by itself")
    expect(writer.row(first)).to_contain_text("words on this page")
    page.keyboard.press("Control+Enter")  # what is signed is what the server has
    expect(page.get_by_role("dialog")).to_contain_text("on this page alone")
    page.keyboard.press("Escape")
    assert written(note)["plan"] == ""
    assert "Friday" not in _stored(page)
    tablet.offline(away=False)
    writer.sees("On the server")
    assert written(note)["plan"] == "Meet on Friday."

    lost: list[str] = []

    def lose(route: Route, request: Request) -> None:
        """The server takes the first one, and its answer never comes."""
        if request.method != "PATCH" or lost:
            route.continue_()
            return
        lost.append(request.url)
        route.fetch()
        route.abort()

    page.route(re.compile(r"/notes/[0-9a-f-]+/$"), lose)
    writer.section("Plan").fill("Meet on Friday at nine.")
    writer.sees("No answer")
    writer.sees("On the server")  # the same words are there already: that is no conflict
    tablet.heal()
    assert lost


def test_of_two_versions_one_is_chosen_and_signed_and_a_late_one_is_added(
    clinic: Served, writer: Writer
) -> None:
    first = f"Alex{next(NUMBERS)}"
    session = writer.met(writer.who(first), hours=2)
    note = writer.draft(session, data="Slept seven hours.", assessment="", plan="Meet on Friday at nine.")
    page, tablet = writer.opens(f"/notes/{note.pk}"), writer.tablet
    writer.section("Data").wait_for()
    other = _second_tab(tablet)
    other.get_by_role("textbox", name="Plan", exact=True).fill("Meet on Monday.")
    expect(other.locator(".save")).to_contain_text("version 2", timeout=WAIT)
    writer.section("Assessment").fill("Less guarded.")
    expect(page.get_by_text("This note was written on elsewhere", exact=True)).to_be_visible(timeout=WAIT)
    both = page.locator(".cf2 > section")
    expect(both.nth(0)).to_contain_text("Less guarded.")
    expect(both.nth(1)).to_contain_text("Meet on Monday.")
    tablet.accessible()
    page.get_by_role("button", name="Keep what is on this page").click()
    writer.sees("On the server")
    assert written(note) == {
        "data": "Slept seven hours.",
        "assessment": "Less guarded.",
        "plan": "Meet on Friday at nine.",
    }

    page.get_by_role("radio", name="SOAP").click()  # what has no place there stands in the first section
    expect(writer.section("Subjective")).to_have_value("Slept seven hours.")
    writer.section("Plan").press("Control+Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill("wrong")
    dialog.get_by_role("button", name="Sign and lock").click()
    expect(dialog).to_contain_text("The password is wrong")
    expect(dialog.get_by_label("Your password")).to_have_value("")
    assert Note.objects.get(pk=note.pk).status == "draft"
    tablet.accessible()
    dialog.get_by_label("Your password").fill(people.PASSWORD)
    dialog.get_by_label("Your password").press("Enter")
    expect(page.locator(".save")).to_contain_text("Signed and locked", timeout=WAIT)
    expect(writer.row(first)).to_have_count(0)
    row = Note.objects.get(pk=note.pk)
    assert (row.status, row.frame, row.sections["subjective"]) == ("signed", "soap", "Slept seven hours.")

    other.get_by_role("textbox", name="Plan", exact=True).fill("Too late.")  # the other tab hears of it
    expect(other.get_by_text("This note was signed elsewhere")).to_be_visible(timeout=WAIT)
    other.get_by_role("button", name="Add mine as an addendum").click()
    other.get_by_label("Why?").fill("Left out")
    expect(other.get_by_label("What is added")).to_have_value(re.compile("Too late."))
    other.get_by_role("button", name="Add to the note", exact=True).click()
    expect(other.get_by_role("heading", name="Addendum,")).to_be_visible(timeout=WAIT)
    assert "Too late." in row.addenda.get().text
    assert written(note)["plan"] == "Meet on Friday at nine."
    other.close()


def _second_tab(tablet: Tablet) -> Page:
    """Another tab with the same page; the first one is not looked at anew."""
    other = tablet.context.new_page()
    tablet.listen(other)
    other.goto(tablet.page.url)
    return other


def _stored(page: Page) -> str:
    """All that this browser keeps of the page."""
    text: str = page.evaluate(
        """async () => {
            const told = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
            for (const { name, version } of await indexedDB.databases()) {
                const database = await new Promise((resolve, reject) => {
                    const asked = indexedDB.open(name, version);
                    asked.onsuccess = () => resolve(asked.result);
                    asked.onerror = () => reject(asked.error);
                });
                for (const table of database.objectStoreNames) {
                    told.push(await new Promise((resolve) => {
                        const asked = database.transaction(table).objectStore(table).getAll();
                        asked.onsuccess = () => resolve(JSON.stringify(asked.result));
                    }));
                }
                database.close();
            }
            return told.join();
        }"""
    )
    return text


def test_whoever_was_there_says_that_a_session_began_and_took_place(clinic: Served, writer: Writer) -> None:
    program = writer.who(f"Jona{next(NUMBERS)}")
    starts_at = clock.now() - timedelta(minutes=20)
    more = {"staff": people.team(clinic.cast, writer.name), "room": writer.room.pk}
    late = {"ends_at": starts_at + timedelta(minutes=50), "override_reason": "As the client asked"}
    with clock.fixed(starts_at - timedelta(hours=1)):
        session = people.booked(clinic.cast, program, "preparation", starts_at, **more, **late)
    page = writer.opens(f"/notes?session={session.pk}")
    page.get_by_role("button", name="Begin the note").wait_for()
    expect(page.get_by_role("button", name="It has begun")).to_have_count(0)  # the client is not here
    clinic.cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/", {})
    page.reload()
    writer.tablet.answer(r"/start/$", lambda route, request: (route.fetch(), route.abort()))
    page.get_by_role("button", name="It has begun").click()
    expect(
        page.locator(".ctx").get_by_role("alert")
    ).to_be_visible()  # the server had it; its answer was lost
    writer.tablet.heal()
    page.get_by_role("button", name="It has begun").click()
    expect(page.locator(".ctx")).to_contain_text("not ended yet")
    writer.tablet.accessible()
    page.get_by_role("button", name="It took place, and is over").dblclick()
    expect(page.get_by_role("button", name="It took place, and is over")).to_have_count(0)
    session.refresh_from_db()
    assert (session.status, session.started_at is not None) == ("completed", True)


def test_whoever_signs_out_with_words_on_the_page_is_asked(clinic: Served, writer: Writer) -> None:
    note = writer.draft(writer.met(writer.who(f"Remy{next(NUMBERS)}"), hours=3))
    page = writer.opens(f"/notes/{note.pk}")
    writer.section("Data").wait_for()
    writer.tablet.answer(r"/auth/logout/", lambda route, _: route.abort())
    page.route(
        re.compile(rf"/notes/{note.pk}/$"),
        lambda route, request: route.abort() if request.method == "PATCH" else route.continue_(),
    )
    writer.section("Data").fill("Only here.")
    writer.sees("No answer")
    page.get_by_role("button", name="Sign out").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("on this page alone")
    dialog.get_by_role("button", name="Stay").click()
    writer.tablet.heal()
    page.get_by_role("button", name="Save now").click()
    writer.sees("On the server")
    assert written(note)["data"] == "Only here."


def test_a_trainees_note_is_given_back_signed_again_and_co_signed(clinic: Served, writer: Writer) -> None:
    cast, page = clinic.cast, writer.page
    trainee = f"{writer.name}_trainee"
    with clock.fixed(clinic.opened_at - timedelta(days=11)):
        user = people.colleague(cast, trainee, "therapist", needs_cosign=True)
    first = f"Lou{next(NUMBERS)}"
    session = writer.met(writer.who(first), hours=5, by=trainee)
    note = writer.draft(session, by=trainee, data="Spoke of the journey.", assessment="", plan="")
    writer.opens(name=trainee, path=f"/notes/{note.pk}")
    expect(page.locator(".ef")).to_contain_text("Plan is empty.")
    _sign(page)
    expect(page.locator(".save")).to_contain_text("waits for a second signature", timeout=WAIT)

    writer.opens(path="/notes?tab=cosign")
    writer.row(first).click()
    expect(page.locator(".wds").first).to_have_text("Spoke of the journey.")
    page.get_by_role("button", name="Give it back").click()
    page.get_by_label("What is to be put right?").fill("Say what was agreed.")
    page.get_by_role("dialog").get_by_role("button", name="Give it back").click()
    expect(page.locator(".secs")).to_contain_text("Its words are theirs", timeout=WAIT)

    writer.opens(name=trainee, path=f"/notes/{note.pk}")
    expect(page.locator(".secs")).to_contain_text("Say what was agreed.")
    writer.section("Plan").fill("Walks each day.")
    _sign(page)
    expect(page.locator(".save")).to_contain_text("waits for a second signature", timeout=WAIT)

    writer.opens(path=f"/notes/{note.pk}")
    page.get_by_role("button", name="Co-sign").last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(people.PASSWORD)
    dialog.get_by_role("button", name="Co-sign").click()
    expect(page.locator(".save")).to_contain_text("Signed and locked", timeout=WAIT)
    row = Note.objects.get(pk=note.pk)
    assert (row.status, row.author_id, row.cosigner_id) == ("signed", user.pk, writer.user.pk)
    writer.tablet.accessible()
    page.get_by_role("tab", name="Signed").click()
    expect(page.locator("#inbox")).to_contain_text("You have signed no note yet.")
    gone = User.objects.get(pk=user.pk)
    gone.is_active = False
    gone.save_by(SYSTEM, at=clock.now())


def _sign(page: Page) -> None:
    page.get_by_role("button", name="Sign and lock").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(people.PASSWORD)
    dialog.get_by_role("button", name="Sign and lock").click()


def test_a_note_beside_its_dose_with_last_words_and_a_screener(clinic: Served, writer: Writer) -> None:
    program = writer.who(f"Kim{next(NUMBERS)}")
    writer.dosed(program, hours=30)
    earlier = writer.met(program, "integration", hours=6)
    before = writer.draft(earlier, data="Rested.", assessment="Calm.", plan="")
    with clock.fixed(clinic.opened_at - timedelta(hours=5)):
        notes.sign_note(note_id=before.pk, confirmed=True, by=writer.user, at=clock.now())
    session = writer.met(program, "integration", hours=2)
    note = writer.draft(session, data="", assessment="Steady.", plan="")
    page, tablet = writer.opens(f"/notes/{note.pk}"), writer.tablet
    beside = page.locator(".ctx")
    expect(beside).to_contain_text("100 mg under the tongue")
    expect(beside.locator(".spk g").first).to_be_visible()
    expect(page.locator(".eh")).to_contain_text("after dose 1")
    expect(page.get_by_text("Last time,").first).to_be_visible()
    tablet.accessible()

    page.get_by_role("button", name="Bring in last note").click()
    expect(writer.section("Data")).to_have_value("Rested.")
    expect(writer.section("Assessment")).to_have_value("Steady.")  # what was written stays

    page.get_by_role("button", name="Say otherwise").click()
    page.get_by_label("Began").fill("23:59")
    page.get_by_label("Was over").fill("00:01")
    page.get_by_role("button", name="Keep these times").click()
    expect(page.get_by_role("dialog")).to_contain_text("ends before it begins")
    page.keyboard.press("Escape")

    page.get_by_role("button", name=re.compile("Ask (now|again)")).click()
    _answer(page, yes={1, 2, 4})
    expect(page.get_by_role("dialog")).to_contain_text("high risk")
    page.get_by_role("button", name="Back to the note").click()
    expect(page.locator(".sec.safe").first).to_contain_text("waits for somebody to acknowledge it")
    measure = program.measures.get(instrument="cssrs", band="high")
    assert measure.answers == [1, 1, 0, 1, 0, 0]


def _answer(page: Page, *, yes: set[int]) -> None:
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Question 3")).to_have_count(0)
    for question in range(1, 7):
        asked = dialog.get_by_role("radiogroup", name=f"Question {question}")
        asked.get_by_role("radio", name="Yes" if question in yes else "No", exact=True).click()
    dialog.get_by_role("button", name="Keep the answers").click()


def test_a_phrase_is_brought_in_by_keyboard(clinic: Served, writer: Writer) -> None:
    note = writer.draft(writer.met(writer.who(f"Kim{next(NUMBERS)}"), hours=4), data="")
    page, tablet = writer.opens(f"/notes/{note.pk}"), writer.tablet
    page.get_by_role("button", name="phrases").click()
    page.get_by_role("button", name="New phrase").click()
    page.get_by_label("Name, as you type it after /").fill("homework")
    page.get_by_label("What it brings in").fill("Writes for ten minutes each evening.")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".phl")).to_contain_text("homework")
    tablet.accessible()
    page.keyboard.press("Escape")
    writer.section("Plan").press_sequentially("Next: /ho")
    expect(page.get_by_role("option", name="homework")).to_be_visible()
    tablet.accessible()
    page.keyboard.press("Enter")
    expect(writer.section("Plan")).to_have_value("Next: Writes for ten minutes each evening.")
    writer.section("Plan").press_sequentially(" Reads 1/2 a book")  # a stroke within a word is no phrase
    expect(page.get_by_role("listbox")).to_have_count(0)
    assert Phrase.objects.get(author=writer.user).name == "homework"


def test_a_psychotherapy_note_is_its_authors_alone(clinic: Served, writer: Writer) -> None:
    session = writer.met(writer.who(f"Ira{next(NUMBERS)}"), hours=7)
    page = writer.opens(f"/notes?session={session.pk}")
    page.get_by_role("link", name="Open my private note").click()
    field = page.get_by_role("textbox", name="Words of the psychotherapy note")
    writer.sees("Nothing is written yet")
    lost: list[str] = []

    def lose(route: Route, _: Request) -> None:
        """The first answer does not arrive."""
        lost.append(route.request.headers["idempotency-key"])
        if len(lost) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    writer.tablet.answer(r"/psychotherapy-notes/$", lose)
    field.fill("A thought of my own.")
    writer.sees("No answer")
    field.press_sequentially(" And one more.")
    writer.sees("On the server")
    writer.tablet.heal()
    assert (len(lost), len(set(lost))) == (2, 1)
    note = PsychotherapyNote.objects.get(session=session)
    page.reload()
    expect(field).to_have_value("A thought of my own. And one more.")
    expect(page.locator("main")).not_to_contain_text(re.compile("superbill|charge", re.IGNORECASE))
    assert "thought" not in _stored(page)
    writer.tablet.accessible()

    other = _second_tab(writer.tablet)
    other.get_by_role("textbox").fill("Another thought.")
    expect(other.locator(".save")).to_contain_text(f"version {note.version + 1}", timeout=WAIT)
    other.close()
    field.fill("Mine.")
    expect(page.get_by_text("You wrote on this note elsewhere")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Take the server's").click()
    expect(field).to_have_value("Another thought.")

    address = page.url
    writer.opens(name="therapist", path="/notes")
    page.goto(address)
    expect(field).to_have_value("")
    page.goto(f"/notes?session={session.pk}")
    expect(page.locator(".ctx")).not_to_contain_text("thought")


def test_after_a_reset_a_code_of_before_opens_the_private_note(clinic: Served, writer: Writer) -> None:
    session, page, user = writer.met(writer.who(f"Ula{next(NUMBERS)}"), hours=9), writer.page, writer.user
    notes.write_psychotherapy_note(session_id=session.pk, text="A quiet thought.", by=user, at=clock.now())
    before = clock.now() - timedelta(minutes=10)
    app, secret = enrolling.begin_totp(user=user, at=before)
    first = rules.code_of(secret, step=int(before.timestamp()) // rules.STEP_SECONDS)
    codes = enrolling.confirm_totp(user=user, factor_id=app.pk, otp=first, at=before)
    assert codes is not None
    page.goto(f"{clinic.base_url}/sign-in?next=/notes/private/{session.pk}")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.locator("button.xl").click()
    page.locator("#otp").fill(codes[0])
    sealed = writer.user
    doors.seal_notes(user=sealed, because="password_reset", by=clinic.cast.admin, at=clock.now())
    sealed.save_by(clinic.cast.admin, at=clock.now())
    page.locator("#otp").press("Enter")
    expect(page.get_by_role("heading", name="Sealed since your way in was reset")).to_be_visible()
    code = page.locator("#otp")
    expect(code).to_be_focused()
    expect(page.locator("main")).not_to_contain_text("quiet")
    writer.tablet.accessible()
    code.fill(codes[0])  # it let her in, and counts no second time
    code.press("Enter")
    expect(page.locator(".errors")).to_contain_text("Try the next code")
    writer.tablet.accessible()
    code.fill(codes[1])
    code.press("Enter")
    field = page.get_by_role("textbox", name="Words of the psychotherapy note")
    expect(field).to_have_value("A quiet thought.")
    sealed = writer.user
    enrolling.take_all(sealed, by=clinic.cast.admin, at=clock.now())  # nothing of before is left
    writer.opens(f"/notes/private/{session.pk}")
    expect(page.get_by_text("open your private notes together")).to_be_visible()
    writer.tablet.accessible()


def test_a_nurse_begins_a_medical_note_and_a_director_reads_no_unsigned_word(
    clinic: Served, writer: Writer
) -> None:
    cast, nurse = clinic.cast, f"{writer.name}_np"
    first = f"Uma{next(NUMBERS)}"
    session = writer.met(writer.who(first), hours=8)  # a medical visit may happen within any session
    page = writer.opens(name=nurse, path=f"/notes?session={session.pk}")
    expect(page.locator(".ctx")).to_contain_text(first)
    expect(page.locator(".priv")).to_have_count(0)
    page.get_by_role("radio", name="Free").click()
    page.get_by_role("button", name="Begin the note").click()
    writer.section("Text").fill("Lungs clear.")
    writer.sees("On the server")
    note = Note.objects.get(session=session)
    assert (note.kind, note.frame, note.sections) == ("medical", "free", {"text": "Lungs clear."})

    writer.opens(name="director", path=f"/notes/{note.pk}")
    expect(page.locator(".secs")).to_contain_text("Its words are theirs until it is signed")
    expect(page.locator("main")).not_to_contain_text("Lungs clear.")
    page.get_by_role("button", name="Discard").click()
    page.get_by_label("Why?").fill("Of another client")
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator(".save")).to_contain_text("Discarded", timeout=WAIT)
    page.goto("/notes/private/" + str(session.pk))
    expect(page.locator(".pv")).to_have_count(0)
    assert Note.objects.get(pk=note.pk).discard.created_by == cast.director.pk


def test_a_therapist_writes_on_a_tablet_in_spanish_and_at_400_percent(
    clinic: Served, writer: Writer, chromium: Browser
) -> None:
    first = f"Paz{next(NUMBERS)}"
    note = writer.draft(writer.met(writer.who(first), hours=9), data="Durmió bien.")
    size = {"width": 768, "height": 1024}
    lent = Tablet.lent(clinic, chromium, viewport=size, has_touch=True, locale="es-MX")
    tablet = next(lent)
    page = tablet.page
    page.goto("/sign-in?next=/")
    page.get_by_label("Correo electrónico").fill(writer.user.email)
    page.get_by_label("Contraseña", exact=True).fill(people.PASSWORD)
    page.locator("button.xl").click()
    page.wait_for_url("**/notes")  # where a therapist's day starts
    page.locator(".il a", has_text=first).tap()
    expect(page.locator(".inb")).to_be_hidden()
    page.get_by_role("textbox", name="Plan", exact=True).fill("Caminar.")
    expect(page.locator(".save")).to_contain_text("En el servidor", timeout=WAIT)
    tablet.accessible()
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 640})
        assert page.evaluate("document.querySelector('.th').scrollWidth - innerWidth") <= 0
    tablet.accessible()
    page.get_by_role("button", name="Bandeja").tap()
    expect(page.locator(".il a", has_text=first)).to_be_visible()
    assert written(note)["plan"] == "Caminar."
    next(lent, None)
