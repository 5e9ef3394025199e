"""Addresses of the pages about oneself."""

from django.urls import path

from shared_apps.identity import views

urlpatterns = [
    path("login", views.login),
    path("forgot-password", views.forgot_password),
    path("set-password/<str:secret>", views.set_password),
    path("sign-out", views.sign_out),
    path("language", views.guest_language),
    path("account/profile", views.profile),
    path("account/password", views.password),
    path("account/sessions", views.sessions),
    path("account/appearance", views.appearance),
    path("account/language", views.language),
]
