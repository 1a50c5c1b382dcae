"""When something may leave: expected moments worked out by hand on the clocks of real cities."""

from datetime import UTC, date, datetime, timedelta

import pytest

from followupd.rules.hours import Hours, Timetable, read_time_of_day

BERLIN = Hours("Europe/Berlin")
HOUR = timedelta(hours=1)
WEDNESDAY = "2026-11-18T"
FRIDAY, SATURDAY, SUNDAY, MONDAY = "2026-11-20T", "2026-11-21T", "2026-11-22T", "2026-11-23T"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the owner's own hours (Berlin is an hour ahead of UTC in November)


@pytest.mark.parametrize(
    ("moment", "leaves", "why"),
    [
        (WEDNESDAY + "07:00", WEDNESDAY + "07:00", ""),
        (WEDNESDAY + "16:59:59", WEDNESDAY + "16:59:59", ""),
        (WEDNESDAY + "06:59", WEDNESDAY + "07:00", "it goes out Wednesday 08:00, because it is 07:59"),
        (WEDNESDAY + "17:00", "2026-11-19T07:00", "it goes out Thursday 08:00, because it is 18:00"),
        (FRIDAY + "17:30", MONDAY + "07:00", "it goes out Monday 08:00, because it is 18:30"),
        (SATURDAY + "11:00", MONDAY + "07:00", "it goes out Monday 08:00, because it is Saturday"),
        (SUNDAY + "23:30", MONDAY + "07:00", "it goes out Monday 08:00, because it is 00:30"),
    ],
)
def test_what_is_approved_out_of_hours_goes_out_when_they_begin(moment: str, leaves: str, why: str) -> None:
    opening = Timetable(BERLIN).find_next(utc(moment))
    assert (opening.at, opening.why) == (utc(leaves), why)


def test_without_hours_everything_goes_out_at_once() -> None:
    opening = Timetable(None).find_next(utc(SATURDAY + "23:00"))
    assert (opening.at, opening.why) == (utc(SATURDAY + "23:00"), "")


def test_all_seven_days_around_the_clock_is_always() -> None:
    always = Timetable(Hours("Europe/Berlin", frozenset(range(7)), 0, 24 * 60))
    for hour in range(24 * 8):
        moment = utc("2026-10-20T00:30") + hour * HOUR  # summer time ends on the 25th
        assert always.find_next(moment).at == moment


def test_days_off_are_passed_over_and_called_by_their_name() -> None:
    days = {date(2026, 12, 24): "Christmas Eve", date(2026, 12, 25): "Christmas Day"}
    opening = Timetable(BERLIN, days).find_next(utc("2026-12-24T09:00"))
    assert opening.at == utc("2026-12-28T07:00")  # the 26th and 27th are a weekend
    assert opening.why == "it goes out Monday 08:00, because it is Christmas Eve"
    far = Timetable(BERLIN, {date(2026, 12, 1) + timedelta(days=n): "leave" for n in range(13)})
    assert (
        far.find_next(utc("2026-12-01T09:00")).why
        == "it goes out Monday 14 December 08:00, because it is leave"
    )


def test_summer_time_moves_the_hours_with_the_clock_on_the_wall() -> None:
    # On 2026-03-29 and 2026-10-25 Germany changes its clocks; 08:00 is 07:00 UTC before, 06:00 UTC in summer.
    assert Timetable(BERLIN).find_next(utc("2026-03-28T12:00")).at == utc("2026-03-30T06:00")
    assert Timetable(BERLIN).find_next(utc("2026-10-24T12:00")).at == utc("2026-10-26T07:00")


@pytest.mark.parametrize(
    ("opens", "closes", "moment", "leaves"),
    [
        (150, 24 * 60, "2026-03-29T00:30", "2026-03-29T01:30"),  # there is no 02:30, so it is 03:30 of summer
        (150, 24 * 60, "2026-10-25T00:15", "2026-10-25T01:30"),  # there are two 02:30: the later one opens
        (60, 150, "2026-10-25T00:40", "2026-10-26T00:00"),  # ... and the earlier one closes
    ],
)
def test_an_hour_that_is_there_twice_or_never_opens_nothing_too_early(
    opens: int, closes: int, moment: str, leaves: str
) -> None:
    night = Timetable(Hours("Europe/Berlin", frozenset(range(7)), opens, closes))
    assert night.find_next(utc(moment)).at == utc(leaves)


# --- the hours of whoever is written to


@pytest.mark.parametrize(
    ("moment", "leaves", "why"),
    [
        # New York is six hours behind Berlin: both work from 14:00 to 18:00 of Berlin.
        (
            WEDNESDAY + "09:00",
            WEDNESDAY + "13:00",
            "it goes out Wednesday 14:00, because it is 04:00 where they are (America/New_York)",
        ),
        (WEDNESDAY + "15:00", WEDNESDAY + "15:00", ""),
        (WEDNESDAY + "18:00", "2026-11-19T13:00", "it goes out Thursday 14:00, because it is 19:00"),
    ],
)
def test_both_have_to_be_at_work_where_the_other_clock_is_known(moment: str, leaves: str, why: str) -> None:
    opening = Timetable(BERLIN, {}, "America/New_York").find_next(utc(moment))
    assert (opening.at, opening.why) == (utc(leaves), why)


def test_where_the_two_are_never_at_work_at_once_theirs_counts() -> None:
    # Auckland is 12 hours ahead of Berlin in November: 08:00 there is 20:00 of the day before here.
    opening = Timetable(BERLIN, {}, "Pacific/Auckland").find_next(utc(WEDNESDAY + "12:00"))
    assert opening.at == utc(WEDNESDAY + "19:00")
    assert opening.why == "it goes out Wednesday 20:00, because it is 01:00 where they are (Pacific/Auckland)"


# --- at risk


@pytest.mark.parametrize(
    ("ended", "at_risk"),
    [
        (WEDNESDAY + "12:00", FRIDAY + "00:00"),  # deadline Friday 13:00 in Berlin, at work: 12 hours before
        (WEDNESDAY + "20:00", FRIDAY + "05:00"),  # deadline Friday 21:00: the last hour ends at 18:00
        (FRIDAY + "12:00", FRIDAY + "12:00"),  # deadline Sunday: today until 18:00 or not in time
        (FRIDAY + "19:00", FRIDAY + "19:00"),  # deadline Sunday 20:00: there is no working hour left at all
        (SATURDAY + "20:00", MONDAY + "05:00"),  # deadline Monday 21:00: Monday until 18:00
    ],
)
def test_an_item_is_at_risk_12_hours_before_the_last_hour_in_which_it_could_go_in_time(
    ended: str, at_risk: str
) -> None:
    due = utc(ended)
    assert Timetable(BERLIN).begin_risk(due, due + 48 * HOUR) == utc(at_risk)
    assert Timetable(None).begin_risk(due, due + 48 * HOUR) == due + 36 * HOUR


# --- how a time of day is written


@pytest.mark.parametrize(("text", "minutes"), [("08:00", 480), ("8:05", 485), ("00:00", 0), ("24:00", 1440)])
def test_a_time_of_day_is_read_as_owners_write_it(text: str, minutes: int) -> None:
    assert read_time_of_day(text) == minutes


@pytest.mark.parametrize("text", ["8", "8am", "25:00", "24:01", "12:60", "-1:00", "08:0", "", "²:00", "٨:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time of day such as 08:00"):
        read_time_of_day(text)
