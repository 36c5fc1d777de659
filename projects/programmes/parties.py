"""What institutions say to a programme: asked and answered, asking to join, leaving, taking the lead over."""

from collections.abc import Sequence
from datetime import datetime

from babel.dates import format_date
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.errors import NotAdmitted
from partners.institutions.models import Institution, Status
from partners.people import queries as people
from projects.programmes import course, mail, protocol, rules
from projects.programmes.listing import reindex
from projects.programmes.models import PART_MAX, Happening, PartnerAnswer, Programme, ProgrammePartner, ProgrammeState
from projects.programmes.protocol import Step
from projects.programmes.rules import PARTNERS_MAX, PartnerPart


def ask(
    session: Session, actor: Actor, programme: Programme, now: datetime, *, institution_id: int | None = None
) -> int:
    """Ask all who were not asked yet, or one institution anew, to confirm their parts; return how many were asked.

    From now on their coordinators see the draft. Who has nobody in Kładka cannot be asked (note_outside). Locks the
    programme. Raises NotYourProgramme, NotAdmitted, Over, Incomplete, NobodyToAsk.
    """
    _lock(session, programme)
    _check_lead(actor, programme)
    if not actor.admitted:
        raise NotAdmitted
    if programme.state is ProgrammeState.DRAFT and rules.missing(programme):
        raise rules.Incomplete
    rows = _rows(session, programme)
    if institution_id is None:
        asked = [row for row in rows if row.answer is None]
    else:
        asked = [row for row in rows if row.institution_id == institution_id]
        for row in asked:
            protocol.check_step(Step.ASK, row.answer, protocol.NobodyToAsk)
    asked = [row for row in asked if people.coordinators(session, row.institution_id)]
    if not asked:
        raise protocol.NobodyToAsk
    for row in asked:
        _put(row, PartnerAnswer.ASKED, now, by=actor.user_id)
    session.flush()
    if institution_id is not None:
        _touch(session, programme, now)  # it stands in the form of the lead again
    _told_asked(session, actor, programme, asked, now)
    return len(asked)


def remind(session: Session, actor: Actor, programme: Programme, institution_id: int, now: datetime) -> None:
    """Send the question again to an institution that has not answered for some days. Locks the programme.

    Raises NotYourProgramme, NotAdmitted, Over, NobodyToAsk, TooSoon.
    """
    _lock(session, programme)
    _check_lead(actor, programme)
    if not actor.admitted:
        raise NotAdmitted
    row = _row(session, programme, institution_id)
    if row is None or row.answer is not PartnerAnswer.ASKED or not people.coordinators(session, institution_id):
        raise protocol.NobodyToAsk
    if row.asked_at is not None and now < row.asked_at + protocol.REMIND_AFTER:
        raise protocol.TooSoon(days=protocol.REMIND_AFTER.days)
    row.asked_at, row.asked_by = now, actor.user_id
    session.flush()
    details = {"institution_id": institution_id}
    trail.record(session, actor, "programme.reminded", "programme", _id(programme), now, details=details)
    mail.asked(session, programme, row, now)


