"""Whatever somebody with every right but the key does to sealed history, it is found, and where."""

import secrets
from uuid import uuid4

import pytest

from config import auditing
from tenant_apps.events import jobs
from tenants import merkle, seals
from tenants.ledger import Torn
from tests.seals.history import EACH, ROUNDS, first_bad, happen

ALL = ROUNDS * EACH


def test_an_untouched_history_is_proven(cast, tmp_path):
    assert first_bad(cast, tmp_path) is None


def edit_a_bit(do):
    """One letter of the seventh event."""
    do("UPDATE events_event SET body = replace(body, 'test.happened', 'test.happenee') FROM events_seal"
       " WHERE event_id = id AND seq = 7")  # fmt: skip
    return 7


def delete_one(do):
    do("DELETE FROM events_event USING events_seal WHERE event_id = id AND seq = 7")
    do("DELETE FROM events_seal WHERE seq = 7")
    return 7


def delete_one_and_leave_its_seal(do):
    do("DELETE FROM events_event USING events_seal WHERE event_id = id AND seq = 12")
    return 12


def insert_one(do):
    """A new one at 7, everything behind it one further, links and all."""
    body = '{"id":"%s"}' % (key := uuid4())
    do("UPDATE events_seal SET seq = seq + 1000 WHERE seq >= 7")
    do("UPDATE events_seal SET seq = seq - 999 WHERE seq > 1000")
    do("INSERT INTO events_event (id, kind, at, recorded_at, actor, body) VALUES (%s, 'x', now(), now(), 'x', %s)",
       key, body)  # fmt: skip
    do("INSERT INTO events_seal (seq, event_id, leaf, chain) VALUES (7, %s, %s, %s)",
       key, merkle.leaf_hash(body.encode()), secrets.token_bytes(32))  # fmt: skip
    return 7


def swap_two(do):
    """The seventh and the ninth change places."""
    for old, new in ((7, -9), (9, -7), (-7, 7), (-9, 9)):
        do("UPDATE events_seal SET seq = %s WHERE seq = %s", new, old)
    return 7


def cut_the_tail(do):
    """As if nothing had happened after the twelfth: events, seals and checkpoints."""
    do("DELETE FROM events_event USING events_seal WHERE event_id = id AND seq > 12")
    do("DELETE FROM events_seal WHERE seq > 12")
    do("DELETE FROM events_checkpoint WHERE size > 12")
    return 13


def cut_the_tail_at_a_checkpoint(do):
    do("DELETE FROM events_event USING events_seal WHERE event_id = id AND seq > 10")
    do("DELETE FROM events_seal WHERE seq > 10")
    do("DELETE FROM events_checkpoint WHERE size > 10")
    return 11  # the second place knows that there were twenty


def reseal(do, first, sign=None):
    """Every link anew from `first` on, and what is signed about them with a key of one's own, or not at all."""
    school = do.body(1)["school"]
    head = seals.beginning(school)
    rows = do("SELECT seq, body FROM events_event JOIN events_seal ON event_id = id ORDER BY seq")
    for number, body in rows:
        (link,), head = seals.sealed(head, [body])
        if number >= first:
            do("UPDATE events_seal SET leaf = %s, chain = %s WHERE seq = %s", link.leaf, link.chain, number)
            do("UPDATE events_checkpoint SET root = %s, chain = %s, frontier = %s WHERE size = %s",
               head.root, head.chain, merkle.packed(head.frontier), number)  # fmt: skip
            if sign:
                do(
                    "UPDATE events_checkpoint SET signature = %s WHERE size = %s",
                    sign(school, head, number),
                    number,
                )


def write_everything_anew(do):
    """The first event after the second checkpoint is another, and no link is wrong by itself."""
    do("UPDATE events_event SET body = replace(body, 'test.happened', 'test.happenee') FROM events_seal"
       " WHERE event_id = id AND seq = 11")  # fmt: skip
    reseal(do, 11)
    return 11


def write_everything_anew_from_the_start(do):
    do("UPDATE events_event SET body = replace(body, 'test.happened', 'test.happenee'), kind = 'test.happenee'")
    reseal(do, 1, sign=lambda *_: secrets.token_bytes(64))
    return 1


def fork(do):
    """The product itself signs another continuation from the tenth on: both places hold good signatures."""
    do("DELETE FROM events_event USING events_seal WHERE event_id = id AND seq > 10")
    do("DELETE FROM events_seal WHERE seq > 10")
    do("DELETE FROM events_checkpoint WHERE size > 10")
    return 11


@pytest.mark.parametrize(
    "tamper",
    [
        edit_a_bit, delete_one, delete_one_and_leave_its_seal, insert_one, swap_two, cut_the_tail,
        cut_the_tail_at_a_checkpoint, write_everything_anew, write_everything_anew_from_the_start,
    ],
    ids=lambda tamper: tamper.__name__,
)  # fmt: skip
def test_it_is_found_and_the_first_bad_number_named(cast, intruder, tmp_path, tamper):
    assert first_bad(cast, tmp_path) is None
    expected = tamper(intruder)
    assert first_bad(cast, tmp_path) == expected


def test_a_fork_is_found(cast, intruder, tmp_path, real_commits):
    """Even one with real signatures: a restored backup, sealed on by somebody who tore the second place's row out."""
    fork(intruder)
    taken = intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size > 10 RETURNING *")
    happen(cast, 10, 500)
    jobs.seal(school=cast.ref)
    assert first_bad(cast, tmp_path) is None, "nobody could know, but for the checkpoint that was kept elsewhere"
    intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size > 10")
    columns = "id, school, size, root, chain, at, kid, signature"
    for row in taken:
        intruder(f"INSERT INTO public.audit_schoolcheckpoint ({columns}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s)", *row)
    assert first_bad(cast, tmp_path) == 11


@pytest.mark.parametrize("tamper", [cut_the_tail, cut_the_tail_at_a_checkpoint, write_everything_anew, fork])
def test_a_torn_history_is_not_sealed_on(cast, intruder, tamper):
    tamper(intruder)
    happen(cast, 1)
    with pytest.raises(Torn):
        jobs.seal(school=cast.ref)


def test_a_column_beside_the_body_is_found(cast, intruder, tmp_path):
    """The body is what is sealed; whoever reads a column instead must be able to trust it."""
    for number, change in ((3, "kind = 'x'"), (2, "at = at + interval '1 s'"), (1, "actor = 'x'")):
        intruder(f"UPDATE events_event SET {change} FROM events_seal WHERE event_id = id AND seq = {number}")
        assert checked(cast).bad == number


def test_a_changed_particular_is_found(cast, intruder):
    intruder(
        "UPDATE events_particulars p SET values = jsonb_set(values, '{learner,value}', '\"x\"') FROM events_seal s"
        " WHERE s.event_id = p.event_id AND seq = 4"
    )
    assert checked(cast).bad == 4


def checked(cast):
    return auditing.of_school(cast.ref).checked()


def test_a_checkpoint_taken_away_is_found(cast, intruder, tmp_path):
    intruder("DELETE FROM events_checkpoint WHERE size = 10")
    assert first_bad(cast, tmp_path) == 6
    intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size = 10")
    assert first_bad(cast, tmp_path) is None  # numbers 6 to 15 stand under the next one
    intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size = 15")
    assert first_bad(cast, tmp_path) == 6
