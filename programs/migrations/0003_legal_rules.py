"""The clinic's own legal rules, and those that were taken back."""

import django.db.models.deletion
import kapclinic.core.ids
from django.db import migrations, models

from kapclinic.core.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0002_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='LegalRule',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('code', models.CharField(max_length=60)),
                ('jurisdiction', models.CharField(max_length=5)),
                ('effect', models.CharField(max_length=60)),
                ('starts', models.DateField(null=True)),
                ('ends', models.DateField(null=True)),
                ('source', models.CharField(max_length=500)),
                ('checked_on', models.DateField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('starts__isnull', True), ('ends__isnull', True), ('ends__gte', models.F('starts')), _connector='OR'), name='legal_rule_dates'), models.CheckConstraint(condition=models.Q(('jurisdiction__regex', '^US(-[A-Z]{2})?$')), name='legal_rule_place'), models.CheckConstraint(condition=models.Q(models.Q(('code', ''), _negated=True), models.Q(('effect', ''), _negated=True), models.Q(('source', ''), _negated=True)), name='legal_rule_words')],
            },
        ),
        migrations.CreateModel(
            name='LegalRuleVoid',
            fields=[
                ('id', models.UUIDField(default=kapclinic.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('created_by', models.UUIDField(editable=False)),
                ('reason', models.CharField(max_length=1000)),
                ('rule', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='void', to='programs.legalrule')),
            ],
            options={
                'abstract': False,
            },
        ),
        append_only("programs_legalrule", "programs_legalrulevoid"),
    ]
