"""A note says how long its author cared for the client; the signature closes that with its words."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0020_held_allocations'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalnote',
            name='minutes_source',
            field=models.CharField(blank=True, choices=[('', 'None'), ('said', 'Said'), ('session', 'Session')], max_length=7),
        ),
        migrations.AddField(
            model_name='historicalnote',
            name='service_ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='historicalnote',
            name='service_started_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='note',
            name='minutes_source',
            field=models.CharField(blank=True, choices=[('', 'None'), ('said', 'Said'), ('session', 'Session')], max_length=7),
        ),
        migrations.AddField(
            model_name='note',
            name='service_ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='note',
            name='service_started_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.CheckConstraint(condition=models.Q(('service_ended_at__isnull', True), models.Q(('service_started_at__isnull', False), ('service_started_at__lte', models.F('service_ended_at'))), _connector='OR'), name='note_service'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.CheckConstraint(condition=models.Q(('minutes_source', ''), models.Q(('minutes_source', 'said'), ('service_ended_at__isnull', False)), models.Q(('minutes_source', 'session'), ('service_started_at__isnull', False)), _connector='OR'), name='note_minutes_source'),
        ),
    ]
