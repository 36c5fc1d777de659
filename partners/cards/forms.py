"""Forms of cards: the card itself, its state, its territory, a room."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.web.fields import (
    CheckField,
    ChoiceField,
    ChoicesField,
    DayField,
    LongTextField,
    TextField,
    WholeNumberField,
)
from app.web.forms import Form
from app.web.i18n import _, _l
from partners.cards.actions import RoomDraft
from partners.cards.rules import ALIASES_MAX, DESCRIPTION_MAX, STATES, CardDraft
from partners.institutions.models import NAME_MAX, SHORT_NAME_MAX, Kind, Status
from partners.institutions.reach import Unit
from partners.institutions.rules import FEATURE_LABEL, KIND_LABEL

WARSAW = "146501"
_EMAIL = re.compile(r"[^@\s<>(),;:]+@[^@\s<>(),;:.]+(\.[^@\s<>(),;:.]+)+")
# Three digits at least, looked for beforehand: a repetition within a repetition would try every way to share them out.
_PHONE = re.compile(r"(?=(?:[+()/,.\- ]*\d){3})[0-9+()/,.\- ]+(wew\.? ?[0-9, ]+)?", re.ASCII)
_POSTAL = re.compile(r"\d\d-\d\d\d")
_SITE = re.compile(r"https?://[^\s<>\"'@]+\.[^\s<>\"']+")
_OPERATORS = ("kind", "valid_from", "valid_to")
_SAME = (
    "name",
    "short_name",
    "slug",
    "street",
    "postal_code",
    "post_town",
    "locality",
    "email",
    "phone",
    "website",
    "hours",
    "description",
)


class CardForm(Form):
    """What stands on a card. *narrow* takes away what this person, or this kind, has no say in."""

    name = TextField(_l("Name"), longest=NAME_MAX, needed=_l("Give the institution a name."))
    short_name = TextField(_l("Short name"), longest=SHORT_NAME_MAX)
    kind = ChoiceField(_l("Kind"), needed=_l("Choose the kind of the institution."))
    street = TextField(_l("Street and number"), longest=120)
    postal_code = TextField(_l("Postal code"), longest=6)
    post_town = TextField(_l("Town"), longest=80)
    locality = TextField(_l("Village or part of the town"), longest=80)
    seat = TextField(_l("Gmina of the seat"), longest=160)
    seat_choice = ChoiceField(_l("Which gmina?"))
    district = ChoiceField(_l("District of Warsaw"))
    phone = TextField(_l("Phone"), longest=40)
    email = TextField(_l("E-mail"), longest=254)
    website = TextField(_l("Website"), longest=200)
    hours = TextField(_l("Hours"), longest=200)
    description = LongTextField(_l("About the institution"), longest=DESCRIPTION_MAX)
    acts_as = ChoicesField(_l("Acts as well as"))
    features = ChoicesField(_l("Type and units"))
    parent = TextField(_l("Belongs to"), longest=NAME_MAX)
    aliases = LongTextField(_l("Also called"), longest=ALIASES_MAX * (NAME_MAX + 1))
    slug = TextField(_l("Address of the card"), longest=60, needed=_l("Give the address of the card."))
    valid_from = DayField(_l("Exists since"))
    valid_to = DayField(_l("Existed until"))
    confirmed = CheckField(_l("All data on the card are right"))
    edition = TextField(longest=24)

    def narrow(self, *, operates: bool, confirms: bool, has_features: bool, has_parent: bool, in_warsaw: bool) -> None:
        """Take away the fields that are not asked for: what is not in the form cannot be smuggled in."""
        gone = [*(() if operates else _OPERATORS)]
        gone += [
            name
            for name, asked in (
                ("confirmed", confirms),
                ("features", has_features),
                ("parent", has_parent),
                ("district", in_warsaw),
            )
            if not asked
        ]
        for name in gone:
            del self[name]

    def offer(self, acting: Sequence[Kind], districts: Sequence[tuple[str, str]]) -> None:
        """Give the fields their choices in the language of the page."""
        if "kind" in self:
            self.kind.choices = [(kind.value, _(label)) for kind, label in KIND_LABEL.items()]
        self.acts_as.choices = [(kind.value, _(KIND_LABEL[kind])) for kind in acting]
        if "features" in self:
            self.features.choices = [(key, _(label)) for key, label in FEATURE_LABEL.items()]
        if "district" in self:
            self.district.choices = list(districts)
        self.seat_choice.choices = []

    def offer_seats(self, units: Sequence[Unit], language: str) -> None:
        """Let the person choose among gminas of one name."""
        self.seat_choice.choices = [(unit.code, unit.words(language)) for unit in units]

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, then what an address, a number and a link look like."""
        valid = super().validate(extra_validators)
        if self.website.data and "://" not in self.website.data and ":" not in self.website.data:
            self.website.data = f"https://{self.website.data}"
        wrong = (
            (self.email, _EMAIL, _("Give an e-mail address such as sekretariat@example.org.")),
            (self.phone, _PHONE, _("Give a telephone number, for example 68 321 00 00 wew. 12.")),
            (self.postal_code, _POSTAL, _("Give a postal code such as 65-001.")),
            (self.website, _SITE, _("Give an address that begins with https://, for example https://www.example.org.")),
        )
        for field, shape, sentence in wrong:
            if field.data and not field.errors and not shape.fullmatch(field.data):
                self.refuse(field, sentence)
                valid = False
        lines = self.aliases.lines()
        if len(lines) > ALIASES_MAX:
            self.refuse(self.aliases, _("Give at most %(number)d further names.", number=ALIASES_MAX))
            valid = False
        if any(len(line) > NAME_MAX for line in lines):
            self.refuse(self.aliases, _("Shorten each name to %(limit)d characters.", limit=NAME_MAX))
            valid = False
        return valid

    def draft(self, before: CardDraft, *, gmina_code: str | None, parent_id: int | None) -> CardDraft:
        """Give the clean values; what the form does not ask for stays as it was *before*."""
        district = (self.district.data if "district" in self else before.district_code) or None
        return CardDraft(
            **{name: self[name].data or "" for name in _SAME},
            kind=Kind(self.kind.data) if "kind" in self else before.kind,
            valid_from=self.valid_from.data if "valid_from" in self else before.valid_from,
            valid_to=self.valid_to.data if "valid_to" in self else before.valid_to,
            gmina_code=gmina_code,
            district_code=district if gmina_code == WARSAW else None,
            voivodeship_code=gmina_code[:2] if gmina_code else before.voivodeship_code,
            parent_id=parent_id,
            acts_as=tuple(sorted(set(self.acts_as.data or ()))),
            features=tuple(sorted(set(self.features.data or ()))) if "features" in self else before.features,
            aliases=tuple(dict.fromkeys(self.aliases.lines())),
        )

    def words(self, name: str) -> str:
        """Give the value of a field as a page shows it."""
        field = self[name]
        if isinstance(field, ChoicesField):
            chosen = set(field.data or ())
            return ", ".join(str(label) for value, label, *_rest in field.iter_choices() if value in chosen)
        if field.data and getattr(field, "choices", None):
            return str(dict(field.choices).get(field.data, ""))
        return field.show(field.data) if isinstance(field, DayField) and field.data else str(field.data or "")


