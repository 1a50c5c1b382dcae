"""The commands about templates: list, check, preview, copy, compare."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from followupd.app import App, ItemId, needs_app
from followupd.errors import ExitCode, Problem, TemplateProblem

if TYPE_CHECKING:
    from followupd.template_files import Templates


@click.group()
def templates() -> None:
    """See and check the templates."""


@templates.command("list")
@needs_app
def list_templates(app: App) -> None:
    """List the templates in force and whose they are."""
    from followupd.template_files import find_templates, shipped_templates

    shipped = shipped_templates()
    for name, files in sorted(find_templates([shipped, app.settings.templates]).items()):
        click.echo(f"{name:28} {'shipped' if files[-1].parent == shipped else files[-1]}")


@templates.command()
@needs_app
def check(app: App) -> None:
    """Check every template and what [[choose]] says of them.

    Exit 78 when there is a mistake; advice on wording goes to stderr and changes nothing, fit for a pre-commit hook.
    """
    from followupd.assemble import build_templates, build_writer, load_words
    from followupd.render import Renderer

    with Renderer() as renderer:
        files = build_templates(app.settings, renderer)
        mistakes = build_writer(app.settings, load_words(), files).find_mistakes()
        for line in _advise_all(files):
            click.echo(line, err=True)
    for mistake in mistakes:
        click.echo(str(mistake), err=True)
    if mistakes:
        sys.exit(ExitCode.CONFIGURATION)
    click.echo("Every template is fine.", err=True)


def _advise_all(files: "Templates") -> list[str]:
    """Return advice on every template in force, each line once, read with three invented sets of facts."""
    from followupd.rules.choosing import language_of
    from followupd.rules.drafts import invent_facts

    lines: dict[str, None] = {}
    for name in sorted(files.sources()):
        for facts in invent_facts(language_of(name)):
            lines |= dict.fromkeys(_advise(files, name, facts))
    return list(lines)


def _advise(files: "Templates", name: str, facts: Mapping[str, Any]) -> list[str]:
    try:
        return _advise_text(name, files.render(name, facts), new=True)
    except TemplateProblem as gap:
        return [f"advice: when less is known, {gap.what}"]


def _advise_text(name: str, text: str, *, new: bool) -> list[str]:
    from followupd.assemble import load_cautions
    from followupd.rules.advice import advise
    from followupd.rules.choosing import language_of
    from followupd.rules.drafts import read_rendered

    try:
        subject, body = read_rendered(text, name)
    except TemplateProblem:
        return []  # a part that others include is no mail
    found = advise(subject, body, language_of(name), load_cautions(), new=new)
    return [f"templates/{name}: advice: {line}" for line in found]


@templates.command()
@click.argument("name")
@click.option(
    "--for", "number", metavar="ID", type=ItemId, help="With the facts of this follow-up of the queue."
)
@needs_app
def preview(app: App, name: str, number: int | None) -> None:
    """Print one template, such as late or late.de, as somebody invented would get it; advice goes to stderr."""
    from followupd.assemble import build_templates
    from followupd.render import Renderer
    from followupd.rules.choosing import language_of
    from followupd.rules.drafts import invent_facts

    file = name if name.endswith(".md") else f"{name}.md"
    with Renderer() as renderer:
        files = build_templates(app.settings, renderer)
        if file not in files.sources():
            raise Problem(f"There is no template '{name}'.", "See `followupd templates list`.")
        if number is None:
            text, new = files.render(file, invent_facts(language_of(file))[0]), True
        else:
            text, new = _preview_for(app, files, file, number)
    click.echo(text)
    for line in _advise_text(file, text, new=new):
        click.echo(line, err=True)


def _preview_for(app: App, files: "Templates", file: str, number: int) -> tuple[str, bool]:
    """Return a template with the facts of one follow-up, and whether the owner just met that person."""
    from contextlib import closing

    from followupd.assemble import build_judge, build_writer, load_words, open_store
    from followupd.items import Kind

    words = load_words()
    with closing(open_store(app.state)) as store:
        item = store.followup(number)
        event = store.calendars.event(item.occurrence)
        new = store.last_touch(item.person or "", item.id) is None
    if item.kind is not Kind.DRAFT or event is None:
        raise Problem(f"Item {number} is no follow-up to a person.", "See `followupd queue`.")
    judgement, _ = build_judge(app.settings, words)(event)
    return build_writer(app.settings, words, files).preview(file, item, event, judgement, app.now), new


@templates.command()
@click.argument("name")
@needs_app
def new(app: App, name: str) -> None:
    """Copy one of our templates, such as late or late.de, into your folder, for you to change."""
    from followupd.template_files import find_templates, read_template, shipped_templates

    shipped = find_templates([shipped_templates()]).get(f"{name}.md")
    if shipped is None:
        raise Problem(f"There is no template '{name}' of ours.", "See `followupd templates list`.")
    copy = app.settings.templates / shipped[0].name
    if copy.exists():
        raise Problem(
            f"{copy} is there already.", "Change that one; `followupd templates diff` shows how it differs."
        )
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(read_template(shipped[0]), encoding="utf-8")
    click.echo(f"Wrote {copy}. It is in force in place of ours from now on.", err=True)


@templates.command()
@needs_app
def diff(app: App) -> None:
    """Show how your templates differ from ours of the same name."""
    from difflib import unified_diff

    from followupd.template_files import find_templates, read_template, shipped_templates

    for name, files in sorted(find_templates([shipped_templates(), app.settings.templates]).items()):
        ours, yours = (read_template(file).splitlines() for file in (files[0], files[-1]))
        for line in unified_diff(ours, yours, f"ours/{name}", str(files[-1]), lineterm=""):
            click.echo(line)
