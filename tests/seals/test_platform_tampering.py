"""What befalls the platform's own history is found too: by the log, which is its second place, if by nothing else."""

import json
import logging
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.logs import JsonLine, Where
from shared_apps.audit import for_schools, jobs
from shared_apps.audit.models import PlatformEvent
from shared_apps.audit.services import record
from tests.seals.history import EACH, ROUNDS, Intruder
from tests.seals.tampering import TAMPERINGS, cut_the_tail_at_a_checkpoint, fork
from tests.seals.test_verify_command import alone, kept_file, published

ALL = ROUNDS * EACH


def happen(times, start=0):
    for number in range(start, start + times):
        record("test.happened", by="test", now=timezone.now(), facts={"number": number})


@pytest.fixture
def intruder(real_commits):
    somebody = Intruder(real_commits, "public", "platform")
    yield somebody
    somebody.admin.close()


@pytest.fixture
def log(tmp_path):
    """The product's log as it is written, into a file."""
    path = tmp_path / "mysentinel.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLine())
    handler.addFilter(Where())
    logging.getLogger().addHandler(handler)
    yield path
    logging.getLogger().removeHandler(handler)
    handler.close()


@pytest.fixture
def history(intruder, log):
    """Twenty events of the platform's under checkpoints at 5, 10, 15 and 20, and lines about other things."""
    intruder("DELETE FROM events_event")
    logging.getLogger("shared_apps").warning("something else {of no importance}")
    for part in range(ROUNDS):
        happen(EACH, part * EACH)
        jobs.seal()
    assert PlatformEvent.objects.count() == ALL


def check(tmp_path, *kept):
    """What the command and the verifier somewhere else say; they say the same number, or None for all is well."""
    export, out = tmp_path / "platform.jsonl", StringIO()
    words = [word for path in kept for word in ("--checkpoint", str(path))]
    try:
        call_command("verify_audit", "--platform", "--export", str(export), *words, stdout=out)
    except CommandError as error:
        assert str(error) == "1 history is not as sealed."
    _, there = alone(tmp_path, export, *words, *published())
    assert number_in(there) == number_in(out.getvalue()), (there, out.getvalue())
    return number_in(there)


def number_in(said):
    if "NOT PROVEN" not in said:
        assert "are as they were sealed" in said, said
        return None
    return int(said.split("from number ")[1].split(" on:")[0])


def test_the_log_upholds_an_untouched_history(history, log, tmp_path):
    assert check(tmp_path) is None
    assert check(tmp_path, log) is None
    out = StringIO()
    call_command("verify_audit", "--platform", "--checkpoint", str(log), stdout=out)
    assert f"of this history: {ROUNDS}, the newest at {ALL}." in out.getvalue()


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_it_is_found_and_the_first_bad_number_named(history, intruder, log, tmp_path, tamper):
    expected = tamper(intruder)
    assert check(tmp_path, log) == expected


def test_a_cut_at_a_checkpoint_is_known_to_the_log_alone(history, intruder, log, tmp_path):
    expected = cut_the_tail_at_a_checkpoint(intruder)
    assert check(tmp_path) is None
    assert check(tmp_path, log) == expected


def test_a_history_that_is_gone_altogether_is_known_to_the_log(history, intruder, log, tmp_path):
    for table in ("events_seal", "events_event", "events_checkpoint"):
        intruder(f"DELETE FROM {table}")
    assert check(tmp_path) is None
    assert check(tmp_path, log) == 1


def test_a_fork_with_real_signatures_is_known_to_the_log_alone(history, intruder, log, tmp_path):
    before = tmp_path / "before.log"
    before.write_bytes(log.read_bytes())
    expected = fork(intruder)
    happen(10, 500)
    jobs.seal()
    assert check(tmp_path) is None
    assert check(tmp_path, before) == expected
    assert check(tmp_path, log) == expected, "in which both continuations stand"


def test_a_checkpoint_taken_out_is_known_to_the_log(history, intruder, log, tmp_path):
    intruder("DELETE FROM events_checkpoint WHERE size = 10")
    assert check(tmp_path) is None
    assert check(tmp_path, log) == 6


def lines(log):
    return [line for line in log.read_text().splitlines() if "platform checkpoint" in line]


@pytest.mark.parametrize(
    "shape",
    [
        lambda line: line,
        lambda line: f"Mar 02 07:00:01 host worker[12]: {line}\n",
        lambda line: json.loads(line)["message"],
        lambda line: json.loads(line)["message"].partition("checkpoint ")[2],
        lambda line: json.dumps(json.loads(json.loads(line)["message"].partition("checkpoint ")[2]), indent=1),
    ],
    ids=["as written", "by another logger", "the message", "the checkpoint", "as mailed"],
)
def test_one_line_will_do_in_any_shape_it_comes_in(history, intruder, log, tmp_path, shape):
    kept = tmp_path / "kept"
    kept.write_text(shape(lines(log)[-1]))
    assert check(tmp_path, kept) is None
    cut_the_tail_at_a_checkpoint(intruder)
    assert check(tmp_path, kept) == 11


def test_a_made_up_line_upholds_nothing(history, log, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text(lines(log)[1].replace('\\"size\\": 10', '\\"size\\": 11'))
    assert check(tmp_path, kept) == 11


@pytest.mark.parametrize("text", ["", "{}", "[]", "nothing", '{"message": 7}', "platform checkpoint {", '{"size": 5}'])
def test_a_file_without_a_checkpoint_is_refused(history, tmp_path, text):
    kept = tmp_path / "kept"
    kept.write_text(text)
    with pytest.raises(CommandError, match="holds no checkpoint that can be read"):
        call_command("verify_audit", "--platform", "--checkpoint", str(kept), stdout=StringIO())


def test_a_damaged_line_of_the_log_is_not_passed_over(history, log, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("\n".join([*lines(log)[:-1], lines(log)[-1][:-40]]))
    with pytest.raises(CommandError, match=f"line {ROUNDS}, holds no checkpoint"):
        call_command("verify_audit", "--platform", "--checkpoint", str(kept), stdout=StringIO())


def test_a_checkpoint_is_of_one_history(history, log, cast, tmp_path):
    with pytest.raises(CommandError, match="say which"):
        call_command("verify_audit", "--checkpoint", str(log), stdout=StringIO())
    with pytest.raises(CommandError, match=f"is of platform, not of {cast.ref.id}"):
        call_command("verify_audit", "--school", "greenfield", "--checkpoint", str(log), stdout=StringIO())
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_audit", "--platform", "--checkpoint", str(tmp_path / "nowhere"), stdout=StringIO())


def test_a_schools_kept_checkpoint_is_held_against_its_history(cast, tmp_path):
    out = StringIO()
    kept = kept_file(cast, tmp_path, public_key="as in the mail")
    call_command("verify_audit", "--school", "greenfield", "--checkpoint", str(kept), stdout=out)
    assert f"of this history: 1, the newest at {ALL}." in out.getvalue()
    kept_file(cast, tmp_path, size=for_schools.newest_checkpoint(cast.ref.id).size + 1)
    with pytest.raises(CommandError, match="not as sealed"):
        call_command("verify_audit", "--school", "greenfield", "--checkpoint", str(kept), stdout=out)
