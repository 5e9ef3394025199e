"""Addresses of the pages about access."""

from django.urls import path

from shared_apps.access.views import people
from shared_apps.access.views import requests as views

urlpatterns = [
    path("request-access", views.ask),
    path("request-access/notice", views.notice),
    path("request-access/confirm/<str:secret>", views.confirm),
    path("request-access/status/<str:secret>", views.status),
    path("operator/regions", views.places),
    path("operator/people", people.person_list),
    path("operator/people/<str:person_id>/take-away", people.take_away),
    path("operator/requests", views.queue_page),
    path("operator/requests.csv", views.export),
    path("operator/requests/<str:request_id>", views.open_page),
    path("operator/requests/<str:request_id>/approve", views.approve),
    path("operator/requests/<str:request_id>/reject", views.reject),
    path("operator/requests/<str:request_id>/reopen", views.reopen),
]
