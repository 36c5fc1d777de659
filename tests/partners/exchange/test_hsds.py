"""Open data: every table has what HSDS 3.0 asks for, every reference leads somewhere, and nobody is named."""

import csv
import io
import json
import re
import zipfile
from uuid import UUID

import pytest
from sqlmodel import Session

from app.clock import now
from partners.contacts.models import Contact
from partners.exchange import hsds
from partners.institutions.models import InstitutionTerritory, Kind, ServiceOfferTerritory, Status
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.territory import make_gmina

pytestmark = pytest.mark.usefixtures("clock")
JSON, ZIP = "/otwarte-dane/hsds.json", "/otwarte-dane/hsds.zip"
# What the specification demands of each table; the fields beyond "id" that its tabular form demands stand with them.
REQUIRED = {
    "organization": {"id", "name", "description"},
    "organization_identifier": {"id", "organization_id", "identifier_type", "identifier"},
    "service": {"id", "organization_id", "name", "status"},
    "location": {"id", "location_type"},
    "service_at_location": {"id", "service_id", "location_id"},
    "address": {"id", "address_1", "city", "state_province", "postal_code", "country", "address_type"},
    "phone": {"id", "number"},
    "contact": {"id"},
    "schedule": {"id"},
    "service_area": {"id"},
    "required_document": {"id"},
    "taxonomy": {"id", "name", "description"},
    "taxonomy_term": {"id", "name", "description"},
    "attribute": {"id", "link_id", "taxonomy_term_id", "link_entity"},
}
WORDS = {
    "location_type": {"physical", "postal", "virtual"},
    "address_type": {"physical", "postal", "virtual"},
    "status": {"active", "inactive", "defunct", "temporarily closed"},
}
OWNERS = {"organization_id", "service_id", "location_id", "contact_id", "service_at_location_id"}


@pytest.fixture(autouse=True)
def _directory(session: Session) -> None:
    make_gmina(session, "080201", "Gubin", "urban")
    address = {"street": "ul. Piastowska 24", "postal_code": "66-620", "post_town": "Gubin"}
    mops = make_institution(
        session, "mops-gubin", Kind.MOPS, "MOPS w Gubinie", gmina_code="080201", phone="68 000 00 40", hours="8–16",
        email="mops@gubin.example", website="https://mops.example", **address,
    )  # fmt: skip
    branch = make_institution(session, "filia", Kind.MOPS, "=1+1; filia", parent_id=mops.id)
    offer = make_offer(session, mops, make_service(session, "shelter"))
    offer.audience, offer.what_to_bring, offer.hours, offer.phone = "dla wszystkich", "dowód", "nocą", "68 1"
    other = make_offer(session, branch, make_service(session, "meals"))
    session.add(InstitutionTerritory(institution_id=mops.id or 0, code="080201"))
    session.add(ServiceOfferTerritory(offer_id=other.id or 0, code="08"))
    owner = mops.id or 0
    session.add(
        Contact(institution_id=owner, role="front_desk", mailbox="biuro@mops.example", phone="68 2", public=True)
    )
    session.add(
        Contact(institution_id=owner, role="head", person="Maria Próbna", mailbox="m.probna@x.example", public=True)
    )
    session.add(Contact(institution_id=owner, role="records_contact", mailbox="tajne@mops.example"))
    for status in (Status.UNCONFIRMED, Status.ARCHIVED, Status.APPLIED):
        make_offer(
            session,
            make_institution(session, f"ukryta-{status}", status=status, parent_id=mops.id),
            make_service(session, f"s-{status}"),
        )
    make_institution(session, "pokazowa", synthetic=True, phone="999", parent_id=mops.id)
    session.flush()


def tables(session: Session) -> dict[str, list[dict[str, str]]]:
    stream = io.BytesIO()
    hsds.write_json(session, stream)
    found: dict[str, list[dict[str, str]]] = json.loads(stream.getvalue())
    return found


