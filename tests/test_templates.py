"""The shipped templates with all kinds of facts, the files of owners, and what docs/templates.md says of both."""

import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from followupd.assemble import load_cautions
from followupd.errors import TemplateProblem
from followupd.render import Renderer
from followupd.rules.advice import advise
from followupd.rules.choosing import language_of
from followupd.rules.drafts import example_facts, invent_facts, read_rendered
from followupd.template_files import Templates, find_templates, read_template, shipped_templates

DOCS = Path(__file__).parent.parent / "docs" / "templates.md"


def read_templates(folders: Sequence[Path]) -> dict[str, str]:
    """Return name to source of the templates in force."""
    return {name: read_template(paths[-1]) for name, paths in find_templates(folders).items()}


NAMES = sorted(read_templates([shipped_templates()]))

FIRST_NAMES = ("", "Jo", "José", "Анна", "Anne-Marie", "O'Neil", "美咲")
SPOKEN = ("", "at the chamber breakfast", "over coffee", "on our call", "beim Unternehmerfrühstück")
PROMISES = (
    "",
    "the article about winter storage",
    "intro to Marta at the bank",
    "lunch in March",
    "call next week",
    "I'll send you the recipe",
    "two tickets to the game on Saturday, and the name of the man with the boat",
    "Link zum Podcast",
    "first the slides\nthen the photo",
)
NOTES = ("", "SECRET: knows the mayor, talks a lot")
MANY_FACTS = tuple(itertools.product(FIRST_NAMES, SPOKEN, PROMISES, NOTES))[::5]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as warm:
        yield warm


def facts_with(first_name: str, spoken: str, promise: str, note: str) -> dict[str, Any]:
    facts = example_facts()
    facts["person"] |= {"first_name": first_name, "name": first_name}
    facts["event"]["spoken"] = spoken
    facts["followup"] = {"promise": promise, "note": note, "topic": "about sailing" if note else ""}
    return facts | {"first_name": first_name, "event_name": spoken}


def test_eleven_templates_are_shipped_and_six_of_them_in_four_languages() -> None:
    names = {name.partition(".")[0] for name in NAMES}
    everywhere = {"new-acquaintance", "met-again", "promise-kept", "after-a-coffee-or-call", "late", "nudge"}
    assert names == everywhere | {
        "introduction",
        "thanks-to-the-host",
        "after-an-online-event",
        "catch-up",
        "short-note",
    }
    abroad = {f"{name}.{language}.md" for name in everywhere for language in ("de", "fr", "es")}
    assert set(NAMES) == {f"{name}.md" for name in names} | abroad


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_template_reads_well_whatever_is_known(renderer: Renderer, name: str) -> None:
    sources = read_templates([shipped_templates()])
    assert len(MANY_FACTS) >= 120
    for case in MANY_FACTS:
        subject, body = read_rendered(renderer.render(name, sources, facts_with(*case)), name)
        mail = f"{subject}\n{body}"
        assert len(body.split()) < 120, case
        assert body.count("?") <= 1, case
        assert "SECRET" not in mail, case
        assert not re.search(r"None|[{}]|  | [,.]|\.\.|\n\n\n|undefined", mail), (case, mail)
        assert body.endswith(("\nAda Example", "\nAda")), case


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_template_draws_no_advice(renderer: Renderer, name: str) -> None:
    sources, language = read_templates([shipped_templates()]), language_of(name)
    for facts in invent_facts(language):
        subject, body = read_rendered(renderer.render(name, sources, facts), name)
        assert advise(subject, body, language, load_cautions(), new=True) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_template_uses_topic_and_promise(renderer: Renderer, name: str) -> None:
    everything = invent_facts(language_of(name))[0]
    mail = renderer.render(name, read_templates([shipped_templates()]), everything)
    assert everything["followup"]["topic"] in mail
    assert everything["followup"]["promise"] in mail
    assert everything["followup"]["note"] not in mail


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_template_says_first_what_it_is_for(name: str) -> None:
    lines = read_templates([shipped_templates()])[name].splitlines()
    assert re.fullmatch(r"\{# .+\. #\}", lines[0])
    assert lines[1].startswith("Subject: ")
    assert lines[2] == ""


