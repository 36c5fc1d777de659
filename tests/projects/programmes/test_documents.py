"""Documents of a project: who adds, who reads, how they are given out."""

import io
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.clock import now
from app.files.models import StoredFile
from projects.programmes import documents
from projects.programmes.models import PartnerAnswer, ProgrammeDocument, ProgrammePartner, ProgrammeState
from tests.conftest import browser_of
from tests.factories.pdfs import make_pdf
from tests.factories.programmes import make_programme

PAGE = "/projekty/most/dokumenty"


@pytest.fixture(name="programme")
def _programme(session, people, clock):
    """A public programme of the NGO, in which the MOPS takes part and the prison was only asked."""
    made = make_programme(session, "Most", people.jola.institution_id)
    agreed = ProgrammePartner(
        programme_id=made.id or 0, institution_id=people.mops.id, agreed_part="plan", answer=PartnerAnswer.CONFIRMED
    )
    asked = ProgrammePartner(programme_id=made.id or 0, institution_id=people.prison.id, answer=PartnerAnswer.ASKED)
    session.add_all([agreed, asked])
    session.flush()
    return made


def send(client, data=None, name="regulamin.pdf", title="Regulamin", **options):
    body = make_pdf() if data is None else data
    return client.post(PAGE, data={"title": title, "file": (io.BytesIO(body), name)}, **options)


def test_lead_adds_opens_and_removes(client, session, people, programme):
    client.sign_in(people.jola).see(PAGE)
    assert send(client, name="..\\zł y.pdf").status_code == 303
    page = client.see(PAGE)
    assert "dla partnerów" in page.text
    (link,) = (one["href"] for one in page.main.all("a") if one["href"].startswith("/pliki/"))
    answer = client.get(link)
    assert answer.data == make_pdf()
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''z%C5%82%20y.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"
    (document,) = session.exec(select(ProgrammeDocument)).all()
    assert client.post(f"{PAGE}/{document.id}/widocznosc", data={"public": "1"}).status_code == 303
    assert browser_of(client.application).get(link).status_code == 200
    assert client.post(f"{PAGE}/{document.id}/usun").status_code == 303
    assert client.get(link).status_code == 404
    assert "Nie ma jeszcze dokumentów" in client.see(PAGE).text


def test_a_document_for_partners_is_nowhere_for_others(client, session, people, programme):
    for title, public in (("Harmonogram", False), ("Plakat", True)):
        documents.add(session, people.jola.actor, programme, title, f"{title}.pdf", make_pdf(), now(), public=public)
    closed, opened = (f"/pliki/{one.uuid}" for one in session.exec(select(StoredFile).order_by(col(StoredFile.id))))
    session.commit()
    inside, outside = ("jola", "marek", "piotr"), ("", "ewa", "stefan", "olga", "wanda")
    for who in inside + outside:
        browser = browser_of(client.application)
        if who:
            browser.sign_in(getattr(people, who))
        text = browser.see(PAGE).text
        assert ("Harmonogram" in text, "Plakat" in text) == (who in inside, True), who
        assert browser.get(closed).status_code == (200 if who in inside else 404), who
        assert browser.get(opened).status_code == 200, who
    programme.state = ProgrammeState.DRAFT
    session.commit()
    assert browser_of(client.application).get(opened).status_code == 404
    assert browser_of(client.application).get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("data", "changes", "field", "sentence"),
    [
        (b"", {}, "file", "Wybierz plik PDF."),
        (b"<html><script>alert(1)</script></html>", {}, "file", "To nie jest plik PDF"),
        (make_pdf(b"/S /JavaScript"), {}, "file", "skrypt, załączony plik"),
        (None, {"title": ""}, "title", "Napisz, co to za dokument."),
        (None, {"title": "Lista 44051401359"}, "title", "PESEL"),
    ],
)
def test_refusals_stand_at_their_fields(client, session, people, programme, data, changes, field, sentence):
    client.sign_in(people.jola).see(PAGE)
    assert send(client, data, **changes).status_code == 422
    assert sentence in client.page.by_id("errors").one("a", href=f"#{field}").text
    assert session.exec(select(StoredFile)).all() == []


def test_body_beyond_the_limit_is_not_read(client, session, people, programme):
    client.sign_in(people.jola).see(PAGE)
    assert send(client, environ_overrides={"CONTENT_LENGTH": str(6 * 2**20)}).status_code == 413
    values = client.see("/projekty/nowy").values("/projekty/nowy")
    assert client.post("/projekty/nowy", data={**values, "goals": "x" * 3 * 2**20}).status_code == 413


def test_documents_have_an_end(client, session, people, programme, monkeypatch):
    monkeypatch.setattr(documents, "DOCUMENTS_MAX", 2)
    client.sign_in(people.jola).see(PAGE)
    assert [send(client).status_code for _ in range(3)] == [303, 303, 422]
    assert "Projekt może mieć najwyżej 2" in client.page.by_id("errors").text
    assert not client.see(PAGE).main.all("form", action=PAGE)


def test_others_do_not_write(client, session, people, programme):
    mine = documents.add(session, people.jola.actor, programme, "Plakat", "p.pdf", make_pdf(), now(), public=True)
    other = make_programme(session, "Brama", people.prison.id)
    client.sign_in(people.marek).see(PAGE)
    assert send(client).status_code == 403
    assert client.post(f"{PAGE}/{mine.id}/usun").status_code == 403
    client.sign_in(people.ewa).see("/projekty/brama/dokumenty")
    assert client.post(f"/projekty/brama/dokumenty/{mine.id}/usun").status_code == 404
    assert (
        client.post(f"/projekty/{other.slug}/dokumenty/{mine.id}/widocznosc", data={"public": "0"}).status_code == 404
    )
    session.expire_all()
    assert session.exec(select(ProgrammeDocument)).one().public


def test_a_document_in_english(client, people, programme, session, clock):
    documents.add(session, people.jola.actor, programme, "Plakat", "p.pdf", make_pdf(), now(), public=True)
    clock.shift(timedelta(days=1))
    assert client.sign_in(people.jola).see(f"{PAGE}?jezyk=en").h1 == "Documents of the project"
