"""Rule 1: which events are over and worth a follow-up, and why. In doubt it asks; a question costs less than a wrong mail."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from followupd.model import (
    TOO_LATE_AFTER,
    Answer,
    Event,
    EventState,
    Evidence,
    Guest,
    Judgement,
    Owner,
    Reason,
    Verdict,
)
from followupd.rules.titles import names_somebody, names_two, weigh_phrases
from followupd.rules.words import STRONG, Phrase, Words, find_phrases, fold_text, fold_title, split_words

YES_FROM = 3
ASK_FROM = 1

#: How much of a text is listened to: enough for any honest one, little enough for a hostile one.
TITLE_LETTERS = 500
PLACE_LETTERS = 200
CATEGORIES = 10
DESCRIPTION_LETTERS = 500

LONGEST_CANCELLATION = 6
SHORT_CLAUSE = 4
#: Counts the words of a clause where a language puts spaces between them, and its pieces where it does not.
RUN = re.compile(r"\w+")
#: In a description only these speak against an event, and only in words this heavy.
PASSIVE = frozenset({Reason.WEBINAR, Reason.INTERVIEW})
TELLING = -10
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

LOOKS_LIKE = {
    Reason.INTERNAL: "it stays inside your company",
    Reason.PERSONAL: "it looks like private life",
    Reason.TRAVEL: "it looks like travel or a booking",
    Reason.BLOCK: "it looks like a note, a task or kept time",
    Reason.CLIENT: "it looks like ongoing work",
    Reason.INTERVIEW: "it looks like a job interview",
    Reason.COMPUTERS: "it is about computers",
    Reason.COURSE: "it looks like a course or a lecture",
    Reason.WEBINAR: "it looks like something to watch",
}
NOTHING_SAYS_SO = "nothing in the title or the guest list says networking"

Fact = tuple[Reason, str]


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for or against, in words of our own only."""

    said: str
    weight: int
    reason: Reason = Reason.NETWORKING
    where: str = ""
    phrase: Phrase | None = None
    """Of the title alone, because only the title may choose the words of a mail."""


def state_of(event: Event, now: datetime) -> EventState:
    """Say where `event` stands at `now` (UTC): ended from its end until TOO_LATE_AFTER later, then too old."""
    if now < event.start:
        return EventState.FUTURE
    if now < event.end:
        return EventState.RUNNING
    return EventState.ENDED if now < event.end + TOO_LATE_AFTER else EventState.TOO_OLD


def speak_of(gathering: str | None, language: str, words: Words) -> str:
    """Return how a mail speaks of a gathering, preposition included ("over coffee"), or "" when nothing is known."""
    known = words.gatherings.get(gathering or "")
    return known.spoken.get(language, "") if known else ""


def judge_event(event: Event, guests: tuple[Guest, ...], owner: Owner, words: Words) -> Judgement:
    """Say whether an event counts as networking, whatever the time; never raises.

    Facts decide alone; where there are none, the signs add up: YES_FROM counts, ASK_FROM asks. `gathering` and
    `language` are told in every case, because the owner may say otherwise.
    """
    title = fold_title(event.title[:TITLE_LETTERS], words)
    signs = list_signs(event, title, guests, owner, words)
    fact = find_fact(event, title, guests, words)
    verdict, reason, why = (Verdict.NO, *fact) if fact else weigh_signs(signs)
    if reason is Reason.LISTED:
        why = f"{why}; {say_listed(signs)}"
    chosen = choose_phrase(signs, words)
    return Judgement(
        verdict=verdict,
        reason=reason,
        why=why,
        evidence=tuple(Evidence(sign.said + sign.where, sign.weight) for sign in signs if sign.weight),
        gathering=chosen.gathering if chosen else None,
        language=find_language(title, chosen, words),
    )


# ── facts that decide alone ──────────────────────────────────────────────────────────────────────────────────────────────


def find_fact(event: Event, title: str, guests: Sequence[Guest], words: Words) -> Fact | None:
    """Return the first fact that makes an event count for nothing, whatever its words."""
    if event.cancelled or is_called_off(title, words):
        return Reason.CANCELLED, "it was cancelled"
    if event.private:
        return Reason.PRIVATE, "the calendar marks it as private"
    fact = find_refusal(event, guests)
    # Nobody accepts what stands on a public list; there only a "no" says something.
    if event.listed and (fact is None or fact[0] is Reason.NOT_ACCEPTED):
        return Reason.LISTED, "it is on a public list"
    if fact:
        return fact
    if event.blocked:
        return Reason.BLOCK, "the calendar says it is kept time"
    return None


