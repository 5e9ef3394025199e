"""The gate's pages."""

from django.urls import path

from tenant_apps.gate import views

urlpatterns = [path("s/<slug:slug>/gate", views.gate)]
