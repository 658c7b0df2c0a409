"""At once: a decision, an answer, and what they must hear. Whichever comes first, no clearance stands unheard."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from kapclinic.core.errors import Invalid
from programs.models import Program
from screening import selectors, services
from screening.models import Clearance, Finding, Medication
from screening.rules.conditions import CONDITIONS
from screening.services.clearances import ScreeningOutdated
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
AT = MONDAY + timedelta(hours=1)
TIMES = 4


@pytest.fixture
def clinic(transactional_db: None, now: object) -> Cast:
    return people.assemble()


def submitted(cast: Cast, program: Program, *texts: str) -> UUID:
    healthy = {code: False for code, condition in CONDITIONS.items() if condition.asked}
    pressure = {"systolic": 124, "diastolic": 80}
    twice = [pressure | {"measured_at": MONDAY - timedelta(minutes=before)} for before in (5, 0)]
    values = {"program": program.pk, "answers": healthy, "blood_pressures": twice}
    values |= {"medications": [{"text": text} for text in texts]}
    draft = services.create_screening(values=values, by=cast.np, at=MONDAY)
    services.submit_screening(screening_id=draft.pk, by=cast.np, at=MONDAY)
    return draft.pk


def cleared(cast: Cast, screening: UUID) -> None:
    services.decide_screening(
        screening_id=screening,
        decision="cleared",
        rationale="Suitable.",
        resolutions=[
            {"finding": row.pk, "resolution": "Asked; acceptable."}
            for row in Finding.objects.filter(screening=screening)
        ],
        by=cast.prescriber,
        at=AT,
    )


def lists(cast: Cast, program: Program, text: str) -> None:
    values = {"client": program.client_id, "text": text}
    services.record_medication(values=values, by=cast.np, at=AT)


def test_a_decision_and_a_medicine_at_once_do_not_miss_each_other(clinic: Cast) -> None:
    protocol = people.approved_protocol(clinic)
    for turn in range(TIMES):
        who = people.client(clinic.north, by=clinic.frontdesk, first=f"Robin{turn}")
        program = people.opened_program(clinic, protocol=protocol, who=who)
        screening = submitted(clinic, program)
        raised = race(
            lambda screening=screening: cleared(clinic, screening),
            lambda program=program: lists(clinic, program, "Nardil"),
        )
        assert all(isinstance(exc, ScreeningOutdated) for exc in raised), raised
        assert selectors.current_clearance(program_id=program.pk, at=AT) is None


def test_a_decision_and_a_mapping_at_once_do_not_miss_each_other(clinic: Cast) -> None:
    protocol = people.approved_protocol(clinic)
    for turn in range(TIMES):
        who = people.client(clinic.north, by=clinic.frontdesk, first=f"Robin{turn}")
        program = people.opened_program(clinic, protocol=protocol, who=who)
        screening = submitted(clinic, program, "mystery pill")
        pill = Medication.objects.get(client=who)
        said = {"ingredients": ["phenelzine"], "reason": "Called the pharmacy."}
        raised = race(
            lambda screening=screening: cleared(clinic, screening),
            lambda pill=pill, said=said: services.map_medication(
                medication_id=pill.pk, values=said, by=clinic.prescriber, at=AT
            ),
        )
        assert all(isinstance(exc, ScreeningOutdated) for exc in raised), raised
        assert selectors.current_clearance(program_id=program.pk, at=AT) is None


def test_an_answer_and_another_medicine_at_once_leave_nothing_unanswered(clinic: Cast) -> None:
    protocol = people.approved_protocol(clinic)
    for turn in range(TIMES):
        who = people.client(clinic.north, by=clinic.frontdesk, first=f"Robin{turn}")
        program = people.opened_program(clinic, protocol=protocol, who=who)
        cleared(clinic, submitted(clinic, program))
        lists(clinic, program, "Nardil")
        row = Clearance.objects.get(program=program)
        said = [{"reason": reason.pk, "resolution": "Stopped."} for reason in row.suspensions.all()]
        raised = race(
            lambda row=row, said=said: services.uphold_clearance(
                clearance_id=row.pk, rationale="Weighed.", resolutions=said, by=clinic.prescriber, at=AT
            ),
            lambda program=program: lists(clinic, program, "theophylline"),
        )
        assert all(isinstance(exc, Invalid) for exc in raised), raised
        assert selectors.current_clearance(program_id=program.pk, at=AT) is None
