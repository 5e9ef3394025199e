"""Needs you now: each source looks for one kind of trouble and says where it is mended. Only dead letters are red."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext

from shared_apps.access.services import queue
from shared_apps.access.services.new_schools import waiting_anew
from shared_apps.audit.services.canaries import canaries
from shared_apps.billing.services import closing
from shared_apps.deliveries.rules import Life
from shared_apps.deliveries.services import totals
from shared_apps.deliveries.services.providers import name_of
from shared_apps.deliveries.services.schools import with_life
from shared_apps.groups.services import EVERYWHERE
from shared_apps.operator.services import proofs, work
from shared_apps.operator.services.picture import Picture
from shared_apps.operator.services.proofs import proof
from shared_apps.schools.services import follow_ups as to_follow
from shared_apps.schools.services import welcome_help
from shared_apps.schools.services.onboarding_help import open_setup_tasks
from shared_apps.workflows.services.stuck import stuck
from tenants.ask import Unavailable
from tenants.findings import open_findings
from tenants.permissions import Permission, may

NAMED = 3  # schools that went quiet, before the rest are only counted
HEALTH = "/operator/health"
REQUESTS = "/operator/requests"


@dataclass(frozen=True)
class Need:
    """One line. `key` tells it from the others while the page stays open; `tone` is `alarm` or `watch`.

    `path` is where it is mended, `proof` its history, "" without one.
    """

    key: str
    tone: str
    title: str
    detail: str
    path: str
    since: datetime | None = None
    proof: str = ""


Source = Callable[[Picture], list[Need]]


def dead_letters(picture: Picture) -> list[Need]:
    """Those of schools that are silent now are dead still, as far as anybody knows, and are told apart."""
    dead, then = picture.all_dead, picture.all_dead_then
    proven, letters = proof(picture.actor, proofs.DEAD_LETTERS), "/operator/dead-letters"
    if not may(picture.actor, Permission.DEAD_LETTERS):
        return []
    needs = []
    if dead and dead.count:
        title = gettext("Dead letters: %(count)s") % {"count": dead.count}
        causes = gettext("Causes: %(count)s") % {"count": len(picture.dead)}
        needs.append(Need("dead", "alarm", title, causes, letters, dead.since, proven))
    if then.count:
        title = gettext("Dead letters of schools that have not told lately: %(count)s") % {"count": then.count}
        detail = gettext("As they were last told.")
        needs.append(Need("dead-then", "alarm", title, detail, letters, then.since, proven))
    return needs


def background_work(picture: Picture) -> list[Need]:
    signals, needs = f"{HEALTH}#signals", []
    if not picture.working:
        detail = gettext("Messages and figures wait until it runs again.")
        needs.append(Need("work", "watch", gettext("Background work is late"), detail, signals, picture.beat))
    if not picture.provisioning:
        title, detail = gettext("What builds new schools is late"), gettext("New schools wait until it runs again.")
        needs.append(Need("provisioner", "watch", title, detail, signals, picture.provisioner_beat))
    return needs


def channel_problems(picture: Picture) -> list[Need]:
    """A live channel that is not set up, and mail that failed and is tried again."""
    needs = [
        Need(
            f"provider-{one.channel}", "watch", gettext("Channel not configured: %(name)s") % {"name": one.name},
            gettext("Nothing can be sent over it."), f"{HEALTH}#providers",
        )
        for one in picture.providers
        if one.channel == "email" and not one.ready
    ]  # fmt: skip
    again = totals.together(picture.retrying, handler=totals.DELIVER)
    if again.count:
        title = gettext("Deliveries that are tried again: %(count)s") % {"count": again.count}
        detail = gettext("Channel: %(name)s") % {"name": name_of("email")}
        needs.append(Need("retrying", "watch", title, detail, f"{HEALTH}#deliveries", again.since))
    return needs


def stuck_work(picture: Picture) -> list[Need]:
    stuck = picture.schools.stuck
    if stuck is None or not stuck.count:
        return []
    title = gettext("Stuck work: %(count)s") % {"count": stuck.count}
    schools = gettext("Schools: %(count)s") % {"count": picture.schools.stuck_schools}
    return [Need("stuck", "watch", title, schools, f"{HEALTH}?state=stuck", stuck.since)]


def quiet_schools(picture: Picture) -> list[Need]:
    """The first few by name, and how many more."""
    count = picture.schools.groups[Life.QUIET].count
    if not count:
        return []
    rows = with_life(picture.actor, now=picture.now).filter(life=Life.QUIET).order_by("name", "pk")[:NAMED]
    needs = [
        Need(
            f"quiet-{school.pk}", "watch", gettext("Went quiet: %(name)s") % {"name": school.name},
            gettext("School days without anybody at the gate: %(count)s") % {"count": school.figures.quiet_days},
            f"{HEALTH}?state=quiet", school.figures.last_gate_activity,
        )
        for school in rows
    ]  # fmt: skip
    if count > NAMED:
        title = gettext("Went quiet, more schools: %(count)s") % {"count": count - NAMED}
        needs.append(Need("quiet-more", "watch", title, "", f"{HEALTH}?state=quiet"))
    return needs


def unknown_schools(picture: Picture) -> list[Need]:
    if not picture.schools.unknown:
        return []
    schools = gettext("Schools: %(count)s") % {"count": picture.schools.unknown}
    return [Need("unknown", "watch", gettext("Activity temporarily unavailable"), schools, f"{HEALTH}?state=unknown")]


def old_requests(picture: Picture) -> list[Need]:
    """Requests for access that have waited too long for whoever looks."""
    if not may(picture.actor, Permission.REQUESTS_DECIDE):
        return []
    count, since = queue.old(picture.actor, now=picture.now)
    title = gettext("Access requests older than three days: %(count)s") % {"count": count}
    detail = gettext("Somebody waits for an answer.")
    proven = proof(picture.actor, proofs.REQUESTS)
    return [Need("requests", "watch", title, detail, REQUESTS, since, proven)] if count else []


def half_way(picture: Picture) -> list[Need]:
    """People who were let in and whom their school could not take on yet."""
    if not may(picture.actor, Permission.REQUESTS_DECIDE):
        return []
    count, since = queue.half_way(picture.actor, now=picture.now)
    title = gettext("Approved, but not taken on by their school yet: %(count)s") % {"count": count}
    proven = proof(picture.actor, proofs.REQUESTS)
    return [Need("half-way", "watch", title, "", REQUESTS, since, proven)] if count else []


def without_school(picture: Picture) -> list[Need]:
    """People who were let in for a new school of which nothing came: somebody decides anew."""
    if not may(picture.actor, Permission.REQUESTS_DECIDE):
        return []
    left = waiting_anew(picture.actor)
    title = gettext("Approvals that came to nothing: %(count)s") % {"count": len(left)}
    since = min((one.decided_at for one in left if one.decided_at), default=None)
    proven = proof(picture.actor, proofs.REQUESTS)
    return [Need("without-school", "watch", title, "", f"{REQUESTS}?state=approved", since, proven)] if left else []


def named(needs: list[Need], more: Need) -> list[Need]:
    """The first few of one kind, and how many more: what has one cause does not push all else off the screen."""
    left = len(needs) - NAMED
    return [*needs[:NAMED], replace(more, title=more.title % {"count": left})] if left > 0 else needs


def setup_tasks(picture: Picture) -> list[Need]:
    """Schools on their way in that do not go on by themselves."""
    if not may(picture.actor, Permission.SCHOOLS_ONBOARD):
        return []
    title, proven = gettext("School setup needs help: %(name)s"), proof(picture.actor, proofs.SETUP)
    needs = [
        Need(
            f"setup-{task.id}", "watch", title % {"name": task.name},
            gettext("Nothing was created") if task.failed else "", f"/operator/onboardings/{task.id}",
            task.since, proven,
        )
        for task in open_setup_tasks(picture.actor, now=picture.now)
    ]  # fmt: skip
    more = gettext("School setup needs help, more schools: %(count)s")
    return named(needs, Need("setup-more", "watch", more, "", "/operator/onboardings"))


def stuck_welcomes(picture: Picture) -> list[Need]:
    """First thirty days whose step was given up, or that nobody does."""
    if not may(picture.actor, Permission.SCHOOLS_ONBOARD):
        return []
    title, given_up = gettext("Emails and evaluation stand still: %(name)s"), gettext("A step was given up.")
    needs = [
        Need(
            f"welcome-{one.id}", "watch", title % {"name": one.name},
            gettext("Nobody does the next step.") if one.stalled else given_up,
            f"/operator/onboardings/{one.id}#after-go", one.since,
        )
        for one in welcome_help.stuck_welcomes(picture.actor, now=picture.now)
    ]  # fmt: skip
    more = gettext("Emails and evaluation stand still, more schools: %(count)s")
    return named(needs, Need("welcome-more", "watch", more, "", "/operator/onboardings"))


def stuck_runs(picture: Picture) -> list[Need]:
    """Runs of any other kind. They belong to no school that somebody could reach, so only who sees all is told."""
    if not picture.actor.roles & EVERYWHERE or not may(picture.actor, Permission.SCHOOLS_ONBOARD):
        return []
    title, step = gettext("Long-running work stands still: %(name)s"), gettext("Step: %(name)s")
    needs = [
        Need(
            f"run-{one.run}", "watch", title % {"name": one.workflow}, step % {"name": one.step},
            f"/operator/runs/{one.run}", one.since,
        )
        for one in stuck(now=picture.now, besides=work.WITH_THEIR_SCHOOL)
    ]  # fmt: skip
    more = gettext("Long-running work stands still, more: %(count)s")
    return named(needs, Need("run-more", "watch", more, "", f"{HEALTH}#signals"))


def leaks(picture: Picture) -> list[Need]:
    """Something of one school was found in another's answers: nothing is more urgent for those who see everything."""
    if not picture.actor.roles & EVERYWHERE or not may(picture.actor, Permission.CONSOLE):
        return []
    told = canaries(picture.now)
    if isinstance(told, Unavailable):
        return []
    proven, needs = proof(picture.actor, proofs.LEAKS), []
    if told.found:
        title = gettext("Answers that held another school’s data: %(count)s") % {"count": told.found}
        places = "; ".join(told.places[:NAMED])
        needs.append(Need("leaks", "watch", title, places, f"{HEALTH}#signals", told.oldest, proven))
    if told.failed:
        title = gettext("Answers not asked for or not read: %(count)s") % {"count": told.failed}
        unsure = gettext("Whether they hold another school’s data is not known.")
        needs.append(Need("unread", "watch", title, unsure, f"{HEALTH}#signals", told.oldest, proven))
    return needs