def test_the_docs_name_every_fact_with_its_example_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.*?) ?\|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    facts: dict[str, str] = {}
    for key, value in example_facts().items():
        facts |= (
            {f"{key}.{part}": said for part, said in value.items()}
            if isinstance(value, dict)
            else {key: value}
        )
    assert {name: said for name, said in rows if not name.endswith(".md")} == facts


def test_the_examples_in_the_docs_render(renderer: Renderer) -> None:
    examples = re.findall(r"^```\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    written = [renderer.render("a.md", {"a.md": example}, example_facts()) for example in examples]
    assert len(written) == 2
    assert written[0].startswith("Subject: Good to meet you at the chamber breakfast\n\nHi Jo,\n")


def test_a_file_of_the_same_name_in_a_later_folder_wins(tmp_path: Path) -> None:
    (tmp_path / "late.md").write_text("mine")
    sources = read_templates([shipped_templates(), tmp_path, tmp_path / "absent"])
    assert sources["late.md"] == "mine"
    assert sources["met-again.md"].startswith("{# For somebody you knew already. #}")


@pytest.mark.parametrize(
    "name", ["README.md", ".hidden.md", "late.md~", "-x.md", "late.deu.md", "a b.md", "late.txt"]
)
def test_other_files_in_the_folder_are_no_templates(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert read_templates([tmp_path]) == {}


def test_links_pipes_folders_and_large_or_foreign_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "link.md").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "large.md").write_bytes(b"x" * 100_001)
    (tmp_path / "latin.md").write_bytes(b"one\ncaf\xe9")
    for name in ("link", "pipe", "folder", "large", "latin"):
        folder = tmp_path / f"only-{name}"
        folder.mkdir()
        (tmp_path / f"{name}.md").rename(folder / f"{name}.md")
        with pytest.raises(TemplateProblem, match=rf"{name}\.md: cannot be used") as caught:
            read_templates([folder])
        assert ("line 2 is not UTF-8" in caught.value.what) == (name == "latin")


def test_a_template_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "late.md").write_text("Subject: Hi\n\nHi.\n")
    (tmp_path / "late.md").chmod(0o666)
    with pytest.raises(TemplateProblem, match="other users of this machine can write it"):
        read_templates([tmp_path])


def test_the_last_good_version_stays_when_a_template_gets_a_mistake(
    tmp_path: Path, renderer: Renderer
) -> None:
    own = tmp_path / "late.md"
    own.write_text("Subject: one\n\none")
    templates = Templates([shipped_templates(), tmp_path], renderer, example_facts())
    assert templates.sources()["late.md"] == "Subject: one\n\none"
    own.write_text("Subject: two\n\n{{ person.frist_name }}")
    assert templates.sources()["late.md"] == "Subject: one\n\none"
    assert [problem.what for problem in templates.problems] == [
        "templates/late.md, line 3: there is no fact 'frist_name'; docs/templates.md lists them all"
    ]
    own.write_text("Subject: three\n\nthree")
    assert templates.sources()["late.md"] == "Subject: three\n\nthree"
    assert templates.problems == ()


def test_a_mistake_from_the_start_leaves_the_shipped_one_and_the_others(
    tmp_path: Path, renderer: Renderer
) -> None:
    (tmp_path / "late.md").write_text("{% if %}")
    (tmp_path / "mine.md").symlink_to(tmp_path / "late.md")
    (tmp_path / "good.md").write_text("Subject: x\n\nx")
    templates = Templates([shipped_templates(), tmp_path], renderer, example_facts())
    shipped = read_templates([shipped_templates()])
    assert templates.sources() == shipped | {"good.md": "Subject: x\n\nx"}
    assert len(templates.problems) == 2


def test_a_template_that_is_taken_away_gives_way_to_ours(tmp_path: Path, renderer: Renderer) -> None:
    own = tmp_path / "late.md"
    own.write_text("Subject: one\n\none")
    templates = Templates([shipped_templates(), tmp_path], renderer, example_facts())
    templates.sources()
    own.unlink()
    assert templates.sources() == read_templates([shipped_templates()])


def test_nothing_is_read_again_while_no_file_changes(tmp_path: Path, renderer: Renderer) -> None:
    templates = Templates([shipped_templates(), tmp_path], renderer, example_facts())
    assert templates.sources() is templates.sources()