def is_called_off(title: str, words: Words) -> bool:
    """Tell whether a title begins with a word for cancelled, or ends with one that is no part of a subject.

    A feed often has no other sign; "Round table: when orders are cancelled" takes place.
    """
    said, last = split_words(title), re.split(r"[:(\[]", title)[-1]
    ends = split_words(last) if len(RUN.findall(last)) <= SHORT_CLAUSE else []
    lengths = range(1, LONGEST_CANCELLATION + 1)
    return any({tuple(said[:n]), tuple(ends[-n:])} & words.cancelled for n in lengths)


def find_refusal(event: Event, guests: Sequence[Guest]) -> Fact | None:
    """Return why an invitation came to nothing: declined, by the owner or all others, or never accepted."""
    answers = list_answers(event, guests)
    accepted = Answer.ACCEPTED in answers
    if Answer.DECLINED in answers and not accepted:
        return Reason.DECLINED, "you declined it"
    if is_deserted(event, guests):
        return Reason.DECLINED, "everybody else declined it"
    if event.tentative and not accepted:
        return Reason.NOT_ACCEPTED, "it is tentative, and you have not accepted it"
    if not accepted and not is_owners(event, guests):
        return Reason.NOT_ACCEPTED, "you have not accepted the invitation"
    return None


def list_answers(event: Event, guests: Sequence[Guest]) -> frozenset[Answer]:
    """Return what the owner answered: as the calendar marks them, else under every alias."""
    marked = frozenset(attendee.answer for attendee in event.attendees if attendee.owner)
    if marked:
        return marked
    mine = {guest.email for guest in guests if guest.reason is Reason.OWNER}
    return frozenset(attendee.answer for attendee in event.attendees if attendee.email in mine)


def is_deserted(event: Event, guests: Sequence[Guest]) -> bool:
    """Tell whether there are other people on the guest list, and every one of them declined."""
    people = {Reason.GUEST, Reason.COLLEAGUE, Reason.DECLINED, Reason.DUPLICATE}
    others = {guest.email for guest in guests if guest.reason in people}
    answers = [attendee.answer for attendee in event.attendees if attendee.email in others]
    seen = bool(answers) and not event.guests_hidden
    return seen and all(answer is Answer.DECLINED for answer in answers)


def is_owners(event: Event, guests: Sequence[Guest]) -> bool:
    """Tell whether the owner organised an event or put it into the calendar without being asked.

    A stranger's invitation shows as guests without the owner, or the owner without an answer. A site's robot or a
    calendar of Google's that stands as organiser invited nobody. Where the calendar marks its owner, an organiser with
    an address of theirs may be anybody.
    """
    marked = [attendee for attendee in event.attendees if attendee.owner]
    if marked:
        return any(attendee.organizer for attendee in marked)
    if any(guest.organizer and guest.reason is Reason.OWNER for guest in guests):
        return True
    if any(guest.reason is Reason.OWNER for guest in guests):
        return False
    machines = {Reason.ROBOT, Reason.ROOM, Reason.GROUP}
    stranger = any(guest.organizer and guest.reason not in machines for guest in guests)
    return not (stranger and any(not attendee.organizer for attendee in event.attendees))


# ── signs that add up ────────────────────────────────────────────────────────────────────────────────────────────────────


def list_signs(
    event: Event, title: str, guests: Sequence[Guest], owner: Owner, words: Words
) -> tuple[Sign, ...]:
    outsiders = [guest for guest in guests if guest.reason is Reason.GUEST]
    titled = tuple(hear_title(title, owner, words, met=bool(outsiders)))
    against = any(sign.weight < 0 for sign in titled)
    return (
        *titled,
        *hear_names(title, titled, owner, words),
        *hear_categories(event, words),
        *hear_location(event, words),
        *(() if against else hear_description(event, words)),
        *look_at_source(event, guests, words),
        *look_at_guests(
            guests, outsiders, owner, words, public=any(is_public(sign, words) for sign in titled)
        ),
        *look_at_shape(event, outsiders, accepted=Answer.ACCEPTED in list_answers(event, guests)),
    )


def hear_title(title: str, owner: Owner, words: Words, *, met: bool) -> Iterator[Sign]:
    """Yield what each phrase of the title says; with an outsider there, a word for office life means work with them."""
    somebody = met or names_two(title, owner) or names_somebody(title, words)
    for phrase, weight in weigh_phrases(title, words, somebody=somebody):
        reason = Reason.CLIENT if met and phrase.reason is Reason.INTERNAL else phrase.reason
        yield Sign(quote(phrase), weight, reason, " in the title", phrase)


