"""Which messages the partners' acts cause: each goes to the coordinators of those whom it is about.

Who takes an act back and does it again writes to others a few times in a day at most; the desk shows how things stand.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.outbox import post
from app.outbox.models import OutboxMail
from partners.institutions.models import Institution
from partners.people import queries as people
from projects.programmes.models import Programme, ProgrammePartner

SAME_IN_A_DAY = 3
# Where a mail leads on the pages of the programme, if not to those of its partners.
_PLACE = {"accepted": "", "published": "", "lead_changed": ""}


def asked(session: Session, programme: Programme, partner: ProgrammePartner, now: datetime) -> None:
    """Ask an institution to confirm its part; *asked_again* where it had agreed to other words."""
    template = "asked" if partner.agreed_part is None else "asked_again"
    _write(session, programme, template, [partner.institution_id], now, part=partner.part)


def answered(session: Session, programme: Programme, partner: ProgrammePartner, now: datetime, *, agrees: bool) -> None:
    """Tell the lead what a partner said; *kept* where it declined new words and the old ones stand."""
    template = "confirmed" if agrees else "declined" if partner.agreed_part is None else "kept"
    further = {"institution": _name(session, partner.institution_id), "note": partner.note, "part": partner.part}
    _write(session, programme, template, [programme.lead_id], now, **further)


def requested(session: Session, programme: Programme, partner: ProgrammePartner, now: datetime) -> None:
    """Tell the lead who asks to join, and with what."""
    further = {"institution": _name(session, partner.institution_id), "part": partner.part}
    _write(session, programme, "requested", [programme.lead_id], now, **further)


def decided(session: Session, programme: Programme, partner: ProgrammePartner, now: datetime) -> None:
    """Tell who asked to join that it takes part, or why not."""
    if partner.agreed_part is not None:
        _write(session, programme, "accepted", [partner.institution_id], now, part=partner.part)
        return
    further = {"code": partner.reason, "note": partner.note}
    _write(session, programme, "refused", [partner.institution_id], now, **further)


def left(session: Session, programme: Programme, partner: ProgrammePartner, now: datetime) -> None:
    """Tell the lead that a partner has left, and why."""
    further = {"institution": _name(session, partner.institution_id), "note": partner.note}
    _write(session, programme, "left", [programme.lead_id], now, **further)


def dropped(session: Session, programme: Programme, institution_id: int, now: datetime) -> None:
    """Tell an institution that the lead has taken it off the programme."""
    _write(session, programme, "dropped", [institution_id], now, link="/projekty")


def published(session: Session, programme: Programme, now: datetime) -> None:
    """Tell the partners that everybody can see the programme."""
    _write(session, programme, "published", _partners(session, programme), now)


def offered(session: Session, programme: Programme, now: datetime) -> None:
    """Ask a partner to take the lead over."""
    _write(session, programme, "offered", [programme.offered_to_id], now)


def offer_declined(session: Session, programme: Programme, institution_id: int, now: datetime) -> None:
    """Tell the lead that a partner does not take it over."""
    _write(session, programme, "offer_declined", [programme.lead_id], now, institution=_name(session, institution_id))


def lead_changed(session: Session, programme: Programme, old_lead_id: int, now: datetime) -> None:
    """Tell the old lead and the partners who leads from now on."""
    concerned = {old_lead_id, *_partners(session, programme)} - {programme.lead_id}
    _write(session, programme, "lead_changed", concerned, now, institution=_name(session, old_lead_id))


def _partners(session: Session, programme: Programme) -> list[int]:
    statement = select(ProgrammePartner.institution_id).where(
        ProgrammePartner.programme_id == programme.id, col(ProgrammePartner.agreed_part).is_not(None)
    )
    return list(session.exec(statement))


def _name(session: Session, institution_id: int | None) -> str:
    found = session.get(Institution, institution_id) if institution_id is not None else None
    return found.name if found is not None else ""


def _write(
    session: Session,
    programme: Programme,
    template: str,
    institution_ids: Iterable[int | None],
    now: datetime,
    *,
    link: str = "",
    **further: str,
) -> None:
    lead = _name(session, programme.lead_id)
    # Words may differ each time: the programme and whom it is about make two mails the same.
    about = {"slug": programme.slug, "institution": further.get("institution", "")}
    for institution_id in sorted(one for one in set(institution_ids) if one is not None):
        for coordinator in people.coordinators(session, institution_id):
            if _written(session, coordinator.user_id, template, about, now) >= SAME_IN_A_DAY:
                continue
            post.write(
                session,
                now,
                to=coordinator.email,
                user_id=coordinator.user_id,
                language=coordinator.language,
                template=f"projects/programmes/{template}",
                params={
                    "title": programme.title,
                    "slug": programme.slug,
                    "organiser": lead,
                    "synthetic": programme.synthetic,
                    **further,
                },
                link=link or f"/projekty/{programme.slug}{_PLACE.get(template, '/partnerzy')}",
            )


def _written(session: Session, user_id: int, template: str, about: dict[str, str], now: datetime) -> int:
    """Count the mails of this kind to one person in the last day about the same programme and institution."""
    params = session.exec(
        select(OutboxMail.params).where(
            OutboxMail.to_user_id == user_id,
            OutboxMail.template == f"projects/programmes/{template}",
            col(OutboxMail.created_at) > now - timedelta(days=1),
        )
    ).all()
    return sum(all(one.get(name, "") == value for name, value in about.items()) for one in params)
