"""Circles of schools: what a local operator looks after."""

from django.db import models

from shared_apps.identity.models import Login
from tenants.ids import new_id
from tenants.models import School


class Circle(models.Model):
    """Schools that are looked after together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    schools = models.ManyToManyField(School, through="CircleSchool", related_name="+")
    keepers = models.ManyToManyField(Login, through="CircleKeeper", related_name="+")


class CircleSchool(models.Model):
    """A school in a circle."""

    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, related_name="+")
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["circle", "school"], name="circleschool_once")]


class CircleKeeper(models.Model):
    """Somebody who looks after a circle."""

    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, related_name="+")
    login = models.ForeignKey(Login, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["circle", "login"], name="circlekeeper_once")]
