"""Mailed links by which an institution without people here answers a visit request: made, opened, used up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists
from sqlmodel import Session, col, delete, func, or_, select, update

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.errors import Conflict, Forbidden, Refusal
from app.outbox import post
from app.outbox.models import MailState, OutboxMail
from app.secret import new_token, token_hash
from app.text import N_
from events.calendar.models import Event, Occurrence
from events.calendar.models import State as EventState
from events.signups.models import SignUp
from events.signups.rules import ACTIVE
from events.visits.models import Act, Visit, VisitLink, VisitOption, VisitStep
from partners.contacts import queries as contacts
from partners.contacts.queries import ContactRow, Recipient
from partners.institutions.models import Institution, KindGroup
from partners.institutions.rules import KIND_GROUP
from partners.people import queries as people

TO_ONE_A_DAY = 5
"""Links to one institution, or to one address, in 24 hours."""
BY_ONE_A_DAY = 30
"""Links that one institution has sent to others in 24 hours."""
WRONG_ADDRESS = "Odbiorca wiadomości z tą prośbą zaznaczył, że adres e-mail nie jest właściwy."
"""What stands in the thread then: institutions write Polish, and this is said for one of them."""
KEPT_FOR = timedelta(days=90)
_OF_NIGHT = (Act.NUDGE, Act.ESCALATE)
_DAY = timedelta(days=1)


class Why(StrEnum):
    """What has become of a link that answers nothing any more."""

    ANSWERED = "answered"
    WRONG_ADDRESS = "wrong_address"
    REPLACED = "replaced"
    MEANWHILE = "meanwhile"
    EXPIRED = "expired"
    JOINED = "joined"


class TooManyLinks(Refusal):
    """More requests by mail in a day than an institution without people here can be expected to read."""

    status = 429
    message = N_(
        "Enough requests have gone to this institution by mail today. Send yours tomorrow, or agree on a date by "
        "telephone."
    )


class NoAddress(Refusal):
    """A request to an institution that no mail can reach."""

    message = N_(
        "This institution has nobody in Kładka and no address for mails. Give the address to which the request is to "
        "go, or agree on a date by telephone."
    )


class NotYourRequest(Forbidden):
    """Another address given by anybody but the side that asks."""

    message = N_("Only a coordinator of the institution that asks can send the request to another address.")


class NoAddressNeeded(Conflict):
    """Another address where nobody is to be reached by mail."""

    message = N_("This request is not waiting for an answer by mail. See the present state.")


@dataclass(frozen=True, slots=True)
class Answerable:
    """A link that waits for its answer: to *step*, the offer on the table."""

    link: VisitLink
    visit: Visit
    step: VisitStep


@dataclass(frozen=True, slots=True)
class Facts:
    """What a link shows of its visit: names of institutions and what they wrote, nobody's name.

    *steps* are those of the thread in their order, *offers* the dates that each of them put forward, *event* is the
    agreed meeting and *named* how many of those who come from the asked institution have a name there. *names* are
    those of all institutions that have said something: one may have been succeeded since.
    """

    asking: Institution
    asked: Institution
    unit: Institution
    steps: tuple[VisitStep, ...]
    offers: Mapping[int, tuple[VisitOption, ...]]
    event: Event | None
    named: int
    names: Mapping[int, str]

    def name(self, institution_id: int | None) -> str:
        """Give the name of one of the institutions, "" for the portal."""
        return self.names.get(institution_id, "") if institution_id is not None else ""

    @property
    def agreed(self) -> bool:
        """Whether a date stands."""
        return self.event is not None and self.event.state in (EventState.DRAFT, EventState.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Spent:
    """A link that answers nothing any more, and why."""

    link: VisitLink
    visit: Visit
    why: Why


def address_of(session: Session, visit: Visit, day: date) -> str:
    """Give where mails about *visit* go while the asked institution has nobody here; "" when nowhere.

    The mailbox of its card goes first, then the address that the asking side has typed; neither once somebody there
    has said that it is the wrong one, or the mail could not be delivered.
    """
    written = contacts.whom_to_write(session, visit.asked_id, matter_of(session, visit.asked_id), day)
    found = [written.mailbox if written else "", visit.reply_email]
    lost = set(session.exec(select(VisitLink.to_address).where(VisitLink.visit_id == visit.id, _is_lost())))
    return next((one for one in found if one and one.casefold() not in lost), "")


def matter_of(session: Session, institution_id: int) -> str:
    """Give the contact role in whose matter an institution is written to about visits."""
    institution = session.get_one(Institution, institution_id)
    prison = KIND_GROUP[institution.kind] is KindGroup.PRISON
    return "penitentiary_contact" if prison else "social_work_contact"


def send(session: Session, visit: Visit, step: VisitStep, to: int, now: datetime) -> bool:
    """Mail the institution *to* a link at which it answers *step*; return whether there was anything to send.

    Nothing goes to an institution with people here, to the side that asked, or where no address is known. Older links
    of this visit open nothing but a sentence from now on. Raises TooManyLinks for a new step; reminders do not count.
    """
    if to != visit.asked_id or visit.open_step_id != step.id or people.has_people(session, to):
        return False
    address = address_of(session, visit, warsaw.today(now))
    if not address or visit.expires_on is None:
        return False
    again = session.exec(select(VisitLink.id).where(VisitLink.step_id == step.id).limit(1)).first() is not None
    if step.at >= now:  # somebody waits for the answer of this form; the night must not be stopped
        _check_number(session, visit, address.casefold(), now)
    unused = (col(VisitLink.visit_id) == visit.id) & col(VisitLink.used_at).is_(None)
    session.exec(update(VisitLink).where(unused, col(VisitLink.expires_at) > now).values(expires_at=now))
    token = new_token()
    session.add(
        VisitLink(
            visit_id=visit.id or 0,
            step_id=step.id or 0,
            token_hash=token_hash(token),
            to_address=address.casefold(),
            made_at=now,
            expires_at=warsaw.start_of(visit.expires_on + _DAY),
        )
    )
    session.flush()
    _write(session, visit, address, token, now, again=again)
    return True


def open_link(session: Session, token: str, now: datetime) -> Answerable | Spent | None:
    """Give what a mailed address stands for; None where nothing fits. Looking at it changes nothing."""
    link = session.exec(select(VisitLink).where(VisitLink.token_hash == token_hash(token))).first()
    if link is None:
        return None
    visit = session.get_one(Visit, link.visit_id)
    if link.used_at is not None:
        return Spent(link, visit, Why.WRONG_ADDRESS if link.expires_at <= link.used_at else Why.ANSWERED)
    if visit.open_step_id != link.step_id or visit.turn_of_id != visit.asked_id:
        expired = visit.closed_at is not None and _last_act(session, visit) is Act.EXPIRE
        return Spent(link, visit, Why.EXPIRED if expired else Why.MEANWHILE)
    if link.expires_at <= now:
        newer = select(VisitLink.id).where(VisitLink.step_id == link.step_id, col(VisitLink.id) > link.id).limit(1)
        return Spent(link, visit, Why.EXPIRED if session.exec(newer).first() is None else Why.REPLACED)
    if people.coordinators(session, visit.asked_id):
        return Spent(link, visit, Why.JOINED)  # from now on its own people answer, and nobody in their stead
    return Answerable(link, visit, session.get_one(VisitStep, link.step_id))


def by_number(session: Session, number: str) -> Visit | None:
    """Give the visit with this number, whoever asks."""
    return session.exec(select(Visit).where(Visit.number == number)).first()


def facts(session: Session, visit: Visit) -> Facts:
    """Give what a link shows of *visit*; five statements at most."""
    steps = session.exec(
        select(VisitStep)
        .where(VisitStep.visit_id == visit.id, col(VisitStep.act).not_in(_OF_NIGHT))
        .order_by(col(VisitStep.position))
    ).all()
    said = {step.institution_id for step in steps if step.institution_id is not None}
    ids = {visit.asking_id, visit.asked_id, visit.unit_id} | said
    known = {one.id or 0: one for one in session.exec(select(Institution).where(col(Institution.id).in_(sorted(ids))))}
    offers: dict[int, list[VisitOption]] = {}
    for option in session.exec(
        select(VisitOption).where(VisitOption.visit_id == visit.id).order_by(col(VisitOption.position))
    ):
        offers.setdefault(option.step_id, []).append(option)
    return Facts(
        known[visit.asking_id],
        known[visit.asked_id],
        known[visit.unit_id],
        tuple(steps),
        {step_id: tuple(found) for step_id, found in offers.items()},
        session.get(Event, visit.event_id) if visit.event_id else None,
        _named(session, visit) if visit.event_id else 0,
        {key: one.name for key, one in known.items()},
    )


def use_up(session: Session, link: VisitLink, now: datetime) -> None:
    """Note that a link has given its answer. The act itself holds the lock on the visit."""
    link.used_at = now
    session.flush()


def wrong_address(session: Session, actor: Actor, link: VisitLink, now: datetime) -> None:
    """Note that whoever got the mail is not the institution asked: nothing more goes there about this visit.

    Locks the visit.
    """
    lock(session, Visit, link.visit_id)
    link.used_at = link.expires_at = now
    session.flush()
    trail.record(session, actor, "visit.wrong_address", "visit", link.visit_id, now)


def needs_address(session: Session, visit: Visit, now: datetime) -> bool:
    """Whether the asked institution has its turn and no link in its hands: the asking side gives another address.

    Two statements at most.
    """
    if visit.turn_of_id != visit.asked_id or visit.open_step_id is None or people.has_people(session, visit.asked_id):
        return False
    live = select(VisitLink.id).where(
        VisitLink.step_id == visit.open_step_id,
        col(VisitLink.used_at).is_(None),
        col(VisitLink.expires_at) > now,
        ~_is_lost(),
    )
    return session.exec(live.limit(1)).first() is None


def readdress(session: Session, actor: Actor, visit: Visit, email: str, now: datetime) -> None:
    """Send the open request to another address. Locks the visit.

    Raises NotYourRequest, NoAddressNeeded, NoAddress (the same address was wrong before) and TooManyLinks.
    """
    lock(session, Visit, visit.id or 0)
    if not actor.coordinates or actor.institution_id != visit.asking_id:
        raise NotYourRequest
    if not needs_address(session, visit, now) or visit.open_step_id is None:
        raise NoAddressNeeded
    visit.reply_email = email.strip().casefold()
    session.flush()
    _check_number(session, visit, visit.reply_email, now)
    if not send(session, visit, session.get_one(VisitStep, visit.open_step_id), visit.asked_id, now):
        raise NoAddress
    trail.record(
        session, actor, "visit.readdressed", "visit", visit.id or 0, now, personal={"email": visit.reply_email}
    )


def caller(session: Session, visit: Visit, day: date) -> tuple[list[ContactRow], Recipient | None]:
    """Give whom to call at the asking institution: its public contacts in this matter, and where to write."""
    matter = matter_of(session, visit.asking_id)
    shown = contacts.of_card(session, visit.asking_id, Actor.visitor(), day)
    return [one for one in shown if one.role == matter], contacts.whom_to_write(session, visit.asking_id, matter, day)


def forget(session: Session, now: datetime) -> int:
    """Delete links 90 days after they ran out; return how many went."""
    return session.exec(delete(VisitLink).where(col(VisitLink.expires_at) < now - KEPT_FOR)).rowcount


def _named(session: Session, visit: Visit) -> int:
    statement = (
        select(func.count(col(SignUp.id)))
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(
            Occurrence.event_id == visit.event_id,
            SignUp.institution_id == visit.asked_id,
            col(SignUp.state).in_(ACTIVE),
            col(SignUp.person) != "",
        )
    )
    return session.exec(statement).one()


def _is_lost() -> ColumnElement[bool]:
    """Whether nobody who could answer has a link in his hands: the wrong address, or one that takes no mail."""
    failed = exists().where(
        func.lower(OutboxMail.to_address) == VisitLink.to_address,
        col(OutboxMail.created_at) == VisitLink.made_at,
        col(OutboxMail.state) == MailState.FAILED,
    )
    return or_(and_(col(VisitLink.used_at).is_not(None), col(VisitLink.expires_at) <= col(VisitLink.used_at)), failed)


def _check_number(session: Session, visit: Visit, address: str, now: datetime) -> None:
    recent = (
        select(func.count(func.distinct(VisitLink.step_id)))
        .join(Visit, col(Visit.id) == VisitLink.visit_id)
        .where(col(VisitLink.made_at) > now - _DAY)
    )
    to_one = recent.where(or_(Visit.asked_id == visit.asked_id, VisitLink.to_address == address))
    by_one = recent.where(Visit.asking_id == visit.asking_id)
    if session.exec(to_one).one() >= TO_ONE_A_DAY or session.exec(by_one).one() >= BY_ONE_A_DAY:
        raise TooManyLinks


def _last_act(session: Session, visit: Visit) -> Act | None:
    statement = select(VisitStep.act).where(VisitStep.visit_id == visit.id, col(VisitStep.act) != Act.SAY)
    found = session.exec(statement.order_by(col(VisitStep.position).desc()).limit(1)).first()
    return Act(found) if found else None


def _write(session: Session, visit: Visit, address: str, token: str, now: datetime, *, again: bool) -> None:
    asking = session.get_one(Institution, visit.asking_id)
    unit = session.get_one(Institution, visit.unit_id)
    until = visit.answer_by or visit.expires_on or warsaw.today(now)
    post.write(
        session,
        now,
        to=address,
        template="events/visits/reply_reminder" if again else "events/visits/reply",
        params={
            "case": visit.number,
            "institution": asking.name,
            "host": unit.name,
            "until_at": warsaw.start_of(until).isoformat(),
            "synthetic": visit.synthetic,
        },
        link=f"/odpowiedz/{token}",
    )
