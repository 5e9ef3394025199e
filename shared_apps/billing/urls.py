"""Addresses of the billing pages."""

from django.urls import path

from shared_apps.billing import views

urlpatterns = [
    path("operator/billing", views.billing),
    path("operator/billing/download", views.download),
    path("operator/billing/close", views.close),
    path("operator/billing/<str:school_id>", views.why),
]
