"""Everything the clock starts: job name -> every so many minutes."""

SCHEDULES = {
    "events.sweep": 1,  # what is due and nobody was woken for; the watchdog listens to its heartbeat
    "queue.tidy": 60,
}
