"""The platform's own mail: to strangers, to platform people, to the first people of a new school.

`send` writes a letter in the caller's transaction; the worker takes it out, at least once and always under the same
Message-ID. A text is `templates/post/<template>.txt`: its first line is the subject.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from shared_apps.audit.services import record
from shared_apps.post.channels import hand_over, opened
from shared_apps.post.models import Letter, LetterState, MailboxEntry
from shared_apps.post.rules import ATTEMPTS, pause
from tenants.ids import new_id
from tenants.jobs import later
from tenants.mail import ChannelError, Mail, domain
from tenants.sealing import seal_on_platform, unseal_on_platform

Facts = dict[str, str]
Prepare = Callable[..., Facts | None]

WORTH_SENDING = timedelta(days=3)
LEASE = timedelta(minutes=2)  # far above what one conversation with a mail server may take
AT_ONCE = 50  # letters of one turn; more of them queue the next turn
DEAD_KEPT = timedelta(days=30)  # with address and facts, so that it can be sent after all
TRACE_KEPT = timedelta(days=90)  # longer than anybody repeats a `once`
SHOWN = 500

_prepare: dict[str, Prepare] = {}


def prepares(template: str) -> Callable[[Prepare], Prepare]:
    """Register what a letter is filled with at the last moment, `(*, to, language, now) -> facts`.

    So no secret waits in a table, and who is asked for need not be looked up where a stranger could time it. None:
    there is nothing to send.
    """

    def enter(work: Prepare) -> Prepare:
        if _prepare.setdefault(template, work) is not work:
            raise RuntimeError(f"Two functions prepare {template}.")
        return work

    return enter


def send(
    *,
    template: str,
    to: str,
    language: str,
    now: datetime,
    facts: Mapping[str, str] | None = None,
    once: str = "",
    expires_at: datetime | None = None,
) -> UUID:
    """Send a mail once the caller's transaction has committed; the letter's id.

    `once`: the same key again sends nothing new. Later than `expires_at` (default: three days) it is not sent any more.
    Raises TemplateDoesNotExist for a text that is not there.
    """
    get_template(_file(template))
    language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    letter = Letter(
        template=template, language=language, once=once, created_at=now, due_at=now,
        expires_at=expires_at or now + WORTH_SENDING,
    )  # fmt: skip
    letter.to_sealed = _sealed(letter, "to_sealed", to)
    letter.facts_sealed = _sealed(letter, "facts_sealed", json.dumps(dict(facts or {})))
    with transaction.atomic():
        Letter.objects.bulk_create([letter], ignore_conflicts=bool(once))
        later("post.drain")
    return Letter.objects.values_list("id", flat=True).get(once=once) if once else letter.id


def _sealed(letter: Letter, column: str, value: str) -> bytes:
    return seal_on_platform(value, table=Letter._meta.db_table, column=column, row=letter.id)


def unsealed(letter: Letter, column: str) -> str:
    return unseal_on_platform(getattr(letter, column), table=Letter._meta.db_table, column=column, row=letter.id)


def _file(template: str) -> str:
    return f"post/{template}.txt"


# -- taking letters out -----------------------------------------------------------------------------------------------


def drain(*, now: datetime) -> int:
    """Take out what is due, each letter in steps of its own; how many were tried."""
    tried = 0
    while tried < AT_ONCE and (letter := _claim(now)):
        _take_out(letter, now)
        tried += 1
    if tried == AT_ONCE:
        later("post.drain")
    return tried


@transaction.atomic
def _claim(now: datetime) -> Letter | None:
    """The next letter, its attempt counted before the world is called, so that a kill in between is seen."""
    due = Letter.objects.filter(state=LetterState.QUEUED, due_at__lte=now).order_by("due_at")
    letter = due.select_for_update(skip_locked=True).first()
    if letter is None:
        return None
    letter.attempts, letter.lease, letter.due_at = letter.attempts + 1, new_id(), now + LEASE
    letter.save(update_fields=["attempts", "lease", "due_at"])
    return letter


def _take_out(letter: Letter, now: datetime) -> None:
    if now > letter.expires_at:
        return _end(letter, now, error="expired")
    if letter.attempts > ATTEMPTS:
        return _end(letter, now, error=letter.error or "interrupted")
    try:
        mail = worded(letter, now)
        if mail:
            hand_over(mail, now=now)
    except ChannelError as error:
        return _put_off(letter, now, error.reason, permanent=error.permanent)
    except Exception as error:
        _put_off(letter, now, type(error).__name__)
        raise
    _end(letter, now)


def worded(letter: Letter, now: datetime) -> Mail | None:
    """The mail as it leaves, in its language; None when there turned out to be nothing to send."""
    to, facts = unsealed(letter, "to_sealed"), json.loads(unsealed(letter, "facts_sealed"))
    if letter.template in _prepare:
        found = _prepare[letter.template](to=to, language=letter.language, now=now)
        if found is None:
            return None
        facts |= found
    subject, text = write(letter.template, facts, language=letter.language)
    return Mail(to, subject, text, letter.language, f"<letter.{letter.id}@{domain()}>")


def write(template: str, facts: Mapping[str, str], *, language: str) -> tuple[str, str]:
    """Subject and text of a mail: the first line and the rest of its template."""
    with translation.override(language):
        told = Context({**facts, "site": settings.PUBLIC_URL, "language": language}, autoescape=False)
        whole = get_template(_file(template)).template.render(told)  # type: ignore[attr-defined]
    subject, _, text = whole.strip().partition("\n")
    return " ".join(subject.split())[:200], text.strip() + "\n"


def _held(letter: Letter) -> Q:
    return Q(pk=letter.pk, lease=letter.lease)


def _put_off(letter: Letter, now: datetime, reason: str, *, permanent: bool = False) -> None:
    if permanent or letter.attempts >= ATTEMPTS:
        return _end(letter, now, error=reason)
    due = now + pause(letter.attempts, random())
    Letter.objects.filter(_held(letter)).update(due_at=due, error=reason[:120], lease=None)


@transaction.atomic
def _end(letter: Letter, now: datetime, *, error: str = "") -> None:
    """Sent, and forgotten whom to and with what; or dead, which is recorded."""
    mine = Letter.objects.filter(_held(letter))
    if not error:
        mine.update(state=LetterState.SENT, sent_at=now, error="", lease=None, to_sealed=b"", facts_sealed=b"")
    elif mine.update(state=LetterState.DEAD, error=error[:120], lease=None, died_at=now):
        facts = {"letter": str(letter.id), "template": letter.template, "reason": error[:120]}
        record("post.letter_dead", by="system:post.drain", now=now, facts=facts)


# -- looking after them -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How the post stands: letters that wait, since when the longest is due, and those given up."""

    waiting: int
    due_since: datetime | None
    dead: int


def standing() -> Standing:
    queued = Letter.objects.filter(state=LetterState.QUEUED)
    dead = Letter.objects.filter(state=LetterState.DEAD).exclude(to_sealed=b"").count()
    return Standing(queued.count(), queued.order_by("due_at").values_list("due_at", flat=True).first(), dead)


def tidy(*, now: datetime) -> None:
    """Forget the particulars of letters that stayed dead, and later the letters."""
    dead = Letter.objects.filter(state=LetterState.DEAD, created_at__lt=now - DEAD_KEPT)
    dead.update(to_sealed=b"", facts_sealed=b"")
    Letter.objects.filter(created_at__lt=now - TRACE_KEPT).exclude(state=LetterState.QUEUED).delete()


def mailbox(*, to: str = "") -> list[dict[str, object]]:
    """Mail of a local installation, newest first: to one address, or all of it."""
    found = []
    for entry in MailboxEntry.objects.order_by("-sent_at", "-id")[:SHOWN]:
        mail = opened(entry)
        if not to or mail.to.casefold() == to.casefold():
            told = {"to": mail.to, "subject": mail.subject, "text": mail.text, "language": mail.language}
            found.append({**told, "sent_at": entry.sent_at})
    return found
