"""Addresses of the operator's pages."""

from django.urls import path

from shared_apps.operator import views

urlpatterns = [
    path("operator", views.console),
    path("operator/health", views.health),
    path("operator/runs/<str:run_id>", views.run),
    path("operator/audit", views.trail),
    path("operator/audit/download", views.trail_download),
]
