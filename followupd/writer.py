"""A follow-up's words: which template, which facts, which bytes. Used by the cycle and by `templates preview`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from followupd.errors import TemplateProblem
from followupd.model import Event, FollowUp, Judgement, Owner, Person
from followupd.rules.drafts import (
    Choice,
    build_facts,
    choose_template,
    compose,
    find_wrong_choices,
    pick_language,
)
from followupd.rules.events import speak_of
from followupd.rules.message import write_message
from followupd.rules.words import Words
from followupd.template_files import Templates


@dataclass(frozen=True, slots=True)
class Written:
    """A message in its final bytes, with what the queue shows of it."""

    template: str
    subject: str
    message_id: str
    raw: bytes


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
        self, followup: FollowUp, event: Event, judgement: Judgement, *, known: bool, now: datetime
    ) -> Written:
        """Return the message for one follow-up. Raises TemplateProblem, or Problem for an address that cannot be used."""
        person = Person(followup.person or "", followup.email, followup.name, followup.first_name)
        language = self._choose_language(judgement)
        sources = self._templates.sources()
        template = pick_language(
            self._choose(followup, event, judgement, language, known, now), language, sources
        )
        facts = build_facts(
            person=person,
            owner=self._owner,
            event=event,
            spoken=speak_of(judgement.gathering, language, self._words),
            note=followup.note,
            promise=followup.promise,
            now=now,
            language=language,
        )
        rendered = self._templates.render(template, facts)
        message = compose(
            rendered, template, person=person, owner=self._owner, key=followup.key, now=now, language=language
        )
        return Written(template, message.subject, message.message_id, write_message(message))

    def _choose_language(self, judgement: Judgement) -> str:
        """Return the language of the event where the owner writes it, else the owner's first."""
        languages = self._owner.languages
        return judgement.language if judgement.language in languages else languages[0]

    def _choose(
        self,
        followup: FollowUp,
        event: Event,
        judgement: Judgement,
        language: str,
        known: bool,
        now: datetime,
    ) -> str:
        return choose_template(
            self._choices,
            late=now > followup.deadline,
            known=known,
            gathering=judgement.gathering,
            language=language,
            series=event.series,
        )
