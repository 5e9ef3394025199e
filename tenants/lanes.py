"""Lanes, in which what follows an event waits its turn, and crews, who serve them."""

from enum import StrEnum


class Lane(StrEnum):
    """In the order a drain serves them."""

    EMERGENCY = "emergency-broadcasts"
    EVENTS = "movement-events"
    PROJECTIONS = "movement-projections"
    ATTENDANCE = "movement-attendance"
    POSTCOMMIT = "movement-postcommit"


class Crew(StrEnum):
    """Who follows which lanes up, each crew in processes of its own: what a school does itself never waits for a mail
    server, and an emergency waits for neither."""

    EMERGENCY = "emergency"
    SCHOOL = "school"
    WORLD = "world"

    @property
    def lanes(self) -> list[Lane]:
        return [lane for lane in Lane if crew_of(lane) is self]


def crew_of(lane: Lane) -> Crew:
    return {Lane.EMERGENCY: Crew.EMERGENCY, Lane.POSTCOMMIT: Crew.WORLD}.get(lane, Crew.SCHOOL)
