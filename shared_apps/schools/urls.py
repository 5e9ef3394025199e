"""Addresses of the operator's pages about schools, under `/operator/`."""

from django.urls import path

from shared_apps.schools import views

urlpatterns = [
    path("schools", views.school_list),
    path("schools/jump", views.jump),
    path("schools/suggestions", views.suggestions),
    path("schools/<uuid:school_id>", views.overview),
    path("schools/<uuid:school_id>/settings", views.school_settings),
    path("schools/<uuid:school_id>/progress", views.progress),
    path("schools/<uuid:school_id>/support", views.school_support),
    path("schools/<uuid:school_id>/suspend", views.suspend),
    path("schools/<uuid:school_id>/reactivate", views.reactivate),
]
