"""Building a school: one transaction on the migrator's login, from the golden schema's text.

Role, grants, schema, tables, seed rows and the platform's own record of the school appear together or not at all. In a
cell beside home they are two transactions on two servers (docs/adr/0007): the school's commits first, under a mark that
says it is not born yet, and is reachable by nobody until the platform's has committed. What a kill in between leaves is
swept by that mark.
"""

import hashlib
import inspect
import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader

from tenants import births, catalog, cells
from tenants.contents import MIGRATOR as MIGRATOR
from tenants.contents import TEMPLATE_MARK as TEMPLATE_MARK
from tenants.contents import contents_of_schema, contents_of_text
from tenants.ids import new_id
from tenants.models import GoldenSchema, School, SchoolPlacement, SchoolState
from tenants.rights import grants
from tenants.sealing import new_wrapped_key

Seed = Sequence[tuple[str, Sequence[Any]]]
_first_rows: dict[str, Callable[..., Seed]] = {}


class BadGolden(RuntimeError):
    """The golden schema could not be dumped, or its text cannot be renamed safely."""


def first_rows(name: str) -> Callable[[Callable[..., Seed]], Callable[..., Seed]]:
    """Publish, under an app's name, the function that says which rows a school is born with."""

    def publish(rows: Callable[..., Seed]) -> Callable[..., Seed]:
        if _first_rows.setdefault(name, rows) is not rows:
            raise RuntimeError(f"Two first rows are called {name}.")
        return rows

    return publish


def born_with(name: str, **facts: Any) -> Seed:
    """The rows that app gives a new school. Raises KeyError for a name nobody published."""
    return _first_rows[name](**facts)


def opaque_name() -> str:
    """A name for schema and role that tells nothing: catalogs are readable by every login."""
    return f"t_{secrets.token_hex(8)}"


def provision(
    *,
    name: str,
    slug: str,
    timezone: str,
    seed: Seed = (),
    state: str = SchoolState.ACTIVE,
    region: str = "",
    school_id: UUID | None = None,
    text: str | None = None,
    cell: str | None = None,
) -> School:
    """Build one school and return its record. `seed` runs in its schema as the owner.

    `cell`: the name of the one it shall lie in, else the one for new schools. Raises IntegrityError for a taken slug,
    ValueError for a cell that is not configured; whatever is raised, nothing is left that anybody could reach.
    """
    golden = text or golden_text()
    place = opaque_name()
    alias = cells.alias_of(cell) if cell else cells.for_new_schools()
    with transaction.atomic(using=MIGRATOR):
        school = School(
            id=school_id or new_id(), slug=slug, name=name, timezone=timezone, state=state, region=region
        )  # fmt: skip
        school.schema_name = place
        school.save(using=MIGRATOR, force_insert=True)
        SchoolPlacement(
            school=school, alias=alias, role=place, wrapped_key=new_wrapped_key(), fingerprint=fingerprint()
        ).save(using=MIGRATOR)  # fmt: skip
        with births.building(alias, place):
            _build(cells.migrator_of(alias), place, golden, seed)
    return school


def _build(migrator: str, place: str, golden: str, seed: Seed) -> None:
    with connections[migrator].cursor() as cursor:
        _make_role(cursor, place)
        cursor.execute("SET LOCAL check_function_bodies = off")
        cursor.execute(golden.replace(TEMPLATE_MARK, place))
        _run_seed(cursor, place, seed)
        cursor.execute(";\n".join(grants(place, place, contents_of_text(golden))))


def _make_role(cursor: Any, role: str) -> None:
    """A school's role, which the schools' login may become. The transaction goes on as the owner."""
    login = "LOGIN" if settings.SCHOOL_ROLES_MAY_LOGIN else "NOLOGIN"
    cursor.execute("SET LOCAL ROLE NONE")
    cursor.execute(f'CREATE ROLE "{role}" {login} NOINHERIT')
    cursor.execute(f'GRANT "{role}" TO schools WITH INHERIT FALSE, SET TRUE')
    cursor.execute("SET LOCAL ROLE owner")


def _run_seed(cursor: Any, schema: str, seed: Seed) -> None:
    if seed:
        cursor.execute(f'SET LOCAL search_path = "{schema}"')
        for statement, parameters in seed:
            cursor.execute(statement, parameters)
        cursor.execute("SET LOCAL search_path = public")


def destroy(school: School) -> None:
    """Drop one school with its schema and role: in one transaction at home, elsewhere so that a kill leaves it either
    whole or marked for the sweep."""
    place = school.placement
    with births.ending(place.alias, school.schema_name, place.role):
        School.objects.using(MIGRATOR).get(pk=school.pk).delete(using=MIGRATOR)


# -- the golden schema ----------------------------------------------------------------------------------------------


def golden_text() -> str:
    """The SQL of one school for the migrations as they are now, with TEMPLATE_MARK for its name; built when new."""
    return _kept(fingerprint(), "text") or _build_golden(fingerprint()).text


def golden_catalog(mark: str, *, using: str = "default") -> list[str]:
    """What a school at the state `mark` must consist of, as `catalog.lines`; empty when that was never written down.

    Any login of the platform may ask: drift is looked for where no migrator is.
    """
    found = GoldenSchema.objects.using(using).filter(pk=mark).values_list("catalog", flat=True).first()
    return list(found or [])


