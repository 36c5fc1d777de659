from sqlmodel import col, func, select

from partners.territory import actions, queries
from partners.territory.models import Gmina, WarsawDistrict


def test_loading_twice_changes_nothing(session):
    actions.load(session)
    actions.load(session)
    assert session.exec(select(func.count()).select_from(Gmina)).one() == 2479


def test_only_districts_of_warsaw_are_loaded(session):
    actions.load(session)
    assert len(queries.warsaw_districts(session)) == 18
    assert set(session.exec(select(WarsawDistrict.gmina_code).distinct()).all()) == {"146501"}


def test_a_changed_name_is_corrected_and_found_by_its_new_one(session):
    actions.load(session)
    gmina = session.get_one(Gmina, "281205")
    gmina.name, gmina.search_text = "Nowe Miasto Lubawskie", " nowe miasto lubawskie"
    session.flush()
    actions.load(session)
    session.refresh(gmina)
    assert (gmina.name, gmina.search_text) == ("Bratian", " bratian nowe miasto lubawskie")


def test_the_gminas_of_the_demo_are_in_no_count(session):
    actions.load(session)
    before = queries.gmina_count(session, "08")
    actions.load_sample(session)
    actions.load_sample(session)
    assert (before, queries.gmina_count(session, "08")) == (82, 82)
    synthetic = session.exec(select(Gmina.code).where(col(Gmina.synthetic)).order_by(Gmina.code)).all()
    assert synthetic == ["089901", "089902"]
