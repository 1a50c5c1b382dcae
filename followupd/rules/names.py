"""Rule 2, first half: what a person is called, and what to greet them with. A wrong name is worse than none."""

# ruff: noqa: RUF001, RUF002, SIM905 - look-alike letters are the matter; word lists read best as text

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from nameparser import AmbiguityKind, Lexicon, ParsedName, Parser, locales, parser_for

_LONGEST = 80
_MOST_WORDS = 7
#: So many names stay read: every pass meets the same people again.
_REMEMBERED = 1024
_INITIALS = 2  # so many capitals or fewer are initials, not a name

#: Words that make a text the name of a mailbox, a machine, a room, a job, a company or two people at once.
_NO_PERSON = frozenset(
    """
    account accounts admin administration all alle billing board bookings booking buchhaltung contact desk
    events event everyone feedback hello help helpdesk info information jobs kontakt mail mailbox mailer
    marketing members mitglieder news newsletter noreply office orga postmaster presse redaktion registration
    reply sekretariat service services staff support team teams veranstaltung veranstaltungen verteiler vorstand
    webmaster anmeldung attendees büro buero committee crew customer distribution empfang enquiries everybody
    geschäftsstelle gäste hr infos kundenservice mailing membership mitgliederservice organisers organizers
    press reception rundmail secretariat teilnehmer tickets verwaltung ai antworten assistant bot calendar
    calendly eventbrite fathom fireflies google invite kalender linkedin luma meetup microsoft notetaker notes
    notification notifications otter outlook otterpilot protokollbot recorder reminder system taker webex xing
    zoom besprechungsraum besprechungszimmer boardroom conference conferenceroom konferenzraum meeting
    meetingraum meetingroom parkplatz raum room saal seminarraum sitzungssaal sitzungszimmer beamer projector
    parking berater beraterin ceo cfo cmo coach consultant coo cto director engineer founder gast
    geschäftsführer geschäftsführerin guest host inhaber inhaberin manager member mitglied moderator organizer
    organiser owner president speaker ext extern external sales vertrieb ab ag agency agentur akademie academy
    association bank bv capital chamber club college company consulting corp corporation design digital
    foundation gbr ggmbh gmbh group gruppe handelskammer holding holdings hotel ihk inc institut institute
    kammer kg kgaa labs limited llc llp ltd media netzwerk network nonprofit ohg organisation organization oy
    partners pty restaurant sarl school schule se software solutions spa e.v stiftung studio studios
    technologies technology ug union university universität ventures verband verein verlag and und et
    apotheke associates autohaus bäckerei bakery bni café cafe chapter church familie gebrüder gemeinde kanzlei lions
    metzgerei praxis rechnung rotary söhne sparkasse stadt toastmasters volksbank accueil agence assistance
    boulangerie cabinet comptabilité entreprise équipe groupe inscription inscriptions réception répondre réservation
    secrétariat société administración agencia asociación atención cliente clientes contacto empresa equipo fundación
    grupo inscripciones recepción reservas responder secretaría ventas eurl sas sasu sl slu srl spzoo b.v e.k n.v o.o
    s.a s.l s.l.u s.p.a s.r.l none null undefined unknown anonymous unbekannt inconnu anonyme desconocido
    """.split()
)

#: German firms are one word with their trade at its end.
_TRADE_ENDING = re.compile(
    r"\w{2}(?:agentur|akademie|apotheke|beratung|betrieb|büro|gesellschaft|praxis|service|studio|technik|verein|verlag"
    r"|werkstatt|zentrum)$"
)

