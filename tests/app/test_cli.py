"""What the commands refuse."""

from dataclasses import replace

import click
import pytest

from app import cli, marks


@pytest.mark.parametrize(
    ("host", "base_url", "served"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("127.0.0.1", "http://localhost:8000", True),
        ("0.0.0.0", "http://127.0.0.1:8000", False),  # noqa: S104 - the address that must be refused
        ("127.0.0.1", "https://kladka.example.org", False),  # behind a proxy it is public all the same
    ],
)
def test_the_demo_is_served_to_this_machine_only(config, database, session, host, base_url, served):
    config = replace(config, base_url=base_url)
    cli._refuse_demo_in_public(database, config, host)
    marks.set_mark(session, marks.DEMO, "1")
    session.commit()
    if served:
        cli._refuse_demo_in_public(database, config, host)
    else:
        with pytest.raises(click.ClickException, match="public password"):
            cli._refuse_demo_in_public(database, config, host)


def test_roles_are_written_as_people_write_them():
    option = next(one for one in cli.add.params if one.name == "role")
    assert list(option.type.choices) == ["member", "coordinator", "admin"]  # type: ignore[attr-defined]
