"""Sessions that were left; moves that were undone, drafts that were discarded, lots that were entered in error."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import kapclinic.core.ids
from django.conf import settings
from django.db import migrations, models

from kapclinic.core.triggers import append_only
from sessions.drugs.guards import VOID_OPERATIONS
from sessions.notes.guards import DISCARD_OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0006_in_person_visit'),
        ('practice', '0002_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DrugLotVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('witness_verified_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='MoveUndo',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('move', models.CharField(choices=[('check_in', 'Check In'), ('start', 'Start'), ('complete', 'Complete'), ('no_show', 'No Show')], max_length=10)),
                ('moment', models.DateTimeField()),
                ('done_by', models.UUIDField()),
                ('done_at', models.DateTimeField()),
                ('corrected_to', models.DateTimeField(null=True)),
                ('reason', models.CharField(max_length=1000)),
            ],
        ),
        migrations.CreateModel(
            name='NoteDiscard',
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
        migrations.RemoveConstraint(
            model_name='drugentry',
            name='drug_entry_effect',
        ),
        migrations.RemoveConstraint(
            model_name='drugentry',
            name='drug_entry_witness',
        ),
        migrations.RemoveConstraint(
            model_name='druglot',
            name='drug_lot_once',
        ),
        migrations.RemoveConstraint(
            model_name='note',
            name='note_once',
        ),
        migrations.RemoveConstraint(
            model_name='note',
            name='note_status',
        ),
        migrations.AddField(
            model_name='druglot',
            name='voided_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='historicaldruglot',
            name='voided_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='historicalsession',
            name='left_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='session',
            name='left_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='drugentry',
            name='kind',
            field=models.CharField(choices=[('receive', 'Receive'), ('administer', 'Administer'), ('settle', 'Settle'), ('waste', 'Waste'), ('transfer', 'Transfer'), ('transfer_in', 'Transfer In'), ('return', 'Return'), ('loss', 'Loss'), ('count', 'Count'), ('correct', 'Correct'), ('void', 'Void')], max_length=12),
        ),
        migrations.AlterField(
            model_name='historicalnote',
            name='status',
            field=models.CharField(choices=[('draft', 'Draft'), ('cosign_pending', 'Cosign Pending'), ('signed', 'Signed'), ('discarded', 'Discarded')], default='draft', max_length=15),
        ),
        migrations.AlterField(
            model_name='note',
            name='status',
            field=models.CharField(choices=[('draft', 'Draft'), ('cosign_pending', 'Cosign Pending'), ('signed', 'Signed'), ('discarded', 'Discarded')], default='draft', max_length=15),
        ),
        migrations.AddConstraint(
            model_name='drugentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_mg__gt', 0), ('delta_mg', models.F('amount_mg')), ('kind__in', ['receive', 'transfer_in'])), models.Q(('amount_mg__gt', 0), ('kind__in', ['administer', 'transfer', 'return', 'loss', 'void']), ('delta_mg', django.db.models.expressions.CombinedExpression(models.F('amount_mg'), '*', models.Value(-1)))), models.Q(('administration__isnull', True), ('amount_mg__gt', 0), ('delta_mg', django.db.models.expressions.CombinedExpression(models.F('amount_mg'), '*', models.Value(-1))), ('kind', 'waste')), models.Q(('administration__isnull', False), ('amount_mg__gt', 0), ('delta_mg', 0), ('kind', 'waste')), models.Q(('amount_mg__gt', 0), ('delta_mg', 0), ('kind', 'settle')), models.Q(('amount_mg__gte', 0), ('balance_mg', models.F('amount_mg')), ('kind', 'count')), models.Q(('delta_mg', models.F('amount_mg')), ('kind', 'correct'), models.Q(('amount_mg', 0), _negated=True)), _connector='OR'), name='drug_entry_effect'),
        ),
        migrations.AddConstraint(
            model_name='drugentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('witness__isnull', True), ('witness_verified_at__isnull', True), models.Q(('kind__in', ['waste', 'void']), _negated=True)), models.Q(('witness__isnull', False), ('witness_verified_at__isnull', False), models.Q(('witness', models.F('created_by')), _negated=True)), _connector='OR'), name='drug_entry_witness'),
        ),
        migrations.AddConstraint(
            model_name='druglot',
            constraint=models.UniqueConstraint(models.F('location'), django.db.models.functions.text.Lower('drug'), django.db.models.functions.text.Lower('lot_number'), condition=models.Q(('voided_at__isnull', True)), name='drug_lot_once'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'discarded'), _negated=True), fields=('session', 'kind', 'author'), name='note_once'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('content_hash', ''), ('signed_at__isnull', True), ('signed_by__isnull', True), ('status__in', ['draft', 'discarded'])), models.Q(('signed_at__isnull', False), ('signed_by', models.F('author')), ('status__in', ['cosign_pending', 'signed']), models.Q(('content_hash', ''), _negated=True), models.Q(('signature', ''), _negated=True)), _connector='OR'), name='note_status'),
        ),
        migrations.AddField(
            model_name='druglotvoid',
            name='lot',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='clinic_sessions.druglot'),
        ),
        migrations.AddField(
            model_name='druglotvoid',
            name='witness',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='moveundo',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='undos', to='clinic_sessions.session'),
        ),
        migrations.AddField(
            model_name='notediscard',
            name='note',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='discard', to='clinic_sessions.note'),
        ),
        migrations.AddConstraint(
            model_name='druglotvoid',
            constraint=models.CheckConstraint(condition=models.Q(('witness', models.F('created_by')), _negated=True), name='drug_lot_void_witness'),
        ),
        migrations.AddIndex(
            model_name='moveundo',
            index=models.Index(fields=['session', 'created_at'], name='move_undo_session'),
        ),
        migrations.AddConstraint(
            model_name='moveundo',
            constraint=models.CheckConstraint(condition=models.Q(('move__in', ['check_in', 'start', 'complete', 'no_show'])), name='move_undo_move'),
        ),
        migrations.AddConstraint(
            model_name='moveundo',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='move_undo_in_words'),
        ),
        append_only('clinic_sessions_moveundo'),
        *VOID_OPERATIONS,
        *DISCARD_OPERATIONS,
    ]
