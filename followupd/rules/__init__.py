"""The thinking: no I/O, no clock, no third-party client. Read in this order: events, people, followups, drafts, status."""
