"""What somebody with every right but the key may do to a sealed history of four times five events.

Each takes an Intruder and returns the first number that is then not proven.
"""

import secrets
from uuid import uuid4

from psycopg.types.json import Jsonb

from tenants import merkle, seals


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
    do("INSERT INTO events_event SELECT (jsonb_populate_record(e, %s)).* FROM events_event e LIMIT 1",
       Jsonb({"id": str(key), "kind": "x", "actor": "x", "body": body}))  # fmt: skip
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
    head = seals.beginning(do.whose)
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
                    sign(do.whose, head, number),
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


TAMPERINGS = (
    edit_a_bit, delete_one, delete_one_and_leave_its_seal, insert_one, swap_two, cut_the_tail,
    cut_the_tail_at_a_checkpoint, write_everything_anew, write_everything_anew_from_the_start,
)  # fmt: skip
