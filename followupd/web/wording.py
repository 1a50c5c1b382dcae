"""The templates: which there are and when each is taken, one of them with a live preview, and its former versions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from followupd.errors import Changed, Problem, TemplateProblem
from followupd.items import FollowUp
from followupd.mail import fingerprint
from followupd.rules.advice import advise, find_unknown
from followupd.rules.choosing import Chosen, language_of, list_reasons
from followupd.rules.drafts import invent_facts, read_rendered
from followupd.rules.message import render_html
from followupd.template_files import find_templates, read_template, shipped_templates
from followupd.template_shelf import Shelf
from followupd.web.ground import ground, now, store
from followupd.web.queue import read_number

pages = Blueprint("wording", __name__)

#: So many people of the queue are offered to preview a template with.
PEOPLE = 30
_PURPOSE = re.compile(r"\{#\s*(.*?)\s*#\}", re.DOTALL)
_LINE = re.compile(r"line ([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Template:
    """One template in force, or the file that should be."""

    name: str
    source: str
    yours: bool
    shipped: str | None
    """What ours of the same name says; None where there is none."""
    taken: list[str]
    """When the rules take it."""

    @property
    def language(self) -> str:
        return language_of(self.name)

    @property
    def purpose(self) -> str:
        found = _PURPOSE.match(self.source)
        return found[1] if found else ""

    @property
    def hash(self) -> str:
        return fingerprint(self.source.encode())


@dataclass(frozen=True, slots=True)
class Preview:
    """What a template's source makes of one set of facts."""

    subject: str = ""
    text: str = ""
    html: str = ""
    """The body as HTML, made of Markdown with raw HTML off."""
    advice: tuple[str, ...] = ()
    unknown: tuple[tuple[int, str], ...] = ()
    """Line and name of facts that there are not, where something stands for them."""
    taken: Chosen | None = None
    """Which template the rules take for the person it is seen with; None for somebody invented."""
    mistake: TemplateProblem | None = None
    line: int | None = None
    """Where the mistake is, or the first unknown fact, in the source that is previewed."""
    facts: list[tuple[str, str]] = field(default_factory=list)


# --- looking


@pages.get("/templates")
def show_templates() -> str:
    ground().templates.sources()
    return render_template(
        "templates.html",
        groups=_list_templates(),
        reasons=list_reasons(ground().settings.choices),
        problems=ground().templates.problems,
    )


@pages.get("/templates/<name>")
def show_template(name: str) -> str:
    template, replaced = _find_template(name), _read_replaced()
    former = None if replaced is None else _shelf().read_version(name, replaced)
    return _render_editor(template, former or template.source, former=replaced)


def _render_editor(
    template: Template, source: str, problem: Problem | None = None, former: datetime | None = None
) -> str:
    number = read_number("with") or request.form.get("with", type=int)
    return render_template(
        "template.html",
        template=template,
        name=template.name,
        source=source,
        problem=problem,
        former=former,
        people=_list_people(),
        chosen=number,
        preview=_preview(template.name, source, number),
        changes=_compare(template.shipped, source),
        versions=_shelf().versions(template.name),
    )


@pages.post("/templates/<name>/preview")
def preview(name: str) -> str:
    """Return the preview of what is typed; it is saved nowhere."""
    source = _read_source()
    template = _find_template(name)
    return render_template(
        "preview.html",
        name=name,
        preview=_preview(name, source, request.form.get("with", type=int)),
        changes=_compare(template.shipped, source),
    )


# --- changing


@pages.post("/templates/<name>")
def save(name: str) -> Response | tuple[str, int]:
    """Write the owner's file; one with a mistake, or that was changed elsewhere, is not, and what was typed stays."""
    template, source = _find_template(name), _read_source()
    try:
        if request.form["hash"] != template.hash:
            raise Changed("This template was changed meanwhile.", "Save again to put yours in its place.")
        mistake = ground().templates.find_mistake(name, source)
        if mistake is not None:
            raise mistake
        _shelf().save(name, source, now())
    except Problem as problem:
        return _render_editor(template, source, problem), 409 if isinstance(problem, Changed) else 400
    return redirect(url_for("wording.show_template", name=name) + _keep_person(), 303)


@pages.post("/templates/<name>/restore")
def restore(name: str) -> Response:
    _shelf().withdraw(_find_template(name).name, now())
    return redirect(
        url_for("wording.show_template", name=name)
        if name in _find_files()
        else url_for("wording.show_templates"),
        303,
    )


