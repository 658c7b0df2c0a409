"""One person with two registrations; a client's death; and the text that clients are found by, folded anew."""

import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.db import migrations, models

from kapclinic.core.triggers import append_only, frozen_when
from kapclinic.practice.rules import search_text

# The one place that knows which registrations are one person. STABLE and few ROWS: read once a statement, then by index.
PERSON = migrations.RunSQL(
    """
    CREATE FUNCTION practice_person(client uuid) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 2 AS $$
        WITH main AS (
            SELECT coalesce((SELECT into_id FROM practice_clientalias WHERE client_id = client AND ended_at IS NULL),
                            client) AS id
        )
        SELECT id FROM main
        UNION ALL
        SELECT a.client_id FROM practice_clientalias a JOIN main ON a.into_id = main.id WHERE a.ended_at IS NULL
    $$;

    CREATE FUNCTION practice_no_chain() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.ended_at IS NULL AND EXISTS (
            SELECT FROM practice_clientalias
            WHERE id <> NEW.id AND ended_at IS NULL AND (client_id = NEW.into_id OR into_id = NEW.client_id)) THEN
            RAISE EXCEPTION 'an alias has no alias' USING ERRCODE = 'KA002';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER practice_clientalias_no_chain BEFORE INSERT OR UPDATE ON practice_clientalias
        FOR EACH ROW EXECUTE FUNCTION practice_no_chain();
    """,
    """
    DROP TRIGGER practice_clientalias_no_chain ON practice_clientalias; DROP FUNCTION practice_no_chain();
    DROP FUNCTION practice_person(uuid);
    """,
)


def fold(apps, schema_editor):
    """Write every client's search text anew."""
    clients = apps.get_model("practice", "Client").objects
    for row in clients.iterator(chunk_size=2000):
        found_by = search_text(
            names=(row.legal_first_name, row.legal_last_name, row.chosen_name),
            mrn=row.mrn,
            phone=row.phone,
            email=row.email,
            born=row.date_of_birth,
        )
        clients.filter(pk=row.pk).update(search_text=found_by)


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='died_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='historicalclient',
            name='died_on',
            field=models.DateField(null=True),
        ),
        migrations.CreateModel(
            name='Death',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('died_on', models.DateField()),
                ('source', models.CharField(max_length=200)),
                ('ended', models.JSONField(default=dict)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deaths', to='practice.client')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DeathVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('death', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='practice.death')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HistoricalClientAlias',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('reason', models.CharField(max_length=1000)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, max_length=1000)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
                ('into', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='practice.client')),
            ],
            options={
                'verbose_name': 'historical client alias',
                'verbose_name_plural': 'historical client aliass',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='ClientAlias',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, max_length=1000)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
                ('into', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='practice.client')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['into'], name='client_alias_into')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('client',), name='client_alias_once'), models.CheckConstraint(condition=models.Q(('client', models.F('into')), _negated=True), name='client_alias_of_another'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='client_alias_reason')],
            },
        ),
        append_only("practice_death", "practice_deathvoid", "practice_historicalclientalias"),
        frozen_when("practice_clientalias", "OLD.ended_at IS NOT NULL"),
        PERSON,
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
