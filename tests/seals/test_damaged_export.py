"""Whatever befell an export on its way, the verifier says what is not proven: it neither breaks nor believes it."""

import json
from contextlib import redirect_stdout
from io import StringIO

import pytest

from config import auditing
from shared_apps.audit import for_schools
from tenant_apps.events import jobs
from tenants import seals
from tests.seals.history import happen
from verifier import verify


@pytest.fixture
def export(greenfield, tmp_path):
    """Three events under two checkpoints, in both places."""
    for count in (2, 1):
        happen(greenfield, count)
        jobs.seal(school=greenfield.ref)
    path = tmp_path / "export.jsonl"
    with path.open("w", encoding="utf-8") as out:
        auditing.of_school(greenfield.ref).export(out)
    assert said(path) == (0, "3 events")
    return path


def said(path, *more):
    """The exit status, and the part of the answer that says how many or which."""
    out = StringIO()
    with redirect_stdout(out):
        status = verify.main([str(path), *map(str, more)])
    line = next(one for one in out.getvalue().splitlines() if "Believing" not in one)
    return status, line.split(" on:")[0].removeprefix("NOT PROVEN from number ") if status else line.split(" are ")[0]


def flipped(path):
    """Each byte with one of its bits turned over, one after the other: the place and the damaged file."""
    whole, damaged = path.read_bytes(), path.with_name("damaged.jsonl")
    for at in range(len(whole)):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        yield at, damaged


def events_at(path):
    """The number of the event in whose line each byte stands; 0 for what stands before the events."""
    found = []
    for line in path.read_bytes().splitlines(keepends=True):
        found += [json.loads(line).get("seq", 0)] * len(line)
    return found


def test_a_bit_anywhere_is_found_and_the_number_is_that_of_its_event(export):
    """No byte is left out: the keys are the export's own, so even the header counts."""
    numbers = events_at(export)
    for at, damaged in flipped(export):
        status, number = said(damaged)
        assert status == 1, (at, number)
        # A damaged checkpoint may well say that there were more.
        assert number == str(numbers[at]) if numbers[at] else int(number) <= 4, at


def test_with_keys_of_ones_own_only_the_headers_keys_say_nothing(export):
    mine = [word for kid, key in seals.published_keys().items() for word in ("--key", f"{kid}:{key}")]
    header = export.read_bytes().splitlines()[0]
    informative = range(header.index(b'"keys": {') + len(b'"keys": {'), header.rindex(b"}}"))
    for at, damaged in flipped(export):
        if said(damaged, *mine)[0] == 0:
            assert at in informative


def test_an_export_cut_anywhere_is_short_of_a_kept_checkpoint(export, greenfield, tmp_path):
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(for_schools.newest_checkpoint(greenfield.ref.id).plain()))
    whole, cut = export.read_bytes(), tmp_path / "cut.jsonl"
    for size in range(len(whole) - 1):  # the last byte ends a line, which needs no end
        cut.write_bytes(whole[:size])
        status, number = said(cut, "--checkpoint", kept)
        assert status == 1 and 1 <= int(number) <= 3, size


ABOUT = '{"type": "about", "v": 1, "whose": "x", "keys": {}}\n'
EVENT = {"type": "event", "seq": 1, "event": "x", "body": "{}", "leaf": "", "chain": ""}


@pytest.mark.parametrize(
    "text",
    [
        "", "\n\n", "{}", "[]", "7", "\x00", '"about"', '{"type": []}', '{"type": "about"}', "[" * 100_000,
        ABOUT.replace('"v": 1', '"v": 2'), ABOUT.replace('"v": 1', '"v": true'), ABOUT + '{"type": "events"}',
        ABOUT + json.dumps(EVENT | {"body": "\ud800"}), ABOUT + json.dumps(EVENT | {"more": 1}),
        ABOUT + json.dumps(EVENT | {"seq": True}), ABOUT + json.dumps(EVENT | {"seq": "1"}), ABOUT + "{" * 9,
        ABOUT + '{"type": "event", "seq": ' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_what_is_no_export_is_not_proven_from_the_first_number_on(tmp_path, text):
    path = tmp_path / "export.jsonl"
    path.write_text(text)
    assert said(path) == (1, "1")


@pytest.mark.parametrize("body", ["[]", "7", "{}", "no json", "[" * 100_000])
def test_a_sealed_body_that_cannot_be_read_is_named(tmp_path, body):
    (link,), _ = seals.sealed(seals.beginning("x"), [body])
    path = tmp_path / "export.jsonl"
    path.write_text(ABOUT + json.dumps(EVENT | {"body": body, "leaf": link.leaf.hex(), "chain": link.chain.hex()}))
    assert said(path) == (1, "1")


@pytest.mark.parametrize("text", ["", "{}", "[]", "x", '{"message": 7}', '{"message": "platform checkpoint {"}'])
def test_a_kept_checkpoint_that_cannot_be_read_is_no_proof(export, tmp_path, text):
    kept = tmp_path / "kept.json"
    kept.write_text(text)
    assert said(export, "--checkpoint", kept) == (1, "1")


@pytest.mark.parametrize(
    "words", [["nowhere.jsonl"], ["{export}", "--checkpoint", "nowhere"], ["{export}", "--key", "x"]]
)
def test_a_slip_of_the_hand_is_said_and_proves_nothing(export, words, capsys):
    with pytest.raises(SystemExit) as ended:
        verify.main([word.format(export=export) for word in words])
    assert ended.value.code == 2 and "error: " in capsys.readouterr().err
