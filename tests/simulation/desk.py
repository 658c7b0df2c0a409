"""The front desk: snow days, the waitlist and its offers, kept slots, whole plans, and the wrong client's session."""

from __future__ import annotations

from datetime import timedelta

from tests.simulation.life import AT_HOME, DRUGS, Life, Row
from tests.simulation.schedule import Story
from tests.simulation.slots import PLACED
from tests.simulation.stack import moment
from tests.simulation.staff import Roster

SNOW = "Nobody can come: snow."
REGISTERED = (
    "legal_first_name",
    "legal_last_name",
    "date_of_birth",
    "administrative_sex",
    "phone",
    "address",
    "locations",
)


# --- a storm of cancellations -------------------------------------------------------------------------------------


def mornings(roster: Roster) -> Story:
    """The front desk looks at the board; on a snow day most of the day is called off or moved within minutes."""
    chance, house = roster.chance, roster.house
    while True:
        yield house.clock(roster.today + timedelta(days=1), chance.numbers.uniform(7.0, 7.6))
        if roster.today.weekday() == 6:
            continue
        snow = chance.does("snow falls")
        if snow:
            storm(roster)
        if snow or chance.does("looks at the board"):
            desk, day = house.one("front_desk"), roster.today.isoformat()
            roster.clinic.stack.get(desk, "day-board/", location=house.id, date=day)


def storm(roster: Roster) -> None:
    numbers, stack = roster.chance.numbers, roster.clinic.stack
    desk = roster.house.one("front_desk")
    day = stack.rows(desk, "sessions/", location=roster.house.id, date=roster.today.isoformat())
    for row in day:
        if row["status"] != "scheduled" or numbers.random() < 0.15:
            continue
        path = f"sessions/{row['id']}/"
        slot = roster.free(row) if numbers.random() < 0.4 else None
        moved = slot is not None and stack.post(desk, f"{path}reschedule/", slot).ok
        if not moved:
            stack.post(desk, f"{path}cancel/", {"reason": SNOW})
        if roster.chance.does("clicks twice"):
            stack.post(desk, f"{path}cancel/", {"reason": SNOW})


# --- waiting for a slot -------------------------------------------------------------------------------------------


def waited(life: Life, kind: str) -> Story:
    """The client waits for a slot that is freed; what comes of it stands in `life.planned`."""
    home = kind == "dosing" and life.protocol.get("home_dosing")
    numbers = life.chance.numbers
    body = {
        "program": life.program["id"],
        "kind": kind,
        "modality": "video" if home else "any",
        "window_from": moment(life.now),
        "window_to": moment(life.now + timedelta(days=numbers.randint(2, 7))),
        "auto_fill": numbers.random() < 0.5,
    }
    entry = life.twice(life.desk, "waitlist/", body)
    if not entry.ok:
        return
    path = f"waitlist/{entry.data['id']}/"
    for _ in range(3):
        yield life.next_day(1, 11)
        shown = life.stack.get(life.desk, path).data
        if shown["status"] == "filled":
            life.planned.append({"id": shown["filled_by"], "kind": kind})
            return
        if shown["status"] == "waiting" and _offered(life, kind):
            return
    life.stack.post(life.desk, f"{path}withdraw/", {"reason": "Waits no more."})
    if life.does("clicks twice"):
        life.stack.post(life.desk, f"{path}withdraw/", {"reason": "Waits no more."})


def _offered(life: Life, kind: str) -> bool:
    """Takes an offer of the worklist: in time, or when somebody else has it already."""
    for offer in life.stack.rows(life.desk, "waitlist-offers/", program=life.program["id"])[:3]:
        body = {name: offer[name] for name in PLACED} | {"program": life.program["id"], "kind": kind}
        if kind == "dosing" and life.protocol.get("home_dosing"):
            body["client_location"] = AT_HOME
        if life.starts(offer) > life.now:
            answer = life.twice(life.desk, "sessions/", body)
            if answer.ok:
                life.planned.append(answer.data)
                return True
    return False


def planned(life: Life) -> None:
    """The whole course is proposed and booked at once, by two who have both seen the same proposal at times."""
    path = f"programs/{life.program['id']}/plan/"
    proposal = life.stack.get(life.desk, path)
    if proposal.ok and proposal.data["sessions"]:
        booked = life.twice(life.desk, path, {"sessions": proposal.data["sessions"]})
        if booked.ok:
            life.planned += [row for row in booked.data["sessions"] if row["status"] == "scheduled"]


# --- somebody else's ----------------------------------------------------------------------------------------------