def answer(
    session: Session,
    actor: Actor,
    programme: Programme,
    now: datetime,
    *,
    agrees: bool,
    note: str = "",
    part: str | None = None,
) -> None:
    """Confirm or decline for the actor's institution, and tell the lead. Locks the programme.

    Declining new words of an agreed part leaves the old ones in force. While the programme is a draft, a yes can be
    taken back; later one leaves. *part* are the words that the answer is about: the ones shown on the page. Raises
    NotAsked, Over, PartChanged.
    """
    _lock(session, programme)
    row = _own(session, actor, programme)
    if row is None or row.answer not in (PartnerAnswer.ASKED, PartnerAnswer.CONFIRMED):
        raise protocol.NotAsked
    _check_open(programme)
    if agrees and row.answer is PartnerAnswer.CONFIRMED:
        return
    if part is not None and part != row.part:
        raise protocol.PartChanged
    drafted = programme.state is ProgrammeState.DRAFT
    if not agrees and row.answer is PartnerAnswer.CONFIRMED and not drafted:
        raise protocol.NotAsked
    first = row.agreed_part is None
    details = {"institution_id": row.institution_id}
    if agrees:
        _put(row, PartnerAnswer.CONFIRMED, now, by=actor.user_id)
        row.agreed_part = row.part
        session.flush()
        trail.record(session, actor, "programme.confirmed", "programme", _id(programme), now, details=details)
        if first:
            course.note(session, programme, Happening.CONFIRMED, now, institution_id=row.institution_id)
    else:
        kept = row.agreed_part is not None and row.answer is PartnerAnswer.ASKED
        _put(row, PartnerAnswer.CONFIRMED if kept else PartnerAnswer.DECLINED, now, by=actor.user_id, note=note)
        row.agreed_part = row.agreed_part if kept else None
        row.part = row.agreed_part if row.agreed_part is not None else row.part
        session.flush()
        personal = {"note": row.note}
        trail.record(
            session, actor, "programme.declined", "programme", _id(programme), now, details=details, personal=personal
        )
        if not kept:
            _forget_offer(programme, row.institution_id)
            course.note(session, programme, Happening.DECLINED, now, institution_id=row.institution_id)
        _touch(session, programme, now)
    reindex(session, programme)
    mail.answered(session, programme, row, now, agrees=agrees)


def note_outside(
    session: Session, actor: Actor, programme: Programme, institution_id: int, note: str, now: datetime
) -> None:
    """Note that an institution without people in Kładka agreed by letter or telephone. Locks the programme.

    Raises NotYourProgramme, Over, NotAPartner, AnswersItself, WordsMissing.
    """
    _lock(session, programme)
    _check_lead(actor, programme)
    row = _row(session, programme, institution_id)
    if row is None:
        raise protocol.NotAPartner
    protocol.check_step(Step.NOTE, row.answer, protocol.NotAPartner)
    if people.has_people(session, institution_id):
        raise protocol.AnswersItself
    if not note.strip():
        raise protocol.WordsMissing
    first, returns = row.agreed_part is None, row.answer not in (None, *protocol.STANDING)
    _put(row, PartnerAnswer.OUTSIDE, now, by=actor.user_id, note=note)
    row.agreed_part = row.part
    session.flush()
    details = {"institution_id": institution_id}
    personal = {"note": row.note}
    trail.record(
        session, actor, "programme.agreed_outside", "programme", _id(programme), now, details=details, personal=personal
    )
    if first:
        course.note(session, programme, Happening.CONFIRMED, now, institution_id=institution_id)
    if returns:
        _touch(session, programme, now)
    reindex(session, programme)


def request(session: Session, actor: Actor, programme: Programme, part: str, now: datetime) -> None:
    """Ask for the actor's institution to become a partner, with its part in words. Locks the programme.

    Raises Forbidden to those who do not coordinate an institution, NotOpen, AlreadyIn, AlreadyRequested,
    AnswerInstead, PartMissing.
    """
    if not actor.coordinates or actor.institution_id is None:
        raise rules.NotACoordinator
    _lock(session, programme)
    if not protocol.can_join(
        programme.state, archived=programme.archived_at is not None, lead_works=lead_works(session, programme)
    ):
        raise protocol.NotOpen
    if actor.institution_id == programme.lead_id:
        raise protocol.AlreadyIn
    row = _own(session, actor, programme)
    if row is not None:
        if row.answer is PartnerAnswer.REQUESTED:
            raise protocol.AlreadyRequested
        if row.agreed_part is not None:
            raise protocol.AlreadyIn
        protocol.check_step(Step.REQUEST, row.answer, protocol.AnswerInstead)
    words = _words(part)
    if not words:
        raise protocol.PartMissing
    if row is None:
        row = _add(session, programme, actor.institution_id)
    row.part = words
    _put(row, PartnerAnswer.REQUESTED, now)
    row.asked_by, row.asked_at = actor.user_id, now
    session.flush()
    details = {"institution_id": row.institution_id}
    personal = {"part": words}
    trail.record(
        session, actor, "programme.requested", "programme", _id(programme), now, details=details, personal=personal
    )
    mail.requested(session, programme, row, now)


