"""Verbs of visit requests: ask, accept, counter, refuse, withdraw, move, cancel, say. One function applies them all."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor, Role
from app.audit import trail
from app.audit.trail import Plain
from app.db import insert, lock
from app.errors import Conflict
from events.calendar.models import Event
from events.calendar.models import State as EventState
from events.signups.rules import Wanted
from events.visits import checks, deadlines, links, mail, meeting, rules
from events.visits.models import Act, OptionState, Visit, VisitCounter, VisitOption, VisitStep
from events.visits.rules import Option, VisitDraft
from partners.availability import actions as availability
from partners.institutions.models import SHOWN, Institution
from partners.people import queries as staff

_VERB: Mapping[Act, str] = {
    Act.ASK: "visit.asked",
    Act.COUNTER: "visit.countered",
    Act.ACCEPT: "visit.accepted",
    Act.REFUSE: "visit.refused",
    Act.WITHDRAW: "visit.withdrawn",
    Act.MOVE: "visit.move_asked",
    Act.CANCEL: "visit.called_off",
    Act.SAY: "visit.said",
    Act.NUDGE: "visit.nudged",
    Act.ESCALATE: "visit.escalated",
    Act.EXPIRE: "visit.expired",
}
# With these an offer has had its answer, or needs none any more.
_ENDING = frozenset({Act.ACCEPT, Act.COUNTER, Act.REFUSE, Act.WITHDRAW, Act.CANCEL, Act.EXPIRE})
_WITH_EVENT = frozenset({Act.ACCEPT, Act.MOVE, Act.CANCEL})
_SAID_TWICE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Said:
    """What comes with a step: the words, and whatever of these its act takes."""

    message: str = ""
    reason: str = ""
    options: tuple[Option, ...] = ()
    option_id: int | None = None
    people: Wanted | None = None


def replier(visit: Visit) -> Actor:
    """Give who answers through a mailed link: the asked institution, without a person."""
    return Actor(role=Role.COORDINATOR, institution_id=visit.asked_id, synthetic=visit.synthetic)


def ask(session: Session, actor: Actor, wanted: VisitDraft, key: str, now: datetime) -> Visit:
    """Send a request with its dates; the same *key* of a form makes one request, however often it is posted.

    Locks the unit. Raises NotYourVisit, WrongSides, OtherLayer, NotThere, NobodyToAnswer, what rules.check_wanted and
    checks.require raise, links.TooManyLinks, and Conflict for the key of another request.
    """
    if not rules.may_ask(actor) or actor.institution_id is None:
        raise rules.NotYourVisit
    rules.check_wanted(wanted)
    availability.hold(session, wanted.unit_id, now)
    known = session.exec(select(Visit).where(Visit.key == key)).first()
    if known is not None:
        if known.asking_id != actor.institution_id:
            raise Conflict
        return known
    asking, asked = _sides(session, actor.institution_id, wanted)
    sides = (actor.institution_id, wanted.asked_id)
    checks.require(session, actor, wanted.unit_id, sides, wanted.options, now)
    visit = Visit(
        number=_number(session, now),
        key=key,
        path=wanted.path,
        state=rules.BEGINNING.to,
        asking_id=actor.institution_id,
        asked_id=wanted.asked_id,
        unit_id=wanted.unit_id,
        kind=wanted.kind,
        subject=wanted.subject.strip(),
        topics=list(wanted.topics),
        visitors=wanted.visitors,
        participants=wanted.participants,
        clause_id=wanted.clause_id,
        reply_email=wanted.reply_email.strip().casefold(),
        slot_minutes=wanted.slot_minutes,
        slot_persons=wanted.slot_persons,
        turns=0,
        made_by=actor.user_id,
        made_at=now,
        changed_at=now,
        synthetic=wanted.synthetic or asking.synthetic,
    )
    session.add(visit)
    try:
        session.flush()
    except IntegrityError as error:  # the same form for another unit in this very moment
        raise Conflict from error
    if not staff.has_people(session, asked.id or 0) and not links.address_of(session, visit, warsaw.today(now)):
        raise rules.NobodyToAnswer
    step = _write(session, actor, visit, Act.ASK, _Said(wanted.message.strip(), options=wanted.options), now)
    _offer(session, visit, step, wanted.options, None, now)
    _finish(session, actor, visit, step, None, now)
    return visit


def accept(
    session: Session,
    actor: Actor,
    visit: Visit,
    option_id: int,
    now: datetime,
    *,
    turn: int,
    message: str = "",
    people: Wanted | None = None,
) -> Event:
    """Accept one date on offer: the event is made, or the agreed one moved, in the same unit of work.

    *turn* is the open step that the page has shown. *people* are names of those who come, where the guests accept. The
    same answer given twice counts once. Raises NoSuchOption, Meanwhile and what rules.check_act, checks.require and the
    verbs of the event raise.
    """
    said = _Said(message.strip(), option_id=option_id, people=people)
    _apply(session, actor, visit, Act.ACCEPT, said, now, turn=turn)
    return session.get_one(Event, visit.event_id)


def counter(
    session: Session,
    actor: Actor,
    visit: Visit,
    options: Sequence[Option],
    now: datetime,
    *,
    turn: int,
    message: str = "",
) -> None:
    """Offer other dates instead of those on offer, six offers a round at most. Raises as accept, and NoMoreOffers."""
    _apply(session, actor, visit, Act.COUNTER, _Said(message.strip(), options=tuple(options)), now, turn=turn)


def refuse(
    session: Session, actor: Actor, visit: Visit, reason: str, now: datetime, *, turn: int, message: str = ""
) -> None:
    """Refuse what the other side has asked for, with a coded reason. Raises as accept, UnknownReason, NoteNeeded."""
    _apply(session, actor, visit, Act.REFUSE, _Said(message.strip(), reason), now, turn=turn)


def withdraw(
    session: Session, actor: Actor, visit: Visit, now: datetime, *, turn: int, reason: str = "", message: str = ""
) -> None:
    """Take back one's own request, or one's own wish for another date; a reason is welcome. Raises as refuse."""
    _apply(session, actor, visit, Act.WITHDRAW, _Said(message.strip(), reason), now, turn=turn)


def move(
    session: Session,
    actor: Actor,
    visit: Visit,
    options: Sequence[Option],
    reason: str,
    now: datetime,
    *,
    message: str = "",
) -> None:
    """Ask for another date of an agreed visit; the agreed one stands until a new one is accepted. Raises as refuse."""
    _apply(session, actor, visit, Act.MOVE, _Said(message.strip(), reason, tuple(options)), now)


def cancel(session: Session, actor: Actor, visit: Visit, reason: str, now: datetime, *, message: str = "") -> None:
    """Call an agreed meeting off, for either side; an open wish for another date ends with it. Raises as refuse."""
    _apply(session, actor, visit, Act.CANCEL, _Said(message.strip(), reason), now)


def say(session: Session, actor: Actor, visit: Visit, message: str, now: datetime) -> None:
    """Write a message into the thread; the same words sent twice count once. Raises as accept, and MessageMissing."""
    _apply(session, actor, visit, Act.SAY, _Said(message.strip()), now)


def by_portal(session: Session, visit: Visit, act: Act, now: datetime, *, reason: str = "") -> None:
    """Take a step that nobody takes: nudge, escalate, expire, and the end of what has lost its meeting or its side."""
    _apply(session, Actor.system(), visit, act, _Said(reason=reason), now)


def end_between(session: Session, one_id: int, other_id: int, now: datetime) -> int:
    """End what is open between two institutions that become one; return how many requests. Locks their units."""
    ids = {one_id, other_id}
    statement = select(Visit).where(
        col(Visit.asking_id).in_(ids), col(Visit.asked_id).in_(ids), col(Visit.open_step_id).is_not(None)
    )
    found = session.exec(statement.order_by(col(Visit.unit_id), col(Visit.id))).all()
    for visit in found:
        by_portal(session, visit, Act.WITHDRAW, now, reason="settled")
    return len(found)


def _apply(
    session: Session, actor: Actor, visit: Visit, act: Act, said: _Said, now: datetime, *, turn: int | None = None
) -> None:
    """Take one step of the table, for everybody and everything: nothing else changes the state of a visit.

    Locks the unit, the visit and, where the event is concerned, the event.
    """
    unit_id = visit.unit_id
    availability.hold(session, unit_id, now)
    if lock(session, Visit, visit.id or 0) is None or visit.unit_id != unit_id:
        raise rules.Meanwhile
    if _repeats(session, actor, visit, act, said, now, turn=turn):
        return
    if turn is not None and turn != visit.open_step_id and rules.may_act(actor, visit):
        raise _meanwhile(session, visit)
    event = _event(session, visit, locked=act in _WITH_EVENT and actor.role is not Role.SYSTEM)
    rules.check_act(actor, visit, event, act, now)
    option = _check(session, actor, visit, act, said, now)
    step = _write(session, actor, visit, act, said, now)
    if act in _ENDING and visit.open_step_id is not None:
        _close_offer(session, visit, said.option_id if act is Act.ACCEPT else None)
    visit.state = rules.TRANSITIONS[visit.state, act].to
    if act in rules.OFFERS:
        _offer(session, visit, step, said.options, event, now)
    elif visit.state not in rules.OPEN:
        _end_round(visit)
    if act is Act.ACCEPT and option is not None:
        event = _agree(session, actor, visit, event, meeting.option_of(option), said.people, now)
    if act is Act.CANCEL and event is not None and event.state is not EventState.CANCELLED:
        meeting.call_off(session, visit, event, said.reason, said.message, now)
    if act is Act.NUDGE:
        visit.nudged_at = now
    if act is Act.ESCALATE:
        visit.escalated_at = now
    if visit.state in rules.CLOSED or act is Act.CANCEL:
        visit.closed_at = now
    _finish(session, actor, visit, step, event, now)


def _check(session: Session, actor: Actor, visit: Visit, act: Act, said: _Said, now: datetime) -> VisitOption | None:
    """Refuse what does not fit its act, and give the date that is accepted."""
    if actor.role is Role.SYSTEM:
        return None
    rules.check_message(said.message, needed=act is Act.SAY)
    if act in (Act.REFUSE, Act.MOVE, Act.CANCEL) or (act is Act.WITHDRAW and said.reason):
        rules.check_reason(act, said.reason, said.message, rules.by_of(actor.institution_id or 0, visit))
    sides = (visit.asking_id, visit.asked_id)
    if act in rules.OFFERS:
        rules.check_options(said.options)
        checks.require(session, actor, visit.unit_id, sides, said.options, now, visit_id=visit.id)
    if act is not Act.ACCEPT:
        return None
    option = session.get(VisitOption, said.option_id or 0)
    if option is None or option.step_id != visit.open_step_id or option.state is not OptionState.OPEN:
        raise rules.NoSuchOption
    checks.require(session, actor, visit.unit_id, sides, (meeting.option_of(option),), now, visit_id=visit.id)
    return option


def _agree(
    session: Session,
    actor: Actor,
    visit: Visit,
    event: Event | None,
    option: Option,
    people: Wanted | None,
    now: datetime,
) -> Event:
    if event is not None:
        meeting.shift(session, visit, event, option, now)
        return event
    event = meeting.make(session, visit, option, actor, now, people=people)
    visit.event_id = event.id
    return event


def _write(session: Session, actor: Actor, visit: Visit, act: Act, said: _Said, now: datetime) -> VisitStep:
    """Add the step to the thread, and count how long it was waited for where it answers."""
    last = session.exec(select(func.max(VisitStep.position)).where(VisitStep.visit_id == visit.id)).one() or 0
    by_portal = actor.role is Role.SYSTEM
    step = VisitStep(
        visit_id=visit.id or 0,
        position=last + 1,
        round=visit.round + (act is Act.MOVE),
        act=act,
        institution_id=None if by_portal else actor.institution_id,
        to_id=None if by_portal else rules.other_of(visit, actor.institution_id),
        user_id=actor.user_id,
        by_link=not by_portal and actor.user_id is None,
        at=now,
        message=said.message,
        reason=said.reason,
        waited_days=_waited(session, actor, visit, act, now),
    )
    session.add(step)
    session.flush()
    return step


def _waited(session: Session, actor: Actor, visit: Visit, act: Act, now: datetime) -> int | None:
    if act not in rules.ANSWERS or actor.institution_id is None or actor.institution_id != visit.turn_of_id:
        return None
    offer = session.get_one(VisitStep, visit.open_step_id)
    return deadlines.waited(session, actor.institution_id, offer.at, now)


def _offer(
    session: Session, visit: Visit, step: VisitStep, options: Sequence[Option], event: Event | None, now: datetime
) -> None:
    """Put dates on offer: the other side has the turn, and its days are counted.

    They end with the last date on offer, and with the agreed one that is to be moved.
    """
    visit.turns = 1 if step.act is Act.MOVE else visit.turns + 1
    visit.round = step.round
    visit.open_step_id, visit.turn_of_id = step.id, step.to_id
    visit.nudged_at = visit.escalated_at = None
    last = max(one.starts for one in options).date()
    if event is not None:
        last = min(last, event.local_start.date())
    days = deadlines.deadlines(session, step.to_id or 0, warsaw.today(now))
    visit.nudge_on, visit.answer_by = _until(days.nudge_on, last), _until(days.answer_by, last)
    visit.expires_on = _until(days.expires_on, last)
    session.add_all(
        VisitOption(
            visit_id=visit.id or 0,
            step_id=step.id or 0,
            unit_id=visit.unit_id,
            position=position,
            starts_at=warsaw.to_utc(one.starts),
            ends_at=warsaw.to_utc(one.ends),
            room_id=one.room_id,
            room=one.room.strip(),
        )
        for position, one in enumerate(options)
    )


def _close_offer(session: Session, visit: Visit, accepted_id: int | None) -> None:
    """Let the dates on offer lapse, which frees their rooms, but for the one that was accepted."""
    session.flush()
    standing = select(VisitOption).where(VisitOption.visit_id == visit.id, VisitOption.state == OptionState.OPEN)
    for one in session.exec(standing):
        one.state = OptionState.ACCEPTED if one.id == accepted_id else OptionState.LAPSED


def _end_round(visit: Visit) -> None:
    visit.open_step_id = visit.turn_of_id = None
    visit.nudge_on = visit.answer_by = visit.expires_on = None
    visit.nudged_at = visit.escalated_at = None


def _finish(session: Session, actor: Actor, visit: Visit, step: VisitStep, event: Event | None, now: datetime) -> None:
    visit.changed_at = now
    session.flush()
    details: dict[str, Plain] = {"state": visit.state.value, "round": step.round}
    if step.reason:
        details["reason"] = step.reason
    if step.act is Act.ACCEPT and visit.event_id is not None:
        details["event_id"] = visit.event_id
    trail.record(session, actor, _VERB[step.act], "visit", visit.id or 0, now, details=details)
    mail.tell(session, visit, step, event, now)


def _event(session: Session, visit: Visit, *, locked: bool) -> Event | None:
    if visit.event_id is None:
        return None
    return meeting.lock_event(session, visit) if locked else session.get(Event, visit.event_id, populate_existing=True)


def _repeats(
    session: Session, actor: Actor, visit: Visit, act: Act, said: _Said, now: datetime, *, turn: int | None
) -> bool:
    """Whether this very step has just been taken by the same person: a form posted twice."""
    if actor.role is Role.SYSTEM or (turn is not None and turn == visit.open_step_id):
        return False
    last = _last(session, visit, besides=rules.OF_TIME if act is Act.SAY else rules.OF_TIME | {Act.SAY})
    mine = (act, actor.institution_id, actor.user_id, said.message, said.reason)
    if last is None or (last.act, last.institution_id, last.user_id, last.message, last.reason) != mine:
        return False
    if act is Act.SAY:
        return now - last.at < _SAID_TWICE
    if turn is not None and turn != _offer_before(session, last):
        return False
    if act is Act.CANCEL:
        return visit.closed_at is not None
    if act is Act.MOVE and visit.open_step_id != last.id:
        return False
    if act is Act.ACCEPT:
        option = session.get(VisitOption, said.option_id or 0)
        return option is not None and option.step_id == turn and option.state is OptionState.ACCEPTED
    return act not in rules.OFFERS or _options_of(session, last) == list(said.options)


def _last(session: Session, visit: Visit, *, besides: frozenset[Act]) -> VisitStep | None:
    statement = select(VisitStep).where(VisitStep.visit_id == visit.id, col(VisitStep.act).not_in(besides))
    return session.exec(statement.order_by(col(VisitStep.position).desc()).limit(1)).first()


def _offer_before(session: Session, step: VisitStep) -> int | None:
    """Give the offer that *step* answered."""
    statement = select(VisitStep.id).where(
        VisitStep.visit_id == step.visit_id,
        col(VisitStep.position) < step.position,
        col(VisitStep.act).in_(rules.OFFERS),
    )
    return session.exec(statement.order_by(col(VisitStep.position).desc()).limit(1)).first()


def _options_of(session: Session, step: VisitStep) -> list[Option]:
    statement = select(VisitOption).where(VisitOption.step_id == step.id).order_by(col(VisitOption.position))
    return [meeting.option_of(one) for one in session.exec(statement)]


def _meanwhile(session: Session, visit: Visit) -> Conflict:
    """Say which step was faster than this answer."""
    last = _last(session, visit, besides=frozenset({Act.SAY, Act.NUDGE, Act.ESCALATE}))
    sentence = rules.MEANWHILE.get(last.act) if last is not None else None
    if last is None or sentence is None:
        return rules.Meanwhile()
    who = session.get(Institution, last.institution_id) if last.institution_id is not None else None
    return rules.Meanwhile(sentence, who=who.name if who is not None else "Kładka")


def _sides(session: Session, asking_id: int, wanted: VisitDraft) -> tuple[Institution, Institution]:
    """Give who asks and who is asked. Raises WrongSides, OtherLayer, NotThere."""
    asking = session.get_one(Institution, asking_id)
    asked, unit = (session.get(Institution, one) for one in (wanted.asked_id, wanted.unit_id))
    if asked is None or unit is None:
        raise rules.WrongSides
    rules.check_sides(wanted.path, *((one.id or 0, one.kind.value) for one in (asking, asked, unit)))
    if {asking.synthetic, asked.synthetic} != {unit.synthetic}:
        raise rules.OtherLayer
    if asked.status not in SHOWN or unit.status not in SHOWN:
        raise rules.NotThere
    return asking, asked


def _number(session: Session, now: datetime) -> str:
    """Give the next number of the year; whoever asks in the same moment waits for it."""
    year = warsaw.today(now).year
    raised = update(VisitCounter).where(col(VisitCounter.year) == year).values(last=VisitCounter.last + 1)
    given = session.execute(raised.returning(col(VisitCounter.last))).scalar_one_or_none()
    if given is None:
        with suppress(IntegrityError), session.begin_nested():  # somebody may begin the year in this very moment
            insert(session, VisitCounter, year=year, last=0)
        given = session.execute(raised.returning(col(VisitCounter.last))).scalar_one()
    return f"W-{year}-{given:03d}"


def _until(day: date, last: date) -> date:
    return min(day, last)
