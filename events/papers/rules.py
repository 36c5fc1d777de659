"""Decisions about papers on plain values: who may have which, when, and how a certificate is numbered."""

from datetime import datetime

from app import warsaw
from app.actors import Actor
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from events.calendar.models import Outcome
from events.minutes.models import RecordState

EMPTY_LINES = 8
"""Lines left empty on a sheet for those who come without having signed up."""


class NotYourPaper(Forbidden):
    """Issuing certificates for another institution's event."""

    message = N_("Only a coordinator of the organising institution issues certificates.")


class NotRecordedYet(Conflict):
    """A certificate before the record says who came."""

    message = N_("Certificates can be issued once the attendance is recorded and sent. Record the attendance first.")


class NobodyChosen(Refusal):
    """An empty choice."""

    message = N_("Choose at least one person.")


class NotPresent(Refusal):
    """A certificate for somebody who did not come, or of another event."""

    message = N_("A certificate can be issued only for a person whose attendance is recorded for this date.")


def may_issue(actor: Actor, organiser_id: int) -> bool:
    """Whether *actor* may issue certificates of an event: coordinators of the organiser."""
    return actor.coordinates and actor.institution_id == organiser_id


def may_print_sheet(actor: Actor, organiser_id: int, host_id: int | None) -> bool:
    """Whether *actor* may have the sheet with the names of all who come: coordinators of organiser and host."""
    return actor.coordinates and actor.institution_id in (organiser_id, host_id)


def may_have(actor: Actor, *, user_id: int | None, institution_id: int, organiser_id: int) -> bool:
    """Whether *actor* may have a certificate: the person, his institution's coordinators, the organiser's."""
    own = actor.user_id is not None and actor.user_id == user_id
    return own or (actor.coordinates and actor.institution_id in (institution_id, organiser_id))


def is_recorded(state: RecordState | None, outcome: Outcome | None) -> bool:
    """Whether a record says for good that the date was held: it has been sent to the other side, or sealed."""
    return outcome is Outcome.HELD and state in (RecordState.SUBMITTED, RecordState.SEALED)


def number(certificate_id: int, issued_at: datetime) -> str:
    """Give the number of a certificate: Z-2026-0012."""
    return f"Z-{warsaw.to_local(issued_at).year}-{certificate_id:04d}"
