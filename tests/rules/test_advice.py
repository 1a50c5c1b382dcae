"""Advice on wording: what is heard, in which language, and that it is heard only where it stands."""

import pytest

from followupd.assemble import load_cautions
from followupd.rules.advice import advise, find_unknown, read_cautions

CAUTIONS = load_cautions()
SAY = {caution.name: caution.say for caution in CAUTIONS}


def hear(body: str, language: str = "en", *, new: bool = True) -> list[str]:
    said = advise("Hello", body, language, CAUTIONS, new=new)
    return [name for name, say in SAY.items() if any(line.endswith(say) for line in said)]


def test_every_caution_speaks_four_languages() -> None:
    assert [set(caution.heard) for caution in CAUTIONS] == [{"en", "de", "fr", "es"}] * 5


@pytest.mark.parametrize(
    ("language", "body", "names"),
    [
        ("en", "We give you a DISCOUNT.", ["selling"]),
        ("de", "Dafür gibt es Rabatt.", ["selling"]),
        ("fr", "Je propose un essai gratuit.", ["selling"]),
        ("es", "Le hago un descuento.", ["selling"]),
        ("en", "Please answer asap.", ["pressure"]),
        ("de", "Bitte umgehend antworten.", ["pressure"]),
        ("fr", "J\N{RIGHT SINGLE QUOTATION MARK}attends votre réponse.", ["pressure"]),
        ("es", "Responda lo antes posible.", ["pressure"]),
        ("en", "You are a genius.", ["flattery"]),
        ("de", "Das war genial.", ["flattery"]),
        ("fr", "C'était incroyable.", ["flattery"]),
        ("es", "Fue increíble.", ["flattery"]),
        ("en", "May I pick your brain?", ["favour"]),
        ("de", "Tu mir einen Gefallen.", ["favour"]),
        ("fr", "Pourriez-vous me présenter à Marta ?", ["favour"]),
        ("es", "¿Podría presentarme a Marta?", ["favour"]),
        ("en", "How about that election?", ["controversy"]),
        ("de", "Die Politik ist schuld.", ["controversy"]),
        ("fr", "La politique, quel sujet.", ["controversy"]),
        ("es", "Hablemos de política.", ["controversy"]),
        ("en", "I was glad to meet you.", []),
        ("en", "Das gibt Rabatt.", []),
        ("it", "discount", []),
        ("en", "The disasap is no word.", []),
    ],
)
def test_a_phrase_is_heard_in_its_language(language: str, body: str, names: list[str]) -> None:
    assert hear(body, language) == names


def test_a_favour_may_be_asked_of_people_one_knows() -> None:
    assert hear("Could you introduce me to Marta?", new=False) == []


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        ("word " * 120, ()),
        ("word " * 121, ("121 words are many; 120 are enough",)),
        ("How are you? And the boat?!", ("2 questions are a form to fill in; one is enough",)),
        ("Really???", ()),
        ("https://a.example and www.b.example", ("2 links look like advertising; one is enough",)),
        ("https://www.a.example", ()),
    ],
)
def test_length_questions_and_links_are_counted(body: str, advice: tuple[str, ...]) -> None:
    assert advise("Hello", body, "en", CAUTIONS, new=True) == advice


@pytest.mark.parametrize("table", [{"en": "x"}, {"say": "x", "en": ["y"]}, {"say": "x", "en": " "}])
def test_a_mistake_in_the_table_is_named(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\[selling\] must hold texts"):
        read_cautions({"selling": table})


def test_facts_that_there_are_not_are_found_at_their_lines() -> None:
    source = "{# person.x #}\nSubject: me.you\n\n{{ person.nick | or_else('x') }}\n{% if event.spoken and me.age %}{% endif %}"
    facts = {"person": {"name": ""}, "event": {"spoken": ""}, "me": {}, "first_name": "Jo"}
    assert find_unknown(source, facts) == ((4, "person.nick"), (5, "me.age"))
