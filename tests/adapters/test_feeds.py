"""Feeds fetched from real servers on loopback: what is new, what is the same, and every way to fail."""

import base64
import gzip
import logging
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from house import timed
from servers.web import CALENDAR, Call, Names, Proxy, Site, make_context

from followupd.adapters.copies import forget_copies
from followupd.adapters.feeds import Feed
from followupd.adapters.wire import measure_drift
from followupd.errors import SourceProblem
from followupd.network import Network

SECRET = "private-s3cret-f00d"
OTHER = CALENDAR.replace(b"VERSION:2.0", b"VERSION:2.0\r\nX-WR-CALNAME:Other")
DIRECT = Network(proxy="")
#: Long enough for a busy machine to answer, short enough to wait for.
SECONDS = 1.0


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def make_feed(site: Site, cache: Path | None = None, **options: Any) -> Feed:
    address = f"http://127.0.0.1:{site.port}/{SECRET}.ics?key={SECRET}"
    return Feed(address, DIRECT, cache, allow_private=True, **{"seconds": 20, **options})


def make_secure_feed(site: Site, network: Network, **options: Any) -> Feed:
    names = Names({"feed.example": ["127.0.0.1"]})
    address = f"https://feed.example:{site.port}/{SECRET}.ics"
    return Feed(address, network, **{"allow_private": True, "resolver": names, "seconds": 20, **options})


def save_authority(authority: trustme.CA, folder: Path) -> Path:
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


def fail(feed: Feed) -> SourceProblem:
    """Return how a fetch fails; no failure names the address."""
    with pytest.raises(SourceProblem) as caught:
        feed.fetch()
    assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.todo}"
    assert feed.name in caught.value.what
    assert caught.value.todo
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


# --- what is new and what is the same


def test_the_body_comes_as_it_is(site: Site) -> None:
    site.do = lambda call: call.answer(200, b"\xef\xbb\xbf\r\n" + CALENDAR)
    assert make_feed(site).fetch() == b"\xef\xbb\xbf\r\n" + CALENDAR
    (call,) = site.calls
    assert call.path == f"/{SECRET}.ics?key={SECRET}"
    assert call.headers["Host"] == f"127.0.0.1:{site.port}"


def test_a_packed_body_is_unpacked(site: Site) -> None:
    site.do = lambda call: call.answer(200, gzip.compress(CALENDAR), Content_Encoding="gzip")
    assert make_feed(site).fetch() == CALENDAR
    assert site.calls[0].headers["Accept-Encoding"] == "gzip"


def test_what_has_not_changed_costs_one_request_without_a_body(site: Site) -> None:
    tags = {"ETag": 'W/"v1"', "Last_Modified": "Fri, 31 Feb 2048 99:00:00 GMT"}  # a date as servers give them
    feed = make_feed(site)
    site.do = lambda call: call.answer(200, CALENDAR, **tags)
    first = feed.fetch()
    site.do = lambda call: call.answer(304, ETag='"v1"')
    assert feed.fetch() is first
    assert feed.fetch() is first
    assert len(site.calls) == 3
    asked = site.calls[2].headers
    assert asked["If-None-Match"] == 'W/"v1"'
    assert asked["If-Modified-Since"] == "Fri, 31 Feb 2048 99:00:00 GMT"
    assert "If-None-Match" not in site.calls[0].headers


def test_the_same_text_sent_again_is_the_same_object_and_a_new_one_is_taken(site: Site) -> None:
    feed = make_feed(site)
    first = feed.fetch()
    assert feed.fetch() is first
    site.do = lambda call: call.answer(200, OTHER)
    assert feed.fetch() == OTHER


def test_not_modified_about_another_body_is_asked_again_without_conditions(site: Site) -> None:
    feed = make_feed(site)
    site.do = lambda call: call.answer(200, CALENDAR, ETag='"v1"')
    feed.fetch()

    def answer(call: Call) -> None:
        if "If-None-Match" in call.headers:
            call.answer(304, ETag='"v2"')
        else:
            call.answer(200, OTHER, ETag='"v2"')

    site.do = answer
    assert feed.fetch() == OTHER
    assert len(site.calls) == 3


