"""Addresses of the pages about new schools."""

from django.urls import path

from shared_apps.schools import views

urlpatterns = [
    path("operator/schools/new", views.new_school),
    path("operator/schools/new/<str:draft_id>", views.review),
    path("operator/onboardings", views.onboardings),
    path("operator/onboardings/<str:onboarding_id>", views.onboarding),
    path("operator/onboardings/<str:onboarding_id>/passwords", views.passwords),
    path("operator/onboardings/<str:onboarding_id>/retry", views.retry),
    path("operator/onboardings/<str:onboarding_id>/resume", views.resume),
    path("operator/onboardings/<str:onboarding_id>/again", views.again),
    path("operator/onboardings/<str:onboarding_id>/acknowledge", views.acknowledge),
    path("operator/onboardings/<str:onboarding_id>/undo", views.undo),
]
