"""Contacts over a server that behaves as Google's: by leave alone, seldom, and then only what changed."""

import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from accounts import keep_sign_in, open_google
from servers.google import Answer, Break, Contacts, Google

from followupd.adapters.contact_names import ContactNames
from followupd.adapters.google_auth import CONTACTS, NEEDED
from followupd.adapters.google_contacts import GoogleContacts
from followupd.errors import SourceProblem

ADA = "ada@example.com"
LIST = "people.people.connections.list"
BO = "bo@acme.example"


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as google:
        google.add_account(ADA)
        yield google


@pytest.fixture
def contacts(google: Google) -> Contacts:
    return google.accounts[ADA].contacts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "copies" / "contacts"


@pytest.fixture
def names(file: Path) -> ContactNames:
    return ContactNames(file)


@pytest.fixture
def renew(google: Google, tmp_path: Path, file: Path) -> Callable[[], None]:
    """Return what lets six hours pass and a new program ask."""
    keep_sign_in(google, tmp_path / "sign-ins", ADA, *NEEDED, CONTACTS)
    calls = open_google(google, tmp_path / "sign-ins")

    def renew() -> None:
        google.clock.go_on(timedelta(hours=6))
        GoogleContacts(calls, file).renew(google.clock())

    return renew


def syncs(google: Google) -> list[bool]:
    """Return of each list that was asked for whether it asked for changes alone."""
    return ["syncToken" in seen.query for seen in google.requests if seen.method == LIST]


def test_a_contact_gives_its_name_to_each_of_its_addresses(
    contacts: Contacts, renew: Callable[[], None], names: ContactNames
) -> None:
    contacts.add("Bo Example", "Bo@Acme.example", "bo@home.example")
    assert names.find_name(BO) is None
    renew()
    assert [names.find_name(who) for who in (BO, "bo@home.example", "cy@acme.example")] == [
        "Bo Example",
        "Bo Example",
        None,
    ]


def test_an_address_with_two_names_has_none_that_is_sure(
    contacts: Contacts, renew: Callable[[], None], names: ContactNames
) -> None:
    contacts.add("Bo Example", "office@acme.example")
    contacts.add("Cy Example", "office@acme.example")
    renew()
    assert names.find_name("office@acme.example") is None


def test_without_a_name_or_an_address_there_is_nothing_to_know(
    contacts: Contacts, renew: Callable[[], None], names: ContactNames
) -> None:
    contacts.add("", BO)
    contacts.add("Bo Example")
    contacts.add("Cy Example", "not an address")
    renew()
    assert names.find_name(BO) is None


def test_names_come_without_control_characters(
    contacts: Contacts, renew: Callable[[], None], names: ContactNames
) -> None:
    contacts.add("Bo\r\nBcc: eve@evil.example", BO)
    renew()
    assert names.find_name(BO) == "Bo Bcc: eve@evil.example"


def test_after_the_first_list_only_changes_are_asked_for(
    google: Google, contacts: Contacts, renew: Callable[[], None], names: ContactNames
) -> None:
    bo, cy = contacts.add("Bo Example", BO), contacts.add("Cy Example", "cy@acme.example")
    renew()
    contacts.change(bo, names=[{"displayName": "Bob Example"}])
    contacts.delete(cy)
    renew()
    assert (names.find_name(BO), names.find_name("cy@acme.example")) == ("Bob Example", None)
    assert syncs(google) == [False, True]


def test_nothing_is_asked_within_six_hours(
    google: Google, tmp_path: Path, file: Path, renew: Callable[[], None]
) -> None:
    renew()
    again = GoogleContacts(open_google(google, tmp_path / "sign-ins"), file)
    google.clock.go_on(timedelta(hours=5, minutes=59))
    again.renew(google.clock())
    assert google.count(LIST) == 1
    google.clock.go_on(timedelta(minutes=1))
    again.renew(google.clock())
    assert google.count(LIST) == 2


def test_a_token_that_ended_lists_anew(
    google: Google, contacts: Contacts, renew: Callable[[], None], names: ContactNames
) -> None:
    gone = contacts.add("Bo Example", BO)
    renew()
    contacts.delete(gone)
    contacts.expire_sync_tokens()
    renew()
    assert names.find_name(BO) is None
    assert syncs(google) == [False, True, False]


def test_thousands_of_contacts_come_in_pages(
    google: Google, contacts: Contacts, renew: Callable[[], None], names: ContactNames
) -> None:
    for number in range(2001):
        contacts.add(f"Person {number}", f"p{number}@acme.example")
    renew()
    assert names.find_name("p2000@acme.example") == "Person 2000"
    assert google.count(LIST) == 3


@pytest.mark.parametrize("befalls", [Break.LOST, Break.HALF_BODY, Break.HTML, Break.EMPTY, Answer(503)])
def test_what_goes_wrong_is_told_and_what_was_known_stays(
    google: Google,
    contacts: Contacts,
    renew: Callable[[], None],
    names: ContactNames,
    befalls: Break | Answer,
) -> None:
    contacts.add("Bo Example", BO)
    renew()
    google.faults.order(befalls, "GET", "/connections$", times=None)
    with pytest.raises(SourceProblem, match="The contacts of account 'work' could not be read") as caught:
        renew()
    assert caught.value.todo == "Names come from the calendar until it can; nothing else waits for it."
    assert names.find_name(BO) == "Bo Example"
    google.faults.clear()
    google.clock.go_on(timedelta(hours=1))
    renew()
    assert syncs(google)[-1] is True


def test_without_leave_nothing_is_asked_and_what_was_kept_goes(
    google: Google,
    tmp_path: Path,
    file: Path,
    contacts: Contacts,
    renew: Callable[[], None],
    names: ContactNames,
) -> None:
    contacts.add("Bo Example", BO)
    renew()
    keep_sign_in(google, tmp_path / "without", ADA)
    GoogleContacts(open_google(google, tmp_path / "without"), file).renew(google.clock())
    assert (google.count(LIST), names.find_name(BO), file.exists()) == (1, None, False)


def test_nobody_signed_in_asks_nothing_and_says_nothing(google: Google, tmp_path: Path, file: Path) -> None:
    GoogleContacts(open_google(google, tmp_path / "nobody"), file).renew(google.clock())
    assert google.requests == []


def test_the_file_is_for_its_owner_alone_and_a_damaged_one_is_none(
    google: Google, contacts: Contacts, renew: Callable[[], None], names: ContactNames, file: Path
) -> None:
    contacts.add("Bo Example", BO)
    renew()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [0o600, 0o700]
    file.write_bytes(file.read_bytes()[:-3])
    assert names.find_name(BO) is None
    renew()
    assert names.find_name(BO) == "Bo Example"
    assert syncs(google) == [False, False]


def test_a_disk_that_refuses_is_told(google: Google, renew: Callable[[], None], file: Path) -> None:
    file.parent.write_text("no folder")
    with pytest.raises(SourceProblem, match="the disk refused"):
        renew()
    assert google.count(LIST) == 1
