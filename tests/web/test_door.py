"""One-time links and the sessions they become, as files of the owner's alone."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from visitor import ORIGIN, visit
from week import NOON, open_world
from werkzeug.test import Client

from followupd.web.door import SESSION, Door, form_token, write_opener
from followupd.web.entering import COOKIE
from followupd.web.tries import MOST, WINDOW

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_a_link_opens_once(door: Door) -> None:
    code = door.make_link(MINUTE, NOON)
    assert door.knows_link(code, NOON)
    session = door.open(code, NOON)
    assert session is not None
    assert door.admits(session, NOON)
    assert not door.knows_link(code, NOON)
    assert door.open(code, NOON) is None


def test_a_link_counts_until_its_time_is_over(door: Door) -> None:
    early, late = door.make_link(MINUTE, NOON), door.make_link(MINUTE, NOON)
    assert door.open(early, NOON + MINUTE - SECOND) is not None
    assert door.open(late, NOON + MINUTE) is None


def test_of_fifty_who_take_a_link_at_once_one_gets_in(door: Door) -> None:
    code = door.make_link(MINUTE, NOON)
    with ThreadPoolExecutor(50) as pool:
        sessions = list(pool.map(lambda _: door.open(code, NOON), range(50)))
    assert sum(session is not None for session in sessions) == 1


def test_a_session_ends_after_seven_days_and_with_all_others_when_the_owner_signs_out(door: Door) -> None:
    sessions = [door.open(door.make_link(MINUTE, NOON), NOON) or "" for _ in range(2)]
    assert all(door.admits(session, NOON + SESSION - SECOND) for session in sessions)
    assert not door.admits(sessions[0], NOON + SESSION)
    link = door.make_link(MINUTE, NOON)
    door.close_all()
    assert not any(door.admits(session, NOON) for session in sessions)
    assert door.open(link, NOON) is None


def test_ten_thousand_guesses_open_nothing(door: Door) -> None:
    code = door.make_link(MINUTE, NOON)
    session = door.open(door.make_link(MINUTE, NOON), NOON) or ""
    near = [code[:-1] + letter for letter in "AEIMQUYcgkosw048"]
    guesses = [*near, "", ".", "..", "../key", "key", "\0", "x" * 5_000, *map(str, range(10_000))]
    assert [guess for guess in guesses if guess != code and door.open(guess, NOON)] == []
    assert [guess for guess in guesses if guess != session and door.admits(guess, NOON)] == []
    assert door.open(code, NOON)


def test_what_was_opened_and_what_is_too_old_leaves_no_file(door: Door) -> None:
    kept = sorted(file.name for file in door.folder.iterdir())
    door.make_link(MINUTE, NOON)
    door.open(door.make_link(MINUTE, NOON), NOON)
    door.make_link(MINUTE, NOON + SESSION + MINUTE)
    assert len([file for file in door.folder.iterdir() if file.name not in kept]) == 1


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_what_lies_at_the_door(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        door = Door(tmp_path)
        door.open(door.make_link(MINUTE, NOON), NOON)
        write_opener(door, "http://127.0.0.1:1/open/code")
        door.make_link(MINUTE, NOON)
    finally:
        os.umask(before)
    assert stat.S_IMODE(door.folder.stat().st_mode) & 0o077 == 0
    assert {stat.S_IMODE(file.stat().st_mode) for file in door.folder.iterdir()} == {0o600}


def test_no_file_holds_a_secret_that_opens_the_page(door: Door) -> None:
    code = door.make_link(MINUTE, NOON)
    session = door.open(door.make_link(MINUTE, NOON), NOON) or "none"
    held = "".join(file.name + file.read_text() for file in door.folder.iterdir())
    assert code not in held
    assert session not in held


def test_a_proof_is_bound_to_challenge_port_and_state(door: Door, tmp_path: Path) -> None:
    proof = door.prove("challenge", 8458)
    assert Door(tmp_path).prove("challenge", 8458) == proof
    others = [
        door.prove("other", 8458),
        door.prove("challenge", 8459),
        Door(tmp_path / "b").prove("challenge", 8458),
    ]
    assert proof not in others


# --- through the page


def test_from_the_link_to_the_queue(tmp_path: Path) -> None:
    with open_world(tmp_path) as world, visit(world) as visitor:
        code = visitor.door.make_link(MINUTE, world.now)
        fresh = Client(visitor.page)
        looked = [fresh.get(f"/open/{code}", base_url=ORIGIN).status_code for _ in range(3)]
        opened = fresh.post("/open", base_url=ORIGIN, data={"code": code}, headers={"Origin": ORIGIN})
        cookie = opened.headers["Set-Cookie"]
        assert (looked, opened.status_code, opened.location) == ([200, 200, 200], 303, "/")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert fresh.get("/", base_url=ORIGIN).status_code == 200
        again = Client(visitor.page).post(
            "/open", base_url=ORIGIN, data={"code": code}, headers={"Origin": ORIGIN}
        )
        assert (again.status_code, "followupd page" in again.text) == (410, True)


def test_signing_out_ends_every_session(tmp_path: Path) -> None:
    with open_world(tmp_path) as world, visit(world) as here, visit(world) as there:
        assert there.get("/").status_code == 200
        assert here.post("/sign-out").status_code == 303
        assert (here.get("/").status_code, there.get("/").status_code) == (401, 401)
        assert "You are signed out" in there.get("/").text


def test_a_decision_from_a_session_that_was_ended_does_nothing(tmp_path: Path) -> None:
    with open_world(tmp_path) as world, visit(world) as visitor:
        token = form_token(visitor.session)
        visitor.door.close_all()
        refused = visitor.post("/items/1/approve", hash="0" * 64, token=token)
        assert refused.status_code == 401


def test_a_cookie_of_another_session_does_not_fit_the_form(tmp_path: Path) -> None:
    with open_world(tmp_path) as world, visit(world) as here, visit(world) as there:
        mixed = here.client.post(
            "/sign-out",
            base_url=ORIGIN,
            data={"token": form_token(there.session)},
            headers={"Origin": ORIGIN},
        )
        assert mixed.status_code == 403
        assert COOKIE in str(here.client.get_cookie(COOKIE, domain="127.0.0.1"))
        assert here.get("/").status_code == 200


def test_one_wrong_key_after_the_other_has_to_wait_while_the_owner_goes_in_and_out(tmp_path: Path) -> None:
    with open_world(tmp_path) as world, visit(world) as visitor:
        code = visitor.door.make_link(MINUTE, world.now)
        stranger = Client(visitor.page, use_cookies=False)
        headers = {"Cookie": f"{COOKIE}={'x' * 43}"}
        statuses = [stranger.get("/", base_url=ORIGIN, headers=headers).status_code for _ in range(MOST + 5)]
        assert statuses == [401] * MOST + [429] * 5
        guess = stranger.get(f"/open/{'x' * 43}", base_url=ORIGIN)
        assert (guess.status_code, guess.headers["Retry-After"]) == (429, "60")
        assert visitor.get("/").status_code == 200
        opened = Client(visitor.page).post(
            "/open", base_url=ORIGIN, data={"code": code}, headers={"Origin": ORIGIN}
        )
        assert opened.status_code == 303
        world.now += WINDOW
        assert stranger.get("/", base_url=ORIGIN, headers=headers).status_code == 401


def test_who_brings_nothing_is_no_guesser(tmp_path: Path) -> None:
    with open_world(tmp_path) as world, visit(world) as visitor:
        nobody = Client(visitor.page)
        assert {nobody.get("/", base_url=ORIGIN).status_code for _ in range(MOST * 2)} == {401}
