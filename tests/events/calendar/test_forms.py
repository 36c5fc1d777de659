"""What the form of an event makes of everything that people type."""

from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import MultiDict

from events.calendar.forms import Asked, EventForm, read_day, values_of
from events.calendar.models import Admission, Consent, EventKind, Promotion, SignUpScope, Split, Visibility
from events.calendar.queries import Choices, Named, Resolved, RoomOffer
from events.calendar.rules import Speaker
from partners.institutions.models import Kind
from tests.factories.events import date_of
from tests.factories.guests import event_in

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
wall = datetime.fromisoformat
OWN = Named(1, "mops", "MOPS", "", Kind.MOPS)
PRISON = Named(2, "zk", "Zakład Karny", "", Kind.PRISON)
ROOMS = (RoomOffer(5, "Świetlica", 2), RoomOffer(6, "Sala 12", 1))
CHOICES = Choices(
    rooms=ROOMS, partners=(PRISON,), programmes=((7, "Krok"),), clauses=((9, "P-08-901 – dyżury", "P-08-901 – duty"),)
)
TYPED = {
    "kind": "staff_training",
    "title": "Szkolenie",
    "day": "15.12.2026",
    "starts": "10:00",
    "ends": "12.00",
    "place": "1",
    "audience": "social_workers",
}


@pytest.fixture(name="filled")
def _filled(app):
    """Give a form that holds TYPED with changes; None takes a field away."""
    with app.test_request_context("/wydarzenia/nowe"):

        def fill(**changes):
            values = {name: value for name, value in {**TYPED, **changes}.items() if value is not None}
            form = EventForm(MultiDict(values))
            form.offer(CHOICES, OWN, "pl")
            return form

        yield fill


def resolved(**changes):
    facts = {"place_id": 1, "place_kind": "mops", "voivodeship": "08", "invited": (), "unknown": {}, "ambiguous": {}}
    return Resolved(**{**facts, **changes})


WRONG = [
    ({"day": "30.02.2026"}, "day", "Podaj datę, która istnieje, na przykład 15.12.2026."),
    ({"day": "jutro"}, "day", "Podaj datę, która istnieje, na przykład 15.12.2026."),
    ({"day": "15.12.0026"}, "day", "Podaj datę, która istnieje, na przykład 15.12.2026."),
    ({"day": ""}, "day", "Podaj datę."),
    ({"starts": "25:61"}, "starts", "Podaj godzinę od 0.00 do 23.59, na przykład 10.00."),
    ({"ends": "12:60"}, "ends", "Podaj godzinę od 0.00 do 23.59, na przykład 10.00."),
    ({"ends": "9:00"}, "ends", "Koniec musi być późniejszy niż początek."),
    ({"ends": "10:00"}, "ends", "Koniec musi być późniejszy niż początek."),
    ({"end_day": "14.12.2026"}, "end_day", "Koniec musi być późniejszy niż początek."),
    ({"day": "22.11.2026"}, "day", "Termin musi być późniejszy niż teraz."),
    ({"day": "23.11.2026", "starts": "8:59"}, "day", "Termin musi być późniejszy niż teraz."),
    ({"day": "28.03.2027", "starts": "2:30", "ends": "5:00"}, "starts", "Tej nocy zmienia się czas"),
    ({"day": "24.10.2027", "end_day": "31.10.2027", "ends": "2:30"}, "ends", "Tej nocy zmienia się czas"),
    ({"end_day": "30.12.2026"}, "end_day", "Wydarzenie może trwać najwyżej 14 dni."),
    ({"starts": "", "ends": ""}, "starts", "Podaj godzinę rozpoczęcia, na przykład 10.00."),
    ({"ends": ""}, "ends", "Podaj obie godziny: od i do."),
    ({"title": " "}, "title", "Podaj nazwę wydarzenia."),
    ({"title": "a" * 161}, "title", "160"),
    ({"title": "Spotkanie z 90010112349"}, "title", "PESEL"),
    ({"kind": None}, "kind", "Wybierz rodzaj wydarzenia."),
    ({"kind": "party"}, "kind", "Wybierz"),
    ({"place": ""}, "place", "Wybierz, gdzie odbędzie się wydarzenie."),
    ({"place": "77"}, "place", "Wybierz"),
    ({"place": "other"}, "place_other", "Podaj nazwę i adres miejsca."),
    (
        {"place": "online", "place_other": "Dom Kultury, ul. Przykładowa 20"},
        "place_other",
        "Podano dwa miejsca. Wybierz wyżej „inne miejsce” albo wyczyść to pole.",
    ),
    ({"audience": None}, "audience", "Wybierz, dla kogo jest wydarzenie."),
    ({"audience": "everybody"}, "audience", "Wybierz"),
    ({"seats": "0"}, "seats", "Podaj liczbę całkowitą"),
    ({"seats": "dużo"}, "seats", "Podaj liczbę całkowitą"),
    ({"closes_day": "16.12.2026"}, "closes_day", "Ten termin nie może być późniejszy niż początek wydarzenia."),
    ({"closes_time": "10:00"}, "closes_day", "Podaj dzień do tej godziny."),
    ({"withdraw_day": "20.12.2026"}, "withdraw_day", "Ten termin nie może być późniejszy"),
    ({"online_link": "zoom"}, "online_link", "Podaj cały adres, zaczynający się od https://."),
    ({"online_link": "javascript:alert(1)"}, "online_link", "Podaj cały adres"),
    ({"topics": "\n".join("abc" for _ in range(21))}, "topics", "Podaj najwyżej 20 tematów"),
    ({"description": "Numer 44051401359"}, "description", "PESEL"),
    ({"agenda": "10.00 Numer 44051401359"}, "agenda", "PESEL"),
    ({"speaker_0": "Anna 44051401359"}, "speaker_0", "PESEL"),
    ({"speaker_function_3": "kurator"}, "speaker_3", "Podaj imię i nazwisko albo wyczyść ten wiersz."),
    ({"speaker_0": "Anna Przykładowa", "speaker_institution_0": "77"}, "speaker_institution_0", "Wybierz"),
    ({"co_organisers": "77"}, "co_organisers", "Wybierz"),
    ({"room_id": "77"}, "room_id", "Wybierz"),
    ({"admission": "whoever"}, "admission", "Wybierz"),
    ({"promotion": "later"}, "promotion", "Wybierz"),
    ({"offer_hours": "0"}, "offer_hours", "Podaj liczbę całkowitą od 1 do 168."),
    ({"offer_hours": "169"}, "offer_hours", "Podaj liczbę całkowitą od 1 do 168."),
    ({"children": "y"}, "minors_checked_on", "Podaj dzień, w którym sprawdzono osoby prowadzące."),
    ({"children": "y"}, "minors_standards", "Potwierdź, że obowiązują standardy ochrony małoletnich."),
    ({"children": "y", "minors_checked_on": "24.11.2026"}, "minors_checked_on", "nie może być w przyszłości"),
]


