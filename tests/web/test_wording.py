"""Templates on the page: what is shown of them, and what becomes of the owner's files."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from visitor import Visitor, read_hash, read_words, visit
from week import JANE, World, meeting, open_world

from followupd.template_files import read_template, shipped_templates
from followupd.template_shelf import VERSIONS, Shelf

HOUR = timedelta(hours=1)
LATE = '{# For the slow. #}\nSubject: Better late\n\nHi {{ person.first_name | or_else("there") }},\n\nbetter late.\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.set_event(meeting("e1", opened.now - HOUR, JANE))
        opened.run()
        yield opened


@pytest.fixture
def visitor(world: World) -> Iterator[Visitor]:
    with visit(world) as opened:
        yield opened


def save(visitor: Visitor, name: str, source: str) -> int:
    """Save a template from the page as it shows it now; return the status of the answer."""
    seen = read_hash(visitor.get(f"/templates/{name}").text)
    return visitor.post(f"/templates/{name}", source=source, hash=seen).status_code


def preview(visitor: Visitor, source: str, **fields: object) -> str:
    answer = visitor.post("/templates/late.md/preview", source=source, **fields)
    assert answer.status_code == 200
    return read_words(answer.text)


def test_the_list_says_what_each_is_for_and_when_it_is_taken(visitor: Visitor) -> None:
    words = read_words(visitor.get("/templates").text)
    assert "promise-kept For somebody you promised something. you promised something" in words
    assert words.index("English") < words.index("Deutsch") < words.index("Français")


def test_saving_writes_the_owners_file_and_leaves_ours(world: World, visitor: Visitor) -> None:
    ours = (shipped_templates() / "late.md").read_bytes()
    assert save(visitor, "late.md", LATE.replace("\n", "\r\n")) == 303
    assert (world.settings.templates / "late.md").read_text() == LATE
    assert (shipped_templates() / "late.md").read_bytes() == ours
    world.run(hours=60)
    assert world.item("Jane Doe").template == "new-acquaintance.md"


def test_a_saved_template_is_in_force_at_once(world: World, visitor: Visitor) -> None:
    save(visitor, "new-acquaintance.md", LATE)
    world.set_event(meeting("e2", world.now, JANE.__class__("kim@acme.example", "Kim Kimsen")))
    world.run()
    assert world.item("Kim Kimsen").subject == "Better late"


def test_a_mistake_is_told_at_its_line_and_nothing_is_saved(world: World, visitor: Visitor) -> None:
    broken = LATE.replace('person.first_name | or_else("there")', "person.frist_name")
    seen = read_hash(visitor.get("/templates/late.md").text)
    refused = visitor.post("/templates/late.md", source=broken, hash=seen)
    assert refused.status_code == 400
    assert "Line 4. templates/late.md, line 4: there is no fact 'frist_name'" in read_words(refused.text)
    assert '<div class="wrong">Hi {{ person.frist_name }},</div>' in refused.text
    assert not (world.settings.templates / "late.md").exists()


def test_a_fact_that_there_is_not_is_told_although_something_stands_for_it(visitor: Visitor) -> None:
    words = preview(visitor, LATE.replace("person.first_name", "person.frist_name"))
    assert "Hi there, better late. Line 4. There is no fact person.frist_name, so what stands" in words


def test_it_says_which_one_the_rules_take_for_whom(world: World, visitor: Visitor) -> None:
    words = preview(visitor, LATE, **{"with": world.item("Jane Doe").id})
    assert "The rules take new-acquaintance for them: it fits everybody." in words
    shown = read_words(visitor.get("/templates").text)
    assert "How one is chosen" in shown
    assert "More than 48 hours have passed: late You promised something: promise-kept" in shown


def test_a_template_changed_elsewhere_is_not_written_over_unseen(world: World, visitor: Visitor) -> None:
    seen = read_hash(visitor.get("/templates/late.md").text)
    Shelf(world.settings.templates).save("late.md", LATE, world.now)
    refused = visitor.post("/templates/late.md", source=LATE.replace("slow", "page"), hash=seen)
    assert (refused.status_code, "For the page." in refused.text) == (409, True)
    assert (world.settings.templates / "late.md").read_text() == LATE


def test_the_preview_shows_what_is_typed_to_somebody_of_the_queue(world: World, visitor: Visitor) -> None:
    words = preview(visitor, LATE, **{"with": world.item("Jane Doe").id})
    assert "Subject Better late Hi Jane, better late. The wording is fine." in words
    assert "As HTML Hi Jane, better late." in words
    assert "person.email jane.doe@acme.example" in words
    assert "Hi Jo, better late." in preview(visitor, LATE)
    assert not world.settings.templates.exists()


def test_the_preview_gives_advice_and_says_what_differs_from_ours(visitor: Visitor) -> None:
    words = preview(visitor, LATE.replace("better late.", "Act now? Really?"))
    assert "2 questions are a form to fill in; one is enough" in words
    assert "What differs from ours" in words
    same = read_template(shipped_templates() / "late.md")
    assert "What differs from ours" not in preview(visitor, same)


def test_a_bomb_in_the_preview_is_stopped_and_the_page_goes_on(visitor: Visitor) -> None:
    bomb = "Subject: x\n\n{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    assert "and was stopped." in preview(visitor, bomb)
    assert "Hi Jo," in preview(visitor, LATE)


def test_html_in_a_template_stays_text(visitor: Visitor) -> None:
    hostile = LATE.replace(
        "better late.", "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1))"
    )
    page = visitor.post("/templates/late.md/preview", source=hostile).text
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page


def test_the_last_twenty_versions_are_kept_and_can_be_looked_at(world: World, visitor: Visitor) -> None:
    for number in range(VERSIONS + 3):
        world.now += HOUR
        save(visitor, "late.md", LATE.replace("slow", f"version {number}"))
    shelf = Shelf(world.settings.templates)
    kept = shelf.versions("late.md")
    assert len(kept) == VERSIONS
    assert "version 21" in shelf.read_version("late.md", kept[0])
    assert "version 2." in shelf.read_version("late.md", kept[-1])
    shown = visitor.client.get(
        "/templates/late.md", base_url="http://127.0.0.1:8458", query_string={"version": kept[-1].isoformat()}
    ).text
    assert "For the version 2." in shown
    assert "Save brings it back." in shown
    assert "version 22" in (world.settings.templates / "late.md").read_text()


def test_ours_comes_back_and_the_owners_is_kept(world: World, visitor: Visitor) -> None:
    save(visitor, "late.md", LATE)
    assert visitor.post("/templates/late.md/restore").status_code == 303
    assert not (world.settings.templates / "late.md").exists()
    shelf = Shelf(world.settings.templates)
    assert [shelf.read_version("late.md", kept) for kept in shelf.versions("late.md")] == [LATE]
    assert visitor.post("/templates/late.md/restore").status_code == 400


def test_a_new_one_is_made_from_another(world: World, visitor: Visitor) -> None:
    made = visitor.post("/templates/late.de.md/copy", new="after-a-fair.de")
    assert made.location == "/templates/after-a-fair.de.md"
    assert (world.settings.templates / "after-a-fair.de.md").read_text() == read_template(
        shipped_templates() / "late.de.md"
    )
    assert visitor.post("/templates/late.de.md/copy", new="after-a-fair.de").status_code == 400


@pytest.mark.parametrize(
    "name", ["../config", "a/b", "A", "late.md/../x", "\0", "x" * 5_000, ".hidden", "late.md\n", "versions"]
)
def test_a_name_never_leads_out_of_the_folder(world: World, visitor: Visitor, name: str) -> None:
    before = sorted(world.folder.rglob("*"))
    assert visitor.post("/templates/late.md/copy", new=name).status_code == (
        303 if name == "versions" else 400
    )
    assert visitor.post(f"/templates/{name}/restore").status_code in {303, 400, 404, 405}
    new = set(world.folder.rglob("*")) - set(before)
    assert {file.parent for file in new} <= {world.settings.templates, world.folder}
