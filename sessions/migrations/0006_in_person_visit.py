"""A visit in person that a clinician attests: its day and place."""

import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0005_escort_confirmed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='attestation',
            name='attestation_code',
        ),
        migrations.AddField(
            model_name='attestation',
            name='place',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='attestation',
            name='visited_on',
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name='attestation',
            constraint=models.CheckConstraint(condition=models.Q(('code__in', ['identifiers', 'not_intoxicated', 'contraindications', 'pregnancy_test', 'drug_screen', 'pdmp', 'equipment', 'rems_enrolment', 'prescriber_on_site', 'no_fluids', 'no_nasal_spray', 'chaperone_trained', 'video_on', 'in_person_visit']), ('created_by', uuid.UUID('00000000-0000-7000-8000-000000000001')), _connector='OR'), name='attestation_code'),
        ),
        migrations.AddConstraint(
            model_name='attestation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code', 'in_person_visit'), ('value', True), ('visited_on__isnull', False), models.Q(('place', ''), _negated=True)), models.Q(models.Q(('code', 'in_person_visit'), ('value', True), _negated=True), ('place', ''), ('visited_on__isnull', True)), ('created_by', uuid.UUID('00000000-0000-7000-8000-000000000001')), _connector='OR'), name='attestation_visit'),
        ),
    ]