def decide(
    session: Session,
    actor: Actor,
    programme: Programme,
    institution_id: int,
    now: datetime,
    *,
    accepts: bool,
    reason: str = "",
    note: str = "",
    part: str | None = None,
) -> None:
    """Accept a request to join, or refuse it with a coded reason, and tell who asked. Locks the programme.

    *part* are the words that the decision is about: the ones shown on the page. Raises NotYourProgramme, NoRequest,
    RequestChanged, Over, TooManyPartners, UnknownReason, NoteNeeded.
    """
    _lock(session, programme)
    if not rules.may_edit(actor, programme):
        raise rules.NotYourProgramme
    row = _row(session, programme, institution_id)
    if row is None:
        raise protocol.NoRequest
    protocol.check_step(Step.ACCEPT if accepts else Step.REFUSE, row.answer, protocol.NoRequest)
    if part is not None and part != row.part:
        raise protocol.RequestChanged
    details: dict[str, trail.Plain] = {"institution_id": institution_id}
    if accepts:
        _check_open(programme)
        _check_room(session, programme)
        _put(row, PartnerAnswer.CONFIRMED, now, by=actor.user_id)
        row.agreed_part = row.part
        session.flush()
        trail.record(session, actor, "programme.joined", "programme", _id(programme), now, details=details)
        course.note(session, programme, Happening.JOINED, now, institution_id=institution_id)
        _touch(session, programme, now)
        reindex(session, programme)
    else:
        protocol.check_reason(reason, note)
        _put(row, PartnerAnswer.REFUSED, now, by=actor.user_id, note=note, reason=reason)
        session.flush()
        details["reason"] = reason
        personal = {"note": row.note}
        trail.record(
            session,
            actor,
            "programme.request_refused",
            "programme",
            _id(programme),
            now,
            details=details,
            personal=personal,
        )
    mail.decided(session, programme, row, now)


def leave(session: Session, actor: Actor, programme: Programme, note: str, now: datetime) -> None:
    """Leave for the actor's institution, or take its request to join back. Locks the programme.

    A partner of a draft that nobody else sees declines instead. Raises NotAPartner, Over, NoteNeeded.
    """
    _lock(session, programme)
    row = _own(session, actor, programme)
    if row is None:
        raise protocol.NotAPartner
    details = {"institution_id": row.institution_id}
    if row.answer is PartnerAnswer.REQUESTED:
        session.delete(row)
        session.flush()
        trail.record(session, actor, "programme.request_withdrawn", "programme", _id(programme), now, details=details)
        return
    if row.agreed_part is None:
        raise protocol.NotAPartner
    _check_open(programme)
    protocol.check_step(Step.LEAVE, row.answer, protocol.NotAPartner)
    if not note.strip():
        raise protocol.NoteNeeded
    _part_with(session, programme, row, now, by=actor.user_id, words=note)
    personal = {"note": row.note}
    trail.record(session, actor, "programme.left", "programme", _id(programme), now, details=details, personal=personal)
    mail.left(session, programme, row, now)


def drop(session: Session, actor: Actor, programme: Programme, institution_id: int, now: datetime) -> None:
    """Take an institution off the programme. Locks the programme.

    One that was a partner of a published programme stays in its course; of a draft nothing remains. Raises
    NotYourProgramme, Over, NotAPartner, DecideInstead.
    """
    _lock(session, programme)
    _check_lead(actor, programme)
    row = _row(session, programme, institution_id)
    if row is None:
        raise protocol.NotAPartner
    if row.answer is PartnerAnswer.REQUESTED:
        raise protocol.DecideInstead
    protocol.check_step(Step.DROP, row.answer, protocol.NotAPartner)
    _drop(session, actor, programme, row, now)
    _touch(session, programme, now)
    reindex(session, programme)


