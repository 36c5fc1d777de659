"""What lists of programmes are ordered and searched by."""

from sqlmodel import Session, col, select

from app.text import search_text, sort_key
from partners.institutions.models import Institution
from projects.programmes.models import Programme, ProgrammePartner


def reindex(session: Session, programme: Programme) -> None:
    """Make order and search text anew: title, texts, and the names of all who have agreed to take part.

    Who was only asked is not found by its name: nobody else may know that it was.
    """
    lead = session.get(Institution, programme.lead_id) if programme.lead_id is not None else None
    names = session.exec(
        select(Institution.name)
        .join(ProgrammePartner, col(ProgrammePartner.institution_id) == col(Institution.id))
        .where(ProgrammePartner.programme_id == programme.id, col(ProgrammePartner.agreed_part).is_not(None))
        .order_by(col(Institution.sort_key), col(Institution.id))
    ).all()
    programme.sort_key = sort_key(programme.title)
    leading = (lead.name, lead.short_name) if lead is not None else ()
    programme.search_text = search_text(programme.title, programme.summary, programme.target_group, *leading, *names)
    session.flush()
