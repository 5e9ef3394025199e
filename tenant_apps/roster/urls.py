"""Addresses of a school's own pages, under `/s/<slug>/`."""

from django.urls import path

from tenant_apps.roster import views

urlpatterns = [
    path("", views.today),
    path("learners", views.learner_list),
    path("learners/<str:learner_id>", views.learner_record),
]
