"""The gate's pages."""

from django.urls import path

from tenant_apps.gate import views

urlpatterns = [path("gate", views.gate)]