def set_parts(
    session: Session, actor: Actor, programme: Programme, wanted: Sequence[PartnerPart], now: datetime
) -> bool:
    """Make the partners of the lead's form those of the programme, in its order; return whether anything changed.

    Who is not in it any more is dropped, other words of a part are asked about anew. Who is new is asked at once when
    the programme is public or its partners have been asked before. Requests to join and those who declined or left
    are no matter of the form; writing one of them in asks it anew. Call under the lock of the programme; the caller
    makes order and search text anew. Raises Over.
    """
    rows = {row.institution_id: row for row in _rows(session, programme)}
    shown = {one: row for one, row in rows.items() if row.answer in (None, *protocol.STANDING)}
    asks = actor.admitted and (
        programme.state is not ProgrammeState.DRAFT or any(row.asked_at is not None for row in shown.values())
    )
    before = [(row.institution_id, row.part) for row in shown.values()]
    if before == [(one.institution_id, one.part) for one in wanted]:
        return False
    _check_open(programme)
    for institution_id in shown.keys() - {one.institution_id for one in wanted}:
        _drop(session, actor, programme, shown[institution_id], now)
    to_ask = []
    for position, one in enumerate(wanted):
        row = rows.get(one.institution_id)
        if row is None:
            row = _add(session, programme, one.institution_id)
            row.part = one.part
            if asks:
                to_ask.append(row)
        elif one.institution_id not in shown:
            if row.answer is PartnerAnswer.REQUESTED and row.part == one.part:
                _put(row, PartnerAnswer.CONFIRMED, now, by=actor.user_id)
                row.agreed_part = row.part
                details = {"institution_id": row.institution_id}
                trail.record(session, actor, "programme.joined", "programme", _id(programme), now, details=details)
                course.note(session, programme, Happening.JOINED, now, institution_id=row.institution_id)
                mail.decided(session, programme, row, now)
            else:
                row.part = one.part
                _put(row, None, now)
                if asks:
                    to_ask.append(row)
        elif row.part != one.part:
            row.part = one.part
            if row.part == row.agreed_part:
                outside = not people.coordinators(session, row.institution_id)
                row.answer = PartnerAnswer.OUTSIDE if outside else PartnerAnswer.CONFIRMED
            elif row.answer is not None:
                to_ask.append(row)
        row.position = position
    asked = [row for row in to_ask if people.coordinators(session, row.institution_id)]
    for row in to_ask:
        _put(row, PartnerAnswer.ASKED if row in asked else None, now, by=actor.user_id)
    session.flush()
    if asked:
        _told_asked(session, actor, programme, asked, now)
    return True


def offer_lead(session: Session, actor: Actor, programme: Programme, institution_id: int, now: datetime) -> None:
    """Offer the lead to a partner that has agreed to its part and has people in Kładka. Locks the programme.

    The lead does; the operator where the lead has ended. Raises NotTheLead, AlreadyArchived, AlreadyOffered,
    CannotLead.
    """
    _lock(session, programme)
    _check_may_offer(session, actor, programme)
    if programme.archived_at is not None:
        raise protocol.AlreadyArchived
    if programme.offered_to_id == institution_id:
        return
    if programme.offered_to_id is not None:
        raise protocol.AlreadyOffered
    row = _row(session, programme, institution_id)
    if row is None or row.agreed_part is None or not people.coordinators(session, institution_id):
        raise protocol.CannotLead
    if session.get_one(Institution, institution_id).status is Status.ARCHIVED:
        raise protocol.CannotLead
    programme.offered_to_id, programme.offered_at, programme.offered_by = institution_id, now, actor.user_id
    session.flush()
    _record_offer(session, actor, programme, "programme.lead_offered", institution_id, now)
    mail.offered(session, programme, now)


def take_back_offer(session: Session, actor: Actor, programme: Programme, now: datetime) -> None:
    """Take the offer of the lead back. Locks the programme. Raises NotTheLead, NotOffered."""
    _lock(session, programme)
    _check_may_offer(session, actor, programme)
    if programme.offered_to_id is None:
        raise protocol.NotOffered
    institution_id = programme.offered_to_id
    _forget_offer(programme, institution_id)
    session.flush()
    _record_offer(session, actor, programme, "programme.lead_offer_withdrawn", institution_id, now)


