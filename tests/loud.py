"""The program with every logger at DEBUG, which all goes to the file $FOLLOWUPD_LOUD; what it shows and logs itself stays as it is."""

import logging
import os

_EVERYTHING = logging.FileHandler(os.environ["FOLLOWUPD_LOUD"], delay=True)


class Loud(logging.Logger):
    """A logger that is overheard at every level."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name logging gave it
        return level >= logging.DEBUG

    def handle(self, record: logging.LogRecord) -> None:
        _EVERYTHING.handle(record)
        if super().isEnabledFor(record.levelno):
            super().handle(record)


if __name__ == "__main__":
    logging.setLoggerClass(Loud)
    from followupd.cli import main

    main(prog_name="followupd")
