import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text import clean, fold, holds_pesel, initials, search_text, slug, sort_key


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Łódź-Bałuty", "lodz baluty"),
        ("ZAŻÓŁĆ GĘŚLĄ JAŹŃ", "zazolc gesla jazn"),
        ("  MOPS  w  Chełmie ", "mops w chelmie"),
        ("Straße № 5", "strasse no 5"),
        ("", ""),
        ("🙂", ""),
    ],
)
def test_fold(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_fold_gives_plain_words_and_folding_again_changes_nothing(text):
    folded = fold(text)
    assert folded == fold(folded)
    assert all(character in "abcdefghijklmnopqrstuvwxyz0123456789 " for character in folded)


def test_search_text_finds_the_beginnings_of_words():
    text = search_text("Zakład Karny w Łowiczu", None, "", "ul. Wiejska")
    assert text == " zaklad karny w lowiczu ul wiejska"
    assert " low" in text
    assert " owicz" not in text


def test_sort_key_keeps_the_polish_order():
    words = [
        "Ósemka",
        "Żary",
        "Zamość",
        "Łódź",
        "Lublin",
        "Ćmielów",
        "Cieszyn",
        "Ąd",
        "Ad",
        "Źrebce",
        "9 Brama",
        "Ęz",
        "Ez",
    ]
    wanted = [
        "9 Brama",
        "Ad",
        "Ąd",
        "Cieszyn",
        "Ćmielów",
        "Ez",
        "Ęz",
        "Lublin",
        "Łódź",
        "Ósemka",
        "Zamość",
        "Źrebce",
        "Żary",
    ]
    assert sorted(words, key=sort_key) == wanted


def test_sort_key_puts_a_shorter_name_first():
    assert sorted(["OPS Nowa Ruda", "OPS Nowa", "OPS Now"], key=sort_key) == ["OPS Now", "OPS Nowa", "OPS Nowa Ruda"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("MOPS w Łodzi", "mops-w-lodzi"),
        ("„Most” – projekt", "most-projekt"),
        ("a" * 80, "a" * 60),
        ("słowo " * 20, "slowo-slowo-slowo-slowo-slowo-slowo-slowo-slowo-slowo-slowo"),
    ],
)
def test_slug(text, address):
    assert slug(text) == address


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"),
        ("nul\x00 bell\x07 escape\x1b del\x7f", "nul bell escape del"),
        ("pół \ud83d surogatu", "pół  surogatu"),
        ("tabulator\t i emoji 🙂 zostają", "tabulator\t i emoji 🙂 zostają"),
    ],
)
def test_clean(text, cleaned):
    assert clean(text) == cleaned


@given(st.text(st.characters(codec=None)))
def test_clean_text_can_always_be_stored(text):
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert not set(cleaned) & {"\x00", "\r", "\u2028"}


# Numbers made of a birth date and a check digit; they belong to nobody that we know of.
@pytest.mark.parametrize("number", ["44051401359", "02070803628", "90090515836"])
def test_a_pesel_is_found_among_words(number):
    assert holds_pesel(f"skazany {number}, oddział 3")
    assert holds_pesel(number)
    assert not holds_pesel(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "text",
    ["", "tel. 44051401359", "+44051401359", "440514013590", "99999999999", "00000000000", "123", "12345678901"],
)
def test_other_digits_are_no_pesel(text):
    assert not holds_pesel(text)


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Anna Przykładowa", "AP"), ("por. Jan Pokazowy", "JP"), ("Łucja Żak-Próbna", "ŁŻ"), ("x", "X"), ("", "")],
)
def test_initials(name, letters):
    assert initials(name) == letters
