"""A feed that did not change, against what http.client takes to ask the same: CPU of this thread, the server in another."""

import http.client
import time
from collections.abc import Callable

from servers.web import CALENDAR, Call, Site

from bench.telling import tell
from followupd.adapters.feeds import Feed
from followupd.network import Network

ROUNDS = 5
TIMES = 200


def answer(call: Call) -> None:
    if "If-None-Match" in call.headers:
        call.answer(304, ETag='"1"')
    else:
        call.answer(200, CALENDAR, ETag='"1"')


def ask_plainly(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/cal.ics", headers={"If-None-Match": '"1"'})
    connection.getresponse().read()
    connection.close()


def measure(act: Callable[[], object]) -> float:
    """Return the CPU seconds of this thread for one of many times."""
    start = time.thread_time()
    for _ in range(TIMES):
        act()
    return (time.thread_time() - start) / TIMES


def main() -> None:
    with Site() as site:
        site.do = answer
        feed = Feed(f"http://127.0.0.1:{site.port}/cal.ics", Network(""), allow_private=True)
        feed.fetch()
        ratios = [measure(feed.fetch) / measure(lambda: ask_plainly(site.port)) for _ in range(ROUNDS)]
    tell("a feed that did not change", ratios, "x http.client")


if __name__ == "__main__":
    main()
