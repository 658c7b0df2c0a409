"""A record of another location that a clinician opened in an emergency, and what a director found about it."""

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.expressions
import django.db.models.functions.comparison
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models

from kapclinic.core.triggers import append_only

# What was said stays; it ends once, at or before its time; what was found is written once.
GUARD = """
CREATE FUNCTION trail_breakglass_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may text[] := '{ended_at,reviewed_at,reviewed_by,finding,updated_at,version}';
BEGIN
    IF to_jsonb(NEW) - may IS DISTINCT FROM to_jsonb(OLD) - may
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
        OR (OLD.reviewed_at IS NOT NULL AND (NEW.reviewed_at, NEW.reviewed_by, NEW.finding)
            IS DISTINCT FROM (OLD.reviewed_at, OLD.reviewed_by, OLD.finding))
    THEN
        RAISE EXCEPTION 'trail_breakglass is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trail_breakglass_kept BEFORE UPDATE ON trail_breakglass
FOR EACH ROW EXECUTE FUNCTION trail_breakglass_kept();
"""
UNGUARD = "DROP TRIGGER trail_breakglass_kept ON trail_breakglass; DROP FUNCTION trail_breakglass_kept();"


class Migration(migrations.Migration):

    dependencies = [
        ("trail", "0011_sealed_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalBreakGlass',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('client', models.UUIDField()),
                ('clients', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None)),
                ('reason', models.CharField(max_length=1000)),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('reviewed_by', models.UUIDField(null=True)),
                ('finding', models.CharField(blank=True, max_length=1000)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical break glass',
                'verbose_name_plural': 'historical break glasss',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='BreakGlass',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('client', models.UUIDField()),
                ('clients', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('locations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None)),
                ('reason', models.CharField(max_length=1000)),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('reviewed_by', models.UUIDField(null=True)),
                ('finding', models.CharField(blank=True, max_length=1000)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['created_by', 'expires_at'], name='break_glass_user'), django.contrib.postgres.indexes.GinIndex(fields=['locations'], name='break_glass_places')],
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at')), ('expires_at__lte', django.db.models.expressions.CombinedExpression(models.F('created_at'), '+', models.Value(datetime.timedelta(seconds=14400))))), name='break_glass_hours'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='break_glass_reason'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('created_at')), _connector='OR'), name='break_glass_ended'), models.CheckConstraint(condition=models.Q(models.Q(('finding', ''), ('reviewed_at', None), ('reviewed_by', None)), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False), models.Q(('finding', ''), _negated=True), models.Q(('reviewed_by', models.F('created_by')), _negated=True)), _connector='OR'), name='break_glass_review'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('created_by', '='), ('client', '='), (models.Func('created_at', django.db.models.functions.comparison.Coalesce('ended_at', 'expires_at'), function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='break_glass_once')],
            },
        ),
        append_only("trail_historicalbreakglass"),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