def drifted(picture: Picture) -> list[Need]:
    """Schools whose tables are not what the migrations make of them."""
    if not picture.actor.roles & EVERYWHERE or not may(picture.actor, Permission.CONSOLE):
        return []
    title = gettext("The database of a school differs from its plan: %(name)s")
    needs = [
        Need(
            f"drift-{found.school}", "watch", title % {"name": found.name},
            gettext("Differences: %(count)s") % {"count": found.number}, f"/operator/schools/{found.school}#drift",
            found.found_at, proof(picture.actor, school=found.school),
        )
        for found in open_findings()
    ]  # fmt: skip
    more = gettext("The database differs from its plan, more schools: %(count)s")
    return named(needs, Need("drift-more", "watch", more, "", f"{HEALTH}?state=drift"))


def follow_ups(picture: Picture) -> list[Need]:
    """Schools whose first thirty days ended with something missing."""
    if not may(picture.actor, Permission.SCHOOLS_ONBOARD):
        return []
    title, missing = gettext("School needs follow-up: %(name)s"), gettext("Criteria not met: %(count)s")
    needs = [
        Need(
            f"follow-up-{one.id}", "watch", title % {"name": one.name},
            missing % {"count": len(one.criteria)} if one.criteria else "",
            f"/operator/onboardings/{one.id}#after-go", one.since, proof(picture.actor, proofs.FOLLOW_UPS),
        )
        for one in to_follow.follow_ups(picture.actor)
    ]  # fmt: skip
    more = gettext("School needs follow-up, more schools: %(count)s")
    return named(needs, Need("follow-up-more", "watch", more, "", "/operator/onboardings"))


def open_months(picture: Picture) -> list[Need]:
    """A month that is over and that some schools keep from closing."""
    if not picture.actor.roles & EVERYWHERE or not may(picture.actor, Permission.BILLING):
        return []
    waits = closing.blocked(picture.now)
    if waits is None:
        return []
    title = gettext("The month cannot close. Schools it waits for: %(count)s") % {"count": waits.count}
    month = date_format(waits.month, "F Y")
    return [Need("billing", "watch", title, month, "/operator/billing/close", waits.since)]


# In the order in which they are shown. A new kind of trouble is one more function here.
SOURCES: list[Source] = [
    dead_letters, leaks, background_work, channel_problems, setup_tasks, stuck_welcomes, stuck_runs,
    follow_ups, stuck_work, drifted, quiet_schools, unknown_schools, old_requests, half_way, without_school,
    open_months,
]  # fmt: skip


def needs_of(picture: Picture) -> list[Need]:
    """Everything that needs somebody now, what is red first."""
    found = [need for source in SOURCES for need in source(picture)]
    return sorted(found, key=lambda need: need.tone != "alarm")
