-- The state of one owner. Instants are UTC text, fixed width, so that they sort as they read.
-- This is where every state begins; migrations.py adds what came later.
-- Ids of followups are never used again (AUTOINCREMENT), so a number an owner wrote down stays true.

CREATE TABLE facts (                -- what is true of the state as a whole
    name  TEXT PRIMARY KEY,         -- installed, reign, paused
    value TEXT NOT NULL
) STRICT;

CREATE TABLE sources (              -- one row per calendar ever read
    name      TEXT PRIMARY KEY,
    read_at   TEXT,                 -- last good reading
    failed_at TEXT,                 -- last failure, if it came after the last good reading
    problem   TEXT,
    left_out  TEXT                  -- what the last good reading could not read
) STRICT;

CREATE TABLE events (               -- the last that each occurrence looked like
    occurrence TEXT PRIMARY KEY,
    calendar   TEXT NOT NULL,
    starts_at  TEXT NOT NULL,
    ends_at    TEXT NOT NULL,
    body       TEXT NOT NULL,       -- the event as JSON
    gone       INTEGER NOT NULL DEFAULT 0,  -- 1: the calendar no longer has it
    stale      INTEGER NOT NULL DEFAULT 0,  -- 1: the part of the calendar that holds it could not be read last time
    owner_says TEXT                 -- yes or no, when the owner was asked
) STRICT;
CREATE INDEX events_by_end ON events (ends_at);

CREATE TABLE followups (            -- the queue, and everything that ever was in it
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    key           TEXT NOT NULL UNIQUE,     -- occurrence|person: one follow-up for each, for ever
    kind          TEXT NOT NULL CHECK (kind IN ('draft', 'debrief', 'question', 'problem')),
    status        TEXT NOT NULL,            -- rules/status.py holds the moves
    occurrence    TEXT NOT NULL,
    reason        TEXT NOT NULL,
    why           TEXT NOT NULL,            -- why it is asked for at all
    outcome       TEXT NOT NULL DEFAULT '', -- what brought it where it stands
    due           TEXT NOT NULL,
    deadline      TEXT NOT NULL,
    expires       TEXT NOT NULL,
    mailbox       TEXT NOT NULL,
    person        TEXT,                     -- key of the person; NULL unless kind is draft
    name          TEXT NOT NULL DEFAULT '',
    email         TEXT,
    first_name    TEXT,
    event         TEXT NOT NULL DEFAULT '',
    by_owner      INTEGER NOT NULL DEFAULT 0,
    note          TEXT NOT NULL DEFAULT '',
    promise       TEXT NOT NULL DEFAULT '',
    held          TEXT,
    snoozed_until TEXT,
    tries         INTEGER NOT NULL DEFAULT 0,
    concerns      INTEGER REFERENCES followups (id),
    template      TEXT,
    subject       TEXT NOT NULL DEFAULT '',
    message_id    TEXT NOT NULL DEFAULT '',
    draft_id      TEXT,
    raw           BLOB,
    raw_hash      TEXT,                     -- of raw when it was written, so that damage to it shows
    placed_hash   TEXT,
    edited        INTEGER NOT NULL DEFAULT 0,
    approved_hash TEXT,
    leaves_at     TEXT,
    CHECK (status NOT IN ('approved', 'sending', 'sent') OR approved_hash IS NOT NULL)  -- nothing leaves without a yes
) STRICT;
CREATE INDEX followups_by_status ON followups (status, deadline);
CREATE INDEX followups_by_occurrence ON followups (occurrence);
CREATE INDEX followups_by_person ON followups (person);

CREATE TABLE steps (                -- the history of every item
    id       INTEGER PRIMARY KEY,
    followup INTEGER NOT NULL REFERENCES followups (id),
    at       TEXT NOT NULL,
    status   TEXT NOT NULL,
    by       TEXT NOT NULL CHECK (by IN ('daemon', 'owner', 'mailbox')),
    why      TEXT NOT NULL
) STRICT;
CREATE INDEX steps_by_followup ON steps (followup);

CREATE TABLE intents (              -- committed before a write leaves, closed when its outcome is known
    id        INTEGER PRIMARY KEY,
    followup  INTEGER NOT NULL REFERENCES followups (id),
    act       TEXT NOT NULL CHECK (act IN ('create', 'replace', 'remove', 'hand-over')),
    hash      TEXT NOT NULL,
    made_at   TEXT NOT NULL,
    closed_at TEXT,
    outcome   TEXT
) STRICT;
CREATE UNIQUE INDEX one_open_intent ON intents (followup) WHERE closed_at IS NULL;

CREATE TABLE people (               -- everybody the owner met
    key        TEXT PRIMARY KEY,
    email      TEXT,
    name       TEXT NOT NULL,
    first_name TEXT
) STRICT;

CREATE TABLE touches (              -- every contact; an old one makes a person known, a recent one holds
    id       INTEGER PRIMARY KEY,
    person   TEXT NOT NULL,
    at       TEXT NOT NULL,
    channel  TEXT NOT NULL,         -- email, phone, letter, message, in-person
    followup INTEGER REFERENCES followups (id)
) STRICT;
CREATE INDEX touches_by_person ON touches (person, at);
