"""Addresses of the register, under `/s/<slug>/`."""

from django.urls import path

from tenant_apps.attendance import views

urlpatterns = [
    path("register", views.register),
    path("register/mark", views.mark),
    path("register/rest", views.rest),
    path("register/submit", views.submit),
    path("register/reopen", views.reopen),
]
