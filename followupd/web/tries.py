"""Wrong links, cookies and tokens, counted: who guesses has to wait, and the log says that somebody did."""

import logging
from datetime import UTC, datetime, timedelta
from threading import Lock

log = logging.getLogger("followupd")

#: More wrong ones than this within `WINDOW` are guesses. What is right is let in all the while: nobody can guess 256
#: bits, but anybody on this computer could lock its owner out.
MOST = 20
WINDOW = timedelta(minutes=1)


class Tries:
    """Counts for the whole page: whoever comes over loopback comes from the same address."""

    def __init__(self) -> None:
        self._counting = Lock()
        self._since = datetime.min.replace(tzinfo=UTC)
        self._wrong = 0

    def count_wrong(self, now: datetime) -> bool:
        """Count a wrong one; tell whether there were too many."""
        with self._counting:
            if not timedelta(0) <= now - self._since < WINDOW:
                self._since, self._wrong = now, 0
            self._wrong += 1
            if self._wrong == MOST + 1:
                log.warning("somebody tries keys at the page; none fits, nobody was let in")
            return self._wrong > MOST
