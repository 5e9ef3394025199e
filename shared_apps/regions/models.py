"""Places that no public list has: districts of our own, and parts of countries we are new to."""

from django.db import models


class Region(models.Model):
    """A place below a known one. Its code is its path."""

    code = models.CharField(max_length=64, primary_key=True)
    name_en = models.CharField(max_length=120)
    name_af = models.CharField(max_length=120)
    name_zu = models.CharField(max_length=120)
