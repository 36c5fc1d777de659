"""An institution that asks to be admitted."""

from typing import Any

from sqlmodel import Session

from app.actors import Actor
from app.clock import now
from app.text import search_text, sort_key
from partners.admission import actions
from partners.admission.models import Application
from partners.admission.rules import Applied
from partners.institutions.models import Kind
from partners.territory.models import County, CountyKind, Gmina, GminaKind
from tests.factories.institutions import make_voivodeships
from tests.factories.rows import add

NAME = "Fundacja Druga Próba"
APPLICANT = "jan@druga-proba.example"


def make_gmina(session: Session, code: str = "080401", name: str = "Kładkowo", county: str = "nowosolski") -> Gmina:
    """Add a rural gmina with its county, unless it is there."""
    make_voivodeships(session)
    found = session.get(Gmina, code)
    if found is not None:
        return found
    if session.get(County, code[:4]) is None:
        add(
            session,
            County,
            code=code[:4],
            name=county,
            kind=CountyKind.COUNTY,
            voivodeship_code=code[:2],
            sort_key=county,
        )
    return add(
        session,
        Gmina,
        code=code,
        name=name,
        kind=GminaKind.RURAL,
        county_code=code[:4],
        voivodeship_code=code[:2],
        sort_key=sort_key(name),
        search_text=search_text(name),
    )


def make_application(session: Session, **changes: Any) -> Application:
    """Let a foundation apply; its applicant is invited and has no account yet."""
    make_gmina(session)
    values: dict[str, Any] = {
        "kind": Kind.NGO,
        "name": NAME,
        "gmina_code": "080401",
        "district_code": None,
        "street": "ul. Próbna 2",
        "postal_code": "67-100",
        "post_town": "Kładkowo",
        "email": "biuro@druga-proba.example",
        "phone": "68 000 00 99",
        "applicant_name": "Jan Pokazowy",
        "applicant_email": APPLICANT,
        "applicant_function": "prezes",
        "message": "Prowadzimy klub dla osób po wyjściu.",
        **changes,
    }
    return actions.apply(session, Actor.visitor(), Applied(**values), now())
