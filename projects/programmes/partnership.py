"""Reads for the pages on which lead and partners settle who takes part."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, literal
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.db import columns
from partners.institutions.models import Institution, Kind, KindGroup, Status
from partners.institutions.rules import KIND_GROUP
from partners.people.models import Membership
from projects.programmes import protocol, rules
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner, ProgrammeState
from projects.programmes.rules import PARTNERS_MAX

LISTED = 200


@dataclass(frozen=True, slots=True)
class Line:
    """An institution and where it stands. *answers*: somebody can answer for it in Kładka; *ended*: it is no more."""

    institution_id: int
    slug: str
    name: str
    kind: Kind
    ended: bool
    answers: bool
    part: str
    agreed_part: str | None
    answer: PartnerAnswer | None
    asked_at: datetime | None
    answered_at: datetime | None
    reason: str
    note: str

    @property
    def group(self) -> KindGroup:
        """Shape of the badge."""
        return KIND_GROUP[self.kind]

    @property
    def tag(self) -> tuple[str, str, str]:
        """Class, icon and msgid of where it stands."""
        return protocol.ANSWER_TAG[self.answer]

    @property
    def agreed(self) -> bool:
        """Whether it takes part."""
        return self.agreed_part is not None

    @property
    def anew(self) -> bool:
        """Whether other words than the agreed ones wait for it."""
        return self.agreed_part is not None and self.part != self.agreed_part

    @property
    def standing(self) -> bool:
        """Whether it stands in the form of the lead."""
        return self.answer is None or self.answer in protocol.STANDING

    @property
    def reason_label(self) -> str:
        """Msgid of the reason why its request was refused."""
        found = protocol.REFUSAL_REASONS.get(self.reason)
        return found.label if found else ""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A programme whose lead has ended; *offered_to*: the partner that is asked to take it over, "" for nobody."""

    slug: str
    title: str
    state: ProgrammeState
    lead: str
    offered_to: str

    @property
    def state_tag(self) -> tuple[str, str, str]:
        """Class, icon and msgid of the state."""
        return rules.STATE_TAG[self.state]


@dataclass(frozen=True, slots=True)
class Panel:
    """What a viewer may read and do about the partners of one programme."""

    lines: tuple[Line, ...]
    own: Line | None
    lead_name: str
    lead_works: bool
    leads: bool
    may_offer: bool
    offered: Line | None
    open: bool
    drafted: bool

    @property
    def requests(self) -> list[Line]:
        """Who asks to join."""
        return [line for line in self.lines if line.answer is PartnerAnswer.REQUESTED]

    @property
    def standing(self) -> list[Line]:
        """Who is written down, asked or has agreed."""
        return [line for line in self.lines if line.standing]

    @property
    def past(self) -> list[Line]:
        """Who declined, was refused or has left."""
        return [line for line in self.lines if not line.standing and line.answer is not PartnerAnswer.REQUESTED]

    @property
    def unasked(self) -> list[Line]:
        """Whom the lead has only written down and who could answer."""
        return [line for line in self.lines if line.answer is None and line.answers]

    @property
    def awaited(self) -> list[Line]:
        """Without whose word a draft is not published."""
        waits = (None, PartnerAnswer.ASKED)
        return [line for line in self.standing if line.answer in waits and not line.agreed]

    @property
    def heirs(self) -> list[Line]:
        """To whom the lead can be offered."""
        return [line for line in self.lines if line.agreed and line.answers and not line.ended]

    @property
    def is_full(self) -> bool:
        """Whether no further partner can be accepted."""
        return len(self.standing) >= PARTNERS_MAX


