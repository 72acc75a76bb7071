from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import WirewatchError
from bot.health import HealthServer, Metrics, not_ready
from bot.settings.keys import Listen

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class State:
    """What the server under test is asked about."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.reason: str | None = None


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
async def client(state: State) -> AsyncIterator[httpx.AsyncClient]:
    async def extra(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    server = HealthServer(
        Listen("127.0.0.1", 0), state.metrics, lambda: state.reason, [web.post("/slack/events", extra)]
    )
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as made:
        yield made
    await server.stop()
    await server.stop()


async def test_a_live_process_is_healthy_even_when_it_is_not_ready(client: httpx.AsyncClient, state: State) -> None:
    state.reason = "no poll has finished"
    assert (await client.get("/healthz")).text == "ok\n"
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "no poll has finished\n")


async def test_a_working_process_is_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/metrics/x", 404),
        ("GET", "/../etc/passwd", 404),
        ("POST", "/healthz", 405),
        ("HEAD", "/readyz", 405),
        ("DELETE", "/metrics", 405),
    ],
)
async def test_nothing_else_is_answered(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    assert (await client.request(method, path)).status_code == status


async def test_others_can_share_the_listener(client: httpx.AsyncClient) -> None:
    assert (await client.post("/slack/events", content="x")).text == "x"


async def test_prometheus_reads_what_was_counted(client: httpx.AsyncClient, state: State) -> None:
    metrics = state.metrics
    metrics.poll_finished("ok", 12, 3, 0.4, NOW)
    metrics.poll_finished("timeout", 0, 0, 30.0)
    metrics.article("matched")
    metrics.rule_matched("arms-deal")
    metrics.delivered("desk", "sent", 42.0)
    metrics.delivered("desk", "failed")
    metrics.queue_depth("desk", 7)
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    wanted = {
        ("wirewatch_polls_total", "ok"): 1,
        ("wirewatch_polls_total", "timeout"): 1,
        ("wirewatch_items_total",): 12,
        ("wirewatch_new_items_total",): 3,
        ("wirewatch_articles_total", "matched"): 1,
        ("wirewatch_matches_total", "arms-deal"): 1,
        ("wirewatch_deliveries_total", "desk", "sent"): 1,
        ("wirewatch_deliveries_total", "desk", "failed"): 1,
        ("wirewatch_queue_depth", "desk"): 7,
        ("wirewatch_lag_seconds_count", "desk"): 1,
        ("wirewatch_lag_seconds_bucket", "desk", "30.0"): 0,
        ("wirewatch_lag_seconds_bucket", "desk", "60.0"): 1,
        ("wirewatch_poll_duration_seconds_count",): 2,
        ("wirewatch_last_poll_timestamp_seconds",): NOW.timestamp(),
    }
    assert {key: found.get(key) for key in wanted} == wanted


async def test_a_strange_label_does_not_break_the_page(client: httpx.AsyncClient, state: State) -> None:
    name = 'a"b\\c\nwirewatch_items_total 99\u2028é'
    state.metrics.rule_matched(name)
    answer = await client.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert [s.labels["rule"] for s in families["wirewatch_matches"].samples if s.name.endswith("_total")] == [name]
    assert [s.value for s in families["wirewatch_items"].samples if s.name.endswith("_total")] == [0.0]


def test_labels_beyond_the_limit_are_counted_together() -> None:
    metrics = Metrics(labels_max=3)
    for i in range(10):
        metrics.rule_matched(f"rule-{i}")
    metrics.rule_matched("rule-0")
    value = metrics.registry.get_sample_value
    assert value("wirewatch_matches_total", {"rule": "rule-0"}) == 2
    assert value("wirewatch_matches_total", {"rule": "other"}) == 7


def test_a_clock_that_runs_ahead_makes_no_negative_lag() -> None:
    metrics = Metrics()
    metrics.delivered("desk", "sent", -5.0)
    assert metrics.registry.get_sample_value("wirewatch_lag_seconds_sum", {"channel": "desk"}) == 0


async def test_an_address_in_use_is_one_sentence() -> None:
    first = HealthServer(Listen("127.0.0.1", 0), Metrics(), lambda: None)
    await first.start()
    second = HealthServer(Listen("127.0.0.1", first.port), Metrics(), lambda: None)
    with pytest.raises(
        WirewatchError, match=r"^cannot listen on 127\.0\.0\.1:\d+ \(Address already in use\); change listen"
    ):
        await second.start()
    await second.stop()
    await first.stop()


MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("last_poll", "age", "reason"),
    [
        (None, 5 * MINUTES, None),
        (None, 31 * MINUTES, "no poll has finished since the start for 1860 s, which is more than 3 intervals"),
        (NOW - 29 * MINUTES, 900 * MINUTES, None),
        (NOW - 30 * MINUTES, 900 * MINUTES, None),
        (NOW - 31 * MINUTES, 900 * MINUTES, "no poll has finished for 1860 s, which is more than 3 intervals"),
    ],
    ids=["fresh", "never polled", "polled lately", "just three intervals", "too long ago"],
)
def test_when_it_is_not_ready(last_poll: datetime | None, age: timedelta, reason: str | None) -> None:
    assert not_ready(last_poll, NOW - age, timedelta(minutes=10), NOW) == reason