def decline_lead(session: Session, actor: Actor, programme: Programme, now: datetime) -> None:
    """Decline to take the lead over; the partner stays one. Locks the programme. Raises NotOffered."""
    _lock(session, programme)
    institution_id = _offered_to(actor, programme)
    _forget_offer(programme, institution_id)
    session.flush()
    _record_offer(session, actor, programme, "programme.lead_declined", institution_id, now)
    mail.offer_declined(session, programme, institution_id, now)


def take_lead(session: Session, actor: Actor, programme: Programme, now: datetime) -> int:
    """Take the lead over for the actor's institution; return the id of the institution that led before.

    That one becomes a partner; the programme's sessions follow by events.sessions.handover, which calls this. Locks
    the institution and the programme. Raises NotOffered, CannotLead.
    """
    if actor.institution_id is not None:
        lock(session, Institution, actor.institution_id)
    _lock(session, programme)
    institution_id = _offered_to(actor, programme)
    row = _row(session, programme, institution_id)
    if row is None or row.agreed_part is None or programme.lead_id is None:
        raise protocol.CannotLead
    if session.get_one(Institution, institution_id).status is Status.ARCHIVED:
        raise protocol.CannotLead
    old_id, position = programme.lead_id, row.position
    session.delete(row)
    session.flush()
    _forget_offer(programme, institution_id)
    programme.lead_id = institution_id
    former = _row(session, programme, old_id) or _add(session, programme, old_id)
    day = format_date(warsaw.today(now), "d MMMM y", locale="pl")
    former.part = former.agreed_part = f"prowadził(a) projekt do {day}"[:PART_MAX]
    former.position = position
    _put(former, PartnerAnswer.CONFIRMED, now, by=actor.user_id)
    _touch(session, programme, now)
    reindex(session, programme)
    details = {"institution_id": institution_id, "was": old_id}
    trail.record(session, actor, "programme.lead_taken", "programme", _id(programme), now, details=details)
    course.note(session, programme, Happening.LEAD_CHANGED, now, institution_id=institution_id, other_id=old_id)
    mail.lead_changed(session, programme, old_id, now)
    return old_id


def check_answered(session: Session, programme: Programme) -> None:
    """Refuse publication while a partner has not said yes: call under the lock. Raises PartnersAwaited."""
    statement = (
        select(Institution.name)
        .join(ProgrammePartner, col(ProgrammePartner.institution_id) == col(Institution.id))
        .where(
            ProgrammePartner.programme_id == programme.id,
            (col(ProgrammePartner.answer).is_(None))
            | ((col(ProgrammePartner.answer) == PartnerAnswer.ASKED) & col(ProgrammePartner.agreed_part).is_(None)),
        )
        .order_by(col(ProgrammePartner.position), col(Institution.id))
    )
    names = session.exec(statement).all()
    if names:
        raise protocol.PartnersAwaited(names=", ".join(names))


def lead_works(session: Session, programme: Programme) -> bool:
    """Whether somebody leads the programme whose institution has not ended."""
    lead = session.get(Institution, programme.lead_id) if programme.lead_id is not None else None
    return lead is not None and lead.status is not Status.ARCHIVED


def _told_asked(
    session: Session, actor: Actor, programme: Programme, asked: Sequence[ProgrammePartner], now: datetime
) -> None:
    details = {"institutions": [row.institution_id for row in asked]}
    trail.record(session, actor, "programme.asked", "programme", _id(programme), now, details=details)
    for row in asked:
        mail.asked(session, programme, row, now)


def _drop(session: Session, actor: Actor, programme: Programme, row: ProgrammePartner, now: datetime) -> None:
    institution_id, knows = row.institution_id, row.answer in protocol.STANDING
    if row.agreed_part is not None and programme.state is not ProgrammeState.DRAFT:
        _part_with(session, programme, row, now, by=actor.user_id)
    else:
        _forget_offer(programme, institution_id)
        session.delete(row)
        session.flush()
    details = {"institution_id": institution_id}
    trail.record(session, actor, "programme.dropped", "programme", _id(programme), now, details=details)
    if knows:
        mail.dropped(session, programme, institution_id, now)


