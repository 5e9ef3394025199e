
import django.db.models.deletion
import tenants.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('identity', '0001_initial'),
        ('tenants', '0005_region'),
    ]

    operations = [
        migrations.CreateModel(
            name='Circle',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name='CircleKeeper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('circle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='groups.circle')),
                ('login', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='identity.login')),
            ],
        ),
        migrations.AddField(
            model_name='circle',
            name='keepers',
            field=models.ManyToManyField(related_name='+', through='groups.CircleKeeper', to='identity.login'),
        ),
        migrations.CreateModel(
            name='CircleSchool',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('circle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='groups.circle')),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.school')),
            ],
        ),
        migrations.AddField(
            model_name='circle',
            name='schools',
            field=models.ManyToManyField(related_name='+', through='groups.CircleSchool', to='tenants.school'),
        ),
        migrations.AddConstraint(
            model_name='circlekeeper',
            constraint=models.UniqueConstraint(fields=('circle', 'login'), name='circlekeeper_once'),
        ),
        migrations.AddConstraint(
            model_name='circleschool',
            constraint=models.UniqueConstraint(fields=('circle', 'school'), name='circleschool_once'),
        ),
    ]
