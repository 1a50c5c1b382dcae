"""What a program that watches is told: whether work is done, and in figures; over the real page and the real daemon."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest
from house import House, wait_for
from visitor import ORIGIN, build_page, watch_over
from week import HOLD, JANE, TOM, World, meeting, open_world
from werkzeug.test import Client, TestResponse

from followupd.errors import MailboxProblem, SourceProblem
from followupd.web.tries import MOST, WINDOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Monitor:
    """A program that watches a world, with the token unless it says otherwise."""

    def __init__(self, world: World) -> None:
        self.world = world
        page, _ = build_page(world)
        watched, self.watch = watch_over(world, page)
        self.client = Client(watched, use_cookies=False)
        self.token = (world.settings.state / "page" / "token").read_text()

    def get(self, path: str, authorization: str | None = None) -> TestResponse:
        brought = f"Bearer {self.token}" if authorization is None else authorization
        headers = {"Authorization": brought} if brought else {}
        return self.client.get(path, base_url=ORIGIN, headers=headers)

    def make_pass(self, **later: float) -> None:
        self.world.now += timedelta(**later)
        self.watch.begin_pass()
        self.watch.end_pass(self.world.cycle.run_pass(), None)

    def figures(self) -> dict[str, float]:
        lines = self.get("/metrics").text.splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
        }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def monitor(world: World) -> Monitor:
    return Monitor(world)


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
@pytest.mark.parametrize(
    "authorization", ["", "Bearer ", "Bearer wrong", "Basic {}", "Bearer {}x", "bearer {}"]
)
def test_nobody_without_the_token_is_told_anything(monitor: Monitor, path: str, authorization: str) -> None:
    refused = monitor.get(path, authorization.format(monitor.token))
    assert (refused.status_code, "work" in refused.text) == (401, False)
    assert monitor.get(path).status_code == 200


def test_the_token_is_a_file_of_the_owner_alone(world: World, monitor: Monitor) -> None:
    file = world.settings.state / "page" / "token"
    assert (file.stat().st_mode & 0o777, len(monitor.token)) == (0o600, 43)  # 256 bits in base 64


def test_who_guesses_has_to_wait_and_who_knows_does_not(world: World, monitor: Monitor) -> None:
    statuses = [monitor.get("/metrics", "Bearer wrong").status_code for _ in range(MOST + 1)]
    assert statuses == [401] * MOST + [429]
    assert monitor.get("/healthz", "Bearer wrong").headers["Retry-After"] == "60"
    assert monitor.get("/healthz").status_code == 200
    world.now += WINDOW
    assert monitor.get("/healthz", "Bearer wrong").status_code == 401


# --- /healthz


def test_health_is_about_good_passes_and_not_about_being_alive(world: World, monitor: Monitor) -> None:
    monitor.make_pass()
    good = monitor.get("/healthz")
    assert (good.status_code, good.json) == (
        200, {"status": "ok", "why": "", "last_good_pass": "2026-11-18T12:00:00Z", "calendars_in_trouble": []},
    )  # fmt: skip
    world.calendar.fail = SourceProblem("The calendar is gone.")
    monitor.make_pass(minutes=5)
    assert monitor.get("/healthz").status_code == 200  # what may pass by itself gets three beats, and slack
    for _ in range(3):
        monitor.make_pass(minutes=5)
    assert monitor.get("/healthz").status_code == 200
    monitor.make_pass(minutes=1)
    failing = monitor.get("/healthz")
    assert (failing.status_code, failing.json) == (
        503, {
            "status": "failing", "why": "The calendar is gone.", "last_good_pass": "2026-11-18T12:00:00Z",
            "calendars_in_trouble": ["work"],
        },
    )  # fmt: skip
    world.calendar.fail = None
    monitor.make_pass()
    assert monitor.get("/healthz").status_code == 200


def test_a_daemon_that_makes_no_pass_at_all_says_so(world: World, monitor: Monitor) -> None:
    assert monitor.get("/healthz").status_code == 200  # it may just have started
    world.now += 21 * MINUTE
    failing = monitor.get("/healthz")
    assert (failing.status_code, failing.json and failing.json["why"]) == (
        503,
        "no pass has come to its end yet",
    )


def test_a_hang_is_the_reason_while_it_lasts(world: World, monitor: Monitor) -> None:
    monitor.make_pass()
    monitor.watch.begin_pass()
    world.now += 31 * MINUTE
    monitor.watch.tell_hang(world.now - 30 * MINUTE)
    told = monitor.get("/healthz").json
    assert told is not None
    assert told["why"] == "The pass that is under way does not come to its end."
    monitor.watch.end_pass(world.cycle.run_pass(), None)


def test_a_state_that_cannot_be_read_is_no_health(world: World, monitor: Monitor) -> None:
    monitor.make_pass()
    world.store.close()
    world.store.database.path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    for path in ("/healthz", "/metrics"):
        failing = monitor.get(path)
        assert failing.status_code == 503
        assert "damaged" in json.loads(failing.text)["why"]


# --- /metrics


def test_the_figures_are_those_of_the_state(world: World, monitor: Monitor) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE, TOM))
    monitor.make_pass()
    world.desk.approve(world.item("Jane Doe").id, world.now, HOLD)
    world.now += 40 * HOUR
    figures = monitor.figures()
    assert {name: value for name, value in figures.items() if "queue" in name and value} == {
        'followupd_queue_items{status="approved"}': 1,
        'followupd_queue_items{status="drafted"}': 1,
    }
    assert figures["followupd_at_risk_items"] == 2
    assert figures['followupd_calendar_age_seconds{calendar="work"}'] == 40 * 3600
    assert figures["followupd_good_pass_age_seconds"] == 40 * 3600
    assert figures["followupd_working"] == 0
    assert figures['followupd_passes_total{outcome="good"}'] == 1
    assert figures["followupd_pass_seconds_count"] == 1
    assert figures["followupd_pass_seconds_sum"] > 0
    assert figures["followupd_render_seconds_count"] > 0
    assert figures['followupd_api_calls_total{account="work",api="gmail"}'] == 3
    assert figures['followupd_api_quota_units_total{account="work",api="gmail"}'] == 45
    assert figures["followupd_paused"] == 0
    assert "Jane" not in monitor.get("/metrics").text


def test_passes_are_counted_by_how_they_went(world: World, monitor: Monitor) -> None:
    monitor.make_pass()
    world.calendar.fail = SourceProblem("The calendar is gone.")
    monitor.make_pass()
    monitor.watch.begin_pass()
    monitor.watch.end_pass(None, MailboxProblem("It could not be made."))
    counts = {name[32:-2]: value for name, value in monitor.figures().items() if "passes_total" in name}
    assert counts == {"good": 1, "troubled": 1, "failed": 1}


def test_every_figure_has_its_help_and_type_and_odd_names_stay_one_line(
    world: World, monitor: Monitor
) -> None:
    world.calendar.name = 'a"b\\c\nd'
    monitor.make_pass()
    answer = monitor.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'followupd_calendar_age_seconds{calendar="a\\"b\\\\c\\nd"} 0' in answer.text.splitlines()
    lines = answer.text.splitlines()
    names = {line.split("{")[0].split(" ")[0] for line in lines if not line.startswith("#")}
    for kind in ("HELP", "TYPE"):
        told = {line.split(" ")[2] for line in lines if line.startswith(f"# {kind} ")}
        assert {name.removesuffix("_sum").removesuffix("_count") for name in names} == told


# --- the daemon itself


def test_the_daemon_answers_over_its_port_without_the_page(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with House(tmp_path) as house:
        house.port = port
        house.write_config()
        daemon = house.start_daemon()
        wait_for(lambda: "INFO the page is at port" in house.log(), 30, "the page")
        token = (house.state / "page" / "token").read_text()
        wait_for(lambda: ask(port, "/metrics", token)[1].count('outcome="good"} 1'), 30, "a good pass")
        assert ask(port, "/healthz", token)[0] == 200
        assert ask(port, "/healthz", "wrong")[0] == 401
        loaded = Path(f"/proc/{daemon.pid}/maps").read_text()
        assert "markupsafe" not in loaded  # which Flask would have brought


def ask(port: int, path: str, token: str) -> tuple[int, str]:
    """Ask as curl does."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
