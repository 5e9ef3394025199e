"""rules.judge as a table, and what must hold for every scan there can be."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.gate.rules import (
    ALPHABET,
    REFUSED,
    Carried,
    Code,
    Direction,
    Holder,
    Hours,
    code_table,
    judge,
    new_badge_code,
    read_badge_code,
)

IN, OUT, AUTO = Direction.IN, Direction.OUT, Direction.AUTO
EARLY, BELL, LATE, CLOSE, EVENING = time(7, 12), time(8), time(8, 0, 1), time(17), time(17, 0, 1)


def hours(at=EARLY, school_day=True):
    return Hours(at=at, bell=BELL, close=CLOSE, school_day=school_day)


def holder(on_site=False, active=True, restricted=False):
    return Holder(active=active, restricted=restricted, on_site=on_site)


AWAY, HERE = holder(), holder(on_site=True)
BOUND_AWAY, BOUND = holder(restricted=True), holder(on_site=True, restricted=True)
GONE = holder(on_site=True, active=False, restricted=True)

TABLE = [
    # name, asked, carried, holder, hours, lockdown -> code, direction, on site
    ("in", IN, Carried.ACTIVE, AWAY, hours(), False, Code.OK, IN, True),
    ("out", OUT, Carried.ACTIVE, HERE, hours(), False, Code.OK, OUT, False),
    ("auto of somebody away", AUTO, Carried.ACTIVE, AWAY, hours(), False, Code.OK, IN, True),
    ("auto of somebody here", AUTO, Carried.ACTIVE, HERE, hours(), False, Code.OK, OUT, False),
    ("auto of nobody", AUTO, Carried.UNKNOWN, None, hours(), False, Code.UNKNOWN_BADGE, IN, None),
    ("in twice", IN, Carried.ACTIVE, HERE, hours(), False, Code.ALREADY_IN, IN, True),
    ("out twice", OUT, Carried.ACTIVE, AWAY, hours(), False, Code.ALREADY_OUT, OUT, False),
    ("in on the bell", IN, Carried.ACTIVE, AWAY, hours(BELL), False, Code.OK, IN, True),
    ("in after the bell", IN, Carried.ACTIVE, AWAY, hours(LATE), False, Code.LATE_ARRIVAL, IN, True),
    ("in after the bell, no school", IN, Carried.ACTIVE, AWAY, hours(LATE, False), False, Code.OK, IN, True),
    ("in twice after the bell", IN, Carried.ACTIVE, HERE, hours(LATE), False, Code.ALREADY_IN, IN, True),
    ("out at close", OUT, Carried.ACTIVE, HERE, hours(CLOSE), False, Code.OK, OUT, False),
    ("out after close", OUT, Carried.ACTIVE, HERE, hours(EVENING), False, Code.LATE_PICKUP, OUT, False),
    ("out after close, day off", OUT, Carried.ACTIVE, HERE, hours(EVENING, False), False, Code.LATE_PICKUP, OUT, False),
    ("out twice after close", OUT, Carried.ACTIVE, AWAY, hours(EVENING), False, Code.ALREADY_OUT, OUT, False),
    ("restricted in", IN, Carried.ACTIVE, BOUND_AWAY, hours(), False, Code.OK, IN, True),
    ("restricted out", OUT, Carried.ACTIVE, BOUND, hours(), False, Code.RESTRICTED, OUT, True),
    ("restricted by auto", AUTO, Carried.ACTIVE, BOUND, hours(), False, Code.RESTRICTED, OUT, True),
    ("restricted, away, out", OUT, Carried.ACTIVE, BOUND_AWAY, hours(), False, Code.RESTRICTED, OUT, False),
    ("inactive", IN, Carried.ACTIVE, holder(active=False), hours(), False, Code.INACTIVE_LEARNER, IN, False),
    ("inactive and restricted", OUT, Carried.ACTIVE, GONE, hours(), False, Code.INACTIVE_LEARNER, OUT, True),
    ("revoked", IN, Carried.REVOKED, AWAY, hours(), False, Code.REVOKED_BADGE, IN, False),
    ("revoked of somebody inactive", OUT, Carried.REVOKED, GONE, hours(), False, Code.REVOKED_BADGE, OUT, True),
    ("unknown", OUT, Carried.UNKNOWN, None, hours(), False, Code.UNKNOWN_BADGE, OUT, None),
    ("other school", IN, Carried.OTHER_SCHOOL, None, hours(), False, Code.OTHER_SCHOOL, IN, None),
    ("lockdown, in", IN, Carried.ACTIVE, AWAY, hours(), True, Code.LOCKDOWN, IN, False),
    ("lockdown, out", OUT, Carried.ACTIVE, HERE, hours(), True, Code.LOCKDOWN, OUT, True),
    ("lockdown, unknown", IN, Carried.UNKNOWN, None, hours(), True, Code.LOCKDOWN, IN, None),
    ("lockdown, other school", IN, Carried.OTHER_SCHOOL, None, hours(), True, Code.LOCKDOWN, IN, None),
    ("lockdown, revoked", IN, Carried.REVOKED, AWAY, hours(), True, Code.LOCKDOWN, IN, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "asked", "carried", "held", "when", "lockdown", "code", "direction", "on_site"), TABLE
)
def test_the_table(name, asked, carried, held, when, lockdown, code, direction, on_site):
    found = judge(asked=asked, carried=carried, holder=held, hours=when, lockdown=lockdown)
    assert (found.code, found.direction, found.on_site) == (code, direction, on_site)


def test_the_table_reaches_every_code():
    assert {row[6] for row in TABLE} == set(Code)


holders = st.builds(Holder, active=st.booleans(), restricted=st.booleans(), on_site=st.booleans())
carrying = st.one_of(
    st.tuples(st.sampled_from([Carried.ACTIVE, Carried.REVOKED]), holders),
    st.tuples(st.sampled_from([Carried.UNKNOWN, Carried.OTHER_SCHOOL]), st.none()),
)
when = st.builds(Hours, at=st.times(), bell=st.times(), close=st.times(), school_day=st.booleans())


@given(st.sampled_from(Direction), carrying, when, st.booleans())
def test_what_holds_for_every_scan(asked, carried, at, lockdown):
    found = judge(asked=asked, carried=carried[0], holder=carried[1], hours=at, lockdown=lockdown)
    held = carried[1]
    assert found.direction in (IN, OUT)
    assert asked is AUTO or found.direction is asked
    assert (found.on_site is None) == (held is None)
    assert not lockdown or found.code is Code.LOCKDOWN
    if held is not None and found.code in REFUSED:
        assert found.on_site == held.on_site, "a refused scan moves nobody"
    if held is not None and found.code not in REFUSED:
        assert found.on_site == (found.direction is IN)
        assert found.code.moves == (held.on_site != found.on_site)
    assert not (held and held.restricted and found.direction is OUT and found.code not in REFUSED)


tags = st.text(ALPHABET, min_size=4, max_size=4)


@given(tags)
def test_a_code_is_read_however_it_is_typed(tag):
    code = new_badge_code(tag)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} ", " ".join(code)):
        assert read_badge_code(typed) == (tag, code)


@given(tags, st.integers(0, 12), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_found(tag, place, letter):
    letters = new_badge_code(tag).replace("-", "")
    wrong = letters[:place] + letter + letters[place + 1 :]
    assert wrong == letters or read_badge_code(wrong) is None


@given(st.text(max_size=20))
def test_anything_else_is_no_code(text):
    read = read_badge_code(text)
    assert read is None or read_badge_code(read[1]) == read


@given(tags, st.text(ALPHABET, min_size=9, max_size=9))
def test_a_phone_that_goes_by_the_table_agrees(tag, rest):
    """What the gate's script does with the generated table, in Python."""
    table, letters = code_table(tag), tag + rest
    places = [table["alphabet"].index(letter) for letter in reversed(letters)]
    total = sum(table["weights"][number % 2][place] for number, place in enumerate(places))
    assert (total % len(table["alphabet"]) == 0) == (read_badge_code(letters) is not None)
