"""Addresses of the dead letters' pages, under `/operator/dead-letters`."""

from django.urls import path

from shared_apps.deliveries import views

urlpatterns = [
    path("", views.causes),
    path("/cause", views.cause),
    path("/letters/<uuid:letter_id>", views.letter),
    path("/letters/<uuid:letter_id>/reveal", views.reveal),
    path("/batches", views.begin),
    path("/batches/<uuid:batch_id>", views.batch),
    path("/batches/<uuid:batch_id>/confirm", views.confirm),
    path("/batches/<uuid:batch_id>/cancel", views.cancel),
]