def _part_with(
    session: Session, programme: Programme, row: ProgrammePartner, now: datetime, *, by: int | None, words: str = ""
) -> None:
    drafted = programme.state is ProgrammeState.DRAFT
    _put(row, PartnerAnswer.DECLINED if drafted else PartnerAnswer.LEFT, now, by=by, note=words)
    if row.agreed_part is not None:
        row.part = row.agreed_part
    row.agreed_part = None
    _forget_offer(programme, row.institution_id)
    happening = Happening.DECLINED if drafted else Happening.LEFT
    course.note(session, programme, happening, now, institution_id=row.institution_id)
    _touch(session, programme, now)
    reindex(session, programme)


def _check_lead(actor: Actor, programme: Programme) -> None:
    if not rules.may_edit(actor, programme):
        raise rules.NotYourProgramme
    _check_open(programme)


def _check_open(programme: Programme) -> None:
    if not protocol.is_open_to_partners(programme.state, archived=programme.archived_at is not None):
        raise protocol.Over


def _check_room(session: Session, programme: Programme) -> None:
    standing = [row for row in _rows(session, programme) if row.answer in (None, *protocol.STANDING)]
    if len(standing) >= PARTNERS_MAX:
        raise rules.TooManyPartners(limit=PARTNERS_MAX)


def _check_may_offer(session: Session, actor: Actor, programme: Programme) -> None:
    if not protocol.may_offer_lead(actor, programme, lead_works=lead_works(session, programme)):
        raise protocol.NotTheLead


def _offered_to(actor: Actor, programme: Programme) -> int:
    if not actor.coordinates or actor.institution_id is None or programme.offered_to_id != actor.institution_id:
        raise protocol.NotOffered
    return actor.institution_id


def _record_offer(
    session: Session, actor: Actor, programme: Programme, verb: str, institution_id: int, now: datetime
) -> None:
    details = {"institution_id": institution_id}
    trail.record(session, actor, verb, "programme", _id(programme), now, details=details)


def _forget_offer(programme: Programme, institution_id: int) -> None:
    if programme.offered_to_id == institution_id:
        programme.offered_to_id = programme.offered_at = programme.offered_by = None


def _touch(session: Session, programme: Programme, now: datetime) -> None:
    """Make every open form of the lead stale: who stands in it has changed."""
    programme.revision += 1
    programme.changed_at = now
    session.flush()


def _lock(session: Session, programme: Programme) -> None:
    session.flush()
    lock(session, Programme, _id(programme))


def _rows(session: Session, programme: Programme) -> list[ProgrammePartner]:
    statement = (
        select(ProgrammePartner)
        .where(ProgrammePartner.programme_id == programme.id)
        .order_by(col(ProgrammePartner.position), col(ProgrammePartner.institution_id))
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))


def _row(session: Session, programme: Programme, institution_id: int) -> ProgrammePartner | None:
    session.flush()
    return session.get(ProgrammePartner, (_id(programme), institution_id), populate_existing=True)


def _own(session: Session, actor: Actor, programme: Programme) -> ProgrammePartner | None:
    if not actor.coordinates or actor.institution_id is None:
        return None
    return _row(session, programme, actor.institution_id)


def _add(session: Session, programme: Programme, institution_id: int) -> ProgrammePartner:
    position = max((row.position for row in _rows(session, programme)), default=-1) + 1
    row = ProgrammePartner(programme_id=_id(programme), institution_id=institution_id, position=position)
    session.add(row)
    session.flush()
    return row


def _put(
    row: ProgrammePartner,
    given: PartnerAnswer | None,
    now: datetime,
    *,
    by: int | None = None,
    note: str = "",
    reason: str = "",
) -> None:
    row.answer, row.note, row.reason = given, _words(note, 300), reason
    if given is PartnerAnswer.ASKED:
        row.asked_at, row.asked_by, row.answered_at, row.answered_by = now, by, None, None
    elif given not in (None, PartnerAnswer.REQUESTED):
        row.answered_at, row.answered_by = now, by


def _words(text: str, longest: int = PART_MAX) -> str:
    return " ".join(text.split())[:longest]


def _id(programme: Programme) -> int:
    if programme.id is None:
        raise ValueError("The programme has no row yet.")
    return programme.id
