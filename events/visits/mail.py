"""Which messages a step of a visit request causes: a number and a link, no more; an agreed date comes as a file too."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, select

from app import warsaw
from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar import actions as calendar
from events.calendar.models import Event
from events.calendar.models import State as EventState
from events.visits import links, rules
from events.visits.models import Act, Path, State, Visit, VisitStep
from partners.contacts import queries as contacts
from partners.institutions.models import Institution
from partners.people import queries as people

_TEMPLATE = {
    Act.ASK: "asked",
    Act.COUNTER: "countered",
    Act.ACCEPT: "accepted",
    Act.REFUSE: "refused",
    Act.WITHDRAW: "withdrawn",
    Act.MOVE: "move_asked",
    Act.CANCEL: "called_off",
    Act.SAY: "said",
    Act.NUDGE: "nudged",
    Act.ESCALATE: "escalated",
    Act.EXPIRE: "expired",
}
_TO_BOTH = frozenset({Act.ACCEPT, Act.CANCEL, Act.EXPIRE})
_WITH_CALENDAR = frozenset({Act.ACCEPT, Act.CANCEL})
_TURN = rules.OFFERS | {Act.NUDGE, Act.ESCALATE}
_DAY = timedelta(days=1)


def tell(session: Session, visit: Visit, step: VisitStep, event: Event | None, now: datetime) -> None:
    """Tell of *step* whom it concerns: the other side, of an agreed, cancelled or expired date both sides.

    Coordinators and the mailbox of the fitting contact, each once; who has nobody here gets a link to answer by.
    """
    act = step.act
    if act in _TO_BOTH or step.institution_id is None:
        concerned = [visit.asking_id, visit.asked_id]
    else:
        concerned = [rules.other_of(visit, step.institution_id)]
    if act in _TURN and visit.turn_of_id is not None:
        concerned = [visit.turn_of_id]
    if act is Act.CANCEL and visit.path is Path.ASSISTANCE:
        concerned.append(visit.unit_id)
    mails: list[Mail] = []
    for institution_id in dict.fromkeys(concerned):
        if act in _TURN and not people.has_people(session, institution_id):
            _send_link(session, visit, step, institution_id, now)
        else:
            mails += _to(session, visit, step, institution_id, event, now)
    post.write_all(session, now, mails)


def _send_link(session: Session, visit: Visit, step: VisitStep, institution_id: int, now: datetime) -> None:
    offer = step if step.act in rules.OFFERS else session.get(VisitStep, visit.open_step_id or 0)
    if offer is not None:
        links.send(session, visit, offer, institution_id, now)


def _to(
    session: Session, visit: Visit, step: VisitStep, institution_id: int, event: Event | None, now: datetime
) -> Iterable[Mail]:
    told = {one.email.casefold(): one for one in people.coordinators(session, institution_id)}
    params = _params(session, visit, step, institution_id, event)
    moved = step.act is Act.ACCEPT and visit.round > 1
    template = f"events/visits/{'moved' if moved else _TEMPLATE[step.act]}"
    enclosed = step.act in _WITH_CALENDAR and event is not None and event.state is not EventState.DRAFT
    text = calendar.publication(session, event) if enclosed and event is not None else None
    link = f"/wizyty/{visit.number}"
    for one in told.values():
        yield Mail(one.email, template, params, one.language, one.user_id, link, text)
    for address in _mailboxes(session, visit, step, institution_id, now, told):
        # Who cannot sign in reads the card of the other side, with its telephone.
        yield Mail(address, template, params, "pl", None, link if told else _card(session, visit, institution_id), text)


def _mailboxes(
    session: Session, visit: Visit, step: VisitStep, institution_id: int, now: datetime, told: Collection[str]
) -> Iterable[str]:
    day = warsaw.today(now)
    matter = links.matter_of(session, institution_id)
    if not told and institution_id == visit.asked_id:
        # Perhaps an address that only the asking side knows: nobody's mailbox is filled at will.
        quiet = step.act is Act.SAY and _has_spoken(session, step)
        found = [] if quiet else [links.address_of(session, visit, day)]
    elif step.act is Act.ESCALATE:
        found = [one.mailbox for one in contacts.whom_to_write_besides(session, institution_id, matter, day)]
    else:
        first = contacts.whom_to_write(session, institution_id, matter, day)
        found = [first.mailbox] if first is not None else []
    return [one for one in dict.fromkeys(found) if one and one.casefold() not in told]


def _has_spoken(session: Session, step: VisitStep) -> bool:
    """Tell whether the same side has written a message in the day before *step*."""
    earlier = select(VisitStep.id).where(
        VisitStep.visit_id == step.visit_id,
        VisitStep.institution_id == step.institution_id,
        VisitStep.act == Act.SAY,
        VisitStep.position < step.position,
        VisitStep.at > step.at - _DAY,
    )
    return session.exec(earlier.limit(1)).first() is not None


def _card(session: Session, visit: Visit, institution_id: int) -> str:
    return f"/partnerzy/{session.get_one(Institution, rules.other_of(visit, institution_id)).slug}"


def _params(
    session: Session, visit: Visit, step: VisitStep, institution_id: int, event: Event | None
) -> dict[str, Param]:
    other_id = step.institution_id
    if other_id is None or other_id == institution_id:
        other_id = rules.other_of(visit, institution_id)
    params: dict[str, Param] = {
        "case": visit.number,
        "institution": session.get_one(Institution, other_id).name,
        "stands": visit.state is State.ACCEPTED,
        "synthetic": visit.synthetic,
    }
    until = visit.expires_on if step.act is Act.ESCALATE else visit.answer_by
    if until is not None:
        params["until_at"] = warsaw.start_of(until).isoformat()
    if event is not None:
        starts_at = warsaw.to_utc(event.local_start)
        params["all_day"] = event.all_day
        params["starts_at"] = starts_at.isoformat()
        params["ends_at"] = (starts_at + timedelta(minutes=event.minutes)).isoformat()
    return params
