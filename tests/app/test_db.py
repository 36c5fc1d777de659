from contextlib import closing
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import JSON, Date, Integer, Row, String, Uuid, bindparam, column, literal, literal_column, table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col

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


def test_a_statement_that_comes_again_gives_the_same_values_without_sqlalchemy(session, query_count):
    user, uuid = make_account(session, "Anna Przykładowa", "anna@ops.example"), uuid4()
    statement = columns(
        UserAccount.id,
        UserAccount.name,
        UserAccount.created_at,
        UserAccount.locked_at,
        UserAccount.synthetic,
        literal(MailState.SENT, choice(MailState)),
        literal({"a": [1, None]}, JSON),
        literal(uuid, Uuid),
        literal(date(2026, 11, 23), Date),
    ).where(col(UserAccount.created_at) <= bindparam("now"), col(UserAccount.name) == bindparam("name"))
    given = {"now": now(), "name": user.name}
    first, second = rows(session, statement, given), rows(session, statement, given)
    with query_count() as statements:
        third = rows(session, statement, given)
    assert len(statements) == 1
    assert [isinstance(found[0], Row) for found in (first, second, third)] == [True, False, True]
    assert [tuple(found[0]) for found in (second, third)] == [tuple(first[0])] * 2
    assert rows(session, statement, given | {"name": "nobody"}) == []


def test_lists_are_asked_for_anew_each_time(session):
    wanted = columns(UserAccount.name).where(col(UserAccount.id).in_(bindparam("ids", expanding=True, type_=Integer)))
    names = {make_account(session, f"Osoba {n}", f"{n}@ops.example").id: f"Osoba {n}" for n in "abc"}
    for asked in (list(names), list(names)[:1], list(names)[1:], []):
        assert sorted(row[0] for row in rows(session, wanted, {"ids": asked})) == [names[one] for one in asked]


def test_what_is_refused_on_the_short_way_is_told_as_on_the_long_one(database):
    with database.session(writes=True) as session:
        session.connection().exec_driver_sql("CREATE TEMPORARY TABLE brief (id INTEGER)")
        asked = columns(column("id", Integer)).select_from(table("brief", column("id", Integer)))
        assert rows(session, asked) == rows(session, asked) == []
        session.connection().exec_driver_sql("DROP TABLE brief")
        with pytest.raises(DBAPIError, match="brief"):
            rows(session, asked)
