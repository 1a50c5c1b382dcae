"""The stand-in's contacts behave as Google's do."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from servers.google import Google
from servers.google.asking import Asking
from servers.google.contacts import Contacts

CONTACTS = "https://www.googleapis.com/auth/contacts.readonly"
OTHER = "https://www.googleapis.com/auth/contacts.other.readonly"
ADA = "ada@example.com"
PATH = "v1/people/me/connections"
ASKED = {"personFields": "names,emailAddresses", "requestSyncToken": "true"}


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as google:
        google.add_account(ADA)
        yield google


@pytest.fixture
def contacts(google: Google) -> Contacts:
    return google.accounts[ADA].contacts


@pytest.fixture
def ask(google: Google) -> Asking:
    return google.ask_as(ADA, CONTACTS)


def look(ask: Asking, **query: Any) -> Any:
    reply = ask.get(PATH, **(ASKED | query))
    assert reply.status == 200, reply.json
    return reply.json


def test_a_contact_is_told_by_the_fields_asked_for(ask: Asking, contacts: Contacts) -> None:
    contacts.add("Bo Example", "bo@acme.example", "bo@home.example", organizations=[{"name": "Acme"}])
    (person,) = look(ask)["connections"]
    assert person.keys() == {"resourceName", "etag", "names", "emailAddresses"}
    assert [address["value"] for address in person["emailAddresses"]] == [
        "bo@acme.example",
        "bo@home.example",
    ]
    assert look(ask, personFields="organizations")["connections"][0]["organizations"] == [{"name": "Acme"}]


def test_the_fields_have_to_be_named(ask: Asking) -> None:
    assert ask.get(PATH).status == 400


def test_an_empty_list_is_left_out(ask: Asking) -> None:
    assert look(ask).keys() == {"nextSyncToken"}


def test_pages_of_a_hundred_and_a_sync_token_on_the_last(ask: Asking, contacts: Contacts) -> None:
    for number in range(101):
        contacts.add(f"Person {number}")
    first = look(ask)
    second = look(ask, pageToken=first["nextPageToken"])
    assert (len(first["connections"]), len(second["connections"])) == (100, 1)
    assert ("nextSyncToken" in first, "nextSyncToken" in second) == (False, True)


def test_a_sync_tells_changes_and_deletions(ask: Asking, contacts: Contacts) -> None:
    bo, cy = contacts.add("Bo"), contacts.add("Cy")
    token = look(ask)["nextSyncToken"]
    contacts.change(bo, names=[{"displayName": "Bob"}])
    contacts.delete(cy)
    told = look(ask, syncToken=token)["connections"]
    assert [person["resourceName"] for person in told] == [bo, cy]
    assert (told[0]["names"], told[1]["metadata"]) == ([{"displayName": "Bob"}], {"deleted": True})
    assert [person["resourceName"] for person in look(ask)["connections"]] == [bo]


def test_a_sync_token_ends_after_seven_days_or_sooner(
    google: Google, ask: Asking, contacts: Contacts
) -> None:
    token = look(ask)["nextSyncToken"]
    google.clock.go_on(timedelta(days=7))
    assert ask.get(PATH, syncToken=token, **ASKED).status == 200
    google.clock.go_on(timedelta(seconds=1))
    reply = ask.get(PATH, syncToken=token, **ASKED)
    assert (reply.status, reply.reason) == (400, "EXPIRED_SYNC_TOKEN")
    token = look(ask)["nextSyncToken"]
    contacts.expire_sync_tokens()
    assert ask.get(PATH, syncToken=token, **ASKED).reason == "EXPIRED_SYNC_TOKEN"


def test_a_sync_token_goes_with_its_parameters_alone(ask: Asking) -> None:
    token = look(ask)["nextSyncToken"]
    assert ask.get(PATH, syncToken=token, **(ASKED | {"personFields": "names"})).status == 400
    assert ask.get(PATH, syncToken="nonsense", **ASKED).status == 400


def test_other_contacts_are_a_list_and_a_scope_of_their_own(
    google: Google, ask: Asking, contacts: Contacts
) -> None:
    contacts.add("", "cy@club.example", other=True)
    assert ask.get("v1/otherContacts", readMask="emailAddresses").status == 403
    found = google.ask_as(ADA, OTHER).get("v1/otherContacts", readMask="emailAddresses").json
    assert [person["emailAddresses"][0]["value"] for person in found["otherContacts"]] == ["cy@club.example"]
    assert "connections" not in look(ask)


def test_only_ones_own_contacts_are_listed(ask: Asking) -> None:
    assert ask.get("v1/people/c1/connections", **ASKED).status == 400
