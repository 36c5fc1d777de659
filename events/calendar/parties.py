"""What other institutions say to an event: host and co-organisers answer, a prison unit notes a consent."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.errors import NotAdmitted
from events.calendar import actions, mail, rules
from events.calendar.models import Answer, Consent, Event, EventParty, Occurrence, Part, State
from partners.people import queries as people


def ask(session: Session, actor: Actor, event: Event, now: datetime) -> int:
    """Ask the host and the co-organisers who have not agreed; from now on their coordinators see the draft.

    Locks the event. Who has nobody in Kładka cannot be asked (note_outside). Returns how many were asked. Raises
    NotYourEvent, NotAdmitted, AlreadyCancelled, Incomplete, InThePast, NobodyToAsk.
    """
    lock(session, Event, event.id or 0)
    _check_lead(actor, event)
    if not actor.admitted:
        raise NotAdmitted
    if rules.missing(has_place=actions.has_place(event), audience=event.audience):
        raise rules.Incomplete
    if event.rule is None:
        rules.check_future(event.local_start, now, all_day=event.all_day)
    asked = [party for party in _answering(session, event) if party.answer in (None, Answer.DECLINED)]
    asked = [party for party in asked if people.coordinators(session, party.institution_id)]
    if not asked:
        raise rules.NobodyToAsk
    for party in asked:
        _put(party, Answer.ASKED, now)
    session.flush()
    ids = [party.institution_id for party in asked]
    trail.record(session, actor, "event.asked", "event", event.id or 0, now, details={"institutions": ids})
    mail.asked(session, event, ids, now)
    return len(asked)


def ask_again(session: Session, actor: Actor, event: Event, now: datetime) -> int:
    """Ask anew after a change of time or place, and let the director's consent be given anew; return how many.

    Call under the lock of the event. The institution of the actor agrees by its own change. What was agreed outside
    Kładka has to be agreed there again. Of a draft only those are asked who were asked before.
    """
    told: list[int] = []
    returns = False
    for party in _answering(session, event):
        if party.answer is None and event.state is State.DRAFT:
            continue
        # Who has agreed before stays named while it thinks again.
        before = party.answered_at if rules.has_agreed(party.answer) or party.answer is Answer.ASKED else None
        returns = returns or party.answer is Answer.DECLINED
        if party.institution_id == actor.institution_id:
            _put(party, Answer.CONFIRMED, now, by=actor.user_id)
        elif party.answer is Answer.OUTSIDE or not people.coordinators(session, party.institution_id):
            _put(party, None, now)
        else:
            _put(party, Answer.ASKED, now)
            party.answered_at = before
            told.append(party.institution_id)
    if event.consent is Consent.GRANTED:
        event.consent, event.consent_on = Consent.PENDING, None
        trail.record(session, actor, "event.consent", "event", event.id or 0, now, details={"consent": "pending"})
    session.flush()
    if returns and event.state is State.PUBLISHED:
        actions.shelve_inner(session, event, now)  # who had declined thinks again, and sees it in his calendar
    if told:
        trail.record(session, actor, "event.asked_again", "event", event.id or 0, now, details={"institutions": told})
        mail.asked_again(session, event, told, now)
    return len(told)


def answer(session: Session, actor: Actor, event: Event, now: datetime, *, agrees: bool, reason: str = "") -> None:
    """Confirm or decline for the actor's institution, and tell the organiser. Locks the event.

    A host who does not agree to a published event stops it: that is a cancellation, told to everybody. Once it is over
    nobody joins or leaves it: its record stands on who took part. Raises NotAsked, AlreadyCancelled, AlreadyOver,
    ReasonMissing, CancelInstead.
    """
    lock(session, Event, event.id or 0)
    party = session.get(EventParty, (event.id or 0, actor.institution_id or 0))
    if not actor.coordinates or party is None or party.answer in (None, Answer.OUTSIDE):
        raise rules.NotAsked
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    if event.state is State.PUBLISHED and not _has_dates_to_come(session, event, now):
        raise rules.AlreadyOver
    if not agrees and event.state is State.PUBLISHED and party.institution_id == event.place_institution_id:
        raise rules.CancelInstead
    if not agrees and not reason.strip():
        raise rules.ReasonMissing
    if party.answer is (Answer.CONFIRMED if agrees else Answer.DECLINED):
        return
    _put(party, Answer.CONFIRMED if agrees else Answer.DECLINED, now, by=actor.user_id)
    party.reason = "" if agrees else reason.strip()
    session.flush()
    details = {"institution_id": party.institution_id}
    if agrees:
        trail.record(session, actor, "event.confirmed", "event", event.id or 0, now, details=details)
    else:
        personal = {"reason": party.reason}
        trail.record(session, actor, "event.declined", "event", event.id or 0, now, details=details, personal=personal)
    mail.answered(session, event, party, now)
    if event.state is State.PUBLISHED and party.part is Part.CO_ORGANISER:
        actions.shelve(session, event, now)


def has_agreed(session: Session, event: Event, institution_id: int, user_id: int | None, now: datetime) -> None:
    """Note the yes of a party that has just been given by another act, as the one from which this draft comes."""
    _put(session.get_one(EventParty, (event.id or 0, institution_id)), Answer.CONFIRMED, now, by=user_id)
    session.flush()


def note_outside(session: Session, actor: Actor, event: Event, institution_id: int, now: datetime) -> None:
    """Note that an institution without people in Kładka agreed otherwise, by letter or telephone. Locks the event.

    Raises NotYourEvent, AlreadyCancelled, NotAsked, AnswersItself.
    """
    lock(session, Event, event.id or 0)
    _check_lead(actor, event)
    party = session.get(EventParty, (event.id or 0, institution_id))
    if party is None or party.part is Part.INVITED:
        raise rules.NotAsked
    if people.coordinators(session, institution_id):
        raise rules.AnswersItself
    _put(party, Answer.OUTSIDE, now, by=actor.user_id)
    session.flush()
    details = {"institution_id": institution_id}
    trail.record(session, actor, "event.agreed_outside", "event", event.id or 0, now, details=details)


def note_consent(
    session: Session, actor: Actor, event: Event, consent: Consent, day: date | None, now: datetime
) -> None:
    """Note the director's consent for the prison unit in which the event takes place. Locks the event.

    *day* is when it was granted. Those who organise hear when guests may come. Raises NotYourConsent,
    AlreadyCancelled, ConsentDayMissing.
    """
    lock(session, Event, event.id or 0)
    if event.consent is None or not rules.may_consent(actor, event):
        raise rules.NotYourConsent
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    granted = consent is Consent.GRANTED
    if granted and (day is None or day > warsaw.today(now)):
        raise rules.ConsentDayMissing
    consent_on = day if granted else None
    if (event.consent, event.consent_on) == (consent, consent_on):
        return
    was = event.consent
    event.consent, event.consent_on = consent, consent_on
    event.revision += 1
    session.flush()
    details = {"consent": consent.value, "on": consent_on.isoformat() if consent_on else ""}
    trail.record(session, actor, "event.consent", "event", event.id or 0, now, details=details)
    if was is Consent.PENDING:
        mail.consented(session, event, now)


def _check_lead(actor: Actor, event: Event) -> None:
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled


def _answering(session: Session, event: Event) -> Iterable[EventParty]:
    statement = (
        select(EventParty)
        .where(EventParty.event_id == event.id, col(EventParty.part) != Part.INVITED)
        .order_by(col(EventParty.institution_id))
    )
    return session.exec(statement).all()


def _has_dates_to_come(session: Session, event: Event, now: datetime) -> bool:
    coming = select(Occurrence.id).where(Occurrence.event_id == event.id, Occurrence.ends_at > now)
    return session.exec(coming.limit(1)).first() is not None


def _put(party: EventParty, given: Answer | None, now: datetime, *, by: int | None = None) -> None:
    asked = given in (None, Answer.ASKED)
    party.answer = given
    party.asked_at = now if asked else party.asked_at
    party.answered_at, party.answered_by, party.reason = (None, None, "") if asked else (now, by, "")
