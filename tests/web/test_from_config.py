"""What a config says of fetching holds for all that fetch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import Config, load_config
from bot.errors import ConfigError
from bot.model import Fetched, HttpState, Source
from bot.web.exchange import Setting, trusting
from bot.web.fetch import Fetcher
from bot.web.from_config import fetcher_of, limits_of
from tests.bot_process import Room
from tests.fakes.authority import Authority
from tests.fakes.feeds import Answer, FeedServer, rss

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


def config(folder: Path, more: str) -> Config:
    file = folder / "wirewatch.yaml"
    file.write_text(f"allow_private: [127.0.0.1]\n{more}\nchannels: {{desk: {{kind: console}}}}\n", "utf-8")
    return load_config(file, {})


async def got(fetcher: Fetcher, url: str) -> Fetched:
    async with fetcher:
        answer = await fetcher.fetch(Source("s", url), HttpState(), NOW)
    assert isinstance(answer, Fetched)
    return answer


async def test_an_authority_of_ones_own_is_trusted_where_the_config_names_it(
    tmp_path: Path, authority: Authority
) -> None:
    """Its path counts from the folder of the config."""
    (tmp_path / "our-ca.pem").write_bytes(authority.pem.read_bytes())
    async with FeedServer({"/feed": Answer(rss(3))}, tls=authority.server()) as secure:
        answer = await got(fetcher_of(config(tmp_path, "ca_file: our-ca.pem")), secure.url("/feed"))
    assert answer.content == rss(3)


def test_the_public_authorities_stay_trusted(authority: Authority) -> None:
    public, both = (trusting(ca_file).cert_store_stats()["x509_ca"] for ca_file in (None, str(authority.pem)))
    assert public > 50
    assert both == public + 1


def test_what_is_fetched_elsewhere_keeps_to_the_same_config(tmp_path: Path, authority: Authority) -> None:
    made = config(tmp_path, f"ca_file: '{authority.pem}'")
    assert fetcher_of(made).setting == Setting(limits_of(made), str(authority.pem))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "ca_file: our-ca.pem cannot be read (no such file or directory); correct the path"),
        ("nothing", "ca_file: our-ca.pem holds no certificate; write one that begins with -----BEGIN CERTIFICATE-----"),
    ],
)
def test_a_file_without_a_certificate_is_told_at_its_place(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "our-ca.pem").write_text(content)
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, "ca_file: our-ca.pem")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.text) == (2, 10, said)


async def test_sources_check_keeps_the_limits_and_the_authority_of_the_config(
    tmp_path: Path, authority: Authority
) -> None:
    """What a run would refuse, a check refuses; what a run would read, a check reads."""
    extra = f"ca_file: '{authority.pem}'\npoll: {{body_max: 50KB}}\n"
    room = Room(tmp_path, "  desk: {kind: console}\n", extra=extra)
    async with FeedServer({"/small": Answer(rss(3)), "/large": Answer(rss(300))}, tls=authority.server()) as secure:
        room.sources(secure.url("/small"), secure.url("/large"))
        status, out, _ = await room.run("sources", "check")
    assert status == 1
    assert "ok    source-0: rss 2.0, 3 items" in out
    assert "FAIL  source-1" in out
    assert "more than 50 KB;" in out
