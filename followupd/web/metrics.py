"""Figures for a program that watches, in the text format of Prometheus.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from followupd import __version__
from followupd.items import OPEN, Status
from followupd.render import Renderer
from followupd.store.store import Store
from followupd.watching import Watch

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Sample(NamedTuple):
    """One line."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""
    """Of the name, in a summary: "_sum" or "_count"."""


class Metric(NamedTuple):
    """One figure, with a line for each of its labels."""

    name: str
    kind: str
    """"gauge", "counter" or "summary"."""
    help: str
    samples: list[Sample]


def write_metrics(metrics: Iterable[Metric]) -> str:
    return "".join(f"{line}\n" for metric in metrics for line in _write_metric(metric))


def _write_metric(metric: Metric) -> Iterator[str]:
    name = f"followupd_{metric.name}"
    yield f"# HELP {name} {metric.help}"
    yield f"# TYPE {name} {metric.kind}"
    for sample in metric.samples:
        labels = ",".join(f'{label}="{_escape(value)}"' for label, value in sample.labels.items())
        yield f"{name}{sample.suffix}{f'{{{labels}}}' if labels else ''} {sample.value:.17g}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def measure(store: Store, watch: Watch, renderer: Renderer, now: datetime) -> Iterator[Metric]:
    """Yield every figure there is, as of now."""
    yield Metric("build_info", "gauge", "Which followupd runs.", [Sample(1, {"version": __version__})])
    yield from _measure_work(watch, now)
    yield from _measure_state(store, now)
    yield from _measure_calls(watch)
    drawn = [Sample(renderer.seconds, suffix="_sum"), Sample(renderer.renders, suffix="_count")]
    yield Metric("render_seconds", "summary", "Templates rendered or checked, and how long that took.", drawn)


def _measure_work(watch: Watch, now: datetime) -> Iterator[Metric]:
    health = watch.find_health()
    yield Metric("working", "gauge", "1 while work is done, as /healthz has it.", [Sample(health.good)])
    if health.last_good is not None:
        age = (now - health.last_good).total_seconds()
        yield Metric("good_pass_age_seconds", "gauge", "Since all that was due was done.", [Sample(age)])
    passes = [Sample(count, {"outcome": outcome}) for outcome, count in watch.passes.items()]
    yield Metric("passes_total", "counter", "Passes since the start, by how they went.", passes)
    spent = [Sample(watch.seconds, suffix="_sum"), Sample(sum(watch.passes.values()), suffix="_count")]
    yield Metric("pass_seconds", "summary", "How long passes took.", spent)


def _measure_state(store: Store, now: datetime) -> Iterator[Metric]:
    read = store.calendars.all_read_at()
    ages = [Sample((now - at).total_seconds(), {"calendar": name}) for name, at in read.items()]
    yield Metric("calendar_age_seconds", "gauge", "Since a calendar was last read well.", ages)
    counts = store.past.count_by_status()
    queue = [Sample(counts.get(status, 0), {"status": status}) for status in Status]
    yield Metric("queue_items", "gauge", "Items by status, those that ended among them.", queue)
    at_risk = sum(item.is_at_risk(now) for item in store.followups(OPEN))
    yield Metric("at_risk_items", "gauge", "Items whose 48 hours are in danger or over.", [Sample(at_risk)])
    yield Metric(
        "paused", "gauge", "1 while nothing leaves because you said so.", [Sample(store.is_paused())]
    )


def _measure_calls(watch: Watch) -> Iterator[Metric]:
    spending = watch.list_spending()
    calls = [Sample(one.calls, {"account": one.account, "api": one.api}) for one in spending]
    units = [Sample(one.units, {"account": one.account, "api": one.api}) for one in spending]
    yield Metric("api_calls_total", "counter", "Calls of Google's APIs.", calls)
    yield Metric("api_quota_units_total", "counter", "What they cost of the account's quota.", units)
