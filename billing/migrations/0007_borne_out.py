"""Charges are borne out by the record: what a code asks of it, and what a line keeps of the day of its signature.

Codes that a clinic has already get the facts of the catalogue, also the minutes of an infusion as long as nobody has
changed them; the missing codes come with `load_service_codes`. Lines that stand keep what the staff list and the code
say now, since nothing older is known, and the cosigner of their clinician's note.
"""

from typing import Any, ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
import kapclinic.core.ids
from django.conf import settings
from django.db import migrations, models

from kapclinic.core.triggers import append_only, noted

# code, minutes of, minutes of a further unit, most units, units by, add-on of, excludes, requires
FACTS = [
    ('90791', 'note', None, 1, '', '', '90792 90832 90834 90837 90833 90836 90838 99202 99203 99204 99205 99212 99213 99214 99215 90839 90840', '{"kinds": ["preparation", "medical", "maintenance"]}'),
    ('90792', 'note', None, 1, '', '', '90791 90832 90834 90837 90833 90836 90838 99202 99203 99204 99205 99212 99213 99214 99215 90839 90840', '{"kinds": ["preparation", "medical", "maintenance"]}'),
    ('90832', 'note', None, 1, '', '', '90834 90837 90833 90836 90838 90791 90792 90839 90840 99202 99203 99204 99205 99212 99213 99214 99215', '{"kinds": ["preparation", "dosing", "integration", "maintenance"]}'),
    ('90834', 'note', None, 1, '', '', '90832 90837 90833 90836 90838 90791 90792 90839 90840 99202 99203 99204 99205 99212 99213 99214 99215', '{"kinds": ["preparation", "dosing", "integration", "maintenance"]}'),
    ('90837', 'note', None, 1, '', '', '90832 90834 90833 90836 90838 90791 90792 90839 90840 99202 99203 99204 99205 99212 99213 99214 99215', '{"kinds": ["preparation", "dosing", "integration", "maintenance"]}'),
    ('90833', 'note', None, 1, '', '99202 99203 99204 99205 99212 99213 99214 99215', '90836 90838 90832 90834 90837 90791 90792 90839 90840', '{}'),
    ('90836', 'note', None, 1, '', '99202 99203 99204 99205 99212 99213 99214 99215', '90833 90838 90832 90834 90837 90791 90792 90839 90840', '{}'),
    ('90838', 'note', None, 1, '', '99202 99203 99204 99205 99212 99213 99214 99215', '90833 90836 90832 90834 90837 90791 90792 90839 90840', '{}'),
    ('90839', 'note', None, 1, '', '', '90785 90791 90792 90832 90834 90837 90833 90836 90838', '{}'),
    ('90840', 'note', 30, None, '', '90839', '90785 90791 90792 90832 90834 90837 90833 90836 90838', '{}'),
    ('90785', 'note', None, 1, '', '90791 90792 90832 90834 90837 90833 90836 90838 90853', '90839 90840', '{}'),
    ('90846', 'note', None, 1, '', '', '', '{"kinds": ["preparation", "integration", "maintenance"]}'),
    ('90847', 'note', None, 1, '', '', '', '{"kinds": ["preparation", "integration", "maintenance"]}'),
    ('90853', 'note', None, 1, '', '', '', '{"kinds": ["preparation", "integration", "maintenance"]}'),
    ('99202', 'note', None, 1, '', '', '99203 99204 99205 99212 99213 99214 99215 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('99203', 'note', None, 1, '', '', '99202 99204 99205 99212 99213 99214 99215 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('99204', 'note', None, 1, '', '', '99202 99203 99205 99212 99213 99214 99215 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('99205', 'note', None, 1, '', '', '99202 99203 99204 99212 99213 99214 99215 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('99212', 'note', None, 1, '', '', '99202 99203 99204 99205 99213 99214 99215 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('99213', 'note', None, 1, '', '', '99202 99203 99204 99205 99212 99214 99215 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('99214', 'note', None, 1, '', '', '99202 99203 99204 99205 99212 99213 99215 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('99215', 'note', None, 1, '', '', '99202 99203 99204 99205 99212 99213 99214 90791 90792 90832 90834 90837 G2082 G2083', '{}'),
    ('96127', 'note', None, None, 'instruments', '', '', '{}'),
    ('96365', 'infusion', None, 1, '', '', '96374', '{"kinds": ["dosing"], "routes": ["intravenous"], "drugs": ["ketamine"]}'),
    ('96366', 'infusion', 60, None, '', '96365', '', '{"kinds": ["dosing"], "routes": ["intravenous"], "drugs": ["ketamine"]}'),
    ('96372', 'note', None, None, 'doses', '', '', '{"kinds": ["dosing"], "routes": ["intramuscular"], "drugs": ["ketamine"]}'),
    ('96374', 'infusion', None, 1, '', '', '96365', '{"kinds": ["dosing"], "routes": ["intravenous"], "drugs": ["ketamine"]}'),
    ('0820T', 'note', 60, None, '', '', '0821T 0822T', '{"kinds": ["dosing"], "drugs": ["ketamine", "esketamine"]}'),
    ('0821T', 'note', 60, None, '', '0820T', '0820T 0822T', '{"kinds": ["dosing"], "drugs": ["ketamine", "esketamine"]}'),
    ('0822T', 'note', 60, None, '', '0820T', '0820T 0821T', '{"kinds": ["dosing"], "drugs": ["ketamine", "esketamine"]}'),
    ('J3490', 'note', None, 1, '', '', 'J8499 G2082 G2083', '{"kinds": ["dosing"], "routes": ["sublingual", "intramuscular", "intravenous", "intranasal"], "drugs": ["ketamine"], "supply": "clinic_stock"}'),
    ('J8499', 'note', None, 1, '', '', 'J3490', '{"kinds": ["dosing"], "routes": ["sublingual", "oral"], "drugs": ["ketamine"], "supply": "clinic_stock"}'),
    ('J0013', 'note', None, None, 'mg', '', 'S0013 G2082 G2083', '{"kinds": ["dosing"], "routes": ["intranasal"], "drugs": ["esketamine"], "supply": "clinic_stock"}'),
    ('S0013', 'note', None, None, 'mg', '', 'J0013 G2082 G2083', '{"kinds": ["dosing"], "routes": ["intranasal"], "drugs": ["esketamine"], "supply": "clinic_stock"}'),
    ('G2082', 'stay', None, 1, '', '', 'G2083 99202 99203 99204 99205 99212 99213 99214 99215 J0013 S0013 J3490', '{"kinds": ["dosing"], "routes": ["intranasal"], "drugs": ["esketamine"], "supply": "clinic_stock", "dose_mg_max": "56.000"}'),
    ('G2083', 'stay', None, 1, '', '', 'G2082 99202 99203 99204 99205 99212 99213 99214 99215 J0013 S0013 J3490', '{"kinds": ["dosing"], "routes": ["intranasal"], "drugs": ["esketamine"], "supply": "clinic_stock", "dose_mg_min": "56.001"}'),
    ('KAP-DOSE', 'note', None, 1, '', '', '', '{"kinds": ["dosing"], "drugs": ["ketamine", "esketamine"]}'),
    ('KAP-PREP', 'note', None, None, '', '', '', '{"kinds": ["preparation"]}'),
    ('KAP-INTEGRATION', 'note', None, None, '', '', '', '{"kinds": ["integration", "maintenance"]}'),
    ('KAP-SUPPORT', 'note', None, None, '', '', '', '{}'),
    ('KAP-NO-SHOW', 'note', None, None, '', '', '', '{}'),
]


def tell_codes(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for code, minutes_of, unit_minutes, units_max, units_by, addon_of, excludes, requires in FACTS:
            cursor.execute(
                """
                UPDATE billing_servicecode SET minutes_of = %s, unit_minutes = %s::smallint, units_max = %s::smallint,
                    units_by = %s, addon_of = %s::varchar[], excludes = %s::varchar[],
                    requires = '{"kinds": [], "routes": [], "drugs": [], "supply": null, "dose_mg_min": null,
                        "dose_mg_max": null}'::jsonb || %s::jsonb
                WHERE code = %s
                """,
                [minutes_of, unit_minutes, units_max, units_by, addon_of.split(), excludes.split(), requires, code],
            )
        # An infusion that goes on is 96366's, and 96366 counts from the start of the first hour.
        cursor.execute(
            "UPDATE billing_servicecode SET minutes_max = NULL WHERE code = '96365' AND minutes_max = 90"
        )
        cursor.execute("UPDATE billing_servicecode SET minutes_min = 91 WHERE code = '96366' AND minutes_min = 31")
        cursor.execute(
            "UPDATE billing_servicecode SET minutes_min = 31"
            " WHERE code IN ('0820T', '0821T', '0822T') AND minutes_min IS NULL"
        )
        cursor.execute(
            "UPDATE billing_servicecode SET minutes_min = 120 WHERE code IN ('G2082', 'G2083') AND minutes_min IS NULL"
        )
        cursor.execute(
            "UPDATE billing_servicecode SET telehealth_ok = true WHERE code IN ('KAP-DOSE', 'KAP-SUPPORT') AND version = 1"
        )


SNAPSHOTS = """
ALTER TABLE billing_charge DISABLE TRIGGER billing_charge_append_only;
UPDATE billing_charge c SET
    label = (SELECT k.label FROM billing_servicecode k WHERE k.id = c.code_id),
    rendering_as = (SELECT pg_temp.clinician_as(c.rendering_id)),
    supervisor_as = (
        SELECT pg_temp.clinician_as(n.cosigner_id) FROM clinic_sessions_note n
        WHERE n.session_id = c.session_id AND n.author_id = c.rendering_id AND n.cosigner_id IS NOT NULL
        ORDER BY n.cosigned_at LIMIT 1
    );
ALTER TABLE billing_charge ENABLE TRIGGER billing_charge_append_only;
"""
CLINICIAN = """
CREATE FUNCTION pg_temp.clinician_as(clinician uuid) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'name', u.name, 'credentials', u.credentials, 'npi', u.npi,
        'license', CASE WHEN u.license_number = '' THEN '' ELSE u.license_number || ' (' || u.license_state || ')' END
    ) FROM practice_user u WHERE u.id = clinician
$$;
"""

# A fee without a session is one of the clinic's own codes; only what is in review is confirmed, and once.
GUARDS = migrations.RunSQL(
    """
    CREATE FUNCTION billing_before_charge() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM billing_servicecode WHERE id = NEW.code_id AND system = 'INTERNAL') THEN
            PERFORM billing_refuse('charge_without_session', 'without a session only own codes are charged');
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER billing_charge_without_session BEFORE INSERT ON billing_charge
        FOR EACH ROW WHEN (NEW.session_id IS NULL) EXECUTE FUNCTION billing_before_charge();

    CREATE FUNCTION billing_after_confirmation() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        confirmed billing_charge;
    BEGIN
        SELECT * INTO confirmed FROM billing_charge WHERE id = NEW.charge_id;
        PERFORM billing_lock(confirmed.client_id);
        IF NOT confirmed.needs_review OR confirmed.reverses_id IS NOT NULL
           OR EXISTS (SELECT FROM billing_charge r WHERE r.reverses_id = confirmed.id) THEN
            PERFORM billing_refuse('confirmation_of_review', 'only a standing charge above the fee is confirmed');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_chargeconfirmation_of_review AFTER INSERT ON billing_chargeconfirmation
        FOR EACH ROW EXECUTE FUNCTION billing_after_confirmation();
    """,
    """
    DROP TRIGGER billing_chargeconfirmation_of_review ON billing_chargeconfirmation;
    DROP FUNCTION billing_after_confirmation();
    DROP TRIGGER billing_charge_without_session ON billing_charge; DROP FUNCTION billing_before_charge();
    """,
)

REVERSAL = """
    CREATE OR REPLACE FUNCTION billing_after_charge() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM billing_lock(NEW.client_id);
        IF NOT EXISTS (SELECT FROM billing_charge o WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL
                       AND o.amount = -NEW.amount AND o.client_id = NEW.client_id AND o.session_id = NEW.session_id
                       AND o.location_id = NEW.location_id AND o.code_id = NEW.code_id) THEN
            PERFORM billing_refuse('charge_reversal', 'a reversal mirrors an original charge');
        END IF;
        PERFORM billing_check_charge(NEW.reverses_id);
        RETURN NULL;
    END $$;
"""
SAME_SESSION = "o.session_id = NEW.session_id"
SAME_OR_NONE = "o.session_id IS NOT DISTINCT FROM NEW.session_id"

NOTED = {"on": "INSERT", "topics": ("session_to_bill",), "subject": "session_id"}
ALWAYS, OF_SESSIONS = (
    noted("billing_charge", **NOTED),
    noted("billing_charge", **NOTED, when="NEW.session_id IS NOT NULL"),
)


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ('billing', '0006_shorter_indexes'),
        ('clinic_sessions', '0021_times_of_care'),
        ('practice', '0004_correction_limit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name='ChargeConfirmation',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='charge',
            name='amount_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='charge',
            name='kind_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='charge',
            name='label',
            field=models.CharField(default='', max_length=120),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='charge',
            name='needs_review',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='charge',
            name='override_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='charge',
            name='rendering_as',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='charge',
            name='supervisor_as',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='historicalservicecode',
            name='addon_of',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=15), default=list, size=None),
        ),
        migrations.AddField(
            model_name='historicalservicecode',
            name='excludes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=15), default=list, size=None),
        ),
        migrations.AddField(
            model_name='historicalservicecode',
            name='minutes_of',
            field=models.CharField(choices=[('note', 'Note'), ('infusion', 'Infusion'), ('stay', 'Stay')], default='note', max_length=8),
        ),
        migrations.AddField(
            model_name='historicalservicecode',
            name='requires',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalservicecode',
            name='unit_minutes',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='historicalservicecode',
            name='units_by',
            field=models.CharField(blank=True, choices=[('', 'Line'), ('mg', 'Mg'), ('doses', 'Doses'), ('instruments', 'Instruments')], default='', max_length=11),
        ),
        migrations.AddField(
            model_name='historicalservicecode',
            name='units_max',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='refund',
            name='override_reason',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='servicecode',
            name='addon_of',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=15), default=list, size=None),
        ),
        migrations.AddField(
            model_name='servicecode',
            name='excludes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=15), default=list, size=None),
        ),
        migrations.AddField(
            model_name='servicecode',
            name='minutes_of',
            field=models.CharField(choices=[('note', 'Note'), ('infusion', 'Infusion'), ('stay', 'Stay')], default='note', max_length=8),
        ),
        migrations.AddField(
            model_name='servicecode',
            name='requires',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='servicecode',
            name='unit_minutes',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='servicecode',
            name='units_by',
            field=models.CharField(blank=True, choices=[('', 'Line'), ('mg', 'Mg'), ('doses', 'Doses'), ('instruments', 'Instruments')], default='', max_length=11),
        ),
        migrations.AddField(
            model_name='servicecode',
            name='units_max',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='charge',
            name='rendering',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='charge',
            name='session',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='clinic_sessions.session'),
        ),
        migrations.RunPython(tell_codes, migrations.RunPython.noop),
        migrations.RunSQL([CLINICIAN, SNAPSHOTS], migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rendering__isnull', False), ('rendering_as__isnull', False), ('session__isnull', False)), models.Q(('line_kind', 'self_pay'), ('rendering__isnull', True), ('rendering_as__isnull', True), ('session__isnull', True), ('supervisor_as__isnull', True)), _connector='OR'), name='charge_rendered'),
        ),
        migrations.AddConstraint(
            model_name='servicecode',
            constraint=models.CheckConstraint(condition=models.Q(('minutes_of__in', ['note', 'infusion', 'stay'])), name='service_code_minutes_of'),
        ),
        migrations.AddConstraint(
            model_name='servicecode',
            constraint=models.CheckConstraint(condition=models.Q(('units_by__in', ['', 'mg', 'doses', 'instruments'])), name='service_code_units_by'),
        ),
        migrations.AddConstraint(
            model_name='servicecode',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('units_max__isnull', True), ('units_max__gte', 1), _connector='OR'), models.Q(('unit_minutes__isnull', True), ('unit_minutes__gte', 1), _connector='OR')), name='service_code_units'),
        ),
        migrations.AddField(
            model_name='chargeconfirmation',
            name='charge',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='confirmation', to='billing.charge'),
        ),
        append_only("billing_chargeconfirmation"),
        GUARDS,
        migrations.RunSQL(REVERSAL.replace(SAME_SESSION, SAME_OR_NONE), REVERSAL),
        migrations.RunSQL(OF_SESSIONS.sql, ALWAYS.sql),
    ]