@pytest.mark.parametrize(("typed", "field", "sentence"), WRONG)
def test_what_is_wrong_gets_a_sentence_at_its_field(filled, typed, field, sentence):
    form = filled(**typed)
    assert not form.check(NOW, complete=True)
    assert field in form.errors
    assert sentence in " ".join(str(error) for error in form.errors[field])


@pytest.mark.parametrize(("language", "hour"), [("pl", "9.05"), ("en", "09:05")])
def test_hours_stand_in_the_fields_as_the_language_writes_them(app, language, hour):
    with app.test_request_context(f"/wydarzenia/nowe?jezyk={language}"):
        form = EventForm(formdata=None, data={"starts": wall("2026-12-15T09:05").time()})
        assert form.starts._value() == hour


TOGETHER = [
    ({"title": "", "ends": "9.00"}, {"title", "ends"}),
    ({"day": "20.11.2026", "ends": "9.00"}, {"day", "ends"}),
    ({"day": "20.11.2026", "starts": "25.61", "seats": "dużo"}, {"day", "starts", "seats"}),
    ({"day": "30.02.2026", "ends": "9.00"}, {"day", "ends"}),
    ({"day": "20.11.2026", "end_day": "19.11.2026", "starts": "", "ends": ""}, {"day", "end_day", "starts", "ends"}),
    ({"end_day": "40.12.2026", "day": "20.11.2026"}, {"day", "end_day"}),
    ({"end_day": "30.12.2026", "ends": ""}, {"end_day", "ends"}),
    ({"title": "", "closes_day": "16.12.2026", "ends": "9.00"}, {"title", "ends", "closes_day"}),
]


@pytest.mark.parametrize(("typed", "fields"), TOGETHER)
def test_faults_of_one_field_and_of_two_are_told_together(filled, typed, fields):
    form = filled(**typed)
    assert not form.check(NOW, complete=True)
    assert set(form.errors) == fields


RIGHT = [
    ({}, (wall("2026-12-15T10:00"), wall("2026-12-15T12:00"), False)),
    ({"day": "2026-12-15", "starts": "9"}, (wall("2026-12-15T09:00"), wall("2026-12-15T12:00"), False)),
    (
        {"starts": "22:00", "ends": "6:00", "end_day": "16.12.2026"},
        (wall("2026-12-15T22:00"), wall("2026-12-16T06:00"), False),
    ),
    ({"starts": "", "ends": "", "all_day": "y"}, (wall("2026-12-15T00:00"), wall("2026-12-16T00:00"), True)),
    (
        {"starts": "", "ends": "", "all_day": "y", "end_day": "17.12.2026"},
        (wall("2026-12-15T00:00"), wall("2026-12-18T00:00"), True),
    ),
    ({"all_day": "y"}, (wall("2026-12-15T10:00"), wall("2026-12-15T12:00"), False)),
    (
        {"day": "23.11.2026", "starts": "", "ends": "", "all_day": "y"},
        (wall("2026-11-23T00:00"), wall("2026-11-24T00:00"), True),
    ),
]


