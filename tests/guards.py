# ruff: noqa: E501
"""Take each guard of the wall away, one at a time, in a copy of the tree, and see a test go red.

`python -m tests.guards [NAME ...]`; exit status 1 when a guard can be removed without any test noticing.
"""

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTED = "tests/architecture/test_guards.py"


@dataclass(frozen=True)
class Guard:
    """`old` becomes `new` in `file`; `tests` must then fail."""

    name: str
    file: str
    old: str
    new: str
    tests: str


BASE = "tenants/backend/base.py"
GUARDS = (
    Guard("no scope", BASE, "if school is None:\n            raise OutsideScope", "if school is None:\n            return\n            raise OutsideScope", "tests/isolation/test_scope.py"),
    Guard("transaction", BASE, "if not self.in_atomic_block:\n            raise", "if False:\n            raise", "tests/isolation/test_scope.py"),
    Guard("school changed", BASE, "if self.entered is not None:\n            raise", "if False:\n            raise", "tests/isolation/test_scope.py"),
    Guard("role", BASE, """words = [f'SET LOCAL ROLE "{school.role}"', f'SET""", "words = [f'SET", "tests/isolation/test_scope.py"),
    Guard("role before savepoint", BASE, "if self.scoped and school_or_none() is not None:\n            self.enter()", "if False:\n            self.enter()", "tests/isolation/test_scope.py"),
    Guard("clean connection", BASE, 'connection.execute("; ".join(self._clean()))', "pass", "tests/isolation/test_attacks.py"),
    Guard("kept connection", BASE, "self._used, self._unclean = False, self.connection is not None", "pass", "tests/isolation/test_attacks.py"),
    Guard("cleaning taken back", BASE, "self._unclean = True", "pass", "tests/isolation/test_attacks.py"),
    Guard("statements about rows", "tenants/backend/rows.py", "if not (isinstance(query, str) and ROWS.match(query)):", "if False:", "tests/isolation/test_rows.py"),
    Guard("the driver's other ways", "tenants/backend/rows.py", "if not SENT.match(query.query):", "if False:", "tests/isolation/test_rows.py"),
    Guard("copies in parts", BASE, "return PartsCursor(self.connection, name, scrollable=False, withhold=False)", "return self.connection.cursor(name, scrollable=False, withhold=False)", "tests/isolation/test_rows.py"),
    Guard("one statement", "tenants/backend/rows.py", "force_extended=True", "force_extended=force_extended", "tests/isolation/test_rows.py"),
    Guard("nesting", "tenants/scope.py", "if _here.get() is not None:", "if False:", "tests/isolation/test_scope.py"),
    Guard("platform transaction", "tenants/scope.py", "if any(not block._from_testcase", "if False and any(not block._from_testcase", "tests/isolation/test_scope.py"),
    Guard("durable", "tenants/scope.py", ", durable=True", "", "tests/isolation/test_scope.py"),
    Guard("record", "tenants/records.py", "if self.of_school != here:", "if False:", "tests/isolation/test_scope.py"),
    Guard("sealed cell", "tenants/sealing.py", "_cell(table, column, row))", 'b"")', "tests/isolation/test_scoped.py"),
    Guard("append-only grants", "tenants/rights.py", "kept = set(append_only_tables())", "kept = set()", "tests/isolation/test_injection.py"),
    Guard("closed months by rights", "tenants/roles.py", '"billing_closedmonth", "billing_closedcount", "billing_adjustment",', "", "tests/billing/test_proof.py"),
    Guard("closed months by the sealed history", "shared_apps/billing/services/proving.py", "if told is None or any(", "if told is not None and not any(", "tests/billing/test_proof.py"),
    Guard("formulas behind another separator", "tenants/tables.py", "(?<=[;,", "(?<=[,", "tests/pages/test_tables.py"),
    Guard("closing without schools is for who sees all", "shared_apps/billing/services/closing.py", "not by.roles & EVERYWHERE", "False", "tests/billing/test_leaving_out.py"),
    Guard("set_config", "tenants/roles.py", '"REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC"', '"SELECT 1"', "tests/isolation/test_injection.py"),
    Guard("temporary tables", "tenants/roles.py", '"REVOKE TEMP ON DATABASE {db} FROM PUBLIC"', '"SELECT 1"', "tests/isolation/test_injection.py"),
    Guard("session locks", "tenants/roles.py", '"REVOKE EXECUTE ON FUNCTION pg_catalog.pg_advisory_lock(bigint)', '"REVOKE EXECUTE ON FUNCTION pg_catalog.pg_advisory_unlock(bigint)', "tests/isolation/test_injection.py"),
    Guard("large objects", "tenants/roles.py", "pg_catalog.lo_create(oid),", "pg_catalog.lo_close(int),", "tests/isolation/test_injection.py"),
    Guard("public schema", "tenants/roles.py", '"REVOKE ALL ON SCHEMA public FROM PUBLIC"', '"GRANT ALL ON SCHEMA public TO PUBLIC"', "tests/isolation/test_injection.py"),
    Guard("role without inheritance", "tenants/provisioning.py", "WITH INHERIT FALSE, SET TRUE", "WITH INHERIT TRUE, SET TRUE", "tests/isolation/test_injection.py"),
    Guard("ledger of migrations", "tenants/rights.py", """f'REVOKE ALL ON "{schema}".{LEDGER_TABLE} FROM "{role}"'""", "'SELECT 1'", "tests/isolation/test_injection.py"),
    Guard("platform history", "tenants/roles.py", '"REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM platform"', '"GRANT UPDATE ON {} TO platform"', "tests/isolation/test_injection.py"),
    Guard("stream in a scope", "tenants/door.py", 'if getattr(answer, "streaming", False):', "if False:", "tests/isolation/test_door.py"),
    Guard("search only reads", "tenants/scope.py", "    connection.reading = True", "    connection.reading = False", "tests/canaries/test_turn.py"),
    Guard("search asks the rows' owner", "config/canaries/marks.py", "return {row for (row,) in cursor.fetchall()}", "return set()", "tests/canaries/test_turn.py"),
    Guard("search counts what it finds", "config/canaries/finding.py", "return [one.place for one in heard if foreign(one.marks)]", "return []", "tests/canaries/test_turn.py"),
    Guard("search of the platform", "config/canaries/finding.py", "return [one.place for one in heard if personal(one.marks)]", "return []", "tests/canaries/test_platform.py"),
    Guard("search out of reach", "config/canaries/finding.py", "if far.in_(one.marks) or any(foreign):", "if False:", "tests/canaries/test_platform.py"),
    Guard("stand-in's reach", "shared_apps/groups/services.py", 'actor.kind == "system" and actor.bounds is None', 'actor.kind == "system"', "tests/canaries/test_platform.py"),
    Guard("nobody's file", "config/canaries/reading.py", "transaction.set_rollback(True)", "pass", "tests/canaries/test_platform.py"),
    Guard("only the history's line", "config/canaries/reading.py", "(word in SAVEPOINTS or text.startswith(HISTORY))", "True", "tests/canaries/test_platform.py"),
    Guard("unreadable is told", "config/canaries/heard.py", 'self.failed.append(f"cannot be read: {place} ({kind})")', "pass", "tests/canaries/test_text.py"),
    Guard("not asked is told", "config/canaries/asking.py", 'turn.failed.append(f"not asked: {read.name}")', "pass", "tests/canaries/test_asked.py"),
    Guard("log is heard", "config/canaries/overheard.py", "logging.getLogger().addHandler(self)", "pass", "tests/canaries/test_turn.py"),
    Guard("words inside tags", "config/canaries/marks.py", "TAG.findall(text)\n    return", "[]\n    return", "tests/canaries/test_turn.py"),
    Guard("cache key", "tenants/scoped.py", 'f"school:{current_school().id}:{name}"', 'f"school:{name}"', "tests/isolation/test_scoped.py tests/canaries"),
    Guard("file path", "tenants/scoped.py", "Path(settings.SCHOOL_FILES) / current_school().schema", "Path(settings.SCHOOL_FILES)", "tests/isolation/test_scoped.py tests/canaries"),
    Guard("a lock's school", "tenants/scoped.py", '[f"{school.id}:{name}"]', "[name]", "tests/isolation/test_scoped.py"),
    Guard("old search is unknown", "shared_apps/audit/services/canaries.py", 'if now - told["newest"] > STALE and not told["found"]:', "if False:", "tests/canaries/test_told.py"),
    Guard("server-side binding", "config/settings.py", '"server_side_binding": True', '"server_side_binding": False', "tests/isolation/test_rows.py"),
    Guard("page of another school", "config/middleware.py", "if not named or actor is None or (", "if True or (", "tests/isolation/test_routes.py"),
    Guard("permission", "tenants/door.py", "if not may(actor, policy.permission):", "if False:", "tests/architecture/test_matrix.py"),
    Guard("revoked session", "shared_apps/identity/services/identify.py", "session.revoked_at or ", "", "tests/identity"),
    Guard("attempt counted first", "tenant_apps/events/services/drain.py", "least(r.attempts + 1, {ATTEMPTS})", "r.attempts", "tests/events tests/faults"),
    Guard("a school's door", "tenants/door.py", "if policy.within in (Within.SCHOOL, Within.CHUNKS) and actor.school is None:", "if False:", "tests/isolation/test_door.py"),
    Guard("second scan waits", "tenant_apps/gate/services/ground.py", " FOR NO KEY UPDATE OF l, b", "", "tests/gate/test_at_once.py"),
    Guard("presence only forwards", "tenant_apps/gate/services/presence.py", "WHERE old.since <= excluded.since", "", "tests/gate"),
    Guard("same id again", "tenant_apps/gate/services/scans.py", "    if scan.digest != tap.digest:", "    if False:", "tests/gate"),
    Guard("rights changed", "tenants/epoch.py", "    _COUNTER.pack_into(_shared(), 0, _machine() + 1)", "    return", "tests/identity/test_memory.py"),
    Guard("rights changed elsewhere", "tenants/epoch.py", "_last = _Asked(int(cursor.fetchone()[0]), at)", "_last = _Asked(0, at)", "tests/identity/test_memory.py"),
    Guard("own classes", "tenants/actor.py", """return "teacher" in self.roles and""", """return False and "teacher" in self.roles and""", "tests/roster tests/attendance"),
    Guard("lease fencing", "tenant_apps/events/services/drain.py", "AND lease = %s AND state", "AND %s::uuid IS NOT NULL AND state", "tests/events tests/faults"),
    Guard("fencing of what is only sent", "tenant_apps/events/services/drain.py", "SELECT 1 / count(*) FROM ended", "SELECT count(*) FROM ended", "tests/events/test_drain.py"),
    Guard("own work beside the world", "tenants/reactions.py", "if outside and crew_of(lane) is Crew.SCHOOL:", "if False:", "tests/events/test_wakeups.py"),
    Guard("crews apart", "tenant_apps/events/jobs.py", "lanes = crew.lanes if crew else list(Lane)", "lanes = list(Lane)", "tests/events/test_wakeups.py"),
    Guard("pipelined commit", BASE, "        if self._pipeline is None:\n", "        if True:\n", "tests/isolation/test_pipeline.py"),
    Guard("no kept cursors", "config/settings.py", "DISABLE_SERVER_SIDE_CURSORS=not (scoped or PREPARE_HOT_STATEMENTS)", "DISABLE_SERVER_SIDE_CURSORS=False", "tests/pooler"),
    Guard("school of another cell", BASE, "if school.alias != self.alias:", "if False:", "tests/cells/test_cells.py"),
    Guard("mark of the unborn", "tenants/births.py", "        _mark(migrator, schema, MARK)\n", "", "tests/cells/test_births.py"),
    Guard("sweep of the marked alone", "tenants/births.py", "WHERE obj_description(oid, 'pg_namespace') = %s AND", "WHERE %s <> '' AND", "tests/cells/test_births.py"),
    Guard("a lost cell", "tenants/cells.py", "        if not lost(wrapper):", "        if True:", "tests/cells/test_cells.py"),
    Guard("sweep alone", "tenants/births.py", '"_shared" if together else ""', '"_shared"', "tests/cells/test_births.py"),
    Guard("one sealer", "tenants/ledger.py", "return bool(cursor.fetchone()[0])", "return True", "tests/seals/test_sealer.py"),
    Guard("torn history", "tenants/ledger.py", "if kept and (kept.size", "if False and (kept.size", "tests/seals/test_tampering.py"),
    Guard("emergency before suspension", "shared_apps/schools/services/standing.py", "    if active:", "    if False:", "tests/schools/test_suspend.py"),
    Guard("exact name", "shared_apps/schools/services/standing.py", "if confirm_name != school.name:", "if False:", "tests/schools/test_suspend.py"),
    Guard("suspended work stands still", "tenant_apps/events/services/drain.py", "if not self.leave.holds(now):", "if False:", "tests/schools/test_suspend.py"),
    Guard("a suspended school's jobs are held", "tenants/jobs.py", "if school.state == SchoolState.DISABLED and name", "if False and name", "tests/events/test_jobs.py"),
    Guard("told once", "tenant_apps/people/services/standing.py", "if any(facts.get", "if False and any(facts.get", "tests/schools/test_suspend.py"),
    Guard("reach of one school", "shared_apps/schools/services/directory.py", "within_reach(actor).select_related", "School.objects.select_related", "tests/schools/test_list.py"),
    Guard("platform people's passwords", "shared_apps/schools/services/support.py", "if holds_platform_role(held.login):", "if False:", "tests/schools/test_support.py"),
    Guard("checkpoint signature", "tenants/seals.py", "key.verify(statement.signature, statement.words())", "pass", "tests/seals/test_tampering.py"),
    Guard("a checkpoint kept elsewhere", "tenants/verification.py", "[*here, *kept, *given]", "[*here, *kept]", "tests/seals/test_platform_tampering.py"),
    Guard("step fencing", "shared_apps/workflows/services/advance.py", "fence=claim.fence, state", "state", "tests/workflows/test_fencing.py"),
    Guard("step held while it is done", "shared_apps/workflows/services/advance.py", "    steps = Step.objects.using(alias).select_for_update(of=(\"self\",)).select_related", "    steps = Step.objects.using(alias).select_related", "tests/workflows/test_fencing.py"),
    Guard("a letter whose time passed", "shared_apps/schools/rules.py", "if now - due > timer.late:", "if False:", "tests/schools/test_welcome_letters.py"),
    Guard("one letter at a time", "shared_apps/schools/rules.py", "[later[0] - timer.after if later else timer.late, 7 * DAY]", "[7 * DAY]", "tests/schools/test_welcome_letters.py"),
    Guard("time stands still while suspended", "shared_apps/schools/services/welcome.py", " + rules.time_off(changes, since=welcome.started_at, now=now)", "", "tests/schools/test_welcome_letters.py"),
    Guard("no letters to a suspended school", "shared_apps/schools/services/welcome_letters.py", ".state != SchoolState.ACTIVE:", ".state is None:", "tests/schools/test_welcome_letters.py"),
    Guard("unknown is not missing", "shared_apps/schools/services/welcome.py", "return None if isinstance(", "return False if isinstance(", "tests/schools/test_welcome_letters.py"),
    Guard("follow-ups of schools within reach", "shared_apps/schools/services/follow_ups.py", "Welcome.objects.filter(onboarding__school__in=within_reach(actor).values(\"pk\"))", "Welcome.objects", "tests/schools/test_after_go.py"),
    Guard("what stays is what was said", "shared_apps/workflows/services/control.py", "if must_have_done is not None and must_have_done != done(run):", "if False:", "tests/schools/test_onboarding_cancel.py"),
    Guard("no cancel beside a commit", "shared_apps/workflows/services/control.py", "(GIVEN_UP if given_up else ()), nowait=True)", "(GIVEN_UP if given_up else ()))", "tests/schools/test_onboarding_cancel.py"),
    Guard("an account with a role stays", "shared_apps/identity/services/accounts.py", "login is None or login.memberships.exists() or login", "login is None or login", "tests/access/test_school_admin.py"),
    Guard("an account that is waited for stays", "shared_apps/schools/services/onboarding_end.py", "        if key not in elsewhere:", "        if key:", "tests/access/test_school_admin.py"),
    Guard("an account made ahead goes with an acknowledgement", "shared_apps/schools/services/onboarding_help.py", "        close_accounts(held.pk, now)\n", "", "tests/access/test_nothing_came.py"),
    Guard("what was acknowledged waits for no account", "shared_apps/schools/services/onboarding_end.py", "run__state__in=UNDER_WAY, acknowledged_at=None)", "run__state__in=UNDER_WAY)", "tests/access/test_nothing_came.py"),
    Guard("a stop for who asks for it", "shared_apps/schools/services/onboarding_at_once.py", "        must_have_seen(near, seen)\n", "        pass\n", "tests/schools/test_look_alikes_api.py"),
    Guard("a look at a checklist writes nothing", "shared_apps/schools/services/checklist.py", "    seen = milestones(welcome, now=now)\n", "    seen = milestones(welcome, now=now)\n    [welcome.milestones.get_or_create(name=name, defaults={'seen_at': at}) for name, at in seen.items()]\n", "tests/schools/test_welcome_api.py"),
    Guard("another school for what is decided anew", "shared_apps/access/services/admins.py", 'f"access:{request}:{before}" if before', 'f"access:{request}" if before', "tests/access/test_nothing_came.py"),
    Guard("told once that nothing came of it", "shared_apps/access/services/new_schools.py", " or TOLD in asked.outcome:", ":", "tests/access/test_nothing_came.py"),
    Guard("what is on its way is not reopened", "shared_apps/access/services/decisions.py", "RequestState.REJECTED and not became([asked]):", "RequestState.REJECTED and not asked.outcome:", "tests/access/test_nothing_came.py"),
    Guard("stuck months of schools within reach", "shared_apps/schools/services/welcome_help.py", ", onboarding__school__in=within_reach(actor).values(\"pk\"))", ")", "tests/schools/test_welcome_help.py"),
    Guard("a step put off by who holds it", "shared_apps/workflows/services/advance.py", "            step = _hold(claim, DEFAULT_DB_ALIAS)\n            step.state, step.wake_at, step.leased_until, step.attempts", "            step = Step.objects.get(pk=claim.step)\n            step.state, step.wake_at, step.leased_until, step.attempts", "tests/workflows/test_fencing.py"),
    Guard("the review's hash", "shared_apps/schools/services/onboarding_drafts.py", "    if not hmac.compare_digest(draft", "    if False and not hmac.compare_digest(draft", "tests/schools/test_onboarding_pages.py"),
    Guard("answers deleted when used", "shared_apps/schools/services/onboarding_steps.py", "    draft.delete()\n", "    pass\n", "tests/schools/test_onboarding_api.py"),
    Guard("second place", "tenant_apps/events/jobs.py", "            keep_checkpoints(made)\n", "            pass\n", "tests/seals/test_sealer.py"),
    Guard("request decided once", "shared_apps/access/services/decisions.py", "within(by).select_for_update()", "within(by)", "tests/access/test_decide.py"),
    Guard("own request", "shared_apps/access/services/decisions.py", "    if by.login in theirs or (", "    if False and (", "tests/access/test_decide.py"),
    Guard("half-way approval finished once", "shared_apps/access/services/letting_in.py", "        if held is None:\n            raise already_decided()\n", "        held = held or asked\n", "tests/access/test_school_admin.py"),
    Guard("decision written down first", "shared_apps/access/services/decisions.py", "            mark(asked, grant, by, now)\n", "            asked.state = 'letting_in'; asked.outcome = grant.plain(); asked.decided_by = by.login\n            AccessRequest.objects.filter(pk=asked.pk).update(outcome=asked.outcome)\n", "tests/access/test_half_way.py"),
    Guard("own mailbox by another spelling", "shared_apps/access/services/decisions.py", "for address in mailboxes(said_in(asked).work_email)]", "for address in [said_in(asked).work_email]]", "tests/access/test_attacks.py"),
    Guard("same request on a second click", "shared_apps/access/services/requests.py", "return _just_asked(**told) or _write(", "return _write(", "tests/access/test_attacks.py"),
    Guard("one after the other", "tenants/turns.py", "SELECT pg_advisory_xact_lock(%s)", "SELECT %s::bigint", "tests/identity/test_throttle.py"),
    Guard("alike schools were seen", "shared_apps/access/views/requests.py", "        _must_have_seen_those_alike(request, actor, request_id)\n", "", "tests/access/test_looks_like.py"),
    Guard("second super admin", "shared_apps/access/services/decisions.py", "        if asked.first_by == by.login:", "        if False:", "tests/access/test_decide.py"),
    Guard("a super admin's link is mailed alone", "shared_apps/access/services/letting_in.py", "None if grant.role in NEEDS_TWO else link", "link", "tests/access/test_two_people.py"),
    Guard("a super admin's other ways in end", "shared_apps/access/services/letting_in.py", "    if known and grant.role in NEEDS_TWO:", "    if False:", "tests/access/test_two_people.py"),
    Guard("no slip for platform people", "shared_apps/identity/services/accounts.py", "    fresh = fresh.exclude(", "    fresh.exclude(", "tests/access/test_two_people.py"),
    Guard("nobody takes their own role", "shared_apps/access/services/people.py", "    if person == by.login:", "    if False:", "tests/access/test_people.py"),
    Guard("people within one's regions", "shared_apps/access/services/people.py", "    return people.filter(inside).exclude(beyond)", "    return people.filter(inside)", "tests/access/test_people.py"),
    Guard("people within reach", "shared_apps/access/services/people.py", "    if person is None or not within(by).filter(pk=person).exists():\n        raise not_found()\n    if person ==", "    if person ==", "tests/access/test_people.py"),
    Guard("two take a super admin's role", "shared_apps/access/services/people.py", "    if role in NEEDS_TWO and not _second(", "    if False and not _second(", "tests/access/test_people.py"),
    Guard("circles go with the role", "shared_apps/access/services/people.py", '    if role == "local_operator":\n        leave', '    if False:\n        leave', "tests/access/test_people.py"),
    Guard("requests of one's region", "shared_apps/access/services/queue.py", "    return seen.filter(reached)", "    return seen", "tests/access/test_scope.py"),
    Guard("forged address of a caller", "tenants/addresses.py", "if before is None or not _within(last, trusted):", "if before is None:", "tests/identity/test_networks.py"),
    Guard("one address for many proxies", "tenants/addresses.py", "        last = before\n", "        pass\n", "tests/identity/test_networks.py"),
    Guard("one subscriber is one network", "tenants/addresses.py", "SUBSCRIBER = 64", "SUBSCRIBER = 128", "tests/identity/test_networks.py"),
    Guard("one mailbox is one", "shared_apps/identity/rules.py", "    return mailboxes(address)[-1]", "    return mailboxes(address)[0]", "tests/identity/test_networks.py"),
    Guard("link used once at once", "shared_apps/identity/services/links.py", '.select_for_update(of=("self", "login"))', "", "tests/identity/test_link_race.py"),
    Guard("no link without a role", "shared_apps/identity/services/links.py", ", memberships__active=True).first()", ").first()", "tests/identity/test_links.py -k taken_away"),
    Guard("own request reopened", "shared_apps/access/services/decisions.py", '"not_rejected")\n    _must_be_anothers(asked, by)\n', '"not_rejected")\n', "tests/access/test_decide.py -k reopens"),
    Guard("own request half way", "shared_apps/access/services/decisions.py", "        return False\n    _must_be_anothers(asked, by)\n    return True", "        return False\n    return True", "tests/access/test_decide.py -k finishes"),
    Guard("only a school's address is kept", "config/middleware.py", 'named["slug"] if was_an_address(named["slug"]) else "unknown"', 'named["slug"]', "tests/identity/test_account_pages.py -k typed"),
    Guard("filters by name alone", "shared_apps/operator/views.py", 'facts={"filters": query.filters}', 'facts={"filters": query.address("")}', "tests/operator/test_trail.py -k typed"),
    Guard("refused tries are counted", "shared_apps/identity/services/sign_in.py", "        if refusal.status == 429:\n", "        if False:\n", "tests/identity/test_throttle.py"),
    Guard("link used once", "shared_apps/identity/services/links.py", "link is None or link.used_at or", "link is None or", "tests/identity/test_links.py"),
    Guard("secret of a link in the log", "config/logs.py", 'SECRETS.sub(r"\\1***", text)', "text", "tests/architecture/test_routes.py"),
    Guard("what an error says", "config/logs.py", 'line["trace"] = without_text(error)', 'line["trace"] = repr(error)', "tests/ops/test_logs.py"),
    Guard("what a library puts in", "config/logs.py", 'if record.name.partition(".")[0] in OURS:', "if True:", "tests/ops/test_logs.py"),
    Guard("crash with its words", "config/logs.py", "sys.excepthook = lambda kind, error, trace: _ended(error)", "pass", "tests/ops/test_logs.py"),
    Guard("hollow production", "config/env.py", "    if wrong:\n        raise BadEnvironment(f\"The {kind}", "    if False:\n        raise BadEnvironment(f\"The {kind}", "tests/ops/test_environment.py"),
    Guard("the web process is one", "config/wsgi.py", 'os.environ["PROCESS"] = env.WEB', 'os.environ.setdefault("PROCESS", env.WEB)', "tests/ops/test_environment.py"),
    Guard("no such process", "config/env.py", "    if told and told not in KINDS:", "    if False:", "tests/ops/test_environment.py"),
    Guard("a command is what it is", "config/env.py", "    if told and started and told != started:", "    if False:", "tests/ops/test_environment.py"),
    Guard("metrics for whoever holds the token", "config/ops.py", "if settings.METRICS_TOKEN and not _carries(", "if False and not _carries(", "tests/ops/test_metrics.py"),
    Guard("cells tried once in a while", "tenants/cells.py", "    if now - at >= LATELY:", "    if True:", "tests/ops/test_metrics.py"),
    Guard("tables judged", "config/probes/work.py", 'judged("Tables", ", ".join(faults)', 'judged("Tables", ""', "tests/ops/test_preflight.py"),
    Guard("another KEK", "tenants/preflight.py", "found[alias] = (opened, shut + 1)", "found[alias] = (opened + 1, shut)", "tests/ops/test_preflight.py"),
    Guard("letter's lease", "shared_apps/post/services/__init__.py", "Q(pk=letter.pk, lease=letter.lease)", "Q(pk=letter.pk)", "tests/post"),
    Guard("letter forgotten", "shared_apps/post/services/__init__.py", ', to_sealed=b"", facts_sealed=b"")\n    elif', ")\n    elif", "tests/post"),
    Guard("stale is unknown", "shared_apps/deliveries/services/schools.py", "(~known | Q(figures=None), Life.UNKNOWN)", "(Q(figures=None), Life.UNKNOWN)", "tests/operator/test_health.py"),
    Guard("unknown is in no sum", "shared_apps/deliveries/services/schools.py", "    known = Q(figures__as_of__gte=now - STALE_AFTER)\n    rows", "    known = ~Q(figures=None)\n    rows", "tests/operator/test_health.py"),
    Guard("nobody told is unknown", "shared_apps/deliveries/services/schools.py", "return bool(self.told or not self.total)", "return True", "tests/operator/test_console.py"),
    Guard("stuck as it is counted", "shared_apps/operator/services/health.py", ": 0}, figures__as_of__gte=now - STALE_AFTER)", ": 0})", "tests/operator/test_health.py"),
    Guard("deliveries within reach", "shared_apps/deliveries/services/totals.py", "if actor.roles & EVERYWHERE:", "if True:", "tests/operator/test_health.py"),
    Guard("older figures give way", "shared_apps/deliveries/services/publish.py", "own.filter(as_of__lt=figures.as_of)", "own", "tests/deliveries/test_publish.py"),
    Guard("masked until revealed", "tenant_apps/messaging/for_platform.py", '"about": sorted(beside.values)', '"about": sorted(str(part["value"]) for part in beside.values.values())', "tests/deliveries/test_dead_letters.py"),
    Guard("reveal recorded", "shared_apps/deliveries/services/batches.py", '    record("deliveries.letter_revealed"', '    (lambda *_, **__: None)("deliveries.letter_revealed"', "tests/deliveries/test_dead_letters.py"),
    Guard("a yes first", "shared_apps/deliveries/services/batches.py", "NEXT = {BatchState.COUNTING: BatchState.READY", "NEXT = {BatchState.COUNTING: BatchState.RUNNING", "tests/deliveries/test_dead_letters.py"),
    Guard("replay while there is time", "tenant_apps/events/services/dead_letters.py", "    fresh = dead.filter(_in_time(now)).update(", "    fresh = dead.update(", "tests/deliveries/test_dead_letters.py tests/events/test_dead_letters.py"),
    Guard("a lost share is free again", "shared_apps/deliveries/services/batches.py", "Q(taken_at=None) | Q(taken_at__lt=now - TAKEN_FOR)", "Q(taken_at=None)", "tests/faults/test_batch_kills.py"),
    Guard("batches within reach", "shared_apps/deliveries/services/standing.py", 'return Batch.objects.exclude(pk__in=beyond.values("batch"))', "return Batch.objects.all()", "tests/deliveries/test_dead_letters_api.py"),
    Guard("the platform's mail for whoever sees all", "shared_apps/deliveries/services/places.py", 'return actor.scope == "platform" and bool(actor.roles & EVERYWHERE)', "return True", "tests/deliveries/test_platform_mail.py"),
    Guard("mail while there is time", "shared_apps/post/services/dead.py", "dead().filter(pk__in=ids, expires_at__gt=now)", "dead().filter(pk__in=ids)", "tests/deliveries/test_platform_mail.py"),
    Guard("mail revealed is recorded", "shared_apps/post/services/dead.py", '    record("post.letter_revealed"', '    (lambda *_, **__: None)("post.letter_revealed"', "tests/deliveries/test_platform_mail.py"),
    Guard("history for its readers", "shared_apps/operator/services/proofs.py", "if not may(actor, Permission.AUDIT_READ):", "if False:", "tests/operator/test_signals.py"),
    Guard("proof of exactly what was counted", "shared_apps/operator/services/proofs.py", "begins=begins, ends=ends)\n", "begins=begins)\n", "tests/operator/test_signals.py"),
    Guard("one school at a time", "shared_apps/deliveries/services/batches.py", "Q(taken_at=None) | Q(taken_at__lt=now - TAKEN_FOR)", "Q()", "tests/deliveries/test_dead_letters.py"),
    Guard("moved meanwhile", "tenants/fleet.py", 'SELECT 1 / (1 - count(*)) FROM', 'SELECT count(*) FROM', "tests/fleet/test_fleet.py"),
    Guard("busy is no fault", "tenants/fleet.py", "if code not in BUSY:", "if True:", "tests/fleet/test_fleet.py"),
    Guard("deadlock is no fault", "tenants/fleet.py", 'BUSY = ("55P03", "40P01")', 'BUSY = ("55P03",)', "tests/fleet/test_fleet.py -k deadlock"),
    Guard("tried again", "tenants/fleet.py", "TRIES = 3", "TRIES = 1", "tests/fleet/test_fleet.py -k between_two_tries"),
    Guard("one by one", "tenants/places.py", "        if not of_one_school(error):", "        if True:", "tests/fleet/test_fleet.py -k broken"),
    Guard("gap in a ledger", "tenants/fleet.py", "except Gap as gap:", "except ZeroDivisionError as gap:", "tests/fleet/test_fleet.py -k gap"),
    Guard("the release's fault", "tenants/fleet.py", "held = len(wrong) <=", "held = True or len(wrong) <=", "tests/fleet/test_fleet.py -k gap"),
    Guard("bad wave", "tenants/fleet.py", "BEARABLE = 0.1", "BEARABLE = 1.1", "tests/fleet/test_fleet.py"),
    Guard("lost connection", "tenants/fleet.py", "if lost(error):", "if False:", "tests/fleet/test_fleet.py"),
    Guard("error without values", "tenants/failures.py", "if code.startswith(ABOUT_TABLES) else", "if True else", "tests/fleet/test_fleet.py"),
    Guard("between two lanes", "tenants/markers.py", "{target or ON_THE_WAY}", "{target or 'f'}", "tests/fleet/test_slow_lane.py"),
    Guard("slow is indexes alone", "tenants/plans.py", "    if strange:\n", "    if False:\n", "tests/fleet/test_slow_lane.py"),
    Guard("invalid index", "tenants/slow_lane.py", "    if valid is False:\n        _drop", "    if False:\n        _drop", "tests/fleet/test_slow_lane.py"),
    Guard("one builder", "tenants/slow_lane.py", "        if cursor.fetchone()[0]:\n            return", "        if True:\n            return", "tests/fleet/test_slow_lane.py"),
    Guard("schools per connection", BASE, ">= settings.SCHOOLS_PER_CONNECTION", ">= 10**9", "tests/isolation/test_kept_schools.py"),
    Guard("orphan gives up", "tenants/slow_lane.py", "; SET client_connection_check_interval = '1s'", "", "tests/fleet/test_kills.py -k index"),
    Guard("finding resolves", "tenants/drift.py", "            opened.update(resolved_at=now)\n", "            pass\n", "tests/fleet/test_drift.py"),
    Guard("role's members", "tenants/catalog.py", "SELECT r.rolname, 'member', pg_get_userbyid(m.member)", "SELECT r.rolname, 'member', ''", "tests/fleet/test_drift.py"),
    Guard("moved while looked at", "tenants/drift.py", ", migrated_at=place.migrated_at", "", "tests/fleet/test_drift.py"),
    Guard("moved while looked at by hand", "tenants/drift.py", "                why = MOVED", "                pass", "tests/fleet/test_drift.py -k by_hand"),
    Guard("marks tell conditions apart", "tenants/likeness.py", "n.conbin::text", "NULL::text", "tests/fleet/test_drift.py -k same_mark"),
    Guard("unknown is not clean", "tenants/drift.py", "if wanted[place.fingerprint]]", "]", "tests/fleet/test_drift.py"),
)  # fmt: skip


