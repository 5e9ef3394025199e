"""What a school's schema has become, seen by a login that may read no school, and kept where the operator looks."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from tenants import catalog, drift, jobs, likeness, provisioning
from tenants.models import DriftFinding, SchoolPlacement
from tests.fleet.looking import NOTHING, by_hand
from tests.processes import Process

NOW = timezone.now()
MIDNIGHT = NOW.replace(hour=23, minute=5)

# Each kind of thing that can be changed behind our back, in {s}, whose role is {r}; and how it is undone.
CHANGES = {
    "column": ("ALTER TABLE {s}.people_learner ADD COLUMN x int", "ALTER TABLE {s}.people_learner DROP COLUMN x"),
    "type": (
        "ALTER TABLE {s}.people_learner ALTER number TYPE varchar(99)",
        "ALTER TABLE {s}.people_learner ALTER number TYPE varchar({number})",
    ),
    "nullability": (
        "ALTER TABLE {s}.people_learner ALTER number DROP NOT NULL",
        "ALTER TABLE {s}.people_learner ALTER number SET NOT NULL",
    ),
    "default": (
        "ALTER TABLE {s}.people_learner ALTER number SET DEFAULT 'x'",
        "ALTER TABLE {s}.people_learner ALTER number DROP DEFAULT",
    ),
    "missing index": ("DROP INDEX {s}.learner_by_name", None),
    "constraint": (
        "ALTER TABLE {s}.people_learner ADD CONSTRAINT x CHECK (true)",
        "ALTER TABLE {s}.people_learner DROP CONSTRAINT x",
    ),
    "trigger switched off": (
        "ALTER TABLE {s}.events_event DISABLE TRIGGER USER",
        "ALTER TABLE {s}.events_event ENABLE TRIGGER USER",
    ),
    "function": (
        "CREATE FUNCTION {s}.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION {s}.x()",
    ),
    "table's right": (
        "GRANT DELETE ON {s}.events_event TO {r}",
        "REVOKE DELETE ON {s}.events_event FROM {r}",
    ),
    "column's right": (
        "GRANT UPDATE (body) ON {s}.events_event TO {r}",
        "REVOKE UPDATE (body) ON {s}.events_event FROM {r}",
    ),
    "schema's right": ("GRANT CREATE ON SCHEMA {s} TO {r}", "REVOKE CREATE ON SCHEMA {s} FROM {r}"),
    "another login let in": (
        "GRANT USAGE ON SCHEMA {s} TO platform",
        "REVOKE USAGE ON SCHEMA {s} FROM platform",
    ),
    "another member of the role": ("GRANT {r} TO platform", "REVOKE {r} FROM platform"),
    "role may do more": ("ALTER ROLE {r} CREATEROLE", "ALTER ROLE {r} NOCREATEROLE"),
    "owner": ("ALTER TABLE {s}.people_learner OWNER TO migrator", "ALTER TABLE {s}.people_learner OWNER TO owner"),
    "rule": (
        "CREATE RULE x AS ON INSERT TO {s}.events_event DO INSTEAD NOTHING",
        "DROP RULE x ON {s}.events_event",
    ),
    "row security": (
        "ALTER TABLE {s}.people_learner ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE {s}.people_learner DISABLE ROW LEVEL SECURITY",
    ),
    "default right": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA {s} GRANT SELECT ON TABLES TO platform",
        "ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA {s} REVOKE SELECT ON TABLES FROM platform",
    ),
    "no schema at all": ("ALTER SCHEMA {s} RENAME TO gone", "ALTER SCHEMA gone RENAME TO {s}"),
}

# The same by name and another thing: {t} is an empty table of its own, {add} adds the constraint x to it.
TWINS = {
    "condition": ("{add} CHECK (a <> '1')", "{add} CHECK (a <> '2')"),
    "validity": ("{add} CHECK (a <> '')", "{add} CHECK (a <> '') NOT VALID"),
    "unique columns": ("{add} UNIQUE (a)", "{add} UNIQUE (b)"),
    "deferrable": ("{add} UNIQUE (a)", "{add} UNIQUE (a) DEFERRABLE"),
    "nulls": ("{add} UNIQUE (a)", "{add} UNIQUE NULLS NOT DISTINCT (a)"),
    "action": ("{add} FOREIGN KEY (a) REFERENCES {t} (k)",
               "{add} FOREIGN KEY (a) REFERENCES {t} (k) ON DELETE CASCADE"),
    "update": ("{add} FOREIGN KEY (a) REFERENCES {t} (k)",
               "{add} FOREIGN KEY (a) REFERENCES {t} (k) ON UPDATE CASCADE"),
    "target": ("{add} FOREIGN KEY (a) REFERENCES {t} (k)",
               "{add} FOREIGN KEY (a) REFERENCES {s}.other (k)"),
    "no inherit": ("{add} CHECK (a <> '')", "{add} CHECK (a <> '') NO INHERIT"),
    "index columns": ("CREATE INDEX x ON {t} (a)", "CREATE INDEX x ON {t} (b)"),
    "index order": ("CREATE INDEX x ON {t} (a)", "CREATE INDEX x ON {t} (a DESC)"),
    "index condition": ("CREATE INDEX x ON {t} (a) WHERE b = '1'", "CREATE INDEX x ON {t} (a) WHERE b = '2'"),
    "index expression": ("CREATE INDEX x ON {t} (lower(a))", "CREATE INDEX x ON {t} (upper(a))"),
    "index collation": ("CREATE INDEX x ON {t} (a)", 'CREATE INDEX x ON {t} (a COLLATE "POSIX")'),
    "index operators": ("CREATE INDEX x ON {t} (a)", "CREATE INDEX x ON {t} (a text_pattern_ops)"),
    "index included": ("CREATE INDEX x ON {t} (a, b)", "CREATE INDEX x ON {t} (a) INCLUDE (b)"),
    "index kind": ("CREATE INDEX x ON {t} (a)", "CREATE INDEX x ON {t} USING hash (a)"),
    "index room": ("CREATE INDEX x ON {t} (a)", "CREATE INDEX x ON {t} (a) WITH (fillfactor = 50)"),
    "index options": ("CREATE INDEX x ON {t} USING brin (n int4_minmax_multi_ops)",
                      "CREATE INDEX x ON {t} USING brin (n int4_minmax_multi_ops (values_per_range = 16))"),
    "unique index": ("CREATE INDEX x ON {t} (a)", "CREATE UNIQUE INDEX x ON {t} (a)"),
    "default": ("ALTER TABLE {t} ALTER a SET DEFAULT '1'", "ALTER TABLE {t} ALTER a SET DEFAULT '2'"),
    "length": ("ALTER TABLE {t} ALTER a TYPE varchar(9)", "ALTER TABLE {t} ALTER a TYPE varchar(8)"),
    "collation": ('ALTER TABLE {t} ALTER a TYPE text COLLATE "C"', 'ALTER TABLE {t} ALTER a TYPE text COLLATE "POSIX"'),
    "identity": ("ALTER TABLE {t} ALTER n ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME {s}.q)",
                 "ALTER TABLE {t} ALTER n ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME {s}.q)"),
    "column's right": ("GRANT SELECT (a) ON {t} TO {r}", "GRANT SELECT (a), UPDATE (a) ON {t} TO {r}"),
}  # fmt: skip


def look(now=NOW):
    return drift.look(list(SchoolPlacement.objects.values_list("pk", flat=True)), now=now)


@pytest.fixture
def change(admin, greenfield):
    """`change(statement)` in Greenfield, by the administrator."""
    number = admin.execute(
        "SELECT character_maximum_length FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'people_learner' AND column_name = 'number'",
        [greenfield.ref.schema],
    ).fetchone()[0]
    names = {"s": f'"{greenfield.ref.schema}"', "r": f'"{greenfield.ref.role}"', "number": number}
    return lambda statement: admin.execute(statement.format(**names))


def test_a_fleet_as_it_was_built_has_no_drift(real_commits):
    assert drift.standing().never_looked_at == 2
    assert look() == 2
    assert drift.open_findings() == []
    assert drift.standing() == drift.Standing(schools=2, differing=0, never_looked_at=0, oldest=NOW)


@pytest.mark.parametrize("what", CHANGES)
def test_each_change_is_found_with_the_platforms_login_and_resolved_when_it_is_undone(what, change):
    done, undone = CHANGES[what]
    change(done)
    try:
        look()
        (found,) = drift.open_findings()
        assert found.slug == "greenfield" and found.differences and found.number >= len(found.differences)
    finally:
        if undone:
            change(undone)
    if undone:
        look(NOW + timedelta(hours=1))
        assert drift.open_findings() == []
        assert DriftFinding.objects.get().resolved_at == NOW + timedelta(hours=1)


def test_a_difference_that_stays_is_one_finding_that_is_seen_again(change):
    change(CHANGES["column"][0])
    look()
    change(CHANGES["constraint"][0])
    look(NOW + timedelta(days=1))
    (found,) = drift.open_findings()
    assert (found.found_at, found.seen_at) == (NOW, NOW + timedelta(days=1))
    assert len(found.differences) == found.number == 2 and all(line.startswith("+ ") for line in found.differences)
    change(CHANGES["column"][1])
    change(CHANGES["constraint"][1])
    # A dropped column leaves no trace in what is compared, and what comes back is a finding of its own.
    look(NOW + timedelta(days=2))
    change(CHANGES["constraint"][0])
    look(NOW + timedelta(days=3))
    assert DriftFinding.objects.count() == 2
    assert [found.found_at for found in drift.open_findings()] == [NOW + timedelta(days=3)]


def test_a_school_that_moves_while_it_is_looked_at_is_left_for_the_next_look(change, monkeypatch):
    change(CHANGES["column"][0])
    lines = drift.catalog.lines_of_many

    def moved_meanwhile(cursor, places):
        found = lines(cursor, places)
        SchoolPlacement.objects.update(migrated_at=NOW + timedelta(seconds=1))
        return found

    monkeypatch.setattr(drift.catalog, "lines_of_many", moved_meanwhile)
    look()
    assert drift.open_findings() == [] and drift.standing().never_looked_at == 2


def test_a_state_nobody_wrote_a_reference_for_is_unknown_and_not_clean(real_commits):
    SchoolPlacement.objects.update(fingerprint="of another time")
    assert look() == 0
    assert drift.standing().never_looked_at == 2
    assert drift.by_night(now=MIDNIGHT) == 0


def test_the_clock_looks_by_night_alone_and_once_a_night(change):
    change(CHANGES["column"][0])
    assert drift.by_night(now=NOW.replace(hour=9)) == 0
    assert drift.standing().never_looked_at == 2
    assert drift.by_night(now=MIDNIGHT) == 2
    assert [found.slug for found in drift.open_findings()] == ["greenfield"]
    assert drift.by_night(now=MIDNIGHT + timedelta(minutes=10)) == 0
    assert drift.by_night(now=MIDNIGHT + timedelta(days=1)) == 2


def test_a_turn_ends_when_its_time_is_over(real_commits):
    ticks = iter([0.0, drift.TURN + 1])
    assert drift.by_night(now=MIDNIGHT, clock=lambda: next(ticks)) == 0
    assert drift.standing().never_looked_at == 2


def test_the_job_is_one_a_worker_knows(real_commits, monkeypatch):
    asked = []
    monkeypatch.setattr(drift, "by_night", lambda now: asked.append(now))
    jobs.run('{"job": "drift.look", "school": null, "ids": []}')
    assert len(asked) == 1


@pytest.mark.processes
def test_a_process_without_the_migrators_login_can_look(change, real_commits, tmp_path):
    change(CHANGES["missing index"][0])
    program = (
        "import django; django.setup()\n"
        "from django.db import connections; assert 'migrator' not in connections.databases\n"
        "from datetime import UTC, datetime; from tenants import drift\n"
        "assert drift.by_night(now=datetime(2026, 11, 20, 23, tzinfo=UTC)) == 2"
    )
    process = Process(["-c", program], real_commits, tmp_path / "log", PROCESS="worker", MIGRATOR_DATABASE_URL="")
    assert process.ended() == 0, process.log.read_text()
    (found,) = drift.open_findings()
    assert found.slug == "greenfield" and any("learner_by_name" in line for line in found.differences)


def test_the_command_writes_down_what_it_finds_and_lists_what_is_open(change, capsys):
    change(CHANGES["missing index"][0])
    with pytest.raises(CommandError, match="1 schools differ"):
        call_command("drift")
    with pytest.raises(CommandError, match="1 schools differ"):
        call_command("drift", open=True)
    assert capsys.readouterr().out.count("- index | people_learner | learner_by_name") == 2
    with connections["migrator"].cursor() as cursor:
        cursor.execute("UPDATE public.tenants_driftfinding SET resolved_at = now()")
    call_command("drift", open=True)
    assert "Nothing is open." in capsys.readouterr().out


def test_by_hand_a_school_that_is_merely_behind_is_compared_with_its_own_state(ahead, change):
    ahead.add()
    assert by_hand() == NOTHING
    change(CHANGES["missing index"][0])
    ((slug, differences),) = by_hand().differing
    assert slug == "greenfield" and len(differences) == 1 and "learner_by_name" in differences[0]


def test_by_hand_a_state_nobody_wrote_a_reference_for_is_said_and_fails(real_commits, capsys):
    SchoolPlacement.objects.filter(school__slug="greenfield").update(fingerprint="of another time")
    with pytest.raises(CommandError, match="^1 schools were not compared.$"):
        call_command("drift")
    assert "greenfield: not compared. No reference was kept" in capsys.readouterr().out
    assert drift.standing() == drift.Standing(schools=2, differing=0, never_looked_at=1, oldest=drift.standing().oldest)


def test_by_hand_a_school_without_a_schema_differs_and_keeps_nobody_from_being_looked_at(change):
    done, undone = CHANGES["no schema at all"]
    change(done)
    ((slug, differences),) = by_hand().differing
    assert slug == "greenfield" and any(line.startswith("- migration | people |") for line in differences)
    assert drift.standing().never_looked_at == 0


def test_by_hand_a_school_that_moves_or_is_born_meanwhile_is_left_for_the_next_look(change, monkeypatch, greenfield):
    change(CHANGES["column"][0])
    lines = drift.catalog.lines

    def meanwhile(cursor, schema, role):
        found = lines(cursor, schema, role)
        if schema == greenfield.ref.schema:
            SchoolPlacement.objects.filter(school=greenfield.ref.id).update(migrated_at=NOW)
            provisioning.provision(name="Born", slug="born-meanwhile", timezone="Africa/Johannesburg")
        return found

    monkeypatch.setattr(drift.catalog, "lines", meanwhile)
    assert by_hand() == drift.ByHand(passed_over=[("greenfield", drift.MOVED)])
    looked = SchoolPlacement.objects.exclude(drift_checked_at=None).values_list("school__slug", flat=True)
    assert list(looked) == ["riverside"] and drift.open_findings() == []


def test_each_wave_of_a_migration_is_looked_at(ahead, change, capsys):
    change(CHANGES["table's right"][0])
    ahead.add()
    call_command("migrate_schools")
    assert [found.slug for found in drift.open_findings()] == ["greenfield"]
    assert "1 schools differ from the reference" in capsys.readouterr().out
    assert drift.standing().never_looked_at == 0


DROP = 'migrations.RemoveField("Learner", "nick{n}")'


def test_a_dropped_column_leaves_nothing_to_find_in_a_moved_school_nor_in_one_born_later(ahead, admin):
    """Plain `migrate` and the fleet leave a gap in the columns' numbers, the text of the golden schema none."""
    first = int(ahead.add()[:4])
    ahead.add()
    ahead.add(DROP.replace("{n}", str(first)))
    call_command("migrate_schools")
    born = provisioning.provision(name="Born", slug="born-later", timezone="Africa/Johannesburg")
    gaps = admin.execute(
        "SELECT c.relnamespace::regnamespace::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE c.relname = 'people_learner' AND a.attisdropped"
    ).fetchall()
    assert len(gaps) == 2 and (born.schema_name,) not in gaps
    assert by_hand() == NOTHING
    assert look() == 3 and drift.open_findings() == []


