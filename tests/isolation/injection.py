"""The injection table: what somebody tries who controls a part of a statement, or a whole one, and what must happen.

One row per statement: who sends it (`school`: inside a scope; `schools`, `platform`: the bare login, no scope) and what
must happen. `{schema}` and `{role}` are the other school's, `{own}` and `{own_role}` the sender's.

A refusal is the wall's when it says *insufficient privilege*. Whatever is refused in other words is in OTHERWISE, with
the reason why that is a wall too, or why no better is to be had.
"""

from dataclasses import dataclass

DENIED = "42501"
EVERYBODY = ("school", "schools", "platform")
SCHOOL = ("school",)


@dataclass(frozen=True)
class Row:
    """`outcome`: `refused` by the server, or `blind` (answers, and holds nothing of the other school)."""

    name: str
    statement: str
    senders: tuple[str, ...] = EVERYBODY
    outcome: str = "refused"

    def state(self, sender: str) -> str:
        """The SQLSTATE with which `sender` is refused."""
        return OTHERWISE.get((self.name, sender), (DENIED, ""))[0]


def _refused(senders: tuple[str, ...], **statements: str) -> tuple[Row, ...]:
    return tuple(Row(name.replace("_", " "), text, senders) for name, text in statements.items())


ACROSS = _refused(
    EVERYBODY,
    qualified_read="SELECT * FROM {schema}.people_learner",
    qualified_write="UPDATE {schema}.people_learner SET family_name = 'x'",
    through_a_name="SELECT '{schema}.people_learner'::regclass",
    function_of_another_school="SELECT {schema}.events_refuse_change()",
    sequence="SELECT last_value FROM {schema}.django_migrations_id_seq",
    current_value="SELECT currval('{schema}.django_migrations_id_seq')",
    explain="EXPLAIN SELECT * FROM {schema}.people_learner",
    generic_plan="EXPLAIN (GENERIC_PLAN) SELECT * FROM {schema}.people_learner WHERE family_name = $1",
    analyze="ANALYZE {schema}.people_learner",
    lock_a_table="LOCK TABLE {schema}.people_learner IN ACCESS SHARE MODE",
    reindex="REINDEX TABLE {schema}.people_learner",
    query_to_xml="SELECT query_to_xml('SELECT * FROM {schema}.people_learner', true, true, '')",
    table_to_xml="SELECT table_to_xml('{schema}.people_learner'::regclass, true, true, '')",
    schema_to_xml="SELECT schema_to_xml('{schema}', true, true, '')",
    text_statistics="SELECT ts_stat('SELECT to_tsvector(family_name) FROM {schema}.people_learner')",
    value_in_an_error="SELECT (SELECT family_name FROM {schema}.people_learner LIMIT 1)::int",
    foreign_key_onto_it="ALTER TABLE {own}.people_learner ADD FOREIGN KEY (id) REFERENCES {schema}.people_learner (id)",
    ledger_of_migrations="SELECT * FROM {own}.django_migrations",
)
SETTINGS = _refused(
    EVERYBODY,
    set_config_path="SELECT set_config('search_path', '{schema}', true)",
    set_config_role="SELECT set_config('role', '{role}', true)",
    set_config_and_read=(
        "SELECT set_config('role', '{role}', true),"
        " query_to_xml('SELECT * FROM {schema}.people_learner', true, true, '')"
    ),
    path_through_a_view="UPDATE pg_catalog.pg_settings SET setting = '{schema}' WHERE name = 'search_path'",
    role_through_a_view="UPDATE pg_catalog.pg_settings SET setting = '{role}' WHERE name = 'role'",
    session_authorization="SET SESSION AUTHORIZATION postgres",
    become_the_owner="SET LOCAL ROLE owner",
    become_the_migrator="SET ROLE migrator",
    database_default="ALTER DATABASE {database} SET search_path = '{schema}'",
    server_default="ALTER SYSTEM SET search_path = '{schema}'",
    grant_to_oneself='GRANT "{role}" TO "{own_role}"',
    new_role="CREATE ROLE x",
    library="LOAD 'x'",
)
SHADOWS = _refused(
    EVERYBODY,
    temporary_table="CREATE TEMP TABLE people_learner (id int)",
    temporary_view="CREATE TEMP VIEW people_learner AS SELECT 1",
    temporary_function="CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    function="CREATE FUNCTION {own}.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    operator="CREATE OPERATOR {own}.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
    cast="CREATE CAST (text AS bytea) WITHOUT FUNCTION",
    table="CREATE TABLE {own}.x (id int)",
    view="CREATE VIEW {own}.v AS SELECT 1",
    schema="CREATE SCHEMA x",
    table_in_public="CREATE TABLE public.x (id int)",
    rule="CREATE RULE r AS ON INSERT TO {own}.people_learner DO ALSO SELECT 1",
    trigger=(
        "CREATE TRIGGER t BEFORE INSERT ON {own}.people_learner FOR EACH ROW"
        " EXECUTE FUNCTION {own}.events_refuse_change()"
    ),
    policy="CREATE POLICY p ON {own}.people_learner",
    event_trigger="CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION {own}.events_refuse_change()",
)
OUTSIDE = _refused(
    EVERYBODY,
    copy_to_program="COPY (SELECT 1) TO PROGRAM 'cat'",
    copy_from_program="COPY {own}.people_learner FROM PROGRAM 'cat'",
    copy_to_file="COPY (SELECT 1) TO '/tmp/stolen'",
    copy_from_file="COPY {own}.people_learner FROM '/etc/passwd'",
    read_file="SELECT pg_read_file('/etc/passwd')",
    read_binary_file="SELECT pg_read_binary_file('/etc/passwd')",
    list_folder="SELECT pg_ls_dir('/')",
    about_a_file="SELECT pg_stat_file('/etc/passwd')",
    list_logs="SELECT pg_ls_logdir()",
    access_rules="SELECT * FROM pg_catalog.pg_hba_file_rules",
    import_a_file="SELECT lo_import('/etc/passwd')",
    large_object="SELECT lo_create(0)",
    large_object_of_bytes="SELECT lo_from_bytea(0, 'x')",
    read_large_objects="SELECT * FROM pg_catalog.pg_largeobject",
    extension="CREATE EXTENSION vector SCHEMA {own}",
    foreign_data="CREATE FOREIGN DATA WRAPPER x",
    foreign_server="CREATE SERVER s FOREIGN DATA WRAPPER nowhere",
    language="CREATE LANGUAGE l HANDLER plpgsql_call_handler",
    replication="SELECT pg_create_physical_replication_slot('x')",
    publication="CREATE PUBLICATION p FOR ALL TABLES",
    subscription="CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)",
    prepared_transaction="PREPARE TRANSACTION 'x'",
    passwords="SELECT * FROM pg_catalog.pg_authid",
    raw_statistics="SELECT * FROM pg_catalog.pg_statistic",
    statements_of_everybody="SELECT query FROM public.pg_stat_statements",
    session_lock="SELECT pg_advisory_lock(1)",
    session_lock_tried="SELECT pg_try_advisory_lock(1)",
    session_lock_shared="SELECT pg_try_advisory_lock_shared(1, 2)",
    end_another_connection=(
        "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
        " WHERE usename = 'postgres' OR usename IS NULL"
    ),
)
PLATFORM = _refused(
    ("school", "schools"),
    platform_read="SELECT * FROM public.identity_login",
    schools_directory="SELECT * FROM public.tenants_school",
    queue="SELECT * FROM public.django_q_ormq",
    become_the_platform="SET ROLE platform",
)
PARTS_OF_A_SCHOOL = _refused(
    SCHOOL,
    change_history="UPDATE events_event SET kind = 'x'",
    delete_history="DELETE FROM events_event",
    truncate_history="TRUNCATE events_event CASCADE",
    change_a_scan="UPDATE gate_scan SET verdict = 'x'",
    disable_triggers="ALTER TABLE events_event DISABLE TRIGGER ALL",
    drop_a_trigger="DROP TRIGGER events_event_rows ON events_event",
    default_of_the_login="ALTER ROLE schools SET role = '{role}'",
    password_of_the_login="ALTER ROLE schools PASSWORD 'x'",
    become_the_other_school_inside_a_read="SELECT set_config('role', '{role}', false)",
)
BARE_PLATFORM = _refused(
    ("platform",),
    become_a_school='SET ROLE "{role}"',
    become_the_schools_login="SET ROLE schools",
    change_platform_history="UPDATE public.audit_platformevent SET kind = 'x'",
    platform_ledger="SELECT * FROM public.django_migrations",
)
BARE_SCHOOLS = _refused(
    ("schools",),
    own_rows_without_a_role="SELECT * FROM {own}.people_learner",
    unqualified_without_a_path="SELECT * FROM people_learner",
)
BLIND = tuple(
    Row(name, text, senders, "blind")
    for name, text, senders in (
        ("own rows", "SELECT * FROM people_learner", SCHOOL),
        ("statistics", "SELECT * FROM pg_catalog.pg_stats", EVERYBODY),
        ("extended statistics", "SELECT * FROM pg_catalog.pg_stats_ext", EVERYBODY),
        ("statistics of expressions", "SELECT * FROM pg_catalog.pg_stats_ext_exprs", EVERYBODY),
        ("running statements", "SELECT * FROM pg_catalog.pg_stat_activity", EVERYBODY),
        ("prepared statements", "SELECT * FROM pg_catalog.pg_prepared_statements", EVERYBODY),
        ("open cursors", "SELECT * FROM pg_catalog.pg_cursors", EVERYBODY),
        ("locks", "SELECT * FROM pg_catalog.pg_locks", EVERYBODY),
        ("sequences", "SELECT * FROM pg_catalog.pg_sequences", EVERYBODY),
        ("large objects", "SELECT * FROM pg_catalog.pg_largeobject_metadata", EVERYBODY),
        ("schemas", "SELECT * FROM pg_catalog.pg_namespace", EVERYBODY),
        ("roles", "SELECT * FROM pg_catalog.pg_roles", EVERYBODY),
        ("settings of roles", "SELECT * FROM pg_catalog.pg_db_role_setting", EVERYBODY),
        ("descriptions", "SELECT * FROM pg_catalog.pg_description WHERE objoid > 16384", EVERYBODY),
        ("columns' defaults", "SELECT pg_get_expr(adbin, adrelid) FROM pg_catalog.pg_attrdef", EVERYBODY),
        ("functions", "SELECT prosrc FROM pg_catalog.pg_proc WHERE oid > 16384", EVERYBODY),
        ("information schema", "SELECT * FROM information_schema.tables WHERE table_schema = '{schema}'", SCHOOL),
    )
)

TABLE = (
    *ACROSS, *SETTINGS, *SHADOWS, *OUTSIDE, *PLATFORM, *PARTS_OF_A_SCHOOL, *BARE_PLATFORM, *BARE_SCHOOLS, *BLIND
)  # fmt: skip

OTHERWISE = {
    ("server default", "school"): (
        "25001",
        "nobody may in a transaction, as a scope is; the logins try without",
    ),
    ("prepared transaction", "school"): ("55000", "the server keeps none, whoever asks: max_prepared_transactions = 0"),
    ("prepared transaction", "schools"): ("55000", "the same"),
    ("prepared transaction", "platform"): ("55000", "the same"),
    ("statements of everybody", "platform"): ("42P01", "not in the wheel; schools are refused before it is looked for"),
    ("unqualified without a path", "schools"): ("42P01", "the wall itself: without a path no name leads anywhere"),
}
