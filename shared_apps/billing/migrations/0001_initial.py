
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0006_epoch'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosedMonth',
            fields=[
                ('month', models.DateField(primary_key=True, serialize=False)),
                ('closed_at', models.DateTimeField()),
                ('schools', models.PositiveIntegerField()),
                ('total', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='ClosedCount',
            fields=[
                ('billable', models.PositiveIntegerField()),
                ('push', models.PositiveIntegerField(default=0)),
                ('email', models.PositiveIntegerField(default=0)),
                ('whatsapp', models.PositiveIntegerField(default=0)),
                ('sms', models.PositiveIntegerField(default=0)),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('school', models.UUIDField()),
                ('name', models.CharField(max_length=200)),
                ('month', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='billing.closedmonth')),
            ],
            options={
                'indexes': [models.Index(fields=['month', 'name', 'school'], name='closedcount_by_name')],
                'constraints': [models.UniqueConstraint(fields=('month', 'school'), name='closedcount_once')],
            },
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('school', models.UUIDField()),
                ('name', models.CharField(max_length=200)),
                ('difference', models.IntegerField()),
                ('noticed_at', models.DateTimeField()),
                ('month', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='billing.closedmonth')),
            ],
            options={
                'indexes': [models.Index(fields=['month', 'noticed_at'], name='adjustment_of_month')],
            },
        ),
        migrations.CreateModel(
            name='LearnerCount',
            fields=[
                ('billable', models.PositiveIntegerField()),
                ('push', models.PositiveIntegerField(default=0)),
                ('email', models.PositiveIntegerField(default=0)),
                ('whatsapp', models.PositiveIntegerField(default=0)),
                ('sms', models.PositiveIntegerField(default=0)),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('as_of', models.DateTimeField()),
                ('school_days', models.PositiveSmallIntegerField()),
                ('throughout', models.PositiveIntegerField()),
                ('joined', models.PositiveIntegerField()),
                ('departed', models.PositiveIntegerField()),
                ('visited', models.PositiveIntegerField()),
                ('outside', models.PositiveIntegerField()),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='learner_counts', to='tenants.school')),
            ],
            options={
                'indexes': [models.Index(fields=['month'], name='learnercount_by_month')],
                'constraints': [models.UniqueConstraint(fields=('school', 'month'), name='learnercount_once')],
            },
        ),
    ]
