"""setup_database where the administrator is no superuser, as on a managed server."""

import psycopg
import pytest

from config import embedded
from tenants import preflight, roles

PASSWORDS = {login: f"{login}-secret" for login in roles.LOGINS}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    state = tmp_path_factory.mktemp("managed")
    try:
        yield embedded.ensure(state)
    finally:
        embedded.destroy(state)


def test_what_a_server_refuses_is_said_in_one_line_each_and_the_rest_is_done_twice_over(cluster):
    with psycopg.connect(cluster.admin_url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE landlord LOGIN CREATEROLE CREATEDB PASSWORD 'x'")
    admin = cluster.url("landlord", "x", "school_data")
    for _ in range(2):
        refused = roles.set_up(admin, "school_data", PASSWORDS)
        assert [line.partition(" (")[0] for line in refused] == [
            "Hardening refused by this server: set_config closed",
            "Hardening refused by this server: set_config for migrations",
            "Hardening refused by this server: session locks closed",
            "Hardening refused by this server: session locks for migrations",
            "Hardening refused by this server: large objects closed",
        ]
    for login in roles.LOGINS:
        psycopg.connect(cluster.url(login, PASSWORDS[login], "school_data")).close()
    assert preflight.server_faults(admin, "school_data") == [
        "Everybody may call set_config: one SELECT could change the path."
    ]


def test_a_login_somebody_made_strong_is_told_by_preflight_and_weakened_by_set_up(cluster):
    admin = cluster.url("postgres", cluster.password, "strong")
    assert roles.set_up(admin, "strong", PASSWORDS) == []
    with psycopg.connect(admin, autocommit=True) as superuser:
        superuser.execute("ALTER ROLE schools BYPASSRLS INHERIT")
        superuser.execute("ALTER ROLE platform SET role = 'owner'")
    assert preflight.server_faults(admin, "strong") == [
        "The login schools holds rolbypassrls and must not.",
        "The login schools holds rolinherit and must not.",
        "Somebody changed a login's defaults with ALTER ROLE: platform: role=owner.",
    ]
    roles.set_up(admin, "strong", PASSWORDS)
    assert not [fault for fault in preflight.server_faults(admin, "strong") if "holds" in fault]
