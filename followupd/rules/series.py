"""Events that come round again: who of them gets a follow-up. By default only whoever was not met there before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from followupd.model import Event, Reason
from followupd.rules.words import fold_text, split_words


class Policy(StrEnum):
    """Who of an event that comes round again is followed up."""

    NEW_FACES = "new-faces"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """One `[[series]]` table: this policy for the series that fit; one that names neither title nor uid fits all."""

    policy: Policy
    title: str = ""
    """Words that all stand in the title, in any order and case."""
    uid: str = ""
    """The UID of the series in its calendar, as `explain --json` shows it."""


def find_policy(rules: Sequence[SeriesRule], event: Event) -> Policy:
    """Return the policy of the first rule that fits; an event that does not come round is always followed up."""
    if not event.series:
        return Policy.ALWAYS
    return next((rule.policy for rule in rules if _fits(rule, event)), Policy.NEW_FACES)


def _fits(rule: SeriesRule, event: Event) -> bool:
    words = set(split_words(fold_text(rule.title)))
    return rule.uid in {"", event.uid} and words <= set(split_words(fold_text(event.title)))


def hold_of_series(policy: Policy, person: str, met: Collection[str]) -> Reason | None:
    """Return what holds a follow-up to a person because the event comes round again; `met` were met there before."""
    if policy is Policy.NEVER:
        return Reason.SERIES
    return Reason.MET_BEFORE if policy is Policy.NEW_FACES and person in met else None
