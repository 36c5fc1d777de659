"""How a person is greeted: by the first name in the Polish vocative, where the name leaves no doubt about it."""

from collections.abc import Mapping

from app.web.i18n import _, language

_VOCATIVE: Mapping[str, str] = {
    "adam": "Adamie",
    "agata": "Agato",
    "agnieszka": "Agnieszko",
    "aleksandra": "Aleksandro",
    "alicja": "Alicjo",
    "andrzej": "Andrzeju",
    "anna": "Anno",
    "barbara": "Barbaro",
    "beata": "Beato",
    "bogdan": "Bogdanie",
    "bożena": "Bożeno",
    "danuta": "Danuto",
    "dariusz": "Dariuszu",
    "dorota": "Doroto",
    "elżbieta": "Elżbieto",
    "ewa": "Ewo",
    "grażyna": "Grażyno",
    "grzegorz": "Grzegorzu",
    "halina": "Halino",
    "hanna": "Hanno",
    "helena": "Heleno",
    "irena": "Ireno",
    "iwona": "Iwono",
    "izabela": "Izabelo",
    "jan": "Janie",
    "janina": "Janino",
    "joanna": "Joanno",
    "jolanta": "Jolanto",
    "józef": "Józefie",
    "justyna": "Justyno",
    "kamil": "Kamilu",
    "karolina": "Karolino",
    "katarzyna": "Katarzyno",
    "krystyna": "Krystyno",
    "krzysztof": "Krzysztofie",
    "łukasz": "Łukaszu",
    "maciej": "Macieju",
    "magdalena": "Magdaleno",
    "małgorzata": "Małgorzato",
    "marcin": "Marcinie",
    "marek": "Marku",
    "maria": "Mario",
    "mariusz": "Mariuszu",
    "marta": "Marto",
    "michał": "Michale",
    "monika": "Moniko",
    "natalia": "Natalio",
    "olga": "Olgo",
    "paulina": "Paulino",
    "paweł": "Pawle",
    "piotr": "Piotrze",
    "rafał": "Rafale",
    "renata": "Renato",
    "robert": "Robercie",
    "ryszard": "Ryszardzie",
    "stanisław": "Stanisławie",
    "stefan": "Stefanie",
    "teresa": "Tereso",
    "tomasz": "Tomaszu",
    "urszula": "Urszulo",
    "wanda": "Wando",
    "wojciech": "Wojciechu",
    "zbigniew": "Zbigniewie",
    "zofia": "Zofio",
}
"""Names in full only: of a pet form, a double name or one that is not here nobody is addressed wrongly."""


def heading(name: str) -> str:
    """Give "Good morning, Anna" in the language of the request, or "My desk" if the name does not allow it plainly."""
    first = name.split(maxsplit=1)[0] if name.strip() else ""
    vocative = _VOCATIVE.get(first.lower())
    if vocative is None:
        return _("My desk")
    return _("Good morning, %(name)s", name=vocative if language() == "pl" else first)
