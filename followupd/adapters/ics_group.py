"""The blocks of one UID to events. What strangers wrote is parsed and expanded here and nowhere else, in a child process.

`ics_apart.py` is the parent's end.
"""

import json
import os
import pickle
import sys
import warnings
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from followupd.adapters.ics_apart import Limits, Question
from followupd.adapters.ics_block import Block, Understood
from followupd.adapters.ics_entry import Entry, parse_blocks, tell_error
from followupd.adapters.ics_series import find_events, split_namesakes
from followupd.adapters.occurrence import Origin
from followupd.child import answer_parent, give_up
from followupd.model import Event, Skipped


def understand_group(blocks: Sequence[Block], origin: Origin, start: datetime, end: datetime) -> Understood:
    """Return the events of the blocks of one UID; what cannot be used is named in `skipped`."""
    skipped: list[Skipped] = []
    groups: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in parse_blocks(blocks, skipped):
        groups[entry.uid].append(entry)
    events: list[Event] = []
    for entries in (part for group in groups.values() for part in split_namesakes(group)):
        try:
            events += find_events(entries, origin, start, end)
        # A series is expanded by two libraries that raise whatever comes: KeyError, TypeError, OverflowError.
        except Exception as error:  # noqa: BLE001 - one bad series must not hide the other events
            skipped.append(Skipped(entries[0].where, tell_error(error)))
    return Understood(tuple(events), tuple(skipped))


def _answer(question: bytes) -> bytes:
    try:
        asked: Question = pickle.loads(question)  # noqa: S301 - written by ics_apart.py, through our own pipe
        return pickle.dumps(understand_group(*asked))
    except MemoryError:
        os.abort()  # by a signal, which tells the parent that it was a limit and no bug


if __name__ == "__main__":
    # The libraries warn of odd things that strangers wrote; the owner can do nothing about them.
    warnings.simplefilter("ignore")
    limits = Limits(**json.loads(sys.argv[1]))
    give_up(limits.memory)
    answer_parent(_answer, limits.cpu)
