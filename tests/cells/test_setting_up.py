"""CELLS and its kin: read strictly, kept from processes that need not know, and made by `setup_database`."""

import psycopg
import pytest

from config import bootstrap, embedded, env
from tenants import preflight

WEST = "west=postgresql://schools:s@west.example/people"
WEST_MIGRATOR = "west=postgresql://migrator:m@west.example/people"


@pytest.fixture(autouse=True)
def nothing_stored(monkeypatch, tmp_path):
    monkeypatch.setattr(env, "LOCAL", tmp_path)


@pytest.fixture
def told(monkeypatch):
    def tell(**values):
        for name, value in {"CELLS": WEST, "CELLS_MIGRATOR": WEST_MIGRATOR, **values}.items():
            monkeypatch.setenv(name, value)
        return env.load()

    return tell


def test_an_installation_without_cells_has_none(monkeypatch):
    for name in ("CELLS", "CELLS_MIGRATOR", "CELLS_ADMIN", "NEW_SCHOOLS_CELL"):
        monkeypatch.delenv(name, raising=False)
    environment = env.load()
    assert (environment.cells, environment.cell_migrators, environment.new_schools_cell) == ({}, {}, "home")


def test_cells_are_read_by_name(told):
    environment = told(NEW_SCHOOLS_CELL="west")
    assert environment.cells["west"].host == "west.example" and environment.cells["west"].user == "schools"
    assert environment.cell_migrators["west"].user == "migrator" and environment.new_schools_cell == "west"


@pytest.mark.parametrize("kind", env.RUN_TIME)
def test_web_and_worker_know_the_cells_and_not_their_migrators(told, kind):
    environment = told(PROCESS=kind)
    assert set(environment.cells) == {"west"} and environment.cell_migrators == {}
    assert {"CELLS_ADMIN", "CELLS_MIGRATOR"} <= set(env.not_for(kind)) and "CELLS" not in env.not_for(kind)


def test_the_provisioner_has_the_migrators_and_not_the_administrators():
    assert "CELLS_ADMIN" in env.not_for(env.PROVISIONER) and "CELLS_MIGRATOR" not in env.not_for(env.PROVISIONER)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"CELLS": "west"}, "CELLS must be a postgresql"),
        ({"CELLS": "West=postgresql://a@b/c"}, "CELLS must be"),
        ({"CELLS": "home=postgresql://a@b/c"}, "CELLS must be"),
        ({"CELLS": f"{WEST} {WEST}"}, "CELLS must be"),
        ({"CELLS": f"{WEST} east=postgresql://a@b/c"}, "CELLS_MIGRATOR must name the same"),
        ({"CELLS_MIGRATOR": ""}, "CELLS_MIGRATOR must name the same"),
        ({"NEW_SCHOOLS_CELL": "east"}, "NEW_SCHOOLS_CELL"),
    ],
)
def test_what_makes_no_sense_is_named(told, values, names):
    with pytest.raises(env.BadEnvironment, match=names):
        told(**values)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    state = tmp_path_factory.mktemp("cell")
    try:
        yield embedded.ensure(state)
    finally:
        embedded.destroy(state)


def test_setting_up_makes_logins_once_keeps_those_it_is_given_and_locks_nobody_out(cluster):
    admin = cluster.url("postgres", cluster.password, "people")
    values = {"ENVIRONMENT": "production", "CELLS_ADMIN": f"west={admin}"}
    made = bootstrap._cells(values, bootstrap._passwords(), rotate=False)
    assert preflight.server_faults(admin, "people", cell=True) == []
    for variable in ("CELLS", "CELLS_MIGRATOR"):
        psycopg.connect(made[variable].partition("=")[2]).close()
    assert bootstrap._cells({**values, **made}, bootstrap._passwords(), rotate=False) == made
    with pytest.raises(env.BadEnvironment, match="logins of west exist"):
        bootstrap._cells(values, bootstrap._passwords(), rotate=False)
    psycopg.connect(made["CELLS"].partition("=")[2]).close()
    renewed = bootstrap._cells({**values, **made}, bootstrap._passwords(), rotate=True)
    assert renewed["CELLS"] != made["CELLS"]
    psycopg.connect(renewed["CELLS"].partition("=")[2]).close()


def test_a_cell_that_does_not_answer_is_named(tmp_path):
    values = {"ENVIRONMENT": "local", "CELLS_ADMIN": f"west=postgresql://a:b@/c?host={tmp_path}"}
    with pytest.raises(env.BadEnvironment, match="west"):
        bootstrap._cells(values, bootstrap._passwords(), rotate=False)