def is_public(sign: Sign, words: Words) -> bool:
    """Tell whether a sign names a gathering of many houses, such as a fair."""
    gathering = words.gatherings.get((sign.phrase and sign.phrase.gathering) or "")
    return sign.weight >= YES_FROM and gathering is not None and gathering.public


def hear_names(title: str, titled: Sequence[Sign], owner: Owner, words: Words) -> Iterator[Sign]:
    """Yield what the names in a title say; who they are stays out of it."""
    if names_two(title, owner):
        yield Sign("two names side by side in the title", 2)
    sociable = any(sign.weight > 0 and sign.reason is Reason.NETWORKING for sign in titled)
    if sociable and names_somebody(title, words):
        yield Sign("a full name or a company in the title", 2)


def hear_categories(event: Event, words: Words) -> Iterator[Sign]:
    """Yield three quarters of what the categories say: they are chosen with less care than a title."""
    said = split_words(fold_text(" ".join(event.categories[:CATEGORIES])[:PLACE_LETTERS]))
    for phrase in find_phrases(said, words):
        if phrase.reason is not Reason.NO_SIGN and not phrase.needs_guest:
            yield Sign(quote(phrase), int(phrase.weight * 3 / 4), phrase.reason, " as a category")


def hear_location(event: Event, words: Words) -> Iterator[Sign]:
    """Yield a little for a place that is made for meeting people; streets and hotels carry every kind of name."""
    heard = find_phrases(split_words(fold_text(event.location[:PLACE_LETTERS])), words)
    strong = [phrase for phrase in heard if phrase.weight >= STRONG and not phrase.compound]
    yield from (Sign(quote(phrase), 1, where=" as the place") for phrase in strong[:1])


def hear_description(event: Event, words: Words) -> Iterator[Sign]:
    """Yield a little for strong words near the start, for strangers write much there; against, only what is telling."""
    heard = find_phrases(split_words(fold_text(event.description[:DESCRIPTION_LETTERS])), words)
    strong = [phrase for phrase in heard if phrase.weight >= STRONG]
    telling = [
        phrase
        for phrase in heard
        if phrase.reason in PASSIVE and phrase.weight <= TELLING and not phrase.topic
    ]
    yield from (Sign(quote(phrase), 1, where=" in the description") for phrase in strong[:2])
    yield from (Sign(quote(phrase), -4, phrase.reason, " in the description") for phrase in telling[:1])


def quote(phrase: Phrase) -> str:
    return f"'{phrase.spelled}'"


def look_at_source(event: Event, guests: Sequence[Guest], words: Words) -> Iterator[Sign]:
    """Yield that a site for gatherings made the entry: it stands as organiser, or behind the @ of the UID (RFC 7986, 5.3)."""
    hosts = [domain_of(guest) for guest in guests if guest.organizer]
    hosts.append(event.uid.rpartition("@")[2].lower())
    if any({host, host.partition(".")[2]} & words.event_sites for host in hosts):
        yield Sign("a site for gatherings sent it", 2)


def look_at_guests(
    guests: Sequence[Guest], outsiders: Sequence[Guest], owner: Owner, words: Words, *, public: bool
) -> Iterator[Sign]:
    """Yield what the guest list says by its shape alone; colleagues say little where everybody may come."""
    if outsiders:
        yield weigh_outsiders(outsiders, words)
    elif any(guest.reason is Reason.COLLEAGUE for guest in guests):
        yield Sign("every guest is a colleague", -1 if public else -5, Reason.INTERNAL)
    family = split_words(fold_text(owner.name))[1:][-1:]
    if family and any(split_words(fold_text(guest.name))[1:][-1:] == family for guest in outsiders):
        yield Sign("a guest with your family name", -4, Reason.PERSONAL)


def weigh_outsiders(outsiders: Sequence[Guest], words: Words) -> Sign:
    """Return what the people from outside say: many houses mean a gathering, one house more often means work."""
    homes = [home_of(guest, words) for guest in outsiders]
    houses = len(set(homes))
    if len(homes) == 1:
        private = outsiders[0].email == homes[0]
        return Sign("one guest with a private address", 1) if private else Sign("one guest from outside", 2)
    people = f"{count(len(homes))} guests from {count(houses)} {'company' if houses == 1 else 'companies'}"
    return Sign(people, 1 if houses == 1 else 2)


def home_of(guest: Guest, words: Words) -> str | None:
    """Return the domain somebody works at, or the whole address where the mail house is open to everybody."""
    domain = domain_of(guest)
    return guest.email if domain in words.open_mail else domain


def domain_of(guest: Guest) -> str:
    return (guest.email or "").rpartition("@")[2]


