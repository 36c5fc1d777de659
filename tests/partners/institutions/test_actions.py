from datetime import UTC, datetime

import pytest
from sqlmodel import Session, col, select

from app.actors import Actor
from app.audit.models import AuditLine
from partners.institutions.actions import NewCard, add_institution, reindex
from partners.institutions.models import Institution, InstitutionAlias, Kind, KindGroup, Service, Status
from partners.institutions.rules import FEATURE_LABEL, KIND_GROUP, KIND_LABEL, KIND_PLURAL, STATUS_LABEL
from partners.territory import actions as territory

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture(name="ready")
def _ready(session: Session) -> Session:
    territory.load(session)
    return session


def add(session: Session, **card) -> Institution:
    return add_institution(session, Actor.system(), NewCard(**{"kind": Kind.OPS, **card}), NOW)


def test_a_card_gets_slug_voivodeship_order_and_search_text(ready):
    row = add(ready, name="Ośrodek Pomocy Społecznej w Łęknicy", gmina_code="081101", aliases=("MOPS Łęknica",))
    assert row.slug == "osrodek-pomocy-spolecznej-w-leknicy"
    assert row.voivodeship_code == "08"
    assert row.sort_key
    assert " spolecznej" in row.search_text
    assert " mops leknica" in row.search_text


def test_a_taken_slug_gets_a_number(ready):
    slugs = [add(ready, name="OPS w Gubinie").slug for _ in range(3)]
    assert slugs == ["ops-w-gubinie", "ops-w-gubinie-2", "ops-w-gubinie-3"]


def test_a_name_without_latin_letters_gets_a_slug_too(ready):
    assert add(ready, name="„…”").slug == "instytucja"


def test_services_and_towns_are_found(ready):
    service = Service(key="shelter", group="ops", name_pl="schronienie", name_en="shelter")
    ready.add(service)
    ready.flush()
    row = add(ready, name="OPS", gmina_code="086201", offers={service.id: ""})
    assert row.search_text == " ops zielona gora schronienie shelter"


def test_a_new_alias_is_found_after_reindexing(ready):
    row = add(ready, name="OPS w Lubsku")
    ready.add(InstitutionAlias(institution_id=row.id or 0, name="MOPS w Lubsku"))
    ready.flush()
    reindex(ready, row)
    assert row.search_text == " ops w lubsku mops w lubsku"


def test_adding_leaves_a_line_in_the_trail(ready):
    row = add(ready, name="OPS")
    line = ready.exec(select(AuditLine).where(col(AuditLine.verb) == "institution.added")).one()
    assert (line.subject_id, line.details) == (row.id, {"kind": "ops", "status": "active"})


def test_every_kind_has_its_words_and_its_badge():
    assert set(KIND_LABEL) == set(KIND_PLURAL) == set(KIND_GROUP) == set(Kind)
    assert set(KIND_GROUP.values()) == set(KindGroup)
    assert len(set(KIND_LABEL.values())) == len(Kind)
    assert len(STATUS_LABEL) == len(Status)
    assert {"half_open", "open", "therapeutic_unit", "halfway_house"} <= set(FEATURE_LABEL)