def test_not_modified_without_our_having_anything_is_a_problem_after_one_more_try(site: Site) -> None:
    site.do = lambda call: call.answer(304)
    assert "a copy we do not have" in fail(make_feed(site)).what
    assert len(site.calls) == 2


# --- the copy on disk


def test_a_copy_serves_the_next_start_and_nobody_else_can_read_it(site: Site, tmp_path: Path) -> None:
    cache = tmp_path / "state" / "feeds"
    site.do = lambda call: call.answer(200, CALENDAR, ETag='"v1"')
    make_feed(site, cache).fetch()
    (file,) = cache.iterdir()
    assert (cache.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert SECRET not in str(file)
    assert SECRET.encode() not in file.read_bytes()

    site.do = lambda call: call.answer(304)
    assert make_feed(site, cache).fetch() == CALENDAR
    assert site.calls[1].headers["If-None-Match"] == '"v1"'


def test_a_copy_damaged_at_any_byte_is_fetched_anew(site: Site, tmp_path: Path) -> None:
    site.do = lambda call: call.answer(200, CALENDAR, ETag='"v1"')
    make_feed(site, tmp_path).fetch()
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    damages = [bytes([byte ^ 1]) for byte in whole]
    for place in range(0, len(whole), 5):
        file.write_bytes(whole[:place] + damages[place] + whole[place + 1 :])
        site.calls.clear()
        assert make_feed(site, tmp_path).fetch() == CALENDAR
        assert "If-None-Match" not in site.calls[0].headers, place
        assert file.read_bytes() == whole
    for cut in (b"", whole[:20], whole[:-1], b"[]\n" + whole):
        file.write_bytes(cut)
        assert make_feed(site, tmp_path).fetch() == CALENDAR
        assert "If-None-Match" not in site.calls[-1].headers


def test_a_copy_is_never_read_or_written_through_a_link(site: Site, tmp_path: Path) -> None:
    cache, elsewhere = tmp_path / "feeds", tmp_path / "elsewhere"
    make_feed(site, cache).fetch()
    (file,) = cache.iterdir()
    file.rename(elsewhere)
    before = elsewhere.read_bytes()
    file.symlink_to(elsewhere)
    file.with_suffix(".new").symlink_to(elsewhere)
    site.do = lambda call: call.answer(200, OTHER)
    assert make_feed(site, cache).fetch() == OTHER
    assert elsewhere.read_bytes() == before
    assert not file.is_symlink()


def test_a_copy_that_cannot_be_kept_is_told_in_the_log_and_costs_nothing_else(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "feeds").write_text("a file where the folder should be")
    feed = make_feed(site, tmp_path / "feeds")
    assert feed.fetch() == CALENDAR
    assert f"no copy of the feed {feed.name} could be kept" in caplog.text


def test_the_copies_of_feeds_that_left_the_config_are_deleted(site: Site, tmp_path: Path) -> None:
    make_feed(site, tmp_path).fetch()
    (file,) = tmp_path.iterdir()
    for name in ("0123abcd", "0123abcd.new"):
        (tmp_path / name).write_bytes(CALENDAR)
    forget_copies(tmp_path, {file.name})
    assert list(tmp_path.iterdir()) == [file]
    forget_copies(tmp_path, set())
    assert list(tmp_path.iterdir()) == []
    forget_copies(tmp_path / "never made", set())


# --- every way to fail


def cut_body(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + CALENDAR)


def break_chunks(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + CALENDAR)


def flood(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\n")
    call.send_without_end(b"X-MORE:" + b"more" * 4000 + b"\r\n")


def flood_headers(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\n")
    call.send_without_end(b"X-More: more\r\n")


def send_bomb(call: Call) -> None:
    call.answer(200, gzip.compress(b"BEGIN:VCALENDAR\r\n" + bytes(64 * 1024**2)), Content_Encoding="gzip")


def loop(call: Call) -> None:
    call.answer(302, Location=call.path)


ANSWERS: dict[str, tuple[Callable[[Call], None], str, bool]] = {
    "503": (lambda call: call.answer(503, CALENDAR), "busy or out of order (code 503)", True),
    "429": (lambda call: call.answer(429), "busy or out of order (code 429)", True),
    "404": (lambda call: call.answer(404, CALENDAR), "no longer there (code 404)", False),
    "410": (lambda call: call.answer(410), "no longer there (code 410)", False),
    "401": (lambda call: call.answer(401), "refused or no longer there (code 401)", False),
    "204": (lambda call: call.answer(204), "answers with code 204", True),
    "206": (lambda call: call.answer(206, CALENDAR), "answers with code 206", True),
    "page": (
        lambda call: call.answer(200, b" \n<!DOCTYPE html><p>BEGIN:VCALENDAR"),
        "it is a web page",
        True,
    ),
    "empty": (lambda call: call.answer(200), "it is empty", True),
    "blank": (lambda call: call.answer(200, b"\xef\xbb\xbf \r\n"), "it is empty", True),
    "text": (lambda call: call.answer(200, b"Not now, sorry."), "it holds no calendar", True),
    "half": (lambda call: call.answer(200, CALENDAR[:30]), "cut short (no END:VCALENDAR)", True),
    "half of two": (lambda call: call.answer(200, CALENDAR + CALENDAR[:30]), "cut short", True),
    "cut": (cut_body, "cut or garbled", True),
    "chunks": (break_chunks, "cut or garbled", True),
    "no http": (lambda call: call.send(CALENDAR), "cut or garbled", True),
    "nothing": (lambda _: None, "cut or garbled", True),
    "broken gzip": (
        lambda call: call.answer(200, b"\x1f\x8bnonsense", Content_Encoding="gzip"),
        "cut or garbled",
        True,
    ),
    "cut gzip": (
        lambda call: call.answer(200, gzip.compress(CALENDAR)[:-20], Content_Encoding="gzip"),
        "cut",
        True,
    ),
    "flood": (flood, "larger than 1 MB", False),
    "header flood": (flood_headers, "cut or garbled", True),
    "bomb": (send_bomb, "larger than 1 MB", False),
    "loop": (loop, "more than 3 times", True),
    "nowhere": (lambda call: call.answer(302), "more than 3 times", True),
    "to ftp": (
        lambda call: call.answer(301, Location=f"ftp://127.0.0.1/{SECRET}"),
        "must begin with https",
        True,
    ),
    "to the clouds": (
        lambda call: call.answer(302, Location=f"https://169.254.169.254/{SECRET}"),
        "private or reserved network",
        True,
    ),
    "silent": (lambda call: call.stay_silent(), "within 1 seconds", True),
    "dripping head": (
        lambda call: call.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 9999),
        "within 1 ",
        True,
    ),
    "dripping body": (lambda call: call.drip(b"HTTP/1.1 200 OK\r\n\r\n" + CALENDAR * 99), "within 1 ", True),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_bad_answer_is_told_in_words_and_the_last_good_copy_stays(
    site: Site, tmp_path: Path, kind: str
) -> None:
    bad, words, temporary = ANSWERS[kind]
    site.do = lambda call: call.answer(200, CALENDAR, ETag='"good"')
    hasty = words.startswith("within")
    feed = make_feed(site, tmp_path, max_bytes=1024**2, seconds=SECONDS if hasty else 20)
    good = feed.fetch()
    (file,) = tmp_path.iterdir()
    kept = file.read_bytes()

    site.do = bad
    with timed(at_most=20, what=kind):
        problem = fail(feed)

    assert words in problem.what
    assert problem.temporary is temporary
    assert file.read_bytes() == kept
    site.do = lambda call: call.answer(304) if "If-None-Match" in call.headers else call.answer(500)
    assert feed.fetch() is good


def test_a_bomb_is_stopped_before_it_fills_the_memory(site: Site) -> None:
    bomb = gzip.compress(b"BEGIN:VCALENDAR\r\n" + bytes(64 * 1024**2))
    site.do = lambda call: call.answer(200, bomb, Content_Encoding="gzip")
    feed = make_feed(site, max_bytes=1024**2)
    tracemalloc.start()
    fail(feed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1024**2


def test_nobody_there_is_told_and_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    problem = fail(Feed(f"http://127.0.0.1:{port}/{SECRET}", DIRECT, allow_private=True))
    assert "no connection: Connection refused" in problem.what
    assert problem.temporary


def test_a_look_up_that_hangs_is_given_up_in_time() -> None:
    answered = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        answered.wait(60)
        return ["192.0.2.1"]

    feed = Feed(f"https://slow.example/{SECRET}", DIRECT, resolver=hang, seconds=0.2)
    with timed(10, "a look-up without an answer"):
        problem = fail(feed)
    answered.set()
    assert "within 0.2 seconds" in problem.what
    assert problem.temporary


def test_a_name_that_is_not_known_is_told_and_passes() -> None:
    problem = fail(Feed(f"https://gone.example/{SECRET}", DIRECT, resolver=Names({})))
    assert "the name of its host is not known" in problem.what
    assert problem.temporary


# --- redirects


def test_three_redirects_are_followed_and_a_fourth_is_not(site: Site) -> None:
    def answer(call: Call) -> None:
        left = int(call.path.rpartition("=")[2])
        if left:
            call.answer(307, Location=f"?left={left - 1}")
        else:
            call.answer(200, CALENDAR)

    site.do = answer
    start = f"http://127.0.0.1:{site.port}/cal.ics?left="
    assert Feed(start + "3", DIRECT, allow_private=True).fetch() == CALENDAR
    assert "more than 3 times" in fail(Feed(start + "4", DIRECT, allow_private=True)).what
    assert len(site.calls) == 4 + 4


def test_conditions_are_for_the_address_whose_body_we_have(site: Site) -> None:
    place = "/old"

    def answer(call: Call) -> None:
        if call.path.startswith(f"/{SECRET}"):
            call.answer(302, Location=place)
        elif "If-None-Match" in call.headers:
            call.answer(304)
        else:
            call.answer(200, CALENDAR if call.path == "/old" else OTHER, ETag='"1"')

    site.do = answer
    feed = make_feed(site)
    assert [feed.fetch(), feed.fetch()] == [CALENDAR, CALENDAR]
    assert [("If-None-Match" in call.headers) for call in site.calls] == [False, False, False, True]
    place = "/new"  # with an ETag that by chance is the same
    assert feed.fetch() == OTHER


def test_https_never_steps_down_to_http(site: Site, authority: trustme.CA, tmp_path: Path) -> None:
    network = Network("", save_authority(authority, tmp_path))
    with Site(make_context(authority, "feed.example")) as secure:
        secure.do = lambda call: call.answer(302, Location=f"http://127.0.0.1:{site.port}/")
        assert "must begin with https" in fail(make_secure_feed(secure, network)).what
    assert site.calls == []


# --- TLS


@pytest.mark.parametrize(
    ("host", "ends", "words"),
    [
        ("feed.example", None, ""),
        ("other.example", None, "certificate is not to be trusted: Hostname mismatch"),
        (
            "feed.example",
            datetime(2020, 1, 1, tzinfo=UTC),
            "certificate is not to be trusted: certificate has expired",
        ),
    ],
)
def test_the_certificate_must_be_for_the_host_and_in_force(
    authority: trustme.CA, tmp_path: Path, host: str, ends: datetime | None, words: str
) -> None:
    network = Network("", save_authority(authority, tmp_path))
    with Site(make_context(authority, host, ends)) as site:
        feed = make_secure_feed(site, network)
        if not words:
            assert feed.fetch() == CALENDAR
            assert site.calls[0].headers["Host"] == f"feed.example:{site.port}"
            return
        assert words in fail(feed).what
        assert site.calls == []


def test_authorities_are_those_of_the_config_then_of_the_environment_then_of_the_system(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = save_authority(authority, tmp_path)
    (tmp_path / "theirs").mkdir()
    theirs = save_authority(trustme.CA(), tmp_path / "theirs")
    with Site(make_context(authority, "feed.example")) as site:
        assert "not to be trusted" in fail(make_secure_feed(site, DIRECT)).what
        monkeypatch.setenv("SSL_CERT_FILE", str(ours))
        assert make_secure_feed(site, DIRECT).fetch() == CALENDAR
        assert "not to be trusted" in fail(make_secure_feed(site, Network("", theirs))).what
        monkeypatch.setenv("SSL_CERT_FILE", str(theirs))
        assert make_secure_feed(site, Network("", ours)).fetch() == CALENDAR


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_told_by_its_name(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    problem = fail(Feed(f"https://127.0.0.1/{SECRET}", Network("", file), allow_private=True))
    assert f"{file} holds no certificates to read" in problem.what
    assert "ca_file" in problem.todo


def test_a_server_that_stops_in_the_middle_of_tls_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://127.0.0.1:{server.getsockname()[1]}/{SECRET}"
        with timed(at_most=20, what="silence"):
            problem = fail(Feed(address, DIRECT, allow_private=True, seconds=SECONDS))
    assert "within 1 seconds" in problem.what


def test_plain_words_where_tls_belongs_are_told(site: Site) -> None:
    problem = fail(Feed(f"https://127.0.0.1:{site.port}/{SECRET}", DIRECT, allow_private=True))
    assert "no secure connection" in problem.what


# --- names and proxies


def test_a_name_is_looked_up_once_and_a_dead_address_leads_to_the_next(site: Site) -> None:
    # 127.0.0.2 has nobody at that port.
    names = Names({"feed.example": ["127.0.0.2", "127.0.0.1"]})
    address = f"http://feed.example:{site.port}/"
    assert Feed(address, DIRECT, allow_private=True, resolver=names).fetch() == CALENDAR
    assert names.asked == ["feed.example"]
    assert site.calls[0].headers["Host"] == f"feed.example:{site.port}"


@pytest.fixture
def secure(authority: trustme.CA, tmp_path: Path) -> Iterator[tuple[Site, Path]]:
    with Site(make_context(authority, "public.example")) as site:
        yield site, save_authority(authority, tmp_path)


PUBLIC = Names({"public.example": ["93.184.215.14"], "inside.example": ["10.0.0.1"]})


def make_public_feed(network: Network, host: str = "public.example", names: Names = PUBLIC) -> Feed:
    return Feed(f"https://{host}/{SECRET}", network, resolver=names, seconds=20)


def test_a_proxy_of_the_environment_is_used_and_the_config_wins(
    secure: tuple[Site, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, ca_file = secure
    with Proxy(site.port) as around, Proxy(site.port) as named:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{around.port}")
        assert make_public_feed(Network(None, ca_file)).fetch() == CALENDAR
        assert (around.targets, named.targets) == (["public.example:443"], [])
        monkeypatch.setenv("NO_PROXY", "public.example")
        proxy = f"http://Ada:p%C3%A4ss%20word@127.0.0.1:{named.port}"
        assert make_public_feed(Network(proxy, ca_file)).fetch() == CALENDAR
        assert (len(around.targets), named.targets) == (1, ["public.example:443"])
        login = base64.b64encode("Ada:päss word".encode()).decode()
        assert f"Proxy-Authorization: Basic {login}".lower() in named.heads[0].lower()
        assert all(SECRET not in head for head in (*around.heads, *named.heads))


@pytest.mark.parametrize("network", [Network(None), Network("")])
def test_no_proxy_and_an_empty_proxy_mean_a_direct_way(
    site: Site, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(site.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        if network.proxy is None:
            monkeypatch.setenv("NO_PROXY", "other.example,feed.example")
        problem = fail(make_secure_feed(site, network))
        assert "no secure connection" in problem.what  # the site itself answered, in plain http
        assert proxy.heads == []


def test_addresses_are_checked_before_the_proxy_is_asked(secure: tuple[Site, Path]) -> None:
    site, ca_file = secure
    with Proxy(site.port) as proxy:
        network = Network(f"127.0.0.1:{proxy.port}", ca_file)
        for host in (
            "inside.example",
            "10.0.0.1",
            "printer",
            "metadata.google.internal",
            "nas.local",
            "127.0.0.1.",
        ):
            assert "its host" in fail(make_public_feed(network, host)).what, host
        assert proxy.heads == []
        # A name that means nothing here: the proxy knows better.
        assert make_public_feed(network, names=Names({})).fetch() == CALENDAR


def test_a_proxy_that_refuses_is_told_with_its_code(site: Site) -> None:
    with Proxy(site.port, refusal=f"407 {SECRET}") as proxy:
        problem = fail(make_public_feed(Network(f"http://127.0.0.1:{proxy.port}")))
    assert "the proxy does not connect to it (code 407)" in problem.what


def test_a_proxy_that_is_none_is_told_without_its_password() -> None:
    problem = fail(make_public_feed(Network(f"socks5://me:{SECRET}@127.0.0.1:1")))
    assert "the proxy's address is unfit: a proxy must be written http://host:port" in problem.what
    assert SECRET not in repr(Network(f"http://me:{SECRET}@127.0.0.1:1"))


# --- the address is a secret


def test_no_log_line_of_any_level_holds_the_address(
    site: Site, authority: trustme.CA, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for bad, words, _ in ANSWERS.values():
        if not words.startswith("within"):
            site.do = bad
            fail(make_feed(site, tmp_path, max_bytes=1024**2))
    site.do = lambda call: call.answer(200, CALENDAR)
    make_feed(site, tmp_path).fetch()
    with Site(make_context(authority, "other.example")) as other:
        fail(make_secure_feed(other, Network("", save_authority(authority, tmp_path))))
    assert SECRET not in caplog.text


def test_a_feed_is_called_by_its_host_and_a_fingerprint(site: Site) -> None:
    # printf 'https://feed.example:443/cal.ics' | sha256sum
    feed = Feed("webcal://Feed.example/cal.ics", DIRECT)
    assert feed.name == "feed.example (7362eaa7)"
    assert SECRET not in repr(make_feed(site)) + repr(vars(make_feed(site)))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Date": "Wed, 18 Nov 2026 11:59:00 GMT"}, 60),
        ({"Date": "Wed, 18 Nov 2026 12:01:00 GMT"}, -60),
        ({"Date": "Wed, 18 Nov 2026 11:50:00 GMT", "Age": "600"}, 0),  # out of a cache
        ({"Date": "Wednesday, 18-Nov-26 11:59:00 GMT"}, 60),  # RFC 9110, 5.6.7: the old form must be read
        ({"Date": "Wed, 18 Nov 2026 11:59:00"}, None),  # no zone
        ({"Date": "soon"}, None),
        ({"Date": "Wed, 18 Nov 99999999999 11:59:00 GMT"}, None),
        ({}, None),
    ],
)
def test_a_servers_date_tells_how_far_the_clock_is_off(headers: dict[str, str], seconds: int | None) -> None:
    drift = measure_drift(headers, datetime(2026, 11, 18, 12, 0, tzinfo=UTC))
    assert drift == (None if seconds is None else timedelta(seconds=seconds))