def count(number: int) -> str:
    return COUNTS[number] if number < len(COUNTS) else str(number)


def look_at_shape(event: Event, outsiders: Sequence[Guest], *, accepted: bool) -> Iterator[Sign]:
    """Yield what the entry's form says, without a word of it; a site's free time is no sign once it is accepted."""
    if event.series and len(outsiders) == 1:
        yield Sign("a series with the same guest", -2, Reason.CLIENT)
    if event.all_day:
        yield Sign("it lasts all day, as banners do", -2, Reason.BLOCK)
    elif not event.busy and not accepted:
        yield Sign("it is shown as free time", -2, Reason.BLOCK)


# ── what they come to ────────────────────────────────────────────────────────────────────────────────────────────────────


def weigh_signs(signs: Sequence[Sign]) -> tuple[Verdict, Reason, str]:
    total = sum(sign.weight for sign in signs)
    speaking = [sign for sign in signs if sign.weight > 0]
    if total >= YES_FROM:
        return Verdict.YES, Reason.NETWORKING, tell_signs(speaking)
    if total >= ASK_FROM:
        return Verdict.ASK, Reason.UNSURE, f"only this speaks for it: {tell_signs(speaking)}"
    return Verdict.NO, *tell_objection(signs)


def say_listed(signs: Sequence[Sign]) -> str:
    """Return what becomes of an event on a public list, of which nobody knows whether the owner was there."""
    verdict, _, why = weigh_signs(signs)
    return why if verdict is Verdict.NO else "once a week you are asked which of these you were at"


def tell_objection(signs: Sequence[Sign]) -> Fact:
    """Return the class that spoke against an event most, and with which words."""
    weights: Counter[Reason] = Counter()
    for sign in signs:
        weights[sign.reason] -= min(sign.weight, 0)
    reason, weight = max(weights.items(), key=lambda item: item[1], default=(Reason.NO_SIGN, 0))
    if not weight:
        return Reason.NO_SIGN, NOTHING_SAYS_SO
    against = [sign for sign in signs if sign.weight < 0 and sign.reason is reason]
    return reason, f"{LOOKS_LIKE[reason]}: {tell_signs(against)}"


def tell_signs(signs: Sequence[Sign]) -> str:
    """Return the signs as one phrase: "'chamber' and 'mixer' in the title, one guest from outside"."""
    places = groupby(signs, key=lambda sign: sign.where)
    return ", ".join(" and ".join(sign.said for sign in group) + where for where, group in places)


def choose_phrase(signs: Sequence[Sign], words: Words) -> Phrase | None:
    """Return the phrase that tells best what it was: "coffee with" before all, then the strongest.

    "Coffee with Jane from the chamber" is coffee, though the chamber weighs more.
    """
    told = [sign.phrase for sign in signs if sign.phrase and sign.phrase.gathering]
    with_somebody = [phrase for phrase in told if phrase.parts[-1] in words.with_words]
    return max(with_somebody or told, key=lambda phrase: phrase.weight, default=None)


def find_language(title: str, chosen: Phrase | None, words: Words) -> str | None:
    """Return the language of a title's small words, or else of the phrase: "Meetup mit Jane" is German."""
    small = Counter(words.small[word] for word in split_words(title) if word in words.small)
    if small:
        return small.most_common(1)[0][0]
    return chosen.language if chosen else None


def answer_judgement(judgement: Judgement, says: bool | None, of_series: bool | None = None) -> Judgement:
    """Let the owner's yes or no stand above the words; a cancelled event stays cancelled.

    `of_series` is what they said of the whole series: a yes settles a question and no more, for it was said before
    this event was declined or made private.
    """
    if judgement.reason is Reason.CANCELLED:
        return judgement
    if says is None and (of_series is False or (of_series and judgement.verdict is Verdict.ASK)):
        return _answer_series(judgement, networking=of_series)
    if says is None:
        return judgement
    verdict = Verdict.YES if says else Verdict.NO
    subject = "you were" if judgement.reason is Reason.LISTED else "it was"
    what = "there" if judgement.reason is Reason.LISTED else "networking"
    why = f"you said that {subject} {what}" if says else f"you said that {subject} not {what}"
    return Judgement(
        verdict, Reason.OWNER_SAYS, why, judgement.evidence, judgement.gathering, judgement.language
    )


def _answer_series(judgement: Judgement, *, networking: bool) -> Judgement:
    what = "you said that this series is networking" if networking else "you said never for this series"
    verdict = Verdict.YES if networking else Verdict.NO
    return replace(judgement, verdict=verdict, reason=Reason.OWNER_SAYS, why=what)
