"""The list of guards that `make check-all` takes away stays true, and the taking away says what it should."""

import pytest

from tests.guards import GUARDS, LISTED, ROOT, Guard, removed


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_where_the_list_says(guard):
    assert guard.old in (ROOT / guard.file).read_text()
    assert guard.old != guard.new


def test_no_two_guards_have_one_name():
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


def tree(folder, test):
    """A product of one guard with one test of its own, and the test that knows the list."""
    (folder / "guarded.py").write_text("GUARD = True\n")
    (folder / "tests/architecture").mkdir(parents=True)
    (folder / "tests/architecture/test_it.py").write_text(f"def test_it():\n    {test}\n")
    (folder / LISTED).write_text("def test_it():\n    assert 'True' in open('guarded.py').read()\n")
    return Guard("only one", "guarded.py", "True", "False", "-p no:django tests/architecture")


@pytest.mark.parametrize(
    ("test", "unnoticed"),
    [
        ("assert 'True' in open('guarded.py').read()", []),
        ("pass", ["only one"]),
        ("assert False", ["only one"]),
    ],
    ids=["a test that bites", "only the list's own test", "a test that is red anyway"],
)
def test_only_a_test_of_its_own_that_was_green_before_notices_a_guard(tmp_path, capsys, test, unnoticed):
    guard = tree(tmp_path, test)
    assert removed(tmp_path, [guard]) == unnoticed
    assert ("RED BEFORE" in capsys.readouterr().out) == (test == "assert False")
    assert (tmp_path / "guarded.py").read_text() == "GUARD = True\n"