@pytest.mark.parametrize(("typed", "read"), RIGHT)
def test_times_are_read_as_warsaw_wall_time(filled, typed, read):
    form = filled(**typed)
    assert form.check(NOW, complete=True), form.errors
    assert form.wall() == read


def test_a_draft_needs_title_and_date_only(filled):
    form = filled(starts=None, ends=None, place=None, audience=None)
    assert form.check(NOW, complete=False), form.errors
    wanted = form.settle(resolved(place_id=None, place_kind=""))
    assert (wanted.all_day, wanted.place_institution_id, wanted.audience) == (True, None, ())


def test_a_published_event_keeps_a_start_that_has_passed(filled):
    form = filled(day="20.11.2026")
    assert form.check(NOW, complete=True, started=wall("2026-11-20T10:00")), form.errors
    assert not filled(day="20.11.2026").check(NOW, complete=True, started=wall("2026-11-20T09:00"))


def test_all_values_come_out_clean(filled):
    form = filled(
        place="2", seats=" 15 ", description="O\r\nczym", room="  sala   1 ", topics="jeden\n\n dwa ",
        online_link="https://a.pl/x", programme="7", clause="9", split="all_or_nothing", contact="tel. 68 000 00 11",
        closes_day="14.12.2026", closes_time="12:00", withdraw_day="15.12.2026", invited="2",
    )  # fmt: skip
    assert form.check(NOW, complete=True), form.errors
    wanted = form.settle(resolved(place_id=2, place_kind="prison", invited=(2,)))
    assert wanted.kind is EventKind.STAFF_TRAINING
    assert (wanted.place_institution_id, wanted.place, wanted.room) == (2, "", "sala 1")
    assert (wanted.capacity, wanted.audience) == (15, ("social_workers",))
    assert (wanted.description, wanted.topics) == ("O\nczym", ("jeden", "dwa"))
    assert (wanted.online, wanted.online_link) == (True, "https://a.pl/x")
    assert (wanted.programme_id, wanted.clause_id, wanted.split) == (7, 9, Split.ALL_OR_NOTHING)
    assert wanted.signup_closes_at == datetime(2026, 12, 14, 11, tzinfo=UTC)
    assert wanted.withdraw_until == datetime(2026, 12, 15, 9, tzinfo=UTC)  # never after the start
    assert (wanted.invited, wanted.voivodeship_code) == ((2,), "08")


@pytest.mark.parametrize(
    ("chosen", "kind", "expected"),
    [
        (None, "prison", Visibility.INVITED),
        ("auto", "remand_prison", Visibility.INVITED),
        (None, "mops", Visibility.PARTNERS),
        (None, "", Visibility.PARTNERS),
        ("public", "prison", Visibility.PUBLIC),
        ("partners", "external_unit", Visibility.PARTNERS),
    ],
)
def test_visibility_follows_the_place_unless_chosen(filled, chosen, kind, expected):
    form = filled(visibility=chosen)
    assert form.check(NOW, complete=True)
    assert form.settle(resolved(place_kind=kind)).visibility is expected


def test_invited_names_are_split_and_unclear_ones_are_asked_for(filled):
    form = filled(invited_others="MOPS Łęczna, ZK\nNikt;  ZK")
    assert form.check(NOW, complete=True)
    assert form.invited_names() == ["MOPS Łęczna", "ZK", "Nikt"]
    unclear = resolved(unknown={"Nikt": (), "MOPS Łęczna": (OWN,)}, ambiguous={"ZK": (PRISON, OWN)})
    assert form.settle(unclear) is None
    assert form.more_is_open
    said = " ".join(form.errors["invited_others"])
    assert "Nie znamy instytucji „Nikt”." in said
    assert "Czy chodzi o: MOPS?" in said
    assert "Zakład Karny (zk), MOPS (mops)" in said


def test_more_settings_stay_folded_without_an_error_there(filled):
    form = filled(title="")
    assert not form.check(NOW, complete=True)
    assert not form.more_is_open


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ({"rodzaj": "spotkanie", "woj": "08", "dla": "families", "wolne": "1"},) * 2,
        ({"rodzaj": "workshop", "instytucja": " mops   x "}, {"rodzaj": "workshop", "instytucja": "mops x"}),
        ({"rodzaj": "x", "woj": "99", "dla": "wszyscy", "wolne": "tak", "instytucja": ""}, {}),
        ({"woj": "08' OR 1=1"}, {}),
    ],
)
def test_filters_of_an_address_are_read_or_left_out(address, kept):
    assert Asked.read(address).address() == kept