def test_columns_in_another_order_are_found(change):
    change("ALTER TABLE {s}.people_learner DROP COLUMN number")
    change("ALTER TABLE {s}.people_learner ADD COLUMN number varchar({number}) NOT NULL DEFAULT ''")
    change("ALTER TABLE {s}.people_learner ALTER number DROP DEFAULT")
    look()
    (found,) = drift.open_findings()
    assert any(line.startswith("- column") and " | number | " in line for line in found.differences)


def test_schools_that_are_the_same_are_read_once_and_a_strange_one_by_itself(change, monkeypatch):
    read, lines = [], drift.catalog.lines_of_many
    monkeypatch.setattr(
        drift.catalog, "lines_of_many", lambda cursor, places: read.append(len(places)) or lines(cursor, places)
    )
    provisioning.provision(name="Third", slug="third", timezone="Africa/Johannesburg")
    assert look() == 3 and drift.open_findings() == []
    change(CHANGES["another member of the role"][0])
    try:
        assert look() == 3 and [found.slug for found in drift.open_findings()] == ["greenfield"]
    finally:
        change(CHANGES["another member of the role"][1])
    assert read == [1, 2]


def test_two_schools_have_the_same_mark_only_where_they_have_the_same_lines(admin, real_commits):
    """Grouped by marks, one is read for many: what the lines tell apart, the marks must."""
    places = {place.school.schema_name: place.role for place in SchoolPlacement.objects.select_related("school")}
    mistaken = []
    with admin.cursor() as cursor:
        for what, pair in TWINS.items():
            with admin.transaction(force_rollback=True):
                for table in (f'"{schema}".{name}' for schema in places for name in ("twin", "other")):
                    cursor.execute(f"CREATE TABLE {table} (k text PRIMARY KEY, a text, b text, n int NOT NULL)")
                assert len(set(likeness.marks_of_many(cursor, places).values())) == 1
                for (schema, role), change in zip(places.items(), pair, strict=True):
                    table = f'"{schema}".twin'
                    names = {
                        "s": f'"{schema}"',
                        "r": f'"{role}"',
                        "t": table,
                        "add": f"ALTER TABLE {table} ADD CONSTRAINT x",
                    }
                    cursor.execute(change.format(**names))
                one, other = catalog.lines_of_many(cursor, places).values()
                assert catalog.differences(one, other), what
                if len(set(likeness.marks_of_many(cursor, places).values())) == 1:
                    mistaken.append(what)
    assert mistaken == []


def test_several_connections_look_at_the_same(ahead, change):
    change(CHANGES["table's right"][0])
    ahead.add()
    call_command("migrate_schools", workers=2, canaries=0)
    assert [found.slug for found in drift.open_findings()] == ["greenfield"]
    assert drift.standing().never_looked_at == 0


def test_of_many_equal_schools_one_that_moved_meanwhile_is_left(greenfield, riverside):
    seen = list(SchoolPlacement.objects.filter(school__in=[greenfield.ref.id, riverside.ref.id]))
    SchoolPlacement.objects.filter(school=greenfield.ref.id).update(fingerprint="moved", drift_checked_at=None)
    DriftFinding.objects.bulk_create(
        DriftFinding(school_id=place.pk, differences=["- x"], number=1, found_at=NOW, seen_at=NOW) for place in seen
    )
    drift.write_down_equal(seen, now=NOW)
    open_ones = DriftFinding.objects.filter(resolved_at=None).values_list("school", flat=True)
    assert list(open_ones) == [greenfield.ref.id]
    looked = SchoolPlacement.objects.filter(drift_checked_at=NOW).values_list("school", flat=True)
    assert list(looked) == [riverside.ref.id]
