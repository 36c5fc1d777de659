"""Stored files: what came is given out, what nothing points to goes by night."""

import hashlib
from datetime import timedelta

import pytest
from sqlmodel import select

from app.clock import now
from app.files import actions, queries, rules
from app.files.models import StoredFile
from projects.programmes import documents
from tests.factories.pdfs import make_pdf
from tests.factories.programmes import make_programme


def test_a_file_is_stored_as_it_came(session, people, clock):
    stored = actions.store(session, people.jola.actor, "../regulamin.pdf", make_pdf(), now())
    assert (stored.name, stored.size) == ("regulamin.pdf", len(make_pdf()))
    assert stored.digest == hashlib.sha256(make_pdf()).hexdigest()
    assert queries.content(session, stored.id or 0) == make_pdf()
    assert queries.content(session, 999) is None
    with pytest.raises(rules.NoPdf):
        actions.store(session, people.jola.actor, "x.pdf", b"GIF89a", now())


def test_files_that_nothing_points_to_go_after_a_day(session, people, clock):
    programme = make_programme(session, "Most", people.jola.institution_id)
    kept = documents.add(session, people.jola.actor, programme, "Regulamin", "r.pdf", make_pdf(), now(), public=True)
    actions.store(session, people.jola.actor, "stary.pdf", make_pdf(), now())
    clock.shift(timedelta(days=1, minutes=1))
    fresh = actions.store(session, people.jola.actor, "nowy.pdf", make_pdf(), now())
    assert actions.forget_unused(session, now()) == 1
    assert set(session.exec(select(StoredFile.id))) == {kept.file_id, fresh.id}
    documents.remove(session, people.jola.actor, programme, kept, now())
    assert actions.forget_unused(session, now()) == 1