def test_a_family_means_all_its_kinds():
    kinds = Asked.read({"rodzaj": "rodzina"}).filters(None).kinds
    assert kinds == (EventKind.FAMILY_THERAPY,)
    assert len(Asked.read({"rodzaj": "spotkanie"}).filters(None).kinds) > 1
    assert Asked.read({"instytucja": "x"}).filters([]).nothing


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-11-24", 24), ("24.11.2026", 24), ("31.11.2026", None), ("", None), ("x", None), ("24.11.1026", None)],
)
def test_days_of_an_address(typed, day):
    found = read_day(typed)
    assert (found.day if found else None) == day


def test_form_of_a_saved_event_gives_the_event_back(app, session, people, clock):
    event = event_in(
        session, people.marek, place="", place_institution_id=people.prison.id, capacity=7, room="sala 1",
        topics=("a", "b"), visibility=Visibility.PARTNERS, signup_closes_at=NOW, contact="68 000 00 11",
    )  # fmt: skip
    values = values_of(event, date_of(session, event).ends_at, (people.ngo.id,))
    own = Named(people.mops.id, "mops-kladkowo", "MOPS w Kładkowie", "", Kind.MOPS)
    more = tuple(Named(one.id, one.slug, one.name, "", one.kind) for one in (people.prison, people.ngo))
    with app.test_request_context("/wydarzenia/x/edycja"):
        form = EventForm(formdata=None, data=values)
        form.offer(Choices(), own, "pl", more)
        same = form.settle(resolved(place_id=form.place_id(), place_kind="prison", invited=tuple(form.invited_ids())))
    assert same is not None
    assert (same.starts, same.title, same.kind) == (event.local_start, event.title, event.kind)
    assert (same.place_institution_id, same.capacity, same.room) == (people.prison.id, 7, "sala 1")
    assert (same.topics, same.visibility, same.invited) == (("a", "b"), Visibility.PARTNERS, (people.ngo.id,))
    assert (same.signup_closes_at, same.contact) == (NOW, "68 000 00 11")
    copied = values_of(event, date_of(session, event).ends_at, (), copied=True)
    assert "day" not in copied
    assert "revision" not in copied


# --- rooms, those who lead, and what folds itself away


ROOM_FAULTS = [
    ({"room_id": "5", "place": "1"}, 1, "room_id", "Ta sala należy do: Zakład Karny."),
    ({"room_id": "6", "place": "online"}, None, "room_id", "Ta sala należy do: MOPS."),
    ({"room_id": "6", "place": "1", "room": "sala 3"}, 1, "room", "Podano dwie sale."),
]


@pytest.mark.parametrize(("typed", "place_id", "field", "sentence"), ROOM_FAULTS)
def test_a_room_is_one_of_the_place(filled, typed, place_id, field, sentence):
    form = filled(**typed)
    assert form.check(NOW, complete=True)
    assert form.settle(resolved(place_id=place_id)) is None
    assert sentence in " ".join(form.errors[field])


def test_a_room_of_a_place_typed_by_its_name_is_taken(filled):
    form = filled(place="other", place_other="Zakład Karny", room_id="5")
    assert form.check(NOW, complete=True)
    assert form.settle(resolved(place_id=2)).room_id == 5


def test_those_who_lead_keep_the_order_of_their_rows(filled):
    form = filled(
        speaker_0="Maria Próbna",
        speaker_function_0="kierowniczka",
        speaker_institution_0="2",
        speaker_4="Piotr Wzorcowy",
        speaker_institution_4="",
        speaker_institution_7="1",
    )
    assert form.check(NOW, complete=True)
    assert form.settle(resolved()).speakers == (
        Speaker("Maria Próbna", "kierowniczka", 2),
        Speaker("Piotr Wzorcowy", "", None),
    )


def test_seven_fields_are_enough_and_all_others_have_good_values(filled):
    form = filled()
    assert form.check(NOW, complete=True)
    wanted = form.settle(resolved())
    assert (wanted.admission, wanted.promotion, wanted.offer_hours) == (Admission.OPEN, Promotion.AUTOMATIC, 24)
    assert wanted.signup_scope is SignUpScope.DATE
    assert (wanted.speakers, wanted.co_organisers, wanted.children, wanted.consent) == ((), (), False, None)


def test_only_a_prison_unit_is_asked_for_its_directors_consent(filled):
    form = filled(consent="not_needed")
    assert form.check(NOW, complete=True)
    assert form.settle(resolved()).consent is None
    form = filled(consent="not_needed", place="2")
    form.offer(CHOICES, PRISON, "pl")
    assert form.check(NOW, complete=True)
    assert form.settle(resolved(place_id=2)).consent is Consent.NOT_NEEDED
