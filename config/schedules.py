"""Everything the clock starts: job name -> every so many minutes."""

SCHEDULES = {
    "events.sweep": 1,  # what is due and nobody was woken for; the watchdog listens to its heartbeat
    "events.seal_schools": 1,  # a sealer for each school with something unsealed; drains seal on their way, too
    "events.seal_late": 60,  # what was committed long after it got its id
    "audit.seal": 1,
    "audit.check_chain": 30,
    "audit.seal_late": 60,
    "post.drain": 1,  # the platform's own mail that is due and nobody was woken for
    "post.tidy": 60,
    "identity.tidy": 60,
    "access.tidy": 60,
    "access.finish": 1,  # approvals whose process died between the school and the platform
    "access.tell": 1,  # people whose new school came to nothing
    "workflows.advance": 1,  # steps that sleep or were tried in vain; commits wake it at once
    "schools.tidy_drafts": 60,
    "billing.sweep": 10,  # schools whose count of billable learners is half a day old
    "billing.close": 60,
    "canaries.ask": 5,  # some schools each time, those that waited longest first; most of them by night
    "deliveries.sweep": 1,  # schools that should tell the platform how they are
    "deliveries.forget": 60,
    "deliveries.follow": 1,  # what became of replayed dead letters
    "queue.tidy": 60,
    "schools.tell": 1,  # what was done to a school and its own history does not have yet
    "schools.add_up": 60,
    "schools.notice": 10,  # what new schools have done for the first time
    "drift.look": 5,  # looks by night alone, at schools not looked at since the night before
}
