"""What is installed is what pyproject.toml asks for, pinned by hash, from no particular place."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests import plugin

PROJECT = tomllib.loads((plugin.ROOT / "pyproject.toml").read_text())
RUN_TIME = PROJECT["project"]["dependencies"]
WANTED = {"requirements.lock": RUN_TIME, "requirements-dev.lock": [*RUN_TIME, *PROJECT["dependency-groups"]["dev"]]}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>\S+)( ; .*)? \\$")


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", WANTED)
def test_every_dependency_is_pinned_as_pyproject_asks(lock):
    pins = {
        plain(pin["name"]): pin["version"]
        for pin in map(PIN.match, (plugin.ROOT / lock).read_text().splitlines())
        if pin
    }
    for requirement in map(Requirement, WANTED[lock]):
        assert plain(requirement.name) in pins, f"{requirement.name}: run `make lock`"
        assert requirement.specifier.contains(pins[plain(requirement.name)]), f"{requirement}: run `make lock`"


@pytest.mark.parametrize("lock", WANTED)
def test_a_lock_holds_names_versions_and_hashes_and_nothing_else(lock):
    for line in (plugin.ROOT / lock).read_text().splitlines():
        assert PIN.match(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
