"""A reset by others seals what an author alone may read; its author opens it, or two people do."""

import django.db.models.deletion
import kapclinic.core.ids
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from kapclinic.core.triggers import append_only, frozen_when

# Others who set the password of somebody with a second factor, or take the factors, seal what that person alone may read.
# A seal keeps its moment, and goes after a proof that is older than itself or an approval by two.
USER = """
CREATE FUNCTION practice_user_password_seals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a password that somebody else sets seals the private notes' USING ERRCODE = 'KA002';
END $$;
CREATE TRIGGER practice_user_password_seals BEFORE UPDATE ON practice_user FOR EACH ROW
WHEN (OLD.has_factor AND NEW.password IS DISTINCT FROM OLD.password
    AND NEW.password_set_by IS DISTINCT FROM NEW.id AND NEW.notes_sealed_at IS NULL)
EXECUTE FUNCTION practice_user_password_seals();

CREATE FUNCTION practice_user_seal_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.notes_sealed_at IS NOT NULL OR NOT (
        EXISTS (SELECT FROM practice_secondfactor WHERE user_id = OLD.id AND removed_at IS NULL
            AND confirmed_at < OLD.notes_sealed_at AND last_used_at >= OLD.notes_sealed_at)
        OR EXISTS (SELECT FROM practice_recoverycode WHERE user_id = OLD.id
            AND created_at < OLD.notes_sealed_at AND used_at >= OLD.notes_sealed_at)
        OR EXISTS (SELECT FROM practice_privatenoteopening WHERE user_id = OLD.id
            AND sealed_at = OLD.notes_sealed_at AND state = 'approved'))
    THEN
        RAISE EXCEPTION 'the private notes stay sealed' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER practice_user_seal_stays BEFORE UPDATE ON practice_user FOR EACH ROW
WHEN (OLD.notes_sealed_at IS NOT NULL AND NEW.notes_sealed_at IS DISTINCT FROM OLD.notes_sealed_at)
EXECUTE FUNCTION practice_user_seal_stays();
"""
NO_USER = """
DROP TRIGGER practice_user_password_seals ON practice_user;
DROP FUNCTION practice_user_password_seals();
DROP TRIGGER practice_user_seal_stays ON practice_user;
DROP FUNCTION practice_user_seal_stays();
"""
RESET = """
CREATE FUNCTION practice_factorreset_seals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM practice_user WHERE id = NEW.user_id AND notes_sealed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a reset of second factors seals the private notes' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER practice_factorreset_seals BEFORE UPDATE ON practice_factorreset FOR EACH ROW
WHEN (NEW.state = 'approved' AND OLD.state <> 'approved') EXECUTE FUNCTION practice_factorreset_seals();
"""
NO_RESET = """
DROP TRIGGER practice_factorreset_seals ON practice_factorreset;
DROP FUNCTION practice_factorreset_seals();
"""
OPENING = """
CREATE FUNCTION practice_privatenoteopening_by_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM practice_user a, practice_user b WHERE a.is_active AND b.is_active
        AND 'admin' = ANY(a.roles) AND 'medical_director' = ANY(b.roles)
        AND (a.id, b.id) IN ((NEW.created_by, NEW.decided_by), (NEW.decided_by, NEW.created_by)))
    THEN
        RAISE EXCEPTION 'a medical director and an administrator open them together' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER practice_privatenoteopening_by_both BEFORE UPDATE ON practice_privatenoteopening FOR EACH ROW
WHEN (NEW.state = 'approved') EXECUTE FUNCTION practice_privatenoteopening_by_both();
"""
NO_OPENING = """
DROP TRIGGER practice_privatenoteopening_by_both ON practice_privatenoteopening;
DROP FUNCTION practice_privatenoteopening_by_both();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0011_second_factors'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicaluser',
            name='notes_sealed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='notes_sealed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='HistoricalPrivateNoteOpening',
            fields=[
                ('id', models.UUIDField(db_index=True, default=kapclinic.core.ids.uuid7, editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('history_user_id', models.UUIDField(null=True)),
                ('sealed_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=1000)),
                ('state', models.CharField(choices=[('asked', 'Asked'), ('approved', 'Approved'), ('declined', 'Declined')], default='asked', max_length=10)),
                ('decided_by', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical private note opening',
                'verbose_name_plural': 'historical private note openings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='PrivateNoteOpening',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('updated_at', models.DateTimeField(editable=False)),
                ('version', models.PositiveIntegerField(default=0, editable=False)),
                ('sealed_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=1000)),
                ('state', models.CharField(choices=[('asked', 'Asked'), ('approved', 'Approved'), ('declined', 'Declined')], default='asked', max_length=10)),
                ('decided_by', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('user',), name='note_opening_once'), models.CheckConstraint(condition=models.Q(('created_by', models.F('user')), _negated=True), name='note_opening_of_another'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='note_opening_reason'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state', 'asked')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state', 'declined')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state', 'approved'), models.Q(('decided_by', models.F('created_by')), _negated=True), models.Q(('decided_by', models.F('user')), _negated=True)), _connector='OR'), name='note_opening_by_two')],
            },
        ),
        append_only("practice_historicalprivatenoteopening"),
        frozen_when("practice_privatenoteopening", "OLD.state <> 'asked'"),
        migrations.RunSQL(USER, NO_USER),
        migrations.RunSQL(RESET, NO_RESET),
        migrations.RunSQL(OPENING, NO_OPENING),
    ]