def took_the_wrong(life: Life, session: Row) -> None:
    """The desk checks another client in, or another day's session; it is seen, and all of it is taken back."""
    zone_day = life.house.local(life.starts(session)).date()
    other_day = life.chance.numbers.random() < 0.4
    day = zone_day + timedelta(days=1) if other_day else zone_day
    found = life.stack.get(
        life.desk, "sessions/", location=life.house.id, date=day.isoformat(), status="scheduled"
    )
    rows = [row for row in found.data["results"] if row["client"] != life.client["id"]] if found.ok else []
    if not rows:
        return
    wrong = life.chance.numbers.choice(rows)
    path = f"sessions/{wrong['id']}/"
    if not life.stack.post(life.desk, f"{path}check-in/").ok:
        return
    if wrong["kind"] == "dosing":
        signs = life.body.signs(life.now) | {"measured_at": moment(life.now)}
        read = life.stack.post(life.nurse, f"{path}readings/", signs)
        life.stack.post(life.desk, f"{path}undo/", {"move": "check_in", "reason": "Wrong client."})
        if read.ok:
            void = f"{path}readings/{read.data['id']}/void/"
            life.stack.post(life.nurse, void, {"reason": "Another client's."})
    life.stack.post(life.desk, f"{path}undo/", {"move": "check_in", "reason": "Wrong client."})


def peeped(life: Life, session: Row) -> None:
    """Somebody of the other location asks for what is not there for them, and would change it."""
    if not life.does("asks what is not theirs"):
        return
    house = life.chance.numbers.choice([one for one in life.clinic.houses if one is not life.house])
    who = house.one(life.chance.numbers.choice(("front_desk", "therapist", "billing", "medical_director")))
    for path in (
        f"sessions/{session['id']}/",
        f"clients/{life.client['id']}/",
        f"programs/{life.program['id']}/",
    ):
        life.stack.get(who, path)
    life.stack.post(who, f"sessions/{session['id']}/cancel/", {"reason": "Not ours."})


# --- what befalls a client between two doses ----------------------------------------------------------------------


def befalls(life: Life) -> Story:
    if life.does("is registered twice"):
        doubled(life)
    if life.does("wants no messages"):
        silenced(life)
        yield life.next_day(2, 10)
        told(life, life.client["id"])
    if life.does("dies"):
        yield from died(life)


def silenced(life: Life) -> None:
    consent = {"email": False, "sms": False, "phone": False}
    life.stack.patch(life.desk, f"clients/{life.client['id']}/", {"communication_consent": consent})


def told(life: Life, client: str) -> None:
    """The director looks what left the house for this client."""
    life.stack.get(life.director, "messages/", recipient=client, page_size=50)


def died(life: Life) -> Story:
    """The death is written down; somebody books all the same; at times it was somebody of the same name."""
    path, today = f"clients/{life.client['id']}/deceased/", life.house.local(life.now).date().isoformat()
    booked = life.book("medical", life.now + timedelta(hours=3))
    life.twice(life.desk, path, {"died_on": today, "source": "The family called."})
    if booked is not None:
        life.stack.post(life.desk, f"sessions/{booked['id']}/check-in/")
        slot = {name: booked[name] for name in PLACED}
        life.stack.post(
            life.desk, "sessions/", slot | {"program": life.program["id"], "kind": booked["kind"]}
        )
    wrong = life.chance.numbers.random() < 0.3
    yield life.next_day(1 if wrong else 2, 10)
    told(life, life.client["id"])
    if wrong:
        life.twice(life.desk, f"{path}void/", {"reason": "Another client of the same name."})


def doubled(life: Life) -> None:
    """A second registration; what is told there is heard here once the director has joined them."""
    body = {name: life.client[name] for name in REGISTERED}
    other = life.stack.post(life.desk, "clients/", body)
    if not other.ok:
        return
    drug = {"client": other.data["id"], "text": life.chance.numbers.choice(DRUGS)}
    early = life.chance.numbers.random() < 0.7
    if early:
        life.stack.post(life.nurse, "medications/", drug)
    first, second = other.data["id"], life.client["id"]
    if life.chance.numbers.random() < 0.4:
        first, second = second, first
    asked = {"into": second, "reason": "One person."}
    life.stack.post(life.director, f"clients/{first}/merge/?preview=true", asked)
    life.twice(life.director, f"clients/{first}/merge/", asked)
    if not early:
        life.stack.post(life.nurse, "medications/", drug)
    if life.does("takes it back"):
        life.stack.post(life.director, f"clients/{first}/unmerge/", {"reason": "Twins."})
