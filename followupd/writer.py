"""A follow-up's words: which template, which facts, which bytes. Used by the cycle and by `templates preview`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followupd.errors import TemplateProblem
from followupd.items import FollowUp
from followupd.mail import ReplyTo
from followupd.model import Event, Judgement, Owner, Person
from followupd.rules.choosing import (
    NUDGE,
    Case,
    Choice,
    Chosen,
    choose_template,
    find_wrong_choices,
    is_host,
    language_of,
    pick_language,
    say_what,
)
from followupd.rules.drafts import build_facts, compose
from followupd.rules.events import speak_of
from followupd.rules.message import write_message
from followupd.rules.recipes import Recipe, make_recipe
from followupd.rules.replies import make_reply, read_reply
from followupd.rules.signing import keep_signature, sign_message
from followupd.rules.words import Words
from followupd.template_files import Templates


@dataclass(frozen=True, slots=True)
class Written:
    """A message in its final bytes, with what the queue shows of it and what it was written from."""

    template: str
    subject: str
    message_id: str
    raw: bytes
    recipe: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the text of a message and comes from the owner's mailbox."""

    reply: ReplyTo | None = None
    """The letter it answers."""
    signature: str = ""
    """HTML of the owner's signature there."""
    before: bytes | None = None
    """The message it takes the place of, whose signature stays."""


class Writer:
    """Writes follow-ups in the owner's name from the templates in force."""

    def __init__(self, owner: Owner, words: Words, choices: Sequence[Choice], templates: Templates) -> None:
        self._owner = owner
        self._words = words
        self._choices = choices
        self._templates = templates

    def find_mistakes(self) -> tuple[TemplateProblem, ...]:
        """Return what is wrong with the template files and choices as they are; the last good files are in force."""
        sources = self._templates.sources()
        wrong = find_wrong_choices(self._choices, sources, self._words.gatherings)
        return (*self._templates.problems, *wrong)

    def write(
        self,
        followup: FollowUp,
        event: Event,
        judgement: Judgement,
        *,
        known: bool,
        now: datetime,
        around: Around | None = None,
    ) -> Written:
        """Return the message for one follow-up, with what stands around its text. Raises TemplateProblem, or Problem for an address that cannot be used."""
        template = self.choose(followup, event, judgement, known=known, now=now).file
        language = choose_language(judgement, self._owner)
        return self._write(template, language, followup, event, judgement, now, around or Around())

    def choose(
        self, followup: FollowUp, event: Event, judgement: Judgement, *, known: bool, now: datetime
    ) -> Chosen:
        """Return the template the rules take for one follow-up, and why."""
        language = choose_language(judgement, self._owner)
        if followup.is_nudge:
            name, why = NUDGE
            return Chosen(pick_language(name, language, self._templates.sources()), why)
        case = build_case(
            event,
            judgement,
            followup.email,
            self._words,
            language,
            late=now > followup.deadline,
            known=known,
            promise=bool(followup.promise),
        )
        return choose_template(self._choices, case, self._templates.sources())

    def find_recipe(self, template: str, followup: FollowUp, event: Event) -> Recipe:
        """Return what a message from this template would be written from by now."""
        sources = self._templates.sources()
        return make_recipe(template, sources, followup.note, followup.promise, event.start)

    def write_with(
        self, template: str, followup: FollowUp, event: Event, judgement: Judgement, now: datetime
    ) -> Written:
        """Return the message for one follow-up from the template of the owner's choice; an answer stays one. Raises as `write`."""
        around = Around(read_reply(followup.raw), before=followup.raw)
        return self._write(template, language_of(template), followup, event, judgement, now, around)

    def _write(
        self,
        template: str,
        language: str,
        followup: FollowUp,
        event: Event,
        judgement: Judgement,
        now: datetime,
        around: Around,
    ) -> Written:
        person = Person(followup.person or "", followup.email, followup.name, followup.first_name)
        facts = self.gather_facts(followup, event, judgement, now, language)
        rendered = self._templates.render(template, facts)
        message = compose(
            rendered, template, person=person, owner=self._owner, key=followup.key, now=now, language=language
        )
        message = sign_message(make_reply(message, around.reply), around.signature)
        message = keep_signature(message, around.before)
        recipe = self.find_recipe(template, followup, event).write()
        return Written(template, message.subject, message.message_id, write_message(message), recipe)

    def preview(
        self, template: str, followup: FollowUp, event: Event, judgement: Judgement, now: datetime
    ) -> str:
        """Return a template, its subject first, with the facts of one follow-up. Raises TemplateProblem."""
        facts = self.gather_facts(followup, event, judgement, now, language_of(template))
        return self._templates.render(template, facts)

    def gather_facts(
        self, followup: FollowUp, event: Event, judgement: Judgement, now: datetime, language: str
    ) -> dict[str, Any]:
        """Return what a template in this language may say about one follow-up."""
        return build_facts(
            person=Person(followup.person or "", followup.email, followup.name, followup.first_name),
            owner=self._owner,
            event=event,
            spoken=speak_of(judgement.gathering, language, self._words),
            note=followup.note,
            promise=followup.promise,
            now=now,
            language=language,
        )


def choose_language(judgement: Judgement, owner: Owner) -> str:
    """Return the language of the event where the owner writes it, else the owner's first."""
    return judgement.language if judgement.language in owner.languages else owner.languages[0]


def build_case(
    event: Event,
    judgement: Judgement,
    email: str | None,
    words: Words,
    language: str,
    *,
    late: bool,
    known: bool,
    promise: bool,
) -> Case:
    """Gather what the choice of a template depends on."""
    gathering = words.gatherings.get(judgement.gathering or "")
    return Case(
        late=late,
        known=known,
        promise=promise,
        host=is_host(event, email),
        what=say_what(event, gathering.what if gathering else None),
        gathering=judgement.gathering,
        language=language,
        series=event.series,
    )
