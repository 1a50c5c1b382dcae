"""A state of ten busy years: a hundred thousand follow-ups, and the daemon at work a moment after it is started."""

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from house import House, wait_for

MANY = 100_000
MAYA, NORA = (
    ("Maya Lindqvist", "maya@guest.example", "ACCEPTED"),
    ("Nora Reed", "nora@acme.example", "ACCEPTED"),
)
#: Beside each, its person, the four steps of its life and the mail that was sent; the texts of old mails are forgotten.
FILL = (
    "CREATE TEMP TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) SELECT i FROM n",
    """INSERT INTO followups (key, kind, status, occurrence, reason, why, outcome, due, deadline, expires, mailbox, person, name,
        email, first_name, event, template, subject, message_id, approved_hash)
        SELECT 'old-' || (i / 5) || '|old' || i || '@guests.example', kind, 'sent', 'old-' || (i / 5), reason, why, 'the server took it',
        strftime('%Y-%m-%dT%H:%M:%S+00:00', due, '-' || (10 + i / 30) || ' days'),
        strftime('%Y-%m-%dT%H:%M:%S+00:00', deadline, '-' || (10 + i / 30) || ' days'),
        strftime('%Y-%m-%dT%H:%M:%S+00:00', expires, '-' || (10 + i / 30) || ' days'), mailbox, 'old' || i || '@guests.example',
        name, 'old' || i || '@guests.example', first_name, event, template, subject, '<old' || i || '@x.example>', 'hash'
        FROM followups, numbers WHERE followups.email = 'maya@guest.example'""",
    """INSERT INTO steps (followup, at, status, by, why) SELECT id, due, column1, 'daemon', 'so it went' FROM followups,
        (VALUES ('planned'), ('drafted'), ('approved'), ('sent')) WHERE followups.status = 'sent'""",
    "INSERT INTO people (key, email, name) SELECT person, email, name FROM followups WHERE status = 'sent'",
    """INSERT INTO touches (person, at, channel, followup) SELECT person, due, 'email', id FROM followups
        WHERE status = 'sent'""",
)


def fill(database: Path, many: int) -> None:
    """Put `many` follow-ups that were sent long ago beside the one that is there."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in FILL:
            connection.execute(statement.format(many=many))


def read_cpu(pid: int) -> float:
    """Return the CPU seconds of a process and of the children it waited for (proc(5), stat, fields 14 to 17).

    A busy machine stretches every other clock.
    """
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.soak
def test_the_daemon_works_a_moment_after_its_start_whatever_lies_in_its_state(tmp_path: Path) -> None:
    with House(tmp_path, plain=True) as house:
        house.write_coffee("maya", MAYA, timedelta(hours=1))
        assert house.run("once").returncode == 0
        fill(house.database, MANY)
        house.write_coffee("nora", NORA, timedelta(hours=1))

        daemon = house.start_daemon()
        wait_for(lambda: len(house.drafts()) == 2, 60, "the draft")
        took = read_cpu(daemon.pid)

        assert house.rows("SELECT count(*) FROM followups")[0][0] == MANY + 2
        assert took <= 1.5, f"{took:.2f} s"
