"""Addresses of the pages about schools, and of those about new ones."""

from django.urls import path

from shared_apps.schools.views import directory, onboarding, standing, stopping, welcome

urlpatterns = [
    path("operator/schools", directory.school_list),
    path("operator/schools/jump", directory.jump),
    path("operator/schools/suggestions", directory.suggestions),
    path("operator/schools/<uuid:school_id>", directory.overview),
    path("operator/schools/<uuid:school_id>/settings", directory.school_settings),
    path("operator/schools/<uuid:school_id>/progress", directory.progress),
    path("operator/schools/<uuid:school_id>/support", directory.school_support),
    path("operator/schools/<uuid:school_id>/suspend", standing.suspend),
    path("operator/schools/<uuid:school_id>/reactivate", standing.reactivate),
    path("operator/schools/new", onboarding.new_school),
    path("operator/schools/new/<str:draft_id>", onboarding.review),
    path("operator/onboardings", onboarding.onboardings),
    path("operator/onboardings/<str:onboarding_id>", onboarding.onboarding),
    path("operator/onboardings/<str:onboarding_id>/passwords", onboarding.passwords),
    path("operator/onboardings/<str:onboarding_id>/retry", onboarding.retry),
    path("operator/onboardings/<str:onboarding_id>/resume", onboarding.resume),
    path("operator/onboardings/<str:onboarding_id>/again", onboarding.again),
    path("operator/onboardings/<str:onboarding_id>/acknowledge", onboarding.acknowledge),
    path("operator/onboardings/<str:onboarding_id>/undo", onboarding.undo),
    path("operator/onboardings/<str:onboarding_id>/cancel", stopping.cancel),
    path("operator/onboardings/<str:onboarding_id>/dismiss", stopping.dismiss),
    path("operator/onboardings/<str:onboarding_id>/take-up", stopping.take_up),
    path("operator/onboardings/<str:onboarding_id>/welcome/cancel", stopping.cancel_welcome),
    path("operator/onboardings/<str:onboarding_id>/welcome/take-up", stopping.take_up_welcome),
    path("operator/onboardings/<str:onboarding_id>/welcome/retry", stopping.retry_welcome),
    path("operator/onboardings/<str:onboarding_id>/welcome/resume", stopping.resume_welcome),
    path("operator/onboardings/<str:onboarding_id>/evaluate", welcome.evaluate),
    path("operator/onboardings/<str:onboarding_id>/follow-up", welcome.follow_up),
]
