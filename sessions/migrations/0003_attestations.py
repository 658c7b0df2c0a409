"""Attestations become rows of their own.

What stood as JSON on sessions is carried over, also each earlier word that a session's history still tells of. The
carried rows are the system's (`created_by`); `by` and `at` stay whose word it was, and when. A clinic's own codes come
along: on a carried row only, and no gate reads them. A value without its word in `attested` never counted and names
nobody: it is kept in the audit log (`session.attestations_unsigned`). Then the columns go, also those of the history.

Backwards the latest word of each code goes back into the columns; earlier ones and the history's are gone.
"""

from typing import ClassVar
from uuid import UUID

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kapclinic.core.ids
from kapclinic.core.triggers import append_only

CODES = [
    "identifiers",
    "not_intoxicated",
    "contraindications",
    "pregnancy_test",
    "drug_screen",
    "pdmp",
    "equipment",
    "rems_enrolment",
    "prescriber_on_site",
    "no_fluids",
    "no_nasal_spray",
    "chaperone_trained",
    "video_on",
]
SYSTEM = UUID("00000000-0000-7000-8000-000000000001")


def _key(of: str) -> str:
    """A UUIDv7 of that time: the audit chain, and whoever breaks a tie, goes by the order of the keys."""
    return (
        f"(lpad(to_hex((extract(epoch FROM {of}) * 1000)::bigint), 12, '0') || '7'"
        " || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"
    )


CARRY = f"""
WITH kept AS (
    SELECT id AS session_id, client_id, attestations, attested FROM clinic_sessions_session
    UNION ALL
    SELECT id, client_id, attestations, attested FROM clinic_sessions_historicalsession
), said AS (
    SELECT DISTINCT session_id, word.key AS code, (attestations -> word.key)::boolean AS value,
        (word.value ->> 'by')::uuid AS by_id, (word.value ->> 'at')::timestamptz AS at
    FROM kept, jsonb_each(attested) AS word
    WHERE attestations ? word.key
), unsigned AS (
    SELECT DISTINCT session_id, client_id, word.key AS code, word.value AS value
    FROM kept, jsonb_each(attestations) AS word
    WHERE NOT attested ? word.key
), audited AS (
    INSERT INTO trail_auditevent
        (id, created_at, created_by, action, object_type, object_id, clients, roles, outcome, detail)
    SELECT {_key('now()')}, now(), '{SYSTEM}', 'session.attestations_unsigned',
        'session', session_id, ARRAY[client_id], ARRAY['system'], 'ok', jsonb_build_object(
            'said', jsonb_agg(jsonb_build_object('code', code, 'value', value) ORDER BY code, value)
        )
    FROM unsigned
    GROUP BY session_id, client_id
)
INSERT INTO clinic_sessions_attestation (id, created_at, created_by, session_id, code, value, by_id, at)
SELECT {_key('at')}, now(), '{SYSTEM}', session_id, code, value, by_id, at
FROM said;
"""  # noqa: S608  (names of our own tables)

CARRY_BACK = """
UPDATE clinic_sessions_session SET attestations = words.said, attested = words.whose
FROM (
    SELECT session_id, jsonb_object_agg(code, value) AS said,
        jsonb_object_agg(code, jsonb_build_object(
            'by', by_id, 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        )) AS whose
    FROM (
        SELECT DISTINCT ON (session_id, code) * FROM clinic_sessions_attestation
        ORDER BY session_id, code, at DESC, id DESC
    ) AS latest
    GROUP BY session_id
) AS words
WHERE words.session_id = clinic_sessions_session.id;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("clinic_sessions", "0002_guards"),
        ("trail", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Attestation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("created_by", models.UUIDField(editable=False)),
                ("code", models.CharField(max_length=40)),
                ("value", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="clinic_sessions.session",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["session", "code", "-at"], name="attestation_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(code__in=CODES) | models.Q(created_by=SYSTEM),
                        name="attestation_code",
                    )
                ],
            },
        ),
        append_only("clinic_sessions_attestation"),
        migrations.RunSQL(CARRY, CARRY_BACK),
        migrations.RemoveField(model_name="historicalsession", name="attestations"),
        migrations.RemoveField(model_name="historicalsession", name="attested"),
        migrations.RemoveField(model_name="session", name="attestations"),
        migrations.RemoveField(model_name="session", name="attested"),
    ]
