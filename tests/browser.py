"""The browser of the tests: Flask's test client that inspects every page it gets (after GOV.UK Notify's habit).

A page that breaks a rule of the house fails the test that asked for it, whatever that test is about.
"""

import gzip
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlmodel import Session
from werkzeug.test import TestResponse

from app.accounts.actions import begin_session
from app.accounts.models import UserAccount
from app.clock import now
from app.db import Database
from tests.factories.persons import Person

CATALOGUE = Path(__file__).parent.parent / "app/web/translations/pl/LC_MESSAGES/messages.po"
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
# Elements whose end tag HTML lets us leave out.
_OPTIONAL_END = frozenset({"li", "dt", "dd", "p", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup"})
_CLOSES: dict[str, frozenset[str]] = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "option": frozenset({"option"}),
    "tr": frozenset({"tr", "td", "th"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "tbody": frozenset({"tr", "td", "th", "thead", "tbody"}),
}
_NOT_IN_P = frozenset(
    {"address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure", "footer", "form"}
    | {"h1", "h2", "h3", "h4", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul"}
)
_NOT_FOR_READERS = frozenset({"script", "style", "template"})
_REFERENCES = frozenset({"for", "aria-describedby", "aria-labelledby", "aria-controls", "headers", "list"})
_HTMX = frozenset({"hx-get", "hx-post", "hx-target"})
_LOADING = frozenset({"src", "srcset", "poster"})
_READ_ALOUD = ("aria-label", "title", "alt", "placeholder")
_CHANGING = re.compile(r'(name="(?:csrf_token|key)" value=")[^"]*|(?<="X-CSRFToken": ")[^"]*')
_TOKEN = re.compile(r'<input[^>]* name="csrf_token"[^>]* value="([^"]*)"')
_SPACES = re.compile(r"\s+")
_WORDS_OF_A_SENTENCE = 4
_SECURITY_HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options")


class Fault(AssertionError):
    """A page that breaks a rule of the house."""


class Element:
    """One element of a page."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []
        self.language: str = attributes.get("lang") or (parent.language if parent else "")

    def __repr__(self) -> str:
        written = "".join(f' {name}="{value[:60]}"' for name, value in self.attributes.items())
        return f"<{self.tag}{written}>"

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.attributes

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()

    @property
    def text(self) -> str:
        """The text inside, spaces made single and breakable."""
        return spaced(" ".join(self.strings()) if self.tag == "html" else "".join(self.strings()))

    def strings(self) -> "list[str]":
        out: list[str] = []
        for child in self.children:
            if isinstance(child, str):
                out.append(child)
            elif child.tag not in _NOT_FOR_READERS:
                out.extend(child.strings())
        return out

    def all(self, tag: str = "", class_: str = "", **attributes: str) -> "list[Element]":
        """The elements below, in the order of the page; attribute names with _ for -."""
        return _fitting(self.below(), tag, class_, attributes)

    def below(self) -> "list[Element]":
        """All elements inside, in the order of the page."""
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                found.append(child)
                if child.children:
                    found += child.below()
        return found

    def one(self, tag: str = "", class_: str = "", **attributes: str) -> "Element":
        """The one element below that fits; a Fault when there is none or more."""
        return _only(self.all(tag, class_, **attributes), tag, class_, attributes)

    def inside(self, tag: str) -> "Element | None":
        """The nearest element around this one with this tag."""
        around = self.parent
        while around is not None and around.tag != tag:
            around = around.parent
        return around


def _fitting(elements: Sequence[Element], tag: str, class_: str, attributes: Mapping[str, str]) -> list[Element]:
    wanted = [(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items()]
    return [
        element
        for element in elements
        if (not tag or element.tag == tag)
        and (not class_ or class_ in element.classes)
        and all(element.attributes.get(name) == value for name, value in wanted)
    ]


def _only(found: Sequence[Element], tag: str, class_: str, attributes: Mapping[str, str]) -> Element:
    if len(found) != 1:
        raise Fault(f"{len(found)} elements instead of one: {tag} {class_} {attributes} {found[:5]}")
    return found[0]


class Page(HTMLParser):
    """A page as a tree, with the faults of its nesting."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.root = Element("", {}, None)
        self.faults: list[str] = []
        self.elements: list[Element] = []
        self._open = [self.root]
        self.feed(source)
        self.close()
        left = [element for element in self._open[1:] if element.tag not in _OPTIONAL_END]
        self.faults += [f"{element} is never closed" for element in left]

    def updatepos(self, _begin: int, end: int) -> int:
        return end  # nobody asks for the lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self._open[-1].tag in _CLOSES.get(tag, ()):
            self._open.pop()
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1])
        if len(element.attributes) != len(attrs):
            self.faults.append(f"{element} has an attribute twice")
        if tag in _NOT_IN_P and self._open[-1].tag == "p":
            self.faults.append(f"{element} inside <p>")
        self._open[-1].children.append(element)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1].tag != tag and all(element.tag != tag for element in self._open):
            self.faults.append(f"</{tag}> closes nothing, after {self._open[-1]}")
            return
        while self._open[-1].tag != tag:
            if self._open[-1].tag not in _OPTIONAL_END:
                self.faults.append(f"{self._open[-1]} is still open at </{tag}>")
            self._open.pop()
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def tagged(self, *tags: str) -> list[Element]:
        """The elements with one of these tags, in the order of the page."""
        return [element for element in self.elements if element.tag in tags]

    @property
    def h1(self) -> str:
        return self.one("h1").text

    @property
    def title(self) -> str:
        return self.one("title").text

    @property
    def main(self) -> Element:
        return self.one("main")

    @property
    def text(self) -> str:
        """What a reader sees between <main> and </main>."""
        return spaced(" ".join(self.main.strings()))

    def by_id(self, name: str) -> Element:
        return self.one(id=name)

    def all(self, tag: str = "", class_: str = "", **attributes: str) -> list[Element]:
        return _fitting(self.elements, tag, class_, attributes)

    def one(self, tag: str = "", class_: str = "", **attributes: str) -> Element:
        return _only(self.all(tag, class_, **attributes), tag, class_, attributes)

    def form(self, action: str) -> Element:
        """The form that posts to *action*."""
        return self.one("form", action=action)

    def values(self, action: str) -> dict[str, str | list[str]]:
        """What the form with *action* would post as it stands: hidden, typed and ticked values."""
        return form_values(self.form(action))


class Browser(FlaskClient):
    """A test client whose every page is inspected. `page` is the last one, `token` its CSRF token."""

    token: str | None = None
    writes: Session | None = None
    inspects = True
    _source = ""
    _page: Page | None = None

    @property
    def page(self) -> Page:
        """The last page."""
        if self._page is None:
            assert self._source
            self._page = Page(self._source)
        return self._page

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask for a page; what the test has written in its session is committed first."""
        if self.writes is not None:
            self.writes.commit()
        kwargs.setdefault("buffered", True)  # read and closed, so that no file stays open
        response = super().open(*args, **kwargs)
        if self.writes is not None:
            self.writes.expire_all()
        shows = not 300 <= response.status_code < 400 and response.request.method != "HEAD"
        if shows and response.mimetype == "text/html" and response.data:
            self._look_at(response)
        return response

    def post(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        """Post a form with the CSRF token of the last page, unless *csrf* is False."""
        data = kwargs.get("data")
        if csrf and self.token and (data is None or (isinstance(data, dict) and "csrf_token" not in data)):
            kwargs["data"] = {**(data or {}), "csrf_token": self.token}
        return super().post(*args, **kwargs)

    def see(self, path: str, status: int = 200, **kwargs: Any) -> Page:
        """Get *path*, which must answer *status* with a page, and give the page."""
        response = self.get(path, **kwargs)
        if response.status_code != status:
            raise Fault(f"{path} answers {response.status} instead of {status} {response.headers.get('Location', '')}")
        return self.page

    def htmx(self, path: str, target: str, **kwargs: Any) -> Page:
        """Ask for the fragment *target* of *path*, which must be literally a piece of the whole page."""
        whole = self.get(path, **kwargs).get_data(as_text=True)
        response = self.get(path, headers={"HX-Request": "true", "HX-Target": target}, **kwargs)
        if response.status_code != 200:
            raise Fault(f"fragment #{target} of {path} answers {response.status}")
        piece = response.get_data(as_text=True)
        fragment = Page(piece)
        roots = [child for child in fragment.root.children if isinstance(child, Element)]
        own = [element for element in roots if not element.has("hx-swap-oob")]
        if [element.get("id") for element in own] != [target]:
            raise Fault(f"fragment of {path} has the roots {roots} instead of one with the id {target}")
        if _without_changing(own_source(piece)) not in _without_changing(whole):
            raise Fault(f"fragment #{target} of {path} is no piece of the page")
        return fragment

    def sign_in(self, person: Person) -> "Browser":
        """Begin a session of *person* as signing in does, without the form."""
        app: Flask = self.application
        if self.writes is not None:
            self.writes.commit()
        database: Database = app.extensions["kladka.database"]
        with database.session(writes=True) as session:
            user = session.get_one(UserAccount, person.user_id)
            token = begin_session(session, user, "tests", now())
            session.commit()
        return self.take_session(token)

    def take_session(self, token: str) -> "Browser":
        """Carry the cookie of a session that has begun already."""
        raw = secrets.token_hex(20)
        with self.session_transaction() as cookie:
            cookie.update({"_user_id": token, "_fresh": True, "csrf_token": raw})
        # As flask_wtf.csrf.generate_csrf signs it.
        self.token = str(URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token").dumps(raw))
        return self

    def _look_at(self, response: TestResponse) -> None:
        packed = response.content_encoding == "gzip"
        source = gzip.decompress(response.data).decode() if packed else response.get_data(as_text=True)
        if not source.lstrip().lower().startswith("<!doctype"):
            return
        self._source, self._page = source, None
        token = _TOKEN.search(source)
        self.token = token[1] if token else self.token
        if self.inspects:
            faults = [*inspect(self.page, own_host=response.request.host_url), *_of_headers(response)]
            if faults:
                where = f"{response.request.method} {response.request.full_path.rstrip('?')} ({response.status_code})"
                raise Fault(where + "\n  " + "\n  ".join(faults[:30]))


# --- what is looked at


def inspect(page: Page, own_host: str = "http://localhost/") -> list[str]:
    """Give the faults of a whole page, each as a sentence."""
    faults = list(page.faults)
    for check in (_head, _ids, _controls, _forms, _scripts, _htmx, _words):
        faults += check(page)
    return faults + _hosts(page, own_host)


def _head(page: Page) -> list[str]:
    faults = []
    language = page.one("html").get("lang")
    if language not in ("pl", "en"):
        faults.append(f"<html lang> is “{language}”")
    headings, titles = page.tagged("h1"), page.tagged("title")
    if len(headings) != 1 or not headings[0].text:
        faults.append(f"{len(headings)} h1 instead of one")
    if len([title for title in titles if title.inside("head")]) != 1:
        faults.append("not exactly one title")
    if not faults:
        begin = page.title.removeprefix("Błąd: ").removeprefix("Error: ")
        if not begin.startswith(headings[0].text):
            faults.append(f"title “{page.title}” does not begin with the h1 “{headings[0].text}”")
    if len(page.tagged("main")) != 1:
        faults.append("not exactly one <main>")
    return faults


def _ids(page: Page) -> list[str]:
    ids = [element["id"] for element in page.elements if element.has("id")]
    known = Counter(ids)
    faults = [f"id “{name}” stands {times} times" for name, times in sorted(known.items()) if times > 1]
    faults += ["an id is empty or holds a space" for name in known if not name or " " in name]
    for element in page.elements:
        for name in _REFERENCES & element.attributes.keys():
            missing = set(element[name].split()) - known.keys()
            if missing:
                faults.append(f"{element} points by {name} to {sorted(missing)}, which is not on the page")
        href = element.get("href")
        if element.tag == "a" and href.startswith("#") and href[1:] not in known:
            faults.append(f"{element} leads to no place of the page")
    return faults


def _controls(page: Page) -> list[str]:
    faults = []
    labelled = {label["for"] for label in page.tagged("label") if label.has("for")}
    for element in page.tagged("input", "select", "textarea"):
        if element.get("type") in ("hidden", "submit", "button", "image", "reset"):
            continue
        named = element.get("id") in labelled or element.has("aria-label") or element.has("aria-labelledby")
        if not named and element.inside("label") is None:
            faults.append(f"{element} has no label")
    faults += [
        f"{element} has no text"
        for element in page.tagged("a", "button", "summary")
        if not element.text and not element.get("aria-label") and not element.get("aria-labelledby")
    ]
    faults += [f"{image} has no alt" for image in page.tagged("img") if not image.has("alt")]
    faults += [f"{link} has no address" for link in page.tagged("a") if not link.get("href")]
    return faults


def _forms(page: Page) -> list[str]:
    faults = []
    for form in page.tagged("form"):
        method = form.get("method").lower()
        if method not in ("get", "post"):
            faults.append(f"{form} does not say its method")
        if not form.get("action"):
            faults.append(f"{form} does not say its action")
        tokens = form.all("input", name="csrf_token")
        if method == "post" and form.get("action") != "/wyglad" and len(tokens) != 1:
            faults.append(f"{form} carries {len(tokens)} CSRF tokens")
        if method == "get" and tokens:
            faults.append(f"{form} puts its CSRF token into the address")
        if form.inside("form"):
            faults.append(f"{form} stands inside another form")
    return faults


def _scripts(page: Page) -> list[str]:
    faults = [f"{element} is not allowed" for element in page.tagged("style", "iframe", "object")]
    faults += [
        f"{script} is inline"
        for script in page.tagged("script")
        if not script.get("src") and script.get("type") != "application/ld+json"
    ]
    for element in page.elements:
        for name, value in element.attributes.items():
            if name == "style" or name.startswith(("on", "hx-on")):
                faults.append(f"{element} has the attribute {name}")
            if name in ("href", "src", "action") and value.strip().lower().startswith(("javascript:", "vbscript:")):
                faults.append(f"{element} runs a script")
    return faults


def _htmx(page: Page) -> list[str]:
    faults = []
    ids = {element["id"] for element in page.elements if element.has("id")}
    for element in page.elements:
        if _HTMX.isdisjoint(element.attributes):
            continue
        method = element.get("method").lower()
        # A link or form works by itself; htmx may do without the place on the page that the address names.
        plain = (element.get("href") if element.tag == "a" else element.get("action")).partition("#")[0]
        of_get = element.tag == "a" or (element.tag == "form" and method == "get")
        if element.has("hx-get") and not (of_get and plain == element["hx-get"].partition("#")[0]):
            faults.append(f"{element} does not work without JavaScript as hx-get does")
        of_post = element.tag == "form" and method == "post"
        if element.has("hx-post") and not (of_post and plain == element["hx-post"].partition("#")[0]):
            faults.append(f"{element} does not work without JavaScript as hx-post does")
        target = element.get("hx-target")
        if target.startswith("#") and target[1:] not in ids:
            faults.append(f"{element} targets nothing of the page")
    return faults


def _words(page: Page) -> list[str]:
    language = page.one("html").get("lang")
    faults: list[str] = []
    for element in page.elements:
        if element.language != language or element.tag in _NOT_FOR_READERS:
            continue
        texts = [child for child in element.children if isinstance(child, str) and not child.isspace()]
        texts += [element[name] for name in _READ_ALOUD if name in element.attributes]
        for text in texts:
            faults += _of_text(text, language)
    return faults


# Most texts stand on every page.
@lru_cache(maxsize=1 << 15)
def _of_text(source: str, language: str) -> tuple[str, ...]:
    text = spaced(source)
    faults = []
    if text and (text in leftovers(language) or _holds(text, sentences_of(language))):
        faults.append(f"“{text}” is not in the language of the page")
    if "%(" in text:
        faults.append(f"“{text}” shows a placeholder")
    return tuple(faults)


def _holds(text: str, sentences: Mapping[str, list[str]]) -> bool:
    words = text.split(" ")
    for place in range(len(words) - _WORDS_OF_A_SENTENCE + 1):
        known = sentences.get(" ".join(words[place : place + _WORDS_OF_A_SENTENCE]), ())
        if any(sentence in text for sentence in known):
            return True
    return False


def _hosts(page: Page, own_host: str) -> list[str]:
    faults = []
    for element in page.elements:
        addresses = [element[name] for name in _LOADING & element.attributes.keys()]
        if element.tag in ("link", "use", "image"):
            addresses.append(element.get("href"))
        if element.tag == "form":
            addresses.append(element.get("action"))
        for address in addresses:
            inside = not address or (address.startswith("/") and not address.startswith("//"))
            if not inside and not address.startswith((own_host, "data:", "?", "#")):
                faults.append(f"{element} loads from elsewhere")
    return faults


def _of_headers(response: TestResponse) -> list[str]:
    faults = [f"header {name} is missing" for name in _SECURITY_HEADERS if not response.headers.get(name)]
    policy = response.headers.get("Content-Security-Policy", "")
    if "unsafe" in policy or "default-src 'none'" not in policy:
        faults.append(f"the content security policy is weak: {policy}")
    return faults


# --- small pieces


def spaced(text: str) -> str:
    """Make every run of spaces, no-break ones too, one plain space."""
    return _SPACES.sub(" ", text.replace("\u00a0", " ")).strip()


@cache
def leftovers(language: str) -> frozenset[str]:
    """The texts of the catalogue that must not stand on a page in *language*: those of the other one."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    pairs = []
    for message in catalogue:
        ids = [message.id] if isinstance(message.id, str) else message.id
        strings = [message.string or ""] if isinstance(message.string, str | None) else message.string
        pairs += [(one, other) for one in ids for other in strings]
    foreign = {(polish if language == "en" else english) for english, polish in pairs if polish and english}
    own = {(english if language == "en" else polish) for english, polish in pairs if polish}
    return frozenset(spaced(text) for text in foreign - own if "%(" not in text)


@cache
def sentences_of(language: str) -> dict[str, list[str]]:
    """The longer ones of these texts by their first words: they are foreign in the middle of a text, too."""
    found: dict[str, list[str]] = {}
    for text in leftovers(language):
        words = text.split(" ")
        if len(words) >= _WORDS_OF_A_SENTENCE:
            found.setdefault(" ".join(words[:_WORDS_OF_A_SENTENCE]), []).append(text)
    return found


def form_values(form: Element) -> dict[str, str | list[str]]:
    """What *form* would post as it stands."""
    values: dict[str, list[str]] = {}
    for element in form.all():
        name = element.get("name")
        if not name or element.has("disabled"):
            continue
        if element.tag == "input":
            kind = element.get("type")
            if kind in ("checkbox", "radio") and not element.has("checked"):
                continue
            if kind in ("submit", "button", "image", "reset", "file"):
                continue
            values.setdefault(name, []).append(element.get("value"))
        elif element.tag == "textarea":
            values.setdefault(name, []).append("".join(element.strings()).removeprefix("\r").removeprefix("\n"))
        elif element.tag == "select":
            options = element.all("option")
            chosen = [option for option in options if option.has("selected")] or options[:1]
            values.setdefault(name, []).extend(option.get("value", option.text) for option in chosen)
    return {name: one[0] if len(one) == 1 else one for name, one in values.items()}


def own_source(piece: str) -> str:
    """The source of a fragment without what rides along out of band."""
    return re.split(r"<[a-z]+[^>]*\bhx-swap-oob=", piece, maxsplit=1)[0].strip()


def _without_changing(source: str) -> str:
    return _CHANGING.sub(r"\1", source)
