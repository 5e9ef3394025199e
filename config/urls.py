"""Every address of the product. Each app keeps its own; each view went through a door."""

from django.urls import path

from config import pages
from config.api import api

urlpatterns = [
    path("", pages.home),
    path("api/", api.urls),
]
