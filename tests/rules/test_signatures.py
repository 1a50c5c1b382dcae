"""Mail signatures: several lines that are one person, told apart from lists of people."""

import pytest
from week import DEBRIEF_WORDS

from followupd.rules.debrief import read_told

ONE = [
    # text, name, address, company, phone
    (
        "Best regards,\nJane Doe\nHead of Sales\nAcme GmbH\nMusterstraße 5, 12345 Berlin\nTel: +49 30 123456-0\nMobil: +49 170 1234567\nFax: +49 30 123456-99\njane.doe@acme.example\nwww.acme.example",
        ("Jane Doe", "jane.doe@acme.example", "Acme GmbH", "+49 170 1234567"),
    ),
    ("Jane Doe\njane@acme.example", ("Jane Doe", "jane@acme.example", "", "")),
    (
        "-- \nJane Doe <jane@acme.example>\nAcme Ltd\n12 Mill Lane\nT +44 20 7946 0000",
        ("Jane Doe", "jane@acme.example", "Acme Ltd", "+44 20 7946 0000"),
    ),
    (
        "Cordialement,\n\nZoé Petit\nDirectrice\nPetit SARL\n12 rue de la Paix, 75002 Paris\nzoe@petit.example",
        ("Zoé Petit", "zoe@petit.example", "Petit SARL", ""),
    ),
    (
        "Un saludo\nAna Ruiz\nRuiz S.L.\nCalle Mayor 5\n+34 600 000 000\nana@ruiz.example",
        ("Ana Ruiz", "ana@ruiz.example", "Ruiz S.L.", "+34 600 000 000"),
    ),
    (
        "Mit freundlichen Grüßen\nDr. Jürgen Weiß\nWeiß Bau GmbH\nHauptstr. 7\nweiss@weiss-bau.example",
        ("Jürgen Weiß", "weiss@weiss-bau.example", "Weiß Bau GmbH", ""),
    ),
    (
        "> Sam Rivera\n> Head of Partnerships\n> Mobile +44 7700 900123 | sam@rivera.example",
        ("Sam Rivera", "sam@rivera.example", "", "+44 7700 900123"),
    ),
    (
        "Tom Miller\nTel +44 20 7946 0001\nwww.millerprint.example",
        ("Tom Miller", None, "", "+44 20 7946 0001"),
    ),
]


@pytest.mark.parametrize(("text", "person"), ONE, ids=[person[0] for _, person in ONE])
def test_a_signature_is_one_person(text: str, person: tuple[str, str | None, str, str]) -> None:
    told = read_told(text, DEBRIEF_WORDS)
    found = [(met.person.name, met.person.email, met.person.company, met.person.phone) for met in told.met]
    assert found == [person]
    assert told.mistakes == ()


@pytest.mark.parametrize(
    "text",
    [
        "Jane Doe\nTom Miller\nKim Lee",
        "Jane Doe, jane@acme.example\nTom Miller, tom@mill.example\nKim Lee",
        "Jane Doe\nTom Miller\nkim@lee.example",
        "Jane Doe, jane@acme.example - sails\nTom Miller, +49 170 1234567\nKim Lee - promised him the deck",
        "Jane Doe +49 170 1234567\nTom Miller +49 170 1234568\nKim Lee +49 170 1234569",
        "- Jane Doe, Acme Ltd\n- Tom Miller, Mill Ltd\n- Kim Lee, Lee GmbH",
        "Jane Doe, jane@acme.example\nTom Miller, Mill Ltd\nKim Lee, 12345 Berlin",
        "1. Jane Doe jane@acme.example\n2. Tom Miller\n3. Kim Lee",
    ],
)
def test_a_list_is_everybody_on_it(text: str) -> None:
    told = read_told(text, DEBRIEF_WORDS)
    assert len(told.met) + len(told.mistakes) == 3, told


def test_signatures_and_lines_stand_apart_by_empty_lines() -> None:
    text = "Jane Doe, jane@acme.example\n\nTom Miller\nMill Ltd\nT: +44 20 7946 0001\ntom@mill.example\n\nKim Lee\n"
    told = read_told(text, DEBRIEF_WORDS)
    assert [met.person.name for met in told.met] == ["Jane Doe", "Tom Miller", "Kim Lee"]


def test_a_title_and_a_firm_in_one_line_are_no_second_person() -> None:
    told = read_told("Jane Doe\nHead of Sales, Acme GmbH\njane@acme.example", DEBRIEF_WORDS)
    assert [(met.person.name, met.person.email) for met in told.met] == [("Jane Doe", "jane@acme.example")]
