from contextlib import closing

import pytest
from sqlalchemy import String, bindparam, literal, literal_column
from sqlalchemy.exc import IntegrityError

from app.accounts.models import UserAccount
from app.clock import now
from app.db import choice, columns, lock, rows
from app.outbox.models import MailState
from tests.factories.persons import make_account


def test_times_come_back_aware_and_naive_ones_are_refused(session):
    user = make_account(session, "Anna Przykładowa", "anna@ops.example")
    session.commit()
    session.expire_all()
    stored = session.get_one(UserAccount, user.id).created_at
    assert stored.utcoffset() is not None
    assert abs((now() - stored).total_seconds()) < 60
    user.created_at = now().replace(tzinfo=None)
    with pytest.raises(Exception, match="must have timezone"):
        session.flush()


def test_choices_are_checked_by_the_database(session):
    from_outside = "INSERT INTO outbox (created_at, to_address, language, template, params, link, message_id, state,"
    from_outside += " attempts, next_try_at, perhaps_twice, error, subject) VALUES ('2026-11-23 08:00:00', 'a', 'pl',"
    from_outside += " 't', '{}', '', 'm', 'nonsense', 0, '2026-11-23 08:00:00', false, '', '')"
    with pytest.raises(IntegrityError):
        session.connection().exec_driver_sql(from_outside)


def test_a_refused_statement_does_not_tell_what_it_held(session):
    make_account(session, "Anna Przykładowa", "anna@ops.example")
    with pytest.raises(IntegrityError) as refused:
        make_account(session, "Maria Próbna", "anna@ops.example")
    assert "Maria" not in str(refused.value)


def test_choices_store_values():
    kind = choice(MailState)
    assert kind.enums == ["waiting", "sending", "sent", "failed"]
    assert kind.native_enum is False


def test_foreign_keys_are_kept(session):
    with pytest.raises(IntegrityError):
        session.connection().exec_driver_sql(
            "INSERT INTO audit_values (audit_id, key, personal, at) VALUES (4711, 'k', '{}', '2026-11-23 08:00:00')"
        )


def test_lock_reads_afresh(database, session):
    user = make_account(session, "Anna Przykładowa", "anna@ops.example")
    session.commit()
    with closing(database.session(writes=False)) as early:
        seen = early.get_one(UserAccount, user.id)
        early.rollback()
        user.name = "Anna Wzorcowa"
        session.commit()
        locked = lock(early, UserAccount, user.id or 0)
        assert locked is not None
        assert locked is seen
        assert locked.name == "Anna Wzorcowa"
        assert lock(early, UserAccount, 4711) is None


def test_statements_are_compiled_once_and_not_mixed_up(database):
    remembered = database.engine.get_execution_options()["compiled_cache"]
    before = len(remembered)  # a database that served another test remembers what that one asked
    asked = [
        columns(literal_column(str(number)), literal("x"), bindparam("given", type_=String)) for number in range(3)
    ]
    with database.session(writes=False) as session:
        for given in "ab":
            for number, statement in enumerate(asked):
                assert [tuple(row) for row in rows(session, statement, {"given": given})] == [(number, "x", given)]
        assert len(remembered) - before == len(asked)
        for number in range(1100):  # made anew each time: more of them than are kept
            assert rows(session, columns(literal(number)))[0][0] == number
    assert len(remembered) - before == len(asked) + 1