def values_of(card: CardDraft, *, seat: str, parent: str, edition: str) -> Mapping[str, Any]:
    """Give what the form of a saved card begins with; *seat* and *parent* in the words that can be typed."""
    return {
        **{name: getattr(card, name) for name in (*_SAME, "valid_from", "valid_to")},
        "kind": card.kind.value,
        "seat": seat,
        "district": card.district_code or "",
        "parent": parent,
        "acts_as": list(card.acts_as),
        "features": list(card.features),
        "aliases": "\n".join(card.aliases),
        "edition": edition,
    }


class StateForm(Form):
    """Whether a card is shown."""

    status = ChoiceField(_l("State of the card"), needed=_l("Choose the state of the card."))
    valid_to = DayField(_l("Existed until"))

    def offer(self) -> None:
        """Give the choices in the language of the page."""
        words = {
            Status.ACTIVE: _("active: stands in the directory"),
            Status.UNCONFIRMED: _("unconfirmed: stands in the directory only when asked for"),
            Status.ARCHIVED: _("archived: no longer exists, found by its address only"),
        }
        self.status.choices = [(status.value, words[status]) for status in STATES]


class TerritoryForm(Form):
    """What is ticked on one page of the tree, and what was ticked when the page was opened."""

    codes = ChoicesField(_l("We work in"))
    seen = ChoicesField()


class RoomForm(Form):
    """A room in which meetings take place."""

    name = TextField(_l("Name of the room"), longest=120, needed=_l("Give the room a name, for example Sala widzeń."))
    seats = WholeNumberField(_l("Number of seats"), low=1, high=2000)
    equipment = TextField(_l("Equipment"), longest=300)

    def draft(self) -> RoomDraft:
        """Give the clean values."""
        return RoomDraft(self.name.data or "", self.seats.data, self.equipment.data or "")
