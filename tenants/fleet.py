"""Migrating every school: the SQL is computed once per starting point, then applied school by school.

What is transactional moves a school in one transaction holding the DDL, its markers, its grants and its line in the
ledger (`SchoolPlacement.fingerprint`), so a kill at any point leaves every school either before or after, and the next
run goes on where this one stopped. A school that fails there is quarantined: it answers 503 and the others go on.
Concurrent indexes have a lane of their own (`tenants.slow_lane`), after the whole fleet has been through this one.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from django.db import DatabaseError, connection, connections, transaction
from django.db.models.functions import Now

from tenants import cells, slow_lane
from tenants.contents import contents_of_schema
from tenants.failures import lost, what_failed
from tenants.markers import ledger_line, marked, marker, note_elsewhere, same
from tenants.models import School, SchoolPlacement
from tenants.places import Place, behind, with_ledgers
from tenants.plans import Gap, Planner, Stage
from tenants.provisioning import MIGRATOR, fingerprint, migrate
from tenants.rights import grants, grants_on
from tenants.traces import without_text
from tenants.waves import crowd, waves

log = logging.getLogger(__name__)
TRIES = 3  # of one school that live work is in the way of
LOCK_TIMEOUT = "2s"
PAUSE = 0.3  # seconds, longer after each try
BEARABLE = 0.1  # of a wave may fail; more, and the next wave does not start
BUSY = ("55P03", "40P01")  # lock timeout; a deadlock with live work, which the server finds before our timeout ends
DIVIDED_BY_ZERO = "22012"


@dataclass(frozen=True)
class Outcome:
    """`unfinished`: busy all the time, an index could not be built, or a broken ledger among too many of them; the
    school serves on as it was. `untried`: a wave before went badly. `unreachable`: its cell did not answer."""

    migrated: int = 0
    quarantined: int = 0
    unfinished: int = 0
    untried: int = 0
    unreachable: int = 0


@dataclass(frozen=True)
class Told:
    """What became of one school in one lane; `state` is migrated, quarantined, unfinished or unreachable."""

    school: str
    state: str
    why: str = ""


class Watch:
    """Hears how it goes, from several threads at once."""

    def lane(self, name: str, schools: int) -> None:
        """So many schools are about to go through the lane `name`."""

    def ended(self, told: Told) -> None:
        """One of them is through."""

    def wave(self, schools: Sequence[UUID]) -> None:
        """A wave is over; these of it went well."""


STATUS = """
SELECT 'school', left(fingerprint, 12), '', count(*), count(*) FILTER (WHERE quarantined)
FROM tenants_schoolplacement GROUP BY 2
UNION ALL
SELECT 'slow step', app || '.' || name, state, count(*), 0 FROM tenants_slowstep GROUP BY 2, 3 ORDER BY 1, 2, 3
"""


def status() -> list[tuple[str, int, int]]:
    """`(short fingerprint, schools, of which quarantined)`; the current one is `fingerprint()[:12]`."""
    return standing()[0]


def standing() -> tuple[list[tuple[str, int, int]], list[tuple[str, str, int]]]:
    """`status()`, and beside it `(migration, state, schools)` of the slow lane: one query for all of it."""
    with connection.cursor() as cursor:
        cursor.execute(STATUS)
        rows = cursor.fetchall()
    schools = [(mark, number, held) for kind, mark, _, number, held in rows if kind == "school"]
    return schools, [(mark, state, number) for kind, mark, state, number, _ in rows if kind == "slow step"]


def migrate_fleet(
    *, workers: int = 1, canaries: int = 1, first: int | None = None, watch: Watch | None = None
) -> Outcome:
    """Bring every school up, or only the `first` so many: a canary wave, then ever larger ones over `workers`.

    Stops after a wave in which more than a tenth failed. Schools that failed before come last. Raises NoPlan, and
    ValueError for fewer canaries than none.
    """
    if canaries < 0:
        raise ValueError("There cannot be fewer canaries than none.")
    target = fingerprint()
    run = _Run(target, behind(target)[:first], workers, watch or Watch())
    while places := run.places():
        quick = [place for place in places if not run.stage(place).slow]
        if quick:
            run.tables(quick, canaries)
        else:
            run.indexes(places)
    return run.outcome()


class _Run:
    """One run of the fleet: who is to go on, who is through, and what has come of each."""

    def __init__(self, target: str, places: list[Place], workers: int, watch: Watch) -> None:
        self.target, self.workers, self.watch = target, workers, watch
        self.planner = Planner()
        self.left = places
        self.ended: Counter[str] = Counter()

    def places(self) -> list[Place]:
        """Those that have a way to go, with what their own ledgers say now."""
        found = with_ledgers(self.left)
        reached = {place.school for place in found}
        for place in (place for place in self.left if place.school not in reached):
            self.ended[self._tell(place, "unreachable", "Its cell does not answer.")] += 1
        self.left = self._sound(found)
        return self.left

    def _sound(self, places: list[Place]) -> list[Place]:
        """Without those whose own ledger is missing or broken: they are quarantined, and the others go on.

        Where that is so of more than a few, it is likelier the release's fault than theirs, and they serve on.
        """
        wrong = {place.school: why for place in places if (why := place.unread or self._gap(place))}
        held = len(wrong) <= max(1, BEARABLE * len(places))
        for place in (place for place in places if place.school in wrong):
            told = _quarantine(place, wrong[place.school]) if held else ("unfinished", wrong[place.school])
            self.ended[self._tell(place, *told)] += 1
        return [place for place in places if place.school not in wrong]

    def _gap(self, place: Place) -> str:
        try:
            self.planner.stages(place.applied)
        except Gap as gap:
            return str(gap)
        return ""

    def outcome(self) -> Outcome:
        return Outcome(**{field.name: self.ended[field.name] for field in fields(Outcome)})

    def stage(self, place: Place) -> Stage:
        return self.planner.stages(place.applied)[0]

    def target_of(self, place: Place) -> str | None:
        """What the ledger says after the next stage: the target only if that is the last."""
        return self.target if len(self.planner.stages(place.applied)) == 1 else None

    def tables(self, places: list[Place], canaries: int) -> None:
        """The transactional lane, in waves: a small one alone first."""
        self.watch.lane("tables", len(places))
        done = 0
        for wave, workers in waves(places, canaries, self.workers):
            states = crowd(self._move, wave, workers)
            done += len(wave)
            self._through(wave, states)
            if len(wave) - states.count("migrated") - states.count("elsewhere") > BEARABLE * len(wave):
                self.ended["untried"] += len(places) - done
                self.left = []
                return

    def indexes(self, places: list[Place]) -> None:
        """The slow lane: every school waits for one and the same migration, or those who do so come first."""
        step = self.stage(places[0]).steps[0]
        waiting = [place for place in places if self.stage(place).steps[0].key == step.key]
        self.watch.lane("indexes", len(waiting))
        slow_lane.plan(waiting, step.key)
        self._through(waiting, crowd(self._build, waiting, self.workers))

    def _move(self, place: Place) -> str:
        return self._tell(place, *_apply(place, self.stage(place), self.target_of(place)))

    def _build(self, place: Place) -> str:
        return self._tell(place, *slow_lane.build(place, self.stage(place).steps[0], self.target_of(place)))

    def _tell(self, place: Place, state: str, why: str) -> str:
        self.watch.ended(Told(place.slug, state, why))
        return state

    def _through(self, places: list[Place], states: list[str]) -> None:
        """Count those that have reached an end; whoever has another stage before them, or was moved by another run
        meanwhile, is looked at again."""
        ends = set()
        for place, state in zip(places, states, strict=True):
            if state in ("quarantined", "unfinished", "unreachable") or (state == "migrated" and self.target_of(place)):
                self.ended[state] += 1
                ends.add(place.school)
        self.left = [place for place in self.left if place.school not in ends]
        self.watch.wave([place.school for place, state in zip(places, states, strict=True) if state == "migrated"])


def _apply(place: Place, stage: Stage, target: str | None) -> tuple[str, str]:
    """One school through one transactional stage: `(state, why)`. Raises DatabaseError when home itself is gone."""
    script = _script(place, stage, target)
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic(using=place.migrator), connections[place.migrator].cursor() as cursor:
                cursor.execute(script)
            note_elsewhere(place, target)
            return "migrated", ""
        except DatabaseError as error:
            if lost(error):
                if place.at_home:
                    raise
                return "unreachable", "Its cell went away."
            code = getattr(error.__cause__, "sqlstate", "")
            if code == DIVIDED_BY_ZERO and stage.steps and marked(place, stage.steps[0].key):
                return "elsewhere", ""
            if code not in BUSY:  # it would fail the same way again
                log.error("what failed in %s:\n%s", place.slug, without_text(error))
                return _quarantine(place, what_failed(error))
            time.sleep(PAUSE * attempt)  # let those through who queued behind our lock
    return "unfinished", f"somebody was at work in this school during {TRIES} tries of {LOCK_TIMEOUT}"


def _quarantine(place: Place, why: str) -> tuple[str, str]:
    log.error("the migration of %s failed, it is quarantined: %s", place.slug, why)
    SchoolPlacement.objects.using(MIGRATOR).filter(pk=place.school).update(quarantined=True, migration_error=why)
    return "quarantined", why


def _script(place: Place, stage: Stage, target: str | None) -> str:
    """One round trip. Every name in it is ours: schemas and roles are `t_` + hex, migrations are file names."""
    lines = [
        f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'",
        f'SET LOCAL search_path = "{place.schema}"',
        _alone(place),
    ]
    if stage.steps:
        # Another run may have moved this school since its ledger was read: then this fails, before anything is done.
        lines.append(f'SELECT 1 / (1 - count(*)) FROM "{place.schema}".django_migrations'
                     f" WHERE {same(stage.steps[0].key)}")  # fmt: skip
    for step in stage.steps:
        lines += [*step.statements, marker(place, step.key)]
        lines += grants_on(step.new_tables, place.schema, place.role)
    if place.at_home:
        lines += ["SET LOCAL search_path = public", ledger_line(place, target)]
    return ";\n".join(line.rstrip().rstrip(";") for line in lines)


def _alone(place: Place) -> str:
    """Wait for another run that is at work in this school: at its line in the directory where that is at hand."""
    if place.at_home:
        return f"SELECT FROM public.tenants_schoolplacement WHERE role = '{place.role}' FOR UPDATE"
    return f"SELECT pg_advisory_xact_lock(hashtextextended('fleet {place.role}', 0))"


def migrate_by_reference() -> tuple[int, int]:
    """Every school at home by django-tenants' own command, grants and ledger included; how many, and how many of other
    cells were left out. Slow, and for comparison: that command knows one database."""
    target, everybody = fingerprint(), School.objects.using(MIGRATOR).select_related("placement")
    schools = everybody.filter(placement__alias=cells.HOME)
    for school in schools:
        migrate(school.schema_name)
        with transaction.atomic(using=MIGRATOR), connections[MIGRATOR].cursor() as cursor:
            for statement in grants(school.schema_name, school.placement.role, contents_of_schema(school.schema_name)):
                cursor.execute(statement)
            SchoolPlacement.objects.using(MIGRATOR).filter(pk=school.pk).update(
                fingerprint=target, migrated_at=Now(), quarantined=False, migration_error=""
            )
    return len(schools), everybody.exclude(placement__alias=cells.HOME).count()