def main(wanted: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        copy = Path(folder) / "tree"
        ignored = shutil.ignore_patterns(".git", ".local", ".venv", "node_modules", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=ignored)
        Path(folder).chmod(0o755)  # the database account walks through here
        try:
            unnoticed = removed(copy, [guard for guard in GUARDS if not wanted or guard.name in wanted])
        finally:
            subprocess.run([sys.executable, "-c", _STOP], cwd=copy, check=False)
    return 1 if unnoticed else 0


_STOP = "from config import embedded; from pathlib import Path; embedded.stop(Path('.local/test'))"


def removed(copy: Path, guards: Sequence[Guard]) -> list[str]:
    """The names of the guards that can be taken away from the tree `copy` without any test noticing.

    A test that is red anyway notices nothing, so each set of tests is run once with every guard in its place.
    """
    red = {tests for tests in dict.fromkeys(guard.tests for guard in guards) if not _green(copy, tests)}
    unnoticed = []
    for guard in guards:
        word = "RED BEFORE" if guard.tests in red else "noticed" if _noticed(copy, guard) else "UNNOTICED"
        print(f"{word:<10}  {guard.name}", flush=True)
        if word != "noticed":
            unnoticed.append(guard.name)
    return unnoticed


def _noticed(copy: Path, guard: Guard) -> bool:
    path = copy / guard.file
    whole = path.read_text()
    if guard.old not in whole:
        raise SystemExit(f"The guard {guard.name!r} is no longer where this file says: {guard.file}.")
    path.write_text(whole.replace(guard.old, guard.new))
    try:
        return _ran(copy, guard.tests).returncode == 1
    finally:
        path.write_text(whole)


def _green(copy: Path, tests: str) -> bool:
    done = _ran(copy, tests)
    if done.returncode:
        print(f"RED BEFORE  {tests}\n{done.stdout[-2_000:]}{done.stderr[-1_000:]}", flush=True)
    return done.returncode == 0


def _ran(copy: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """A run of `tests`, without the one that sees whether each guard stands here: it notices any removal."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--ignore={copy / LISTED}"]
    return subprocess.run(
        [*words, *shlex.split(tests)], cwd=copy, capture_output=True, text=True, timeout=1800, check=False
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
