"""Rule 2: which attendee is which person, and who is left out, and why. In doubt somebody is left out."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from followupd.model import Answer, Attendee, Guest, GuestKind, Kin, Owner, Reason
from followupd.rules.name_words import Book, NameWords, fold_word
from followupd.rules.names import Name, read_name

_LONGEST_PHRASE = 3
_TWO = 2  # words that make a full name; letters that are as likely initials as a mailbox
_GMAIL = {"gmail.com", "googlemail.com"}  # two names of one house, which does not read dots
_BEST_ANSWER_FIRST = (Answer.ACCEPTED, Answer.DECLINED, Answer.TENTATIVE, Answer.NEEDS_ACTION)

_ANSWERS = {
    Answer.ACCEPTED: "accepted the invitation",
    Answer.TENTATIVE: "said maybe",
    Answer.NEEDS_ACTION: "was invited and has not answered",
}

_Verdict = tuple[Reason, str]
_DUPLICATE = (Reason.DUPLICATE, "is here already under another line of the invitation")
_TWIN = (
    Reason.DUPLICATE,
    "has the name of somebody on another line, and one message is enough until you say who is who",
)
_NOBODY_JOINED = Kin()


@dataclass(frozen=True, slots=True)
class Signs:
    """What gives one kind of address away; words are folded, those of a phrase joined by hyphens."""

    mailboxes: Book
    names: Book
    inside: tuple[str, ...]
    """Words of scripts that write no spaces, which count anywhere in a name."""
    endings: tuple[str, ...]
    domains: frozenset[str]
    """A domain counts with everything below it; "lists." stands for every domain that begins so."""
    reason: Reason
    is_what: str
    """What such an address is, for the owner to read."""


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """The words of words/people.toml, and those of names."""

    names: NameWords
    roles: Signs
    lists: Signs
    rooms: Signs
    robots: Signs
    shared_domains: frozenset[str]
    """Domains where the same name twice does not make one person."""


def read_people_words(table: Mapping[str, Any], names: NameWords) -> PeopleWords:
    """Read the parsed words/people.toml; its languages count alike. Raises KeyError where a section is missing."""
    return PeopleWords(
        names=names,
        roles=_read_signs(table["roles"], Reason.ROLE_ADDRESS, "a mailbox, not a person"),
        lists=_read_signs(table["lists"], Reason.GROUP, "a group, not one person"),
        rooms=_read_signs(table["rooms"], Reason.ROOM, "a room, not a person"),
        robots=_read_signs(table["robots"], Reason.ROBOT, "a machine, not a person"),
        shared_domains=frozenset(table["shared"]["domains"]),
    )


def _read_signs(section: Mapping[str, Any], reason: Reason, is_what: str) -> Signs:
    return Signs(
        mailboxes=Book(_join_languages(section["mailboxes"])),
        names=Book("-".join(_split_words(phrase)) for phrase in _join_languages(section["names"])),
        inside=tuple(section.get("inside", ())),
        endings=tuple(_join_languages(section["endings"])),
        domains=frozenset(section["domains"]),
        reason=reason,
        is_what=is_what,
    )


def _join_languages(lists: Mapping[str, Iterable[str]]) -> list[str]:
    return [word for words in lists.values() for word in words]


def person_key(email: str) -> str:
    """Return the key of the person behind an address: the same for two spellings of one address.

    Small letters, without a +tag; Gmail alone ignores dots and answers to two domains
    (https://support.google.com/mail/answer/7436150). Never raises.
    """
    local, _, domain = email.strip().lower().rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') or local}@gmail.com" if domain in _GMAIL else f"{local}@{domain}"


def name_attendees(
    attendees: Sequence[Attendee], find_name: Callable[[str], str | None], words: NameWords
) -> tuple[Attendee, ...]:
    """Return people as the owner's contacts name them, where those give a name to greet with."""
    return tuple(_name_attendee(attendee, find_name, words) for attendee in attendees)


def _name_attendee(attendee: Attendee, find_name: Callable[[str], str | None], words: NameWords) -> Attendee:
    name = find_name(attendee.email) if attendee.email else None
    return replace(attendee, name=name) if name and read_name(name, attendee.email, words).first else attendee


def sort_guests(
    attendees: Sequence[Attendee], owner: Owner, words: PeopleWords, kin: Kin = _NOBODY_JOINED
) -> tuple[Guest, ...]:
    """Say of everybody on an invitation or a guest list, in its order, whether they get a follow-up, and why.

    Two lines of one person become one follow-up, to the address with the best answer; somebody who declined under one
    address and accepted under none declined. Proof is the same key, keys that are joined, or the same full name at one
    company; the same full name beside a private address that says it is none, but one message is enough until the
    owner says that they are two. `why` holds words of ours, the config and people.toml alone, never a stranger's.
    """
    names = [read_name(attendee.name, attendee.email, words.names) for attendee in attendees]
    lines = list(zip(attendees, names, strict=True))
    verdicts = [_leave_out(attendee, name, owner, words) for attendee, name in lines]
    seconds = _find_second_lines(lines, verdicts, words, kin)
    return tuple(
        _make_guest(attendee, name, verdict or _judge_answer(attendee, name), seconds.get(position))
        for position, ((attendee, name), verdict) in enumerate(zip(lines, verdicts, strict=True))
    )


def _make_guest(attendee: Attendee, name: Name, verdict: _Verdict, second: tuple[str, bool] | None) -> Guest:
    second_of, proved = second or (None, True)
    reason, why = verdict if second is None else _DUPLICATE if proved else _TWIN
    return Guest(
        email=attendee.email,
        name=name.full,
        first_name=name.first,
        person=_key_of(attendee, name),
        organizer=attendee.organizer,
        follow_up=reason is Reason.GUEST,
        reason=reason,
        why=why,
        second_of=second_of,
        proved=proved,
        greeting=name.evidence,
    )


def _key_of(attendee: Attendee, name: Name) -> str:
    if attendee.email:
        return person_key(attendee.email)
    return f"name:{name.full.casefold() or '-'.join(_split_words(attendee.name))}"


def _judge_answer(attendee: Attendee, name: Name) -> _Verdict:
    if attendee.answer is Answer.DECLINED:
        return Reason.DECLINED, "declined the invitation"
    if not attendee.email:
        return Reason.GUEST, f"{_ANSWERS[attendee.answer]}; an address is still missing"
    if not name.full:
        return Reason.GUEST, f"{_ANSWERS[attendee.answer]}; the invitation gives no name"
    return Reason.GUEST, _ANSWERS[attendee.answer]


def _leave_out(attendee: Attendee, name: Name, owner: Owner, words: PeopleWords) -> _Verdict | None:
    """Return why this line is nobody to write to, whatever they answered; None for a person outside."""
    checks: tuple[Callable[[], _Verdict | None], ...] = (
        lambda: _find_owner(attendee, name, owner, words.names),
        lambda: _find_kind(attendee),
        lambda: _find_host(attendee, words),
        lambda: _find_word(attendee, name, words.rooms, words.names),
        lambda: _find_word(attendee, name, words.robots, words.names),
        lambda: _find_colleague(attendee, owner),
        lambda: _find_word(attendee, name, words.roles, words.names),
        lambda: _find_word(attendee, name, words.lists, words.names),
        lambda: _find_nobody(attendee, name),
    )
    return next((verdict for check in checks if (verdict := check())), None)


def _find_owner(attendee: Attendee, name: Name, owner: Owner, words: NameWords) -> _Verdict | None:
    if attendee.owner:
        return Reason.OWNER, "your calendar says this is you"
    if attendee.email:
        mine = {person_key(address) for address in owner.addresses | {owner.email}}
        return (Reason.OWNER, "this is you") if person_key(attendee.email) in mine else None
    same = name.full.casefold() == read_name(owner.name, None, words).full.casefold() and _has_two_words(name)
    return (Reason.OWNER, "this has your name and no address") if same else None


def _has_two_words(name: Name) -> bool:
    return len(name.full.split()) >= _TWO


def _find_kind(attendee: Attendee) -> _Verdict | None:
    if attendee.kind is GuestKind.ROOM:
        return Reason.ROOM, "the calendar says this is a room"
    if attendee.kind is GuestKind.GROUP:
        return Reason.GROUP, "the calendar says this is a group"
    return None


def _find_colleague(attendee: Attendee, owner: Owner) -> _Verdict | None:
    for domain in _domains_above(attendee.email):
        if domain in {own.lower() for own in owner.company_domains}:
            return Reason.COLLEAGUE, f"works with you at {domain}"
    return None


def _find_nobody(attendee: Attendee, name: Name) -> _Verdict | None:
    if attendee.email or name.full:
        return None
    return Reason.ROLE_ADDRESS, "has no address, and no name that is a person's"


def _find_host(attendee: Attendee, words: PeopleWords) -> _Verdict | None:
    """Look for a domain where no person lives; rooms before robots, whose domain holds theirs."""
    domains = _domains_above(attendee.email)
    heads = [f"{domain.partition('.')[0]}." for domain in domains[:1]]
    for signs in (words.rooms, words.robots, words.lists, words.roles):
        if domain := next((domain for domain in [*domains, *heads] if domain in signs.domains), None):
            return signs.reason, f"{domain} is the address of {signs.is_what}"
    return None


def _find_word(attendee: Attendee, name: Name, signs: Signs, words: NameWords) -> _Verdict | None:
    """Look for a word in the mailbox, then in the name; a badge beside a person's name is none.

    One word of a sure name, or of an address that says it, may be a family's (Mary Host); a phrase never is.
    """
    said = [
        run
        for run in _runs(_split_words(name.full or attendee.name))
        if run in signs.names and ("-" in run or not name.first)
    ]
    mailbox = _find_mailbox(attendee.email, signs)
    if mailbox and ("-" in mailbox or not _names_person(attendee.email, name, words)):
        return signs.reason, f"{mailbox}@ is {signs.is_what}"
    inside = (word for word in signs.inside if word in attendee.name)
    if word := next(iter(said), None) or next(inside, None):
        return signs.reason, f"the name says {word}, which is {signs.is_what}"
    return None


def _names_person(email: str | None, name: Name, words: NameWords) -> bool:
    """Tell whether an address names a person whose name is sure, whatever its words mean.

    mary.host@, mhost@ and host@ of Mary Host, mary.office@ too; not office@, and not host@ where Host is no family.
    """
    local = (email or "").rpartition("@")[0].partition("+")[0]
    spoken, pieces = _split_words(name.full), _split_words(local)
    if name.first is None or len(spoken) < _TWO:
        return False
    short = "".join(word[:1] for word in spoken[:-1]) + spoken[-1]
    is_family = pieces == spoken[-1:] and spoken[-1] in words.families
    return is_family or pieces == [short] or fold_word(name.first) in pieces


def _find_mailbox(email: str | None, signs: Signs) -> str | None:
    """Return the word of ours that stands before the @, as a piece of its own or at the end of one."""
    local = (email or "").rpartition("@")[0].partition("+")[0]
    pieces = [piece.rstrip("0123456789") for piece in _split_words(local)]
    whole = "-".join(pieces)
    found = [run for run in _runs(pieces) if run in signs.mailboxes and (len(run) > _TWO or run == whole)]
    ended = (ending for ending in signs.endings if any(piece.endswith(ending) for piece in pieces))
    return max(found, key=lambda run: run.count("-"), default=None) or next(ended, None)


def _split_words(text: str) -> list[str]:
    return [word for piece in re.split(r"[\W_]+", text) if (word := fold_word(piece))]


def _runs(words: list[str]) -> Iterator[str]:
    """Yield every run of up to three words, joined as people.toml joins a phrase."""
    for length in range(1, _LONGEST_PHRASE + 1):
        for start in range(len(words) - length + 1):
            yield "-".join(words[start : start + length])


def _domains_above(email: str | None) -> list[str]:
    """Return the domain of an address and every domain above it, the top level left out."""
    labels = (email or "").lower().rpartition("@")[2].strip(".").split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def _find_second_lines(
    lines: list[tuple[Attendee, Name]], verdicts: list[_Verdict | None], words: PeopleWords, kin: Kin
) -> dict[int, tuple[str, bool]]:
    """Return the positions of people who are there under a line with a better answer, or an earlier one.

    Each with the key of that line, and whether that is proved.
    """
    people = [position for position, verdict in enumerate(verdicts) if verdict is None]
    people.sort(key=lambda position: _BEST_ANSWER_FIRST.index(lines[position][0].answer))
    by_key: dict[str, str] = {}
    by_name: defaultdict[str, list[_Line]] = defaultdict(list)
    second = {}
    for position in people:
        line = _read_line(*lines[position], words)
        head = kin.find_head(line.key)
        if head in by_key:
            second[position] = by_key[head], True
        elif found := _find_namesake(line, by_name[line.name], kin):
            second[position] = found
        else:
            by_key[head] = line.key
            by_name[line.name].append(line)
    return second


@dataclass(frozen=True, slots=True)
class _Line:
    """What one line of an invitation says of who it is."""

    key: str
    name: str
    """The full name in small letters; "" for a name of one word, which proves nothing."""
    houses: frozenset[str]
    """The company's domain and those above it; empty for a private address."""
    is_private: bool
    """The address is at a domain of many houses, and says a word of the name."""


def _read_line(attendee: Attendee, name: Name, words: PeopleWords) -> _Line:
    local, _, domain = (attendee.email or "").lower().rpartition("@")
    spoken = set(_split_words(name.full))
    return _Line(
        key=_key_of(attendee, name),
        name=name.full.casefold() if _has_two_words(name) else "",
        houses=frozenset(_domains_above(attendee.email)) - words.shared_domains,
        is_private=domain in words.shared_domains and not spoken.isdisjoint(_split_words(local)),
    )


def _find_namesake(line: _Line, others: Iterable[_Line], kin: Kin) -> tuple[str, bool] | None:
    """Return whose second line this is by its name, and whether that is proved."""
    for other in others if line.name else ():
        if frozenset((line.key, other.key)) in kin.apart:
            continue
        if line.houses & other.houses:
            return other.key, True
        if line.is_private != other.is_private:
            return other.key, False
    return None
