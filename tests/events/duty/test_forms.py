"""What the forms of duty hours make of values that no page has sent."""

from uuid import UUID, uuid4

import pytest
from flask import Flask

from events.duty.forms import OnDutyForm


@pytest.mark.parametrize("sent", ["duty-1-0", "x" * 200, ""])
def test_a_key_that_no_page_has_made_is_replaced(app: Flask, sent: str) -> None:
    """The keys of series begin with “duty”; whoever took one first would keep the series from being published."""
    with app.test_request_context("/", method="POST", data={"key": sent}):
        assert str(UUID(OnDutyForm().booking_key())) != sent


def test_the_key_of_a_page_stays(app: Flask) -> None:
    key = str(uuid4())
    with app.test_request_context("/", method="POST", data={"key": key}):
        assert OnDutyForm().booking_key() == key
