"""What the platform writes down about schools besides the directory itself: how they came in, how they stand.

No particulars of people, but for answers that wait, sealed, until they are used.
"""

from django.db import models

from shared_apps.schools.rules import Found
from shared_apps.workflows.models import Run
from tenants.ids import new_id
from tenants.models import School, SchoolState


class Onboarding(models.Model):
    """How one school came in. It stays when a later step fails; no person's particulars are in it."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="+")
    school = models.UUIDField(unique=True)  # bare: the school may not exist yet, or never
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64)
    close_time = models.TimeField()
    region = models.CharField(max_length=64, blank=True, default="")
    circle = models.UUIDField(null=True)
    admin = models.UUIDField()  # the Staff rows, by the ids they are going to have
    officer = models.UUIDField(null=True)
    handed_over_at = models.DateTimeField(null=True)  # when links or temporary passwords were shown, the one time
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=80, blank=True, default="")
    # When one that made nothing was begun again, or somebody said that it need not be.
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.CharField(max_length=80, blank=True, default="")
    evidence = models.JSONField(default=dict)  # what a look at the school found when somebody acknowledged it


class Verdict(models.TextChoices):
    LIVE = "live"  # every criterion was met
    FOLLOW_UP = "needs_follow_up"


class Welcome(models.Model):
    """The first thirty days of a school that came in: letters, and at the end a look at whether it is really live.

    `criteria` is the latest look, each criterion with the numbers it rests on.
    """

    onboarding = models.OneToOneField(Onboarding, on_delete=models.CASCADE, primary_key=True, related_name="welcome")
    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="+")
    started_at = models.DateTimeField()
    verdict = models.CharField(max_length=15, choices=Verdict.choices, blank=True, default="")
    criteria = models.JSONField(default=list)
    evaluated_at = models.DateTimeField(null=True)
    followed_up_at = models.DateTimeField(null=True)  # somebody saw to what was missing
    followed_up_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["started_at"], name="welcome_by_start"),
            models.Index(
                fields=["evaluated_at"], name="welcome_to_follow_up",
                condition=models.Q(verdict="needs_follow_up", followed_up_at=None),
            ),
        ]  # fmt: skip

    @property
    def missing(self) -> list[str]:
        """The criteria that were not met, or of which it was not known, by their names."""
        return [one["name"] for one in self.criteria if one["found"] != Found.MET]


class Milestone(models.Model):
    """Something a new school was seen to have done for the first time. It stays, whatever comes after."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    welcome = models.ForeignKey(Welcome, on_delete=models.CASCADE, related_name="milestones")
    name = models.CharField(max_length=20)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["welcome", "name"], name="milestone_once")]


class Draft(models.Model):
    """Answers on their way: sealed, bound to this row, deleted by the step that uses them or after a day.

    `digest` is the review's hash: what is created is what was reviewed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.UUIDField()
    digest = models.CharField(max_length=64)
    answers_sealed = models.BinaryField()
    again_of = models.UUIDField(null=True)  # the onboarding that made nothing, whose answers these were
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="draft_by_age")]


class Standing(models.Model):
    """A school was suspended or taken up again: who did it, when and why.

    `told_at`: when the school's own history had it, too. Until then the clock tells it again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=SchoolState.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=500, blank=True, default="")
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["school", "-at"], name="standing_of_school"),
            models.Index(fields=["at"], name="standing_untold", condition=models.Q(told_at=None)),
        ]


class SchoolTally(models.Model):
    """How many schools lie in a region and state, as differences to add up.

    A trigger on the directory writes one row per change, so that nobody waits for anybody; the clock adds them
    together. Counting the schools themselves would take longer with every school.
    """

    id = models.BigAutoField(primary_key=True)
    region = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=10)
    difference = models.IntegerField()


class UsedSlug(models.Model):
    """Every workspace address a school has or had: it leads to no other school, ever."""

    slug = models.SlugField(max_length=63, primary_key=True)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")


class SettingsAsked(models.Model):
    """A school was asked to change what it keeps itself, and this platform's history has no answer yet.

    It is gone with the answer. Where a process died in between, the clock asks the school what came of it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
