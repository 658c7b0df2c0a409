"""The archive of a record in pieces of some megabytes: those behind the first stand in rows of their own."""

import django.db.models.deletion
from django.db import migrations, models

from billing.records.guards import PIECES_OPERATIONS


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0018_partings'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecordExportPiece',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('size', models.PositiveIntegerField()),
                ('sealed', models.BinaryField()),
                ('export', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pieces', to='billing.recordexport')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('export', 'position'), name='record_export_piece_position'), models.CheckConstraint(condition=models.Q(('position__gte', 1)), name='record_export_piece_follows')],
            },
        ),
        *PIECES_OPERATIONS,
    ]
