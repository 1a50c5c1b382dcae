"""followupd keeps the 48-hour rule: everyone you met gets a warm, personal follow-up, and nothing leaves without your yes."""

from datetime import UTC, datetime

__version__ = "0.1.0"

#: No honest clock shows a time before this program was written; a dead battery's 1970 does.
WRITTEN = datetime(2026, 10, 1, tzinfo=UTC)
