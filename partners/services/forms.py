"""Forms of services: what to offer besides, one offer, one entry of the catalogue."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.web.fields import ChoiceField, ChoicesField, LongTextField, TextField
from app.web.forms import Form
from app.web.i18n import _, _l
from partners.institutions.rules import SERVICE_GROUP_LABEL
from partners.services.rules import OfferDraft, ServiceDraft

_SAME = ("note", "audience", "how_to_apply", "what_to_bring", "hours", "phone")
EVERYWHERE, CHOSEN = "wszedzie", "wybrane"


class AddForm(Form):
    """Entries of the catalogue that an institution offers besides."""

    services = ChoicesField(_l("Services"), needed=_l("Tick at least one service."))

    def offer(self, ids: Iterable[int]) -> None:
        """Let the form choose among these entries."""
        self.services.choices = [(str(number), str(number)) for number in ids]

    def chosen(self) -> list[int]:
        """Give the ids of the ticked entries."""
        return [int(value) for value in self.services.data or ()]


class OfferForm(Form):
    """What is known of an offer."""

    audience = TextField(_l("For whom"), longest=300)
    how_to_apply = LongTextField(_l("How to apply"), longest=500)
    what_to_bring = TextField(_l("What to bring"), longest=300)
    hours = TextField(_l("Hours"), longest=200)
    phone = TextField(_l("Phone"), longest=40)
    note = TextField(_l("Note"), longest=300)
    where = ChoiceField(_l("Where"))
    codes = ChoicesField(_l("Only in these places"))
    edition = TextField(longest=24)

    def offer(self, codes: Sequence[str]) -> None:
        """Let the form choose among these places."""
        self.where.choices = [
            (EVERYWHERE, _("everywhere where the institution works")),
            (CHOSEN, _("only in the places ticked below")),
        ]
        self.codes.choices = [(code, code) for code in codes]

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, and that "only there" names a place."""
        valid = super().validate(extra_validators)
        if self.where.data == CHOSEN and not self.codes.data and not self.codes.errors:
            self.refuse(self.codes, _("Tick the places, or choose “everywhere”."))
            valid = False
        return valid

    def draft(self) -> OfferDraft:
        """Give the clean values."""
        codes = tuple(sorted(set(self.codes.data or ()))) if self.where.data == CHOSEN else ()
        return OfferDraft(**{name: self[name].data or "" for name in _SAME}, codes=codes)


def values_of(offer: OfferDraft, edition: str) -> dict[str, Any]:
    """Give what the form of a saved offer begins with."""
    return {
        **{name: getattr(offer, name) for name in _SAME},
        "where": CHOSEN if offer.codes else EVERYWHERE,
        "codes": list(offer.codes),
        "edition": edition,
    }


class ServiceForm(Form):
    """An entry of the catalogue."""

    name_pl = TextField(_l("Name in Polish"), longest=200, needed=_l("Give the Polish name."))
    name_en = TextField(_l("Name in English"), longest=200, needed=_l("Give the English name."))
    group = ChoiceField(_l("Group"), needed=_l("Choose the group."))
    edition = TextField(longest=24)

    def offer(self) -> None:
        """Give the groups in the language of the page."""
        self.group.choices = [(key, _(label)) for key, label in SERVICE_GROUP_LABEL.items()]

    def draft(self) -> ServiceDraft:
        """Give the clean values."""
        return ServiceDraft(self.group.data or "", self.name_pl.data or "", self.name_en.data or "")