@pages.post("/templates/<name>/copy")
def copy(name: str) -> Response:
    """Make a new template of one that is there."""
    wanted = request.form["new"].strip().removesuffix(".md") + ".md"
    if wanted in _find_files():
        raise Problem(f"There is a template '{wanted}' already.", "Choose another name.")
    _shelf().save(wanted, _find_template(name).source, now())
    return redirect(url_for("wording.show_template", name=wanted), 303)


# --- what is known of templates


def _shelf() -> Shelf:
    return Shelf(ground().settings.templates)


def _find_files() -> dict[str, Any]:
    return find_templates([shipped_templates(), ground().settings.templates])


def _list_templates() -> list[tuple[str, list[Template]]]:
    """Return the templates by language, the owner's languages first, in the order in which they write them."""
    found: dict[str, list[Template]] = {language: [] for language in ground().settings.owner.languages}
    for name in sorted(_find_files()):
        found.setdefault(language_of(name), []).append(_find_template(name))
    return [(language, templates) for language, templates in found.items() if templates]


def _find_template(name: str) -> Template:
    paths = _find_files().get(name)
    if paths is None:
        raise NotFound
    ours = paths[0].parent == shipped_templates()
    return Template(
        name=name,
        source=read_template(paths[-1]),
        yours=len(paths) > 1 or not ours,
        shipped=read_template(paths[0]) if ours else None,
        taken=[
            why for taken, why in list_reasons(ground().settings.choices) if taken == name.partition(".")[0]
        ],
    )


def _read_source() -> str:
    return request.form["source"].replace("\r\n", "\n")


def _read_replaced() -> datetime | None:
    """Return which former version the address names (UTC), to be looked at and perhaps saved again."""
    try:
        return datetime.fromisoformat(request.args.get("version", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _keep_person() -> str:
    """Return what keeps the chosen person in the address."""
    number = request.form.get("with", type=int)
    return f"?with={number}" if number is not None else ""


def _compare(shipped: str | None, source: str) -> list[tuple[str, str]]:
    """Return how a source differs from ours of that name, each line with "add", "gone" or "same"."""
    if shipped is None:
        return []
    lines = list(unified_diff(shipped.splitlines(), source.splitlines(), lineterm="", n=1))[2:]
    kinds = {"+": "add", "-": "gone", "@": "gap"}
    return [(kinds.get(line[:1], "same"), line if line.startswith("@") else line[1:]) for line in lines]


# --- the preview


def _list_people() -> list[FollowUp]:
    """Return the follow-ups whose person and event a template can be seen with, the latest first."""
    return store().latest_to_people(PEOPLE)


def _preview(name: str, source: str, number: int | None) -> Preview:
    seen = _look_with(name, number)
    told, unknown = list(_list_facts(seen.facts)), find_unknown(source, seen.facts)
    try:
        rendered = ground().templates.try_out(name, source, seen.facts)
        subject, body = read_rendered(rendered, name)
    except TemplateProblem as mistake:
        found = _LINE.search(mistake.what) if name in mistake.what else None
        line = int(found[1]) if found else None
        return Preview(taken=seen.taken, mistake=mistake, line=line, facts=told)
    advice = advise(subject, body, language_of(name), ground().cautions, new=seen.new)
    line = unknown[0][0] if unknown else None
    return Preview(subject, body, render_html(body), advice, unknown, seen.taken, line=line, facts=told)


@dataclass(frozen=True, slots=True)
class _Seen:
    """With what a template is seen."""

    facts: dict[str, Any]
    new: bool = True
    """The owner had not been in touch with the person before."""
    taken: Chosen | None = None


def _look_with(name: str, number: int | None) -> _Seen:
    """Return what a template may say of one follow-up, or of somebody invented."""
    item = next((item for item in _list_people() if item.id == number), None)
    event = store().calendars.event(item.occurrence) if item else None
    if item is None or event is None:
        return _Seen(invent_facts(language_of(name))[0])
    judgement, _ = ground().judge(event)
    facts = ground().writer.gather_facts(item, event, judgement, now(), language_of(name))
    known = store().last_touch(item.person or "", item.id) is not None
    return _Seen(facts, not known, ground().writer.choose(item, event, judgement, known=known, now=now()))


def _list_facts(facts: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from _list_facts(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)
