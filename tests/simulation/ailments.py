"""What befalls a client's body and mind apart from the doses: conditions, drugs, moods and weight, as they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.stack import moment

if TYPE_CHECKING:
    from tests.simulation.life import Life

# No clearance, whoever decides; and what a prescriber weighs, with words.
EXCLUDED = ("CV_ANEURYSM_AVM", "NEURO_ICH", "ALLERGY_KET", "PSY_MANIA", "PREG")
WEIGHED = ("PSY_SI", "PSY_SI", "SUD_HX", "OPHTH")


def told(life: Life) -> dict[str, bool]:
    """What a client answers with yes when they are screened."""
    numbers = life.chance.numbers
    found = {numbers.choice(WEIGHED): True} if life.does("tells of a condition") else {}
    if life.does("may have no ketamine"):
        found[numbers.choice(EXCLUDED)] = True
    return found


def excluded(life: Life, path: str) -> None:
    """A finding that nobody clears: the course is declined, or put off until somebody knows more."""
    decision = life.chance.numbers.choice(("declined", "declined", "deferred"))
    words = {"decision": decision, "rationale": "Not suitable as it stands.", "resolutions": []}
    if life.stack.post(life.prescriber, f"{path}decide/", words).ok and decision == "declined":
        life.program["status"] = "discontinued"


def screened_again(life: Life) -> None:
    """A screening from the first question to the decision, in one sitting."""
    for _ in life.screen():
        pass


def phq9(life: Life) -> None:
    """How the last two weeks were: nine answers, the last of them about wanting to die."""
    numbers = life.chance.numbers
    worst = numbers.choice((1, 1, 2, 3))
    answers = [numbers.randint(0, worst) for _ in range(8)]
    answers.append(numbers.randint(1, 3) if life.does("thinks of dying") else 0)
    body = {
        "program": life.program["id"],
        "instrument": "phq9",
        "answers": answers,
        "taken_at": moment(life.now),
        "administered_by": "self",
    }
    life.stack.post(life.nurse, "measures/", body)


def stopped_halfway(life: Life) -> None:
    """A C-SSRS that was left open after a yes to the second question."""
    body = {
        "program": life.program["id"],
        "instrument": "cssrs",
        "form": "since_last_contact",
        "answers": [1, 1, None, None, None, 0],
        "taken_at": moment(life.now),
        "administered_by": "nurse practitioner",
    }
    life.stack.post(life.nurse, "measures/", body)


def stop_drug(life: Life) -> None:
    """What a client takes no more leaves the list."""
    rows = life.stack.rows(life.nurse, "medications/", client=life.client["id"], active="true")
    if rows:
        row = life.chance.numbers.choice(rows)
        life.stack.patch(life.nurse, f"medications/{row['id']}/", {"ended_at": moment(life.now)})


def weighs_other(life: Life) -> None:
    """Some lose or gain more than anybody takes from the scale without a second look."""
    share = life.chance.numbers.choice((0.82, 0.95, 1.06, 1.15))
    life.body.weight = round(min(max(life.body.weight * share, 42), 140), 1)
