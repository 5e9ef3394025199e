"""Which schools consist of the same, without fetching what: a mark for each, made by the server.

Of schools with one mark, one has to be read and compared with the reference (`tenants.catalog`); it stands for all.
"""

from collections.abc import Mapping
from typing import Any

from tenants.catalog import QUERIES, ROLE

# Three kinds as they lie in the catalog, without the dear work of writing each as SQL or even as text. Equal schools
# may differ here (numbers of columns and of objects do); schools that are the same here are the same in QUERIES.
RAW = {
    "column": """
        SELECT s.nspname, ROW(c.relname, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity,
               a.attgenerated, a.attcollation, replace(a.attacl::text, s.nspname, '@'), CASE WHEN a.atthasdef THEN (
                   SELECT d.adbin::text FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": """
        SELECT s.nspname, ROW(c.relname, n.conname, n.contype, n.condeferrable, n.condeferred, n.connoinherit, n.conkey,
               n.conbin::text, f.relname, f.relnamespace = n.connamespace, n.confkey, n.conpfeqop, n.confupdtype,
               n.confdeltype, n.confmatchtype, n.confdelsetcols,
               CASE WHEN n.contype NOT IN ('n', 'p', 'u', 'c', 'f') OR NOT n.convalidated
                         OR f.relnamespace <> n.connamespace THEN pg_get_constraintdef(n.oid) END)
        FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid JOIN pg_namespace s ON s.oid = n.connamespace
        LEFT JOIN pg_class f ON f.oid = n.confrelid
        WHERE s.nspname = ANY(%(schemas)s)""",
    "index": """
        SELECT s.nspname, ROW(t.relname, c.relname, c.relkind, c.relam, c.reloptions, c.reltablespace, i.indnkeyatts,
               i.indisunique, i.indnullsnotdistinct, i.indisprimary, i.indisexclusion, i.indisvalid, i.indisready,
               i.indkey::int2[], i.indcollation, i.indclass, i.indoption::int2[], i.indexprs::text, i.indpred::text,
               CASE WHEN m.amname <> 'btree' THEN pg_get_indexdef(c.oid) END)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_namespace s ON s.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
        WHERE s.nspname = ANY(%(schemas)s)""",
}
# Each school's rows of one kind as one value, made by the server, in whatever order they come.
MARK_OF_RAW = "SELECT q.nspname, sum(hash_record_extended(q.row, 0))::text FROM ({}) q GROUP BY q.nspname"
MARK = """
    SELECT q.nspname, sum(hashtextextended(replace(q::text, q.nspname, '@'), 0))::text FROM ({}) q GROUP BY q.nspname"""


def marks_of_many(cursor: Any, places: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """A mark for each school, schema -> role: where two are the same, so are the schools' lines without the ledger.

    Not the other way round. Hashed by the server, for a quarter of what fetching and comparing the lines takes.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(places, ())
    for kind, query in QUERIES.items():
        mark_of = MARK_OF_RAW.format(RAW[kind]) if kind in RAW else MARK.format(query)
        cursor.execute(mark_of, {"schemas": list(places)})
        for schema, mark in cursor.fetchall():
            found[schema] += (kind, mark)
    cursor.execute(MARK.format(ROLE.replace("r.rolname,", "r.rolname AS nspname,")), {"roles": list(places.values())})
    owners = {role: schema for schema, role in places.items()}
    for role, mark in cursor.fetchall():
        found[owners[role]] += ("role", mark)
    return found
