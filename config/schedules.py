"""Everything the clock starts: job name -> every so many minutes."""

SCHEDULES = {
    "events.sweep": 1,  # what is due and nobody was woken for; the watchdog listens to its heartbeat
    "events.seal_schools": 1,  # a sealer for each school with something unsealed; drains seal on their way, too
    "events.seal_late": 60,  # what was committed long after it got its id
    "audit.seal": 1,
    "audit.seal_late": 60,
    "billing.sweep": 10,  # schools whose count of billable learners is half a day old
    "billing.close": 60,
    "deliveries.sweep": 1,  # schools that should tell the platform how they are
    "deliveries.forget": 60,
    "queue.tidy": 60,
}
