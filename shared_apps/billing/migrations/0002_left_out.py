from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.AlterField("closedcount", "billable", models.PositiveIntegerField(null=True)),
        migrations.AddField("closedmonth", "left_out", models.PositiveIntegerField(default=0)),
        migrations.AddField("closedmonth", "closed_by", models.CharField(default="system:billing", max_length=80)),
        migrations.AddField("closedmonth", "reason", models.CharField(blank=True, default="", max_length=500)),
    ]