#: First names of Europe and the Americas that are hardly ever families, folded; those that often are both stay out.
_GIVEN = frozenset(
    """
    aaron adrian alex alice alison amanda amelia amy andrea andrew angela ann anna anne anthony barbara ben benjamin
    beth betty bob brian carol caroline catherine charlotte chloe chris christina christine christopher claire dan
    daniel dave david deborah diana donna dorothy edward eleanor elizabeth ella emily emma eric ethan fiona gareth
    gemma hannah heather helen ian isabella jack jacob jane janet janos jason jeff jennifer jenny jessica jim joanna
    joe john jonathan joseph joshua julia julie karen kate katherine kathleen katie kenneth kevin laura lauren linda
    lisa liz louise lucy luke margaret mark mary matt matthew megan melissa michael michelle mike natalie nathan
    nicholas nick nicola nicole noah olivia patricia patrick peter philip rachel rebecca ronald ruth ryan sally sam
    samantha samuel sandra sara sarah sharon sophia sophie stephanie stephen steve steven sue susan tim timothy tom
    victoria william zoe andreas angelika anja antje bernd birgit claudia dieter dominik emil fabian felix florian
    gerd guenter gunter hanna hans heike heinz helmut horst jakob jan jens johannes jonas joerg jorg juergen jurgen
    katharina katja katrin kerstin klaus lars lena leon leonie lukas manfred maria markus martina matthias max
    maximilian melanie monika nadine niklas petra philipp rainer ralf renate sabine sebastian silke stefan stefanie
    susanne sven tanja thorsten tobias torsten ulrich ulrike ursula uwe wolfgang agnes alexandre amelie anais antoine
    arnaud aurelie benoit brigitte cedric celine christophe emilie frederic guillaume helene isabelle jacqueline
    jacques jean jerome julien juliette lea luc lucas manon margaux marie mathieu mathilde maxime monique nathalie
    nicolas olivier pauline philippe quentin remi sandrine sebastien stephane sylvie thibault thierry valerie
    veronique xavier yves alejandro alvaro ana antonio beatriz carlos carmen cristina diego eduardo elena fernando
    francisco ignacio isabel javier jesus jose juan lucia luis luisa manuel marta miguel pablo paula pedro pilar
    rafael ramon raul ricardo sergio silvia sofia teresa aldo alessandro chiara davide federica francesca giovanni
    giulia giuseppe luca marco matteo paolo stefano agnieszka astrid attila bjorn eszter ferenc gabor gergely ingrid
    istvan ivan jiri kasia katalin katarzyna krzysztof magdalena malgorzata mehmet mustafa natalia olga pavel pawel
    petr pierre piotr svetlana tamas tatiana tomas tomasz viktor zoltan zsofia
    """.split()
)
#: Families that stand in front when such a name is written at home: there the order cannot be told by looking.
_FAMILY_FIRST = frozenset(
    """
    bui cai cao chan chang chen cheng chi cho choi chu cui dang deng dinh doan do dong du duan duong fan fang feng fu
    gao gong gu guo han he ho hoang hong hou hsu hu huang huynh hwang jang jeon jeong jiang jin jung kang kim kong
    kwon lai lam le lee lei li liang liao lim lin liu lu luo luong ly ma meng ngo nguyen pan park peng pham phan qian
    qin qiu ren seo shao shen shi shin song su sun tan tang tao tian tran trinh truong tsai vo vu wan wang wei wen
    wong wu xi xia xiang xiao xie xiong xu xue yan yang yao ye yi yin yoo yoon yu yuan zeng zhang zhao zheng zhong
    zhou zhu zou ando aoki endo fujii fujita fujiwara fukuda hasegawa hashimoto hayashi honda ikeda inoue ishida ishii
    ishikawa ito kaneko kato kimura kobayashi kondo maeda matsuda matsumoto miyamoto miyazaki mori murakami nakajima
    nakamoto nakamura nakano nakayama nishimura ogawa okada okamoto saito sakai sakamoto sasaki sato shibata shimizu
    suzuki takagi takahashi takeuchi tamura tanaka taniguchi uchida ueda watanabe yamada yamaguchi yamamoto yamashita
    yamazaki yokoyama yoshida
    """.split()
)
#: Families nobody has as a first name; in front they mean a directory's order, or that of Hungary.
_FAMILIES = frozenset(
    """
    bauer becker fischer hofmann hoffmann huber koch krause lehmann maier mayer meier meyer muller neumann richter
    schafer schmid schmidt schmitt schneider schroder schulz schulze schwarz wagner weber zimmermann brown davies
    jones smith williams dubois dupont durand moreau fernandez garcia gonzalez lopez martinez perez rodriguez sanchez
    bianchi ferrari rossi russo silva santos jansen devries andersson hansen nielsen balogh biro bodnar farkas fekete
    fodor gulyas hegedus horvath juhasz katona kocsis kovacs lakatos meszaros molnar nagy nemeth olah orban papp racz
    sipos szabo szalai szilagyi szucs takacs toth varga
    """.split()
)
_FAMILY_ENDING = re.compile(
    r"\w{2}(?:ов|ев|ёв|ин|ын|ова|ева|ёва|ина|ына|ский|ская|цкий|цкая|енко|чук|юк"
    r"|ov|ova|enko|vic|wicz|escu|idis|poulos|[^aeiou]ski|[lnw]ska|sky|skaya)$"
)
_CLAN = re.compile(r"(?:Ma?c[A-Z]|O['’])\w")
_SHORTENED = frozenset({"md", "mohd", "muhd", "thi"})

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_QUOTED = re.compile(r"""^(["'“”„«»‘])(.+)["'“”«»’]$""", re.DOTALL)
_LAST_BRACKET = re.compile(r"\s*[(\[{<（【]([^()\[\]{}<>（）【】]*)[)\]}>）】]\s*$")
_BRACKETS = re.compile(
    r"""[(\[{<（【][^()\[\]{}<>（）【】]*[)\]}>）】]|"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»"""
)
_BADGE = re.compile(r"\||[•‖¦]|\s·\s|\s[-–—]+\s|\s@\s|\s(?:via|from|at|bei)\s", re.IGNORECASE)
_PRONOUNS = re.compile(
    r"\b(?:she|he|they|sie|er|xe|ze)\s*/\s*(?:hers?|him|his|them|theirs?|they|ihr|ihm|ihn|xem|zir)(?:\s*/\s*\w+)?\b",
    re.IGNORECASE,
)
_MAILBOX_LOOK = re.compile(r"\w\.(?![A-ZÀ-ÖØ-Þ])[^\W\d_]{2}|^[^\s,]*\w\.\w{2}[^\s,]*$")
_NO_ORDER = re.compile(
    r"[\u1100-\u11ff\u2e80-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_MONSIEUR = re.compile(r"M\.? (?=(\S+) \S)")
_WORD = re.compile(r"[^\s\-'’.·‧・]+")

_SIGNS = frozenset("-'’.·‧・")
_FANCY_DRESS = ("<font>", "<wide>", "<super>", "<sub>", "<circle>", "<square>", "<narrow>")
_TITLES = {"h.c.", "mult.", "dipl.-kfm.", "dipl.-kffr.", "dkfm.", "mmag.", "ddr.", "univ.-prof."} | {
    *("maître", "maitre", "doña", "dña", "د."),
}
_PARSER = parser_for(locales.RU, base=Parser(lexicon=Lexicon.default().add(titles=_TITLES)))
_PARTICLES = Lexicon.default().particles
_DOUBTS = frozenset(AmbiguityKind) - {AmbiguityKind.SUFFIX_OR_NAME, AmbiguityKind.UNBALANCED_DELIMITER}


@dataclass(frozen=True, slots=True)
class Name:
    """What a person is called; both texts are NFC and hold letters, marks, spaces and - ' ’ . · alone."""

    full: str
    """As a person would write it ("Jane Doe"), without titles and badges; "" where the text names no person."""
    first: str | None
    """Safe to greet with, in the person's own script and accents; None in any doubt."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a text as a name; `given` and `family` are empty where the order is unknown."""

    full: str
    given: str = ""
    middle: str = ""
    family: str = ""


@lru_cache(maxsize=_REMEMBERED)
def read_name(display: str, email: str | None = None) -> Name:
    """Read the name a stranger wrote; the address only confirms or shakes what it says, and is never a source.

    Never raises. `first` is None for initials, abbreviations, East Asian scripts, single words that may be a family,
    and every order that is not plain: "Wang Wei", "García Márquez, Gabriel", a badge that may be the name.
    """
    text = _clean_text(display)
    readings = [reading for part in _split_badges(text) for reading in _read_part(part)]
    if not readings:
        return Name("", None)
    local, _, domain = (email or "").rpartition("@")
    confirmed = [reading for reading in readings if _confirms(local, reading)]
    best = (confirmed or readings)[0]
    rivals = {reading.given for reading in confirmed or readings if reading.given}
    sure = rivals == {best.given} and _is_safe(best) and not _shakes(local, domain, best)
    return Name(best.full, best.given if sure else None)


def fold_word(word: str) -> str:
    """Return a word as an address would spell it: small letters and digits without accents ("O'Néill" is "oneill")."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def _spellings(word: str) -> set[str]:
    """Both ways an address spells an umlaut: "mueller" and "muller"."""
    german = word.casefold().translate({0xE4: "ae", 0xF6: "oe", 0xFC: "ue"})
    return {fold_word(word), fold_word(german)}


def _clean_text(display: str) -> str:
    """Drop what cannot be seen and emoji, turn every control and white space into one space; too long is nothing."""
    if len(display) > 4 * _LONGEST:
        return ""
    seen = _INVISIBLE.sub("", unicodedata.normalize("NFC", display))
    text = "".join(_clean_letter(letter) for letter in seen)
    text = re.sub("[‐‑]|(?<=\\w)[–](?=\\w)", "-", text)
    quoted = _QUOTED.match(text.strip())
    return unicodedata.normalize("NFC", " ".join((quoted[2] if quoted else text).split()))


def _clean_letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf":
        return ""
    is_emoji = category == "So" or (category == "Sk" and letter > "\uffff")
    return " " if is_emoji or category[0] in "CZ" else letter


def _split_badges(text: str) -> Iterator[str]:
    """Yield the parts between badge signs, then what stood in brackets at the end; any of them may be the name."""
    text = _PRONOUNS.sub(" ", text)
    asides = []
    while bracket := _LAST_BRACKET.search(text):
        asides.append(bracket[1])
        text = text[: bracket.start()]
    text = re.split(r"[(\[{<（【]", _BRACKETS.sub(" ", text))[0]
    yield from _BADGE.split(text)
    yield from asides


def _read_part(part: str) -> Iterator[_Reading]:
    """Yield every way to read one part; two where a comma may follow a whole name ("Jane Doe, Berlin")."""
    pieces = [_drop_loose_signs(piece) for piece in part.split(",") if not _names_no_person(piece)]
    text = ", ".join(piece for piece in pieces if piece)
    if not _looks_like_name(text):
        return
    before, comma, _ = text.partition(",")
    if comma and (whole := _parse(before)) and whole.given:
        yield whole
    if reading := _parse(text):
        yield reading


def _drop_loose_signs(piece: str) -> str:
    words = (word.lstrip("-.·‧・").rstrip("-·‧・") for word in piece.split())
    return " ".join(word for word in words if not _SIGNS.issuperset(word))


def _names_no_person(piece: str) -> bool:
    words = {word.strip(".'’") for word in re.split(r"[\s-]+", piece.casefold())}
    return not words.isdisjoint(_NO_PERSON) or any(map(_TRADE_ENDING.search, words))


def _looks_like_name(text: str) -> bool:
    """Tell a text that can be a name from an address, a link, markup, a sentence and a heap of marks."""
    if _MAILBOX_LOOK.search(text) or len(text) > _LONGEST or len(text.split()) > _MOST_WORDS:
        return False
    kinds = "".join(unicodedata.category(letter)[0] for letter in text if letter not in _SIGNS | {" ", ","})
    return set(kinds) <= {"L", "M"} and "L" in kinds and "MMMM" not in kinds


def _parse(text: str) -> _Reading | None:
    """Parse a text; a name that reads otherwise the second time was not understood and is none."""
    reading = _parse_once(text)
    again = _parse_once(reading.full) if reading and _looks_like_name(reading.full) else None
    return reading if reading and again and again.full == reading.full else None


def _parse_once(text: str) -> _Reading | None:
    if _NO_ORDER.search(text):
        return _Reading(text.replace(",", ""))
    parsed = _PARSER.parse(_mark_family(_drop_monsieur(text)))
    given, middle, family = (_write_out(part) for part in (parsed.given, parsed.middle, parsed.family))
    full = " ".join(part for part in (given, middle, family) if part)
    if not full:
        return None
    known = None if parsed.title and not (given and family) else _tell_order(full)
    plain = given and family and not _is_ambiguous(parsed)
    return known or (_Reading(full, given, middle, family) if plain else _Reading(full))


def _tell_order(full: str) -> _Reading | None:
    """Read a name by the words that can only be first names: all of it, before an initial, or at the end.

    None where the words say nothing; a reading without order where they speak against the usual one.
    """
    first, *others = full.split()
    last = others[-1] if others else ""
    if all(map(_is_given, (first, *others))):
        return _Reading(full, full)
    if _is_given(first):
        return _Reading(full, first) if len(others) == 1 and len(fold_word(last)) == 1 else None
    if not _is_given(last):
        return None
    told = len(others) == 1 and (fold_word(first) in _FAMILIES or _FAMILY_ENDING.search(fold_word(first)))
    return _Reading(full, last, family=first) if told else _Reading(full)


def _is_given(word: str) -> bool:
    """Tell whether every piece of a word ("Anna-Lena") is a first name that is hardly ever a family."""
    return bool(word) and all(fold_word(piece) in _GIVEN for piece in word.split("-"))


def _drop_monsieur(text: str) -> str:
    """Drop the "M." of "M. Jean Dupont", which is an initial in every name that does not go on with a first name."""
    title = _MONSIEUR.match(text)
    return text[title.end() :] if title and _is_given(title[1]) else text


def _is_ambiguous(parsed: ParsedName) -> bool:
    return any(doubt.kind in _DOUBTS for doubt in parsed.ambiguities)


def _mark_family(text: str) -> str:
    """Put the comma where capitals stand for it, as French directories do: "DUPONT Marie" is "DUPONT, Marie"."""
    words = text.split()
    shouted = [_is_shouted(word) for word in words]
    count = shouted.index(False) if False in shouted else 0
    is_first = all(map(_is_given, words[:count])) and not any(map(_is_given, words[count:]))
    if "," in text or not count or any(shouted[count:]) or is_first:
        return text
    return f"{' '.join(words[:count])}, {' '.join(words[count:])}"


def _is_shouted(word: str) -> bool:
    """Tell a word in capitals from initials: three letters or more, one of them a vowel."""
    return (
        word.isupper()
        and len(word) > _INITIALS
        and not set("aeiouyаеиоуыэюяαεηιουω").isdisjoint(fold_word(word))
    )


def _write_out(words: str) -> str:
    """Write words as a person would: "JANE", "jane" and "O'BRIEN" become "Jane" and "O'Brien", "VON" becomes "von"."""
    return " ".join(_write_word(word) for word in words.split())


def _write_word(word: str) -> str:
    if word.casefold() in _PARTICLES:
        return word.lower() if word.isupper() and len(word) > 1 else word
    if (word.islower() and len(word) > 1) or _is_shouted(word):
        word = _WORD.sub(lambda part: part[0].capitalize(), word)
    return unicodedata.normalize("NFC", word.replace("i\u0307", "i"))


def _is_safe(reading: _Reading) -> bool:
    """Tell whether the words themselves leave no doubt about which of them is the first name."""
    given, family = fold_word(reading.given), fold_word(reading.family)
    short = 1 in {len(given), len(family)} or reading.given.isupper()
    cut = (
        reading.given.endswith(("'s", "’s"))
        or "." in reading.given + reading.family[-1:]
        or given in _SHORTENED
    )
    clan = _CLAN.match(reading.given)
    directory = (
        clan or given in _FAMILY_FIRST | _FAMILIES or (family in _FAMILY_FIRST and bool(reading.middle))
    )
    turned = bool(_FAMILY_ENDING.search(given)) and not _FAMILY_ENDING.search(family)
    return not (short or cut or directory or turned) and _is_plainly_written(reading.full)


def _is_plainly_written(text: str) -> bool:
    """Refuse look-alikes such as a Cyrillic "а" in a Latin name, and letters in fancy dress such as "𝐉" or "ª"."""
    letters = [letter for letter in text if letter.isalpha()]
    alphabets = {unicodedata.name(letter, "").split(" ")[0] for letter in letters}
    dressed = any(unicodedata.decomposition(letter).startswith(_FANCY_DRESS) for letter in letters)
    return len(alphabets & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}) <= 1 and not dressed


def _confirms(local: str, reading: _Reading) -> bool:
    """Tell whether the address says the first name, or its initial before the family (jane.doe@, jdoe@)."""
    if not reading.given:
        return False
    pieces = {fold_word(piece) for piece in re.split(r"[.+_-]", local)}
    initials = {
        given[:1] + family for given in _spellings(reading.given) for family in _spellings(reading.family)
    }
    return not pieces.isdisjoint(_spellings(reading.given)) or fold_word(local) in initials


def _shakes(local: str, domain: str, reading: _Reading) -> bool:
    """Tell whether the address speaks for the other order (doe.jane@), or says that the name is a company's.

    doe@ alone may be a first name in a directory's order; doe@doe-print names the family twice and shakes nothing.
    """
    families = _spellings(reading.family) if reading.family else set()
    givens = _spellings(reading.given)
    houses = {fold_word(label) for label in domain.split(".")[:-1]}
    turned = {
        form for given in givens for family in families for form in (family + given, family[:1] + given)
    }
    if not any(house.startswith(family) for house in houses for family in families):
        turned |= families
    is_house = fold_word(reading.full) in houses and not _confirms(local, reading)
    return fold_word(local) in turned or is_house or not houses.isdisjoint(givens)
