"""The inspector of pages finds what it is there to find."""

import pytest

from tests.browser import Page, inspect

GOOD = """<!doctype html>
<html lang="pl"><head><meta charset="utf-8"><title>Strona próbna – Kładka</title>
<script src="/static/x.js" defer></script><script type="application/ld+json">{}</script></head>
<body><a href="#tresc">Przejdź</a><main id="tresc"><h1>Strona próbna</h1>
<p>Akapit</p><p>Drugi</p><ul><li>raz<li>dwa</ul>
<form method="post" action="/x" hx-post="/x" hx-target="#tresc"><input type="hidden" name="csrf_token" value="t">
<label for="a">Nazwa</label><input id="a" name="a" aria-describedby="a-hint"><span id="a-hint">wskazówka</span>
<label><input type="checkbox" name="b"> zgoda</label><button>Zapisz</button></form>
<form method="get" action="/y" hx-get="/y"><select name="c" aria-label="Rodzaj"><option>x</select></form>
<a href="/z#b" hx-get="/z">Dalej</a> <a href="https://example.org">Gdzie indziej</a>
<img src="/static/x.svg" alt=""> <span lang="en">Sign in</span></main></body></html>"""


def test_a_good_page_has_no_faults():
    assert inspect(Page(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("<h1>Strona próbna</h1>", "", "0 h1"),
        ("<h1>", "<h1>Inna</h1><h1>", "2 h1"),
        ("<title>Strona", "<title>Inna", "does not begin with the h1"),
        ('lang="pl"', "", "<html lang>"),
        ('id="a-hint"', 'id="a"', "stands 2 times"),
        ('<label for="a">Nazwa</label>', "", "has no label"),
        ('for="a"', 'for="ab"', "points by for"),
        (' aria-label="Rodzaj"', "", "has no label"),
        ('aria-describedby="a-hint"', 'aria-describedby="a-error"', "points by aria-describedby"),
        ('href="#tresc"', 'href="#inna"', "leads to no place"),
        ('<input type="hidden" name="csrf_token" value="t">', "", "carries 0 CSRF tokens"),
        ('method="get" action="/y"', 'action="/y"', "does not say its method"),
        ('action="/y" ', "", "does not say its action"),
        ("<main", '<main style="color:red"', "has the attribute style"),
        ("<main", '<main onclick="x()"', "has the attribute onclick"),
        ("<main", '<main hx-on:click="x()"', "has the attribute hx-on:click"),
        ("</head>", "<style>p{}</style></head>", "is not allowed"),
        ("</head>", "<script>x()</script></head>", "is inline"),
        ('href="/z#b"', 'href="javascript:x()"', "runs a script"),
        ('src="/static/x.js"', 'src="https://cdn.example/x.js"', "loads from elsewhere"),
        ('src="/static/x.svg"', 'src="//cdn.example/x.svg"', "loads from elsewhere"),
        (' alt=""', "", "has no alt"),
        ('hx-get="/z"', 'hx-get="/z?fragment=1"', "does not work without JavaScript as hx-get"),
        ('hx-post="/x"', 'hx-post="/other"', "does not work without JavaScript as hx-post"),
        ("<main", '<main hx-get="/z"', "does not work without JavaScript as hx-get"),
        ('hx-target="#tresc"', 'hx-target="#roster"', "targets nothing"),
        ('<span lang="en">Sign in</span>', "Sign in", "not in the language"),
        ('aria-label="Rodzaj"', 'aria-label="Sign in"', "not in the language"),
        ("wskazówka", "%(num)d miejsc", "shows a placeholder"),
        ("<button>Zapisz</button>", "<button></button>", "has no text"),
        ("<p>Akapit", "<p>Akapit<div>x</div>", "inside <p>"),
        ("</ul>", "</ol></ul>", "closes nothing"),
        ("</form>\n<a", "<a", "is still open"),
    ],
)
def test_a_fault_is_found(old, new, fault):
    assert old in GOOD
    faults = inspect(Page(GOOD.replace(old, new, 1)))
    assert any(fault in found for found in faults), faults


def test_polish_leftovers_are_found_on_english_pages():
    english = GOOD.replace('lang="pl"', 'lang="en"', 1).replace("Przejdź", "Zaloguj się")
    assert any("Zaloguj się" in fault for fault in inspect(Page(english)))


def test_the_values_of_a_form_are_what_a_browser_would_send():
    page = Page(
        '<form method="post" action="/x"><input name="a" value="1"><input type="checkbox" name="b" value="x" checked>'
        '<input type="checkbox" name="b" value="y"><input type="checkbox" name="c" value="z">'
        '<input type="submit" name="s"><textarea name="t">\n wiersz\n</textarea>'
        '<select name="e"><option value="1">x<option value="2" selected>y</select>'
        '<input name="off" value="1" disabled></form>'
    )
    assert page.values("/x") == {"a": "1", "b": "x", "t": " wiersz\n", "e": "2"}