def test_every_row_has_what_the_specification_demands(session):
    found = tables(session)
    assert list(found) == list(REQUIRED)
    for table, rows in found.items():
        path, names, required = hsds.TABLES[table]
        assert rows, table
        assert REQUIRED[table] <= set(names)
        assert REQUIRED[table] == set(required)
        assert path.endswith(".csv")
        for row in rows:
            assert REQUIRED[table] <= row.keys() <= set(names), (table, row)
            assert all(row[name] for name in REQUIRED[table]), (table, row)
            assert all(isinstance(value, str) for value in row.values())
            for name, words in WORDS.items():
                assert row.get(name) is None or row[name] in words
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", row.get("assured_date", "2026-11-23"))
            assert re.fullmatch(r"https?://\S+", row.get("uri", "http://x"))


def test_identifiers_are_uuids_given_once(session):
    for table, rows in tables(session).items():
        ids = [row["id"] for row in rows]
        assert len(set(ids)) == len(ids), table
        assert all(UUID(one).version == 5 for one in ids)


def test_every_reference_leads_somewhere(session):
    found = tables(session)
    ids = {table: {row["id"] for row in rows} for table, rows in found.items()}
    for table, rows in found.items():
        for row in rows:
            for name, target in hsds.LINKS.items():
                assert row.get(name) is None or row[name] in ids[target], (table, name)
    assert all(row["link_id"] in ids[row["link_entity"]] for row in found["attribute"])
    for table in ("phone", "schedule", "contact", "address", "service_area"):
        assert all(len(OWNERS & row.keys()) == 1 for row in found[table]), table


def test_what_it_says_of_the_directory(session):
    found = tables(session)
    assert [row["name"] for row in found["organization"]] == ["=1+1; filia", "MOPS w Gubinie"]
    branch, mops = found["organization"]
    assert branch["parent_organization_id"] == mops["id"]
    assert {row["name"] for row in found["service"]} == {"usługa shelter", "usługa meals"}
    areas = {row["extent"]: row["name"] for row in found["service_area"]}
    assert areas["08"] == "województwo lubuskie"
    assert areas["080201"].startswith("Gubin")
    (address,) = found["address"]
    assert (address["city"], address["state_province"], address["country"]) == ("Gubin", "lubuskie", "PL")
    assert {row["number"] for row in found["phone"]} == {"68 000 00 40", "68 1", "68 2"}
    assert found["required_document"][0]["document"] == "dowód"


def test_nobody_is_named_and_nothing_hidden_or_invented_stands_there(session):
    text = json.dumps(tables(session), ensure_ascii=False)
    for secret in ("Próbna", "m.probna", "tajne", "ukryta", "pokazowa", "999"):
        assert secret not in text


def test_the_package_holds_the_same_tables_and_describes_them(client, session):
    archive = zipfile.ZipFile(io.BytesIO(client.get(ZIP).data))
    description = json.loads(archive.read("datapackage.json"))
    assert {one["path"] for one in description["resources"]} == set(archive.namelist()) - {"datapackage.json"}
    found = tables(session)
    for resource in description["resources"]:
        rows = list(csv.DictReader(io.StringIO(archive.read(resource["path"]).decode())))
        assert [{name: value for name, value in row.items() if value} for row in rows] == found[resource["name"]]
        names = [one["name"] for one in resource["schema"]["fields"]]
        assert names == list(hsds.TABLES[resource["name"]][1])
        for key in resource["schema"]["foreignKeys"]:
            assert key["fields"] in names
            assert key["reference"]["resource"] in found


def test_unchanged_data_are_not_made_again(client, session, query_count):
    for path in (JSON, ZIP):
        first = client.get(path)
        assert first.status_code == 200
        assert first.headers["Access-Control-Allow-Origin"] == "*"
        with query_count() as asked:
            again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data, len(asked)) == (304, b"", 1)
        assert client.get(path).data == first.data
    before = client.get(JSON)
    make_institution(session, "nowa", changed_at=now())
    after = client.get(JSON, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    kept = {row["id"] for row in json.loads(before.data)["organization"]}
    assert kept < {row["id"] for row in json.loads(after.data)["organization"]}


def test_the_page_says_what_there_is(client):
    page = client.see("/otwarte-dane")
    for path in (JSON, ZIP, "/partnerzy.csv"):
        assert page.main.all("a", href=path)
    assert client.see("/otwarte-dane?jezyk=en").h1 == "Open data"
