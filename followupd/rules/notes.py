"""What of the owner's private note may be said to the person: the topic it names in plain words, and nothing else.

A note such as "knows the mayor, talks a lot" is for the desk. One that begins as people speak of a conversation
("we talked about sailing") names what it was about, and that both of them know.
"""

import re

_LONGEST = 80

#: The opening of such a note by language; what follows it, its preposition included, is the topic.
_OPENINGS = {
    "en": r"(?:we )?(?:spoke|talked|chatted)(?: (?:a lot|at length))? (?=about )",
    "de": r"(?:wir )?(?:haben |sprachen |redeten |gesprochen )?(?=über )",
    "fr": r"(?:(?:nous avons|on a) )?parlé (?=(?:de|du|des|d['’]))",  # noqa: RUF001 - both apostrophes are typed
    "es": r"(?:hablamos|charlamos) (?=(?:de|del|sobre) )",
}
#: "her boat" is "your boat" to herself.
_THEIRS = re.compile(r"^about (?:her|his|their) (?=\w)")
#: Whoever is spoken of: to the person themselves such words would be wrong.
_THEM = re.compile(
    r"\b(?:she|her|hers|he|him|his|they|them|their|who|"
    r"sie|er|ihn|ihm|ihr\w*|sein\w*|deren|dessen|gesprochen|geredet|"
    r"il|elle|ils|elles|lui|leur\w*|son|sa|ses|qui|él|ella|ellos|su|sus|que|secret|private|privat|privé|privado)\b",
    re.IGNORECASE,
)
#: A second thought or the end of the sentence: the rest is not for the person's eyes.
_ASIDE = re.compile(r"[^\w\s'’&-]|\s-")  # noqa: RUF001 - both apostrophes are typed


def read_topic(note: str, language: str) -> str:
    """Return what a note says they talked about, preposition included ("about sailing"), or "" in any doubt.

    `language` is the mail's: a topic in another language would not fit into its sentences.
    """
    opening = re.match(_OPENINGS.get(language, r"(?!)"), note.strip(), re.IGNORECASE)
    if not opening:
        return ""
    topic = _THEIRS.sub("about your ", note.strip()[opening.end() :].rstrip(" ."))
    return "" if len(topic) > _LONGEST or _is_private(topic) or len(topic.split(None, 1)) == 1 else topic


def _is_private(topic: str) -> bool:
    return bool(_ASIDE.search(topic)) or speaks_of_them(topic)


def speaks_of_them(text: str) -> bool:
    """Tell whether a text speaks of somebody as one does behind their back: "her", "ihm", "leur", "su"."""
    return bool(_THEM.search(text))