def _kept(mark: str, column: str) -> str:
    # One column: the text is large, the catalog larger, and a school being built needs only one of them.
    golden = GoldenSchema.objects.using(MIGRATOR).filter(pk=mark).exclude(catalog=[])
    return str(golden.values_list(column, flat=True).first() or "")


def _build_golden(mark: str) -> GoldenSchema:
    with plain_school() as (schema, role), connections[MIGRATOR].cursor() as cursor:
        kept = GoldenSchema(
            fingerprint=mark, template=schema, text=dump(schema), catalog=catalog.lines(cursor, schema, role)
        )
    # Two processes may have built it at once: both are right, and the later one stays.
    GoldenSchema.objects.using(MIGRATOR).bulk_create(
        [kept], update_conflicts=True, unique_fields=["fingerprint"], update_fields=["template", "text", "catalog"]
    )
    return kept


def fingerprint() -> str:
    """A hash over the school apps' migration files."""
    digest = hashlib.sha256()
    for config in apps.get_app_configs():
        if config.name in settings.TENANT_APPS:
            module, _ = MigrationLoader.migrations_module(config.label)
            found = find_spec(module) if module else None
            folder = Path(found.origin).parent if found and found.origin else None  # an app without models has none
            for path in sorted(folder.glob("*.py")) if folder else ():
                digest.update(f"{config.label}/{path.name}\0".encode() + path.read_bytes())
    digest.update(inspect.getsource(clean).encode())
    return digest.hexdigest()


@contextmanager
def plain_school() -> Iterator[tuple[str, str]]:
    """Schema and role of a school built by plain `migrate`, with its grants; dropped again at the end.

    What a killed process left of one is dropped first. Its names are not those of a school, and go together.
    """
    mark = secrets.token_hex(8)
    schema, role = f"{PLAIN}{mark}", f"t_{mark}"
    _drop_abandoned()
    # Whose process lives is locked, on a connection of its own: the stock command closes the one it works on.
    holder: Any = connections[MIGRATOR].copy()
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [schema])
    try:
        yield from _built(schema, role)
    finally:
        holder.close()


def _built(schema: str, role: str) -> Iterator[tuple[str, str]]:
    # Role and right appear together, and go together: a sweep of orphan roles takes what has no right anywhere.
    with transaction.atomic(using=MIGRATOR), connections[MIGRATOR].cursor() as cursor:
        _make_role(cursor, role)
        cursor.execute(f'CREATE SCHEMA "{schema}"')
        cursor.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"')
    try:
        migrate(schema)
        with connections[MIGRATOR].cursor() as cursor:
            for statement in grants(schema, role, contents_of_schema(schema)):
                cursor.execute(statement)
        yield schema, role
    finally:
        _drop_plain(schema)


PLAIN = "golden_"


def _drop_abandoned() -> None:
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s", [f"^{PLAIN}[0-9a-f]{{16}}$"])
        for (schema,) in cursor.fetchall():
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [schema])
            if cursor.fetchone()[0]:
                _drop_plain(schema)
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [schema])


def _drop_plain(schema: str) -> None:
    with transaction.atomic(using=MIGRATOR), connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(f'DROP ROLE "t_{schema.removeprefix(PLAIN)}"')


def migrate(schema: str) -> None:
    """Bring one schema up with django-tenants' own command (the reference every other way is compared with)."""
    call_command("migrate_schemas", schema_name=schema, tenant=True, verbosity=0, interactive=False)
    migrator: Any = connections[MIGRATOR]
    migrator.set_schema_to_public()


def dump(schema: str) -> str:
    """pg_dump of `schema`: structure, then rows (the migration ledger), cleaned for replay. Raises BadGolden."""
    if not settings.PG_DUMP:
        raise BadGolden("pg_dump is not on the path of this process.")
    params = connections[MIGRATOR].settings_dict
    login = f"postgresql://{quote(params['USER'])}@/{quote(params['NAME'])}"
    common = [settings.PG_DUMP, "-d", login, "--role=owner", "-n", schema, "--no-owner", "--no-privileges"]
    environment = {
        **os.environ, "PGPASSWORD": params["PASSWORD"], "PGHOST": params["HOST"], "PGPORT": str(params["PORT"] or 5432)
    }  # fmt: skip
    parts = []
    for words in (["--schema-only"], ["--data-only", "--inserts"]):
        done = subprocess.run([*common, *words], capture_output=True, text=True, env=environment)
        if done.returncode:
            raise BadGolden(f"pg_dump failed: {done.stderr.strip()}")
        parts.append(done.stdout)
    return clean("\n".join(parts), schema)


def clean(text: str, schema: str) -> str:
    """Drop comments, psql commands and session settings; put TEMPLATE_MARK in place of the template's name."""
    noise = re.compile(r"^(--.*|\\.*|SET .*;|SELECT pg_catalog\.set_config\(.*|)$")
    kept = "\n".join(line for line in text.splitlines() if not noise.match(line))
    renamed = re.sub(rf"\b{schema}\b", TEMPLATE_MARK, kept)
    if schema in renamed or TEMPLATE_MARK not in renamed:
        raise BadGolden("The template's name could not be replaced cleanly.")
    return renamed