def panel(session: Session, viewer: Actor, programme: Programme) -> Panel | None:
    """Give what *viewer* settles with a programme; None where he has nothing to settle. Two statements.

    The lead reads all. A partner that is asked or has agreed reads who else is, and of the words beside an answer its
    own only. The operator reads who has agreed, where nobody leads any more.
    """
    lead = session.get(Institution, programme.lead_id) if programme.lead_id is not None else None
    lead_works = lead is not None and lead.status is not Status.ARCHIVED
    leads = viewer.coordinates and rules.may_edit(viewer, programme)
    prepares = rules.may_edit(viewer, programme)
    operates = viewer.role is Role.OPERATOR and programme.state is not ProgrammeState.DRAFT and not lead_works
    if not (viewer.coordinates or prepares or operates):
        return None
    found = _lines(session, programme.id or 0)
    own = next((one for one in found if one.institution_id == viewer.institution_id), None) if not leads else None
    if not (prepares or operates or own):
        return None
    if not prepares:
        inside = own is not None and (own.agreed or own.answer is PartnerAnswer.ASKED)
        found = [
            one if one is own else _without_words(one)
            for one in found
            if one is own or (one.agreed and (inside or operates)) or (inside and one.answer is PartnerAnswer.ASKED)
        ]
    offered = next((one for one in found if one.institution_id == programme.offered_to_id), None)
    may_offer = protocol.may_offer_lead(viewer, programme, lead_works=lead_works)
    return Panel(
        lines=tuple(found),
        own=own,
        lead_name=lead.name if lead is not None else "",
        lead_works=lead_works,
        leads=prepares,
        may_offer=may_offer and programme.archived_at is None,
        offered=offered if may_offer or offered is own else None,
        open=protocol.is_open_to_partners(programme.state, archived=programme.archived_at is not None),
        drafted=programme.state is ProgrammeState.DRAFT,
    )


def leaderless(session: Session, viewer: Actor) -> list[Orphan]:
    """Give the operator the programmes that go on though the institution that leads them has ended. One statement.

    At most LISTED, those that have waited longest first; nothing for anybody else.
    """
    if viewer.role is not Role.OPERATOR:
        return []
    heir = aliased(Institution)
    found = session.execute(
        columns(
            col(Programme.slug),
            col(Programme.title),
            col(Programme.state),
            col(Institution.name),
            col(heir.name),
        )
        .join(Institution, col(Institution.id) == col(Programme.lead_id))
        .outerjoin(heir, col(heir.id) == col(Programme.offered_to_id))
        .where(
            col(Institution.status) == Status.ARCHIVED,
            col(Programme.state).in_((ProgrammeState.RECRUITING, ProgrammeState.RUNNING)),
            col(Programme.archived_at).is_(None),
        )
        .order_by(col(Institution.valid_to), col(Programme.sort_key), col(Programme.id))
        .limit(LISTED)
    )
    return [Orphan(slug, title, state, lead, offered or "") for slug, title, state, lead, offered in found]


def request(session: Session, programme: Programme, institution_id: int) -> Line | None:
    """Give the request of an institution to join that waits for the lead; None when there is none."""
    found = next((one for one in _lines(session, programme.id or 0) if one.institution_id == institution_id), None)
    return found if found is not None and found.answer is PartnerAnswer.REQUESTED else None


def _without_words(line: Line) -> Line:
    part = line.agreed_part if line.agreed_part is not None and line.answer is not PartnerAnswer.ASKED else line.part
    return Line(
        line.institution_id,
        line.slug,
        line.name,
        line.kind,
        line.ended,
        line.answers,
        part,
        line.agreed_part,
        line.answer,
        line.asked_at,
        line.answered_at,
        "",
        "",
    )


def _lines(session: Session, programme_id: int) -> list[Line]:
    answers = exists(
        columns(literal(1))
        .select_from(Membership)
        .join(UserAccount, col(UserAccount.id) == col(Membership.user_id))
        .where(
            col(Membership.institution_id) == col(Institution.id),
            col(Membership.role).in_((Role.COORDINATOR, Role.ADMIN)),
            col(Membership.ended_at).is_(None),
            col(UserAccount.locked_at).is_(None),
        )
        .correlate(Institution)
    )
    found = session.execute(
        columns(
            col(Institution.id),
            col(Institution.slug),
            col(Institution.name),
            col(Institution.kind),
            col(Institution.status) == Status.ARCHIVED,
            answers,
            col(ProgrammePartner.part),
            col(ProgrammePartner.agreed_part),
            col(ProgrammePartner.answer),
            col(ProgrammePartner.asked_at),
            col(ProgrammePartner.answered_at),
            col(ProgrammePartner.reason),
            col(ProgrammePartner.note),
        )
        .join(ProgrammePartner, col(ProgrammePartner.institution_id) == col(Institution.id))
        .where(col(ProgrammePartner.programme_id) == programme_id)
        .order_by(col(ProgrammePartner.position), col(Institution.id))
    )
    return [Line(*row) for row in found]
