# ruff: noqa: RUF001 - look-alike letters are the matter
import pytest

from followupd.rules.likeness import Faces

KNOWN = Faces(
    [("Jane Doe", "jane@acme.example"), ("Mia Klein", "mia@carbon.example"), ("", "tom@mill.example")]
)

ALIKE = [
    ("Jane Doe", "jane@acrne.example", "The address looks like jane@acme.example, but it is another one."),
    ("Somebody", "x@аcme.example", "The address looks like jane@acme.example, but it is another one."),
    ("Somebody", "x@xn--cme-5cd.example", "The address looks like jane@acme.example, but it is another one."),
    ("Somebody", "x@carb0n.example", "The address looks like mia@carbon.example, but it is another one."),
    ("Somebody", "x@m1ll.example", "The address looks like tom@mill.example, but it is another one."),
    # the free-mail twin of somebody at a company, and letters that only look the same
    (
        "Jane Doe",
        "jane.doe@gmail.com",
        "The name looks like Jane Doe's, but the address is not jane@acme.example.",
    ),
    (
        "JANE DOE",
        "jane.doe@gmail.com",
        "The name looks like Jane Doe's, but the address is not jane@acme.example.",
    ),
    (
        "Jаne Doe",
        "jane.doe@gmail.com",
        "The name looks like Jane Doe's, but the address is not jane@acme.example.",
    ),
    (
        "Jane D0e",
        "jane.doe@gmail.com",
        "The name looks like Jane Doe's, but the address is not jane@acme.example.",
    ),
    # nobody the owner knows, but made to mislead
    ("Pаul Roe", "paul@roe.example", "The name mixes letters of two alphabets that look the same."),
    ("Paul Roe", "paul@xn--re-emc.example", "The address mixes letters of two alphabets that look the same."),
]

NOT_ALIKE = [
    ("Jane Doe", "jane@acme.example"),
    ("Jane Roe", "jane.roe@acme.example"),
    ("", "x@other.example"),
    ("Иван Петров", "ivan@petrov.example"),
    ("李 Wei", "wei@li.example"),
    ("Мария (Marie) Roe", "marie@roe.example"),
]


@pytest.mark.parametrize(("name", "email", "warning"), ALIKE)
def test_a_look_alike_is_named_with_whom_it_looks_like(name: str, email: str, warning: str) -> None:
    assert KNOWN.find_alike(name, email) == warning


@pytest.mark.parametrize(("name", "email"), NOT_ALIKE)
def test_somebody_who_is_only_new_is_no_look_alike(name: str, email: str) -> None:
    assert KNOWN.find_alike(name, email) is None


def test_the_other_address_of_one_person_is_no_look_alike() -> None:
    assert KNOWN.find_alike("Jane Doe", "jane.doe@gmail.com", same=("jane@acme.example",)) is None
