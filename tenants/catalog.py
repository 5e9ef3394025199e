"""What a school's schema is made of, as comparable lines with its own names taken out.

Two schools built in different ways are equal when their lines are.
"""

from typing import Any

QUERIES = {
    "relation": """
        SELECT c.relname, c.relkind::text, c.relpersistence::text, pg_get_userbyid(c.relowner),
               coalesce(array_to_string(array(SELECT unnest(c.relacl)::text ORDER BY 1), ' '), '')
        FROM pg_class c WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'S', 'v', 'm', 'p')""",
    "column": """
        SELECT c.relname, a.attnum::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
               coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity::text, a.attgenerated::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'v', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": """
        SELECT c.relname, n.conname, n.contype::text, n.condeferrable::text, pg_get_constraintdef(n.oid)
        FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
        WHERE n.connamespace = %(schema)s::regnamespace""",
    "index": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s",
    "trigger": """
        SELECT c.relname, t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal""",
    "function": """
        SELECT p.proname, pg_get_function_identity_arguments(p.oid), p.prosecdef::text,
               pg_get_userbyid(p.proowner), coalesce(p.proacl::text, ''), pg_get_functiondef(p.oid)
        FROM pg_proc p WHERE p.pronamespace = %(schema)s::regnamespace""",
    "schema": """
        SELECT pg_get_userbyid(nspowner), coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname = %(schema)s""",
    "migration": 'SELECT app, name FROM "{schema}".django_migrations',
}


def lines(cursor: Any, schema: str, role: str) -> list[str]:
    """Every object of `schema` in one sorted list of lines, schema and role named `@`."""
    found = []
    for kind, query in QUERIES.items():
        cursor.execute(query.replace("{schema}", schema), {"schema": schema})
        for row in cursor.fetchall():
            text = " | ".join((kind, *map(str, row)))
            found.append(text.replace(schema, "@").replace(role, "@"))
    return sorted(found)


def differences(one: list[str], other: list[str]) -> list[str]:
    """Lines only in `one` (`-`) or only in `other` (`+`)."""
    left, right = set(one), set(other)
    return [f"- {line}" for line in sorted(left - right)] + [f"+ {line}" for line in sorted(right - left)]
