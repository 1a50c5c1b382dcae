"""What is skipped unread changes no answer: the reader against icalendar + recurring-ical-events, which parse it all.

Calendars are generated as far as the two libraries are right about them: one version of everything, times in zones that
the zone database knows, no time in a skipped or repeated hour.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followupd.adapters.ics import IcsCalendar

ZONE = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
MIDDLE = datetime(2026, 6, 15, tzinfo=UTC)
Found = set[tuple[str, datetime, datetime]]


@dataclass(frozen=True)
class Form:
    """How the times of one entry are written."""

    kind: str

    def write(self, name: str, when: datetime) -> str:
        match self.kind:
            case "utc":
                return f"{name}:{when:%Y%m%dT%H%M%SZ}"
            case "zone":
                return f"{name};TZID=Europe/Berlin:{when:%Y%m%dT%H%M%S}"
            case "floating":
                return f"{name}:{when:%Y%m%dT%H%M%S}"
            case _:
                return f"{name};VALUE=DATE:{when:%Y%m%d}"

    def write_until(self, when: datetime) -> str:
        match self.kind:
            case "day":
                return f"{when:%Y%m%d}"
            case "floating":
                return f"{when:%Y%m%dT%H%M%S}"
            case _:
                return f"{when:%Y%m%dT%H%M%SZ}"


RULES = (
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SU;WKST=SU",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY",
)


@st.composite
def draw_entry(draw: st.DrawFn, number: int) -> list[str]:
    form = Form(draw(st.sampled_from(["utc", "zone", "floating", "day"])))
    # At noon, so that no change of clocks makes a time ambiguous; years before the window, or close to its edges.
    start = datetime(2026, 6, 15, 12) + DAY * draw(st.integers(-3650, 100) | st.integers(-15, 25))  # noqa: DTZ001 - a wall clock
    length = draw(st.sampled_from([timedelta(hours=1), timedelta(hours=9), DAY, 3 * DAY]))
    if form.kind == "day":
        length = max(length, DAY)
    lines = [f"UID:e{number}", form.write("DTSTART", start)]
    if draw(st.booleans()):
        lines.append(form.write("DTEND", start + length))
    else:
        lines.append(
            f"DURATION:P{length.days}D" if length >= DAY else f"DURATION:PT{length.seconds // 3600}H"
        )
    lines += draw(draw_repeats(form, start))
    alarm = ["BEGIN:VALARM", "TRIGGER:-PT5M", "DURATION:PT400H", "END:VALARM"]
    texts = [
        "SUMMARY:Talk",
        "DESCRIPTION:long\r\n DTSTART:19990101T000000Z and\r\n\t more",
        "dtstamp:20260101T000000Z",
    ]
    head, *rest = draw(st.permutations([*lines, *texts]))
    return ["BEGIN:VEVENT", head, *rest, *(alarm if draw(st.booleans()) else []), "END:VEVENT"]


@st.composite
def draw_repeats(draw: st.DrawFn, form: Form, start: datetime) -> list[str]:
    rule = draw(st.none() | st.sampled_from(RULES))
    if rule is None:
        return []
    ending = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if ending == "COUNT":
        rule += f";COUNT={draw(st.integers(1, 400))}"
    elif ending == "UNTIL":
        rule += f";UNTIL={form.write_until(start + DAY * draw(st.integers(0, 3000)))}"
    lines = [f"RRULE:{rule}"]
    if draw(st.booleans()):
        lines.append(form.write("EXDATE", start + 7 * DAY * draw(st.integers(1, 300))))
    return lines


@st.composite
def draw_calendar(draw: st.DrawFn) -> bytes:
    entries = [draw(draw_entry(number)) for number in range(draw(st.integers(1, 6)))]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        *(line for entry in entries for line in entry),
        "END:VCALENDAR",
        "",
    ]
    return draw(st.sampled_from(["\r\n", "\n"])).join(lines).encode()


def to_utc(when: date) -> datetime:
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)  # noqa: DTZ001 - its zone comes next
    return (when if when.tzinfo else when.replace(tzinfo=ZONE)).astimezone(UTC)


def ask_library(raw: bytes, start: datetime, end: datetime) -> Found:
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(raw)).between(
        start - 5 * DAY, end + 5 * DAY
    )
    spans = {(str(one["UID"]), to_utc(one.start), to_utc(one.end)) for one in found}
    return {span for span in spans if span[1] <= end and span[2] >= start}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(raw=draw_calendar(), ahead=st.integers(-10, 10), days=st.integers(0, 14))
def test_the_answer_is_that_of_parsing_everything(tmp_path: Path, raw: bytes, ahead: int, days: int) -> None:
    path = tmp_path / "cal.ics"
    path.write_bytes(raw)
    start = MIDDLE + DAY * ahead
    end = start + DAY * days
    reading = IcsCalendar("cal", path, ZONE.key).read(start, end)
    assert reading.skipped == ()
    assert {(event.uid, event.start, event.end) for event in reading.events} == ask_library(raw, start, end)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    versions=st.lists(draw_calendar(), min_size=2, max_size=4),
    ahead=st.lists(st.integers(-40, 40), min_size=4, max_size=4),
)
def test_what_is_remembered_of_earlier_readings_changes_no_answer(
    tmp_path: Path, versions: list[bytes], ahead: list[int]
) -> None:
    path = tmp_path / "cal.ics"
    reader = IcsCalendar("cal", path, ZONE.key)
    for raw, days in zip(versions * 2, ahead * 2, strict=False):
        path.write_bytes(raw)
        start = MIDDLE + DAY * days
        fresh = IcsCalendar("cal", path, ZONE.key).read(start, start + 67 * DAY)
        assert reader.read(start, start + 67 * DAY) == fresh
