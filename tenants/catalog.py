"""What a school's schema is made of, as comparable lines with its own names taken out.

Two schools built in different ways are equal when their lines are. Everything but the ledger of migrations stands in
`pg_catalog`, which every login may read.
"""

from collections.abc import Mapping
from typing import Any

from django.db import ProgrammingError

# Each asks about every schema in %(schemas)s at once; the first column is the schema. The order of columns counts, not
# their numbers: a dropped column leaves a gap where it was dropped, and none where the schema was replayed from text.
QUERIES = {
    "relation": """
        SELECT s.nspname, c.relname, c.relkind::text, c.relpersistence::text, pg_get_userbyid(c.relowner),
               coalesce(array_to_string(array(SELECT unnest(c.relacl)::text ORDER BY 1), ' '), ''),
               c.relrowsecurity::text, c.relforcerowsecurity::text, coalesce(c.reloptions::text, '')
        FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'S', 'v', 'm', 'p', 'f')""",
    "column": """
        SELECT s.nspname, c.relname,
               (row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum))::text, a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull::text, coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
               a.attidentity::text, a.attgenerated::text, coalesce(o.collname, ''), coalesce(a.attacl::text, '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace s ON s.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN pg_collation o ON o.oid = a.attcollation
        WHERE s.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": """
        SELECT s.nspname, c.relname, n.conname, n.contype::text, n.condeferrable::text, pg_get_constraintdef(n.oid)
        FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid JOIN pg_namespace s ON s.oid = n.connamespace
        WHERE s.nspname = ANY(%(schemas)s)""",
    "index": """
        SELECT s.nspname, t.relname, c.relname, pg_get_indexdef(c.oid), i.indisvalid::text, i.indisready::text
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_namespace s ON s.oid = c.relnamespace WHERE s.nspname = ANY(%(schemas)s)""",
    "trigger": """
        SELECT s.nspname, c.relname, t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = ANY(%(schemas)s) AND NOT t.tgisinternal""",
    "rule": """
        SELECT s.nspname, c.relname, r.rulename, pg_get_ruledef(r.oid)
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = ANY(%(schemas)s)""",
    "policy": """
        SELECT s.nspname, c.relname, p.polname, p.polcmd::text, p.polpermissive::text,
               coalesce(pg_get_expr(p.polqual, p.polrelid), ''), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = ANY(%(schemas)s)""",
    "function": """
        SELECT s.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prosecdef::text,
               pg_get_userbyid(p.proowner), coalesce(p.proacl::text, ''), pg_get_functiondef(p.oid)
        FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace
        WHERE s.nspname = ANY(%(schemas)s) AND p.prokind IN ('f', 'p')""",
    "type": """
        SELECT s.nspname, t.typname, t.typtype::text, pg_get_userbyid(t.typowner)
        FROM pg_type t JOIN pg_namespace s ON s.oid = t.typnamespace
        WHERE s.nspname = ANY(%(schemas)s) AND t.typtype IN ('d', 'e', 'r')""",
    "schema": """
        SELECT s.nspname, pg_get_userbyid(s.nspowner),
               coalesce(array_to_string(array(SELECT unnest(s.nspacl)::text ORDER BY 1), ' '), '')
        FROM pg_namespace s WHERE s.nspname = ANY(%(schemas)s)""",
    "default right": """
        SELECT s.nspname, d.defaclobjtype::text, pg_get_userbyid(d.defaclrole), d.defaclacl::text
        FROM pg_default_acl d JOIN pg_namespace s ON s.oid = d.defaclnamespace WHERE s.nspname = ANY(%(schemas)s)""",
}
# Who a school's role is, and who may become it. Asked by role, as a role has no schema.
ROLE = """
    SELECT r.rolname, 'may', r.rolcanlogin::text, r.rolinherit::text, r.rolsuper::text, r.rolcreaterole::text,
           r.rolcreatedb::text, r.rolreplication::text, r.rolbypassrls::text
    FROM pg_roles r WHERE r.rolname = ANY(%(roles)s)
    UNION ALL
    SELECT r.rolname, 'member', pg_get_userbyid(m.member), m.admin_option::text, m.inherit_option::text,
           m.set_option::text, '', '', ''
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname = ANY(%(roles)s)
    UNION ALL
    SELECT r.rolname, 'is in', pg_get_userbyid(m.roleid), m.admin_option::text, m.inherit_option::text,
           m.set_option::text, '', '', ''
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = ANY(%(roles)s)
"""
LEDGER = "migration"


def lines(cursor: Any, schema: str, role: str) -> list[str]:
    """Every object of `schema` in one sorted list of lines, schema and role named `@`; its ledger too (owner only)."""
    try:
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations')
        ledger = [" | ".join((LEDGER, app, name)) for app, name in cursor.fetchall()]
    except ProgrammingError:  # schema or ledger are gone or of another shape: all of it is missing then
        ledger = []
    return sorted(ledger + lines_of_many(cursor, {schema: role})[schema])


def lines_of_many(cursor: Any, places: Mapping[str, str]) -> dict[str, list[str]]:
    """The same without the ledger for several schools, schema -> role, in a statement per kind. No order."""
    found: dict[str, list[str]] = {schema: [] for schema in places}
    for kind, query in QUERIES.items():
        cursor.execute(query, {"schemas": list(places)})
        for schema, *row in cursor.fetchall():
            text = " | ".join((kind, *map(str, row)))
            found[schema].append(text.replace(schema, "@").replace(places[schema], "@"))
    cursor.execute(ROLE, {"roles": list(places.values())})
    owners = {role: schema for schema, role in places.items()}
    for role, *row in cursor.fetchall():
        found[owners[role]].append(" | ".join(("role", *map(str, row))).replace(role, "@"))
    return found


def without_ledger(found: list[str]) -> list[str]:
    """What a login can compare that may not read the school's ledger of migrations."""
    return [line for line in found if not line.startswith(f"{LEDGER} | ")]


def differences(one: list[str], other: list[str]) -> list[str]:
    """Lines only in `one` (`-`) or only in `other` (`+`)."""
    left, right = set(one), set(other)
    return [f"- {line}" for line in sorted(left - right)] + [f"+ {line}" for line in sorted(right - left)]
