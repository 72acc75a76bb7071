"""The contract that every channel must pass: one suite, one harness per channel.

How to plug a channel in
------------------------
In ``tests/channels/test_<kind>.py`` subclass :class:`ChannelContract` and give it a ``harness`` fixture; pytest then
runs every test below against your channel and its local server::

    class TestSlackContract(ChannelContract):
        @pytest.fixture
        async def harness(self) -> AsyncIterator[Harness]:
            async with FakeSlack() as server:
                yield SlackHarness(server)

The harness (see :class:`Harness`) does five things: it makes a channel that talks to the local server, says what a
person would *see* of each post, tells which secrets the channel was given, makes the server fail in a named way
(:class:`Fault`) and lets it recover. ``seen()`` must do what the platform's client does, not what the channel did:
undo escapes, show dates in UTC as ``... 14:05 ...``, keep ``text`` free of markup, put link targets into ``links``,
bold stretches into ``strong``, and everything that would come alive (a ping, a mention, a masked link, an
attachment that was not asked for) into ``live``.

A harness lists in ``faults`` what its server can show. The table of verdicts is :data:`TRANSIENT` and
:data:`PERMANENT`; each platform says these things its own way (Slack: 200 with ``{"ok": false, "error":
"channel_not_found"}`` is ``Fault.NOT_FOUND``), and that way is the harness's knowledge. A channel that retries by
itself must be made with waits of zero, so that no test sleeps.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import pytest

from bot.channels.base import Channel
from bot.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from bot.message import CountryTag, Digest, DigestLine, FiredRule, Message, Notice, Receipt, Segment
from bot.model import Severity
from bot.summary.model import Cited, Count, Rank, Summary, Timeline, Told
from bot.summary.post import SummaryPost

RETRY_AFTER_S = 7
"""What ``Fault.RATE_LIMITED`` asks for, in seconds."""

PATIENCE_S = 30.0
"""How long a channel waits for its platform: so long that a busy machine is not taken for a fault."""
IMPATIENT_S = 2.0
"""The same where no answer is the fault."""


class Fault(StrEnum):
    """How a platform can fail."""

    RATE_LIMITED = "429, asking for RETRY_AFTER_S seconds"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    DROPPED = "connection closed without an answer"
    TIMEOUT = "no answer in time"
    UNAUTHORIZED = "the token is revoked"
    FORBIDDEN = "a permission or scope is missing"
    NOT_FOUND = "the channel is gone"
    REFUSED = "the payload is called invalid"


TRANSIENT = (Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.UNAVAILABLE, Fault.DROPPED, Fault.TIMEOUT)
PERMANENT = (Fault.UNAUTHORIZED, Fault.FORBIDDEN, Fault.NOT_FOUND, Fault.REFUSED)


@dataclass(frozen=True, slots=True)
class Seen:
    """One post as a person sees it. ``strong`` is ``None`` where the channel has no emphasis."""

    text: str
    links: tuple[str, ...] = ()
    strong: tuple[str, ...] | None = None
    live: tuple[str, ...] = ()
    fallback: str = ""  # what a phone's notification shows, where that is a text of its own


class Harness(Protocol):
    """A channel's local server, as the contract needs it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Token, signing secret, secret part of a URL: what must show up nowhere."""
        ...

    @property
    def faults(self) -> frozenset[Fault]:
        """What :meth:`fail` can show; empty for a channel that cannot fail."""
        ...

    def make(self, timeout_s: float = PATIENCE_S) -> Channel:
        """A new channel, not started, on the same place (as after a restart)."""
        ...

    async def seen(self) -> list[Seen]:
        """The posts on the place, oldest first, as they look now."""
        ...

    def fail(self, fault: Fault) -> None:
        """From now on every request that posts is answered so."""
        ...

    def heal(self) -> None:
        """From now on all is well again."""
        ...


# -- what is posted -------------------------------------------------------------------------------------------------

AT = datetime(2026, 9, 14, 14, 5, tzinfo=UTC)

MESSAGE = Message(
    key="k-arms-1",
    alert_id="a-arms-1",
    severity=Severity.HIGH,
    headline="Pyongyang agrees to ship artillery shells to Russia",
    url="https://news.example/world/shells?id=7&lang=en",
    source="Example Wire",
    published=AT,
    dated=True,
    passage=(
        Segment("Officials said the "),
        Segment("arms deal", strong=True),
        Segment(" was signed by "),
        Segment("North Korea", strong=True),
        Segment(" at the weekend; the first trains left on Monday."),
    ),
    countries=(CountryTag("KP", "North Korea", "🇰🇵"), CountryTag("RU", "Russia", "🇷🇺")),
    rules=(FiredRule("arms-deal", "Arms deal with a sanctioned state", Severity.HIGH, ("arms deal", "North Korea")),),
    fallback="HIGH: Pyongyang agrees to ship artillery shells to Russia (Example Wire)",
    tags=("sanctions", "arms"),
)

HOSTILE = (
    pytest.param("<!channel> <@U024BE7LH> <#C024BE7LR|general> <!here>", id="slack-mentions"),
    pytest.param("@everyone @here <@80351110224678912> <@&1> <#2> </wire:3> <t:0:R>", id="discord-mentions"),
    pytest.param("<https://evil.example|your bank> & [click](https://evil.example)", id="masked-links"),
    pytest.param("*bold* _it_ ~gone~ `code` ||spoiler|| **b** __u__ # head", id="markdown"),
    pytest.param("> quote ```fence ``` - list \\* \\_ &amp; &lt;b&gt; <b>html</b>", id="escapes"),
    pytest.param("[red]rich[/red] [link=https://evil.example]x[/link] :skull: [/]", id="rich-markup"),
    pytest.param('"}],"x":"\'; DROP TABLE alerts;-- ${HOME} %s {0}', id="quoting"),
)

ALIVE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\ud800-\udfff]")
"""What must reach no screen: control characters, bidirectional overrides, tag characters, lone surrogates."""


def squash(text: str) -> str:
    """NFC, without white space and zero-width characters: wrapping and tricks against pings are a channel's affair."""
    return re.sub("[\\s\\u200b\\u2060]", "", unicodedata.normalize("NFC", text))


def shows(text: str, wanted: str) -> bool:
    return squash(wanted).casefold() in squash(text).casefold()


NUMBERED = ("head", "source", "passage", "strong", "title", "reason", "text", "fall", "word")
"""The names that :func:`words` is called with below, as far as their words are checked."""


def words(name: str, length: int = 10_000) -> str:
    """A text of ``length`` characters and more whose every word tells which it is: ``head1x head2x ...``"""
    return " ".join(f"{name}{i}x" for i in range(1, 2 + length // (len(name) + 3)))


def digest(count: int, *, total: int | None = None, headline: str = "") -> Digest:
    lines = tuple(
        DigestLine(
            alert_id=f"a-{i}",
            severity=Severity.MEDIUM,
            headline=headline or f"Story number {i} of the night",
            url=f"https://news.example/{i}",
            source="Example Wire",
            published=AT,
            rules=("Arms deal with a sanctioned state",),
        )
        for i in range(1, count + 1)
    )
    return Digest("k-digest-1", "Catch-up", "20 alerts waited while the channel was down", lines, total or count, AT)


NOTICE = Notice("k-notice-1", "Source bbc-world is failing", "It answered 503 five times; see sources list.")


def summary_post(text: str = "", *, stories: int = 2) -> SummaryPost:
    """A summary of a day; ``text`` stands wherever foreign words can."""
    told = tuple(
        Told(
            story_id=f"s{n}",
            headline=text or f"Headline number {n} of the day",
            url=f"https://news.example/story{n}",
            source=text or "Example Wire",
            severity=Severity.HIGH,
            countries=(CountryTag("KP", "North Korea", "🇰🇵"),),
            rules=(text or "Arms deal with a sanctioned state",),
            sources=3,
            alerts=2,
            is_new=True,
            last=AT,
            sentences=(Cited(text or f"Sentence number {n}.", f"a{n}", f"https://cited.example/{n}", "Wire", AT),),
            rank=Rank(1.0, 0.5, 0.2, 0.1),
        )
        for n in range(1, stories + 1)
    )
    day = timedelta(days=1)
    made = Summary(
        AT - day, AT, text, 7, 120, 9, told,
        (Count("KP", "North Korea", "🇰🇵", 7, 2),), (Count("r", text or "Arms", "", 7, 2),),
        "All 3 sources were read throughout", Timeline((AT - day,), day, {"North Korea": (7,)}),
    )  # fmt: skip
    return SummaryPost("k-summary-1", "morning", "UTC", made)


class ChannelContract:
    """Subclass it, and define the fixture ``harness``."""

    @pytest.fixture
    async def channel(self, harness: Harness, request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
        given = getattr(request.node, "callspec", None)
        no_answer = given is not None and given.params.get("fault") is Fault.TIMEOUT
        channel = harness.make(IMPATIENT_S if no_answer else PATIENCE_S)
        await channel.start()
        yield channel
        await channel.stop()

    async def last(self, harness: Harness) -> Seen:
        seen = await harness.seen()
        assert seen, "nothing was posted"
        return seen[-1]

    # -- what a person sees -----------------------------------------------------------------------------------------

    async def test_alert_shows_all_there_is_to_know(self, harness: Harness, channel: Channel) -> None:
        await channel.post(MESSAGE)
        seen = await self.last(harness)
        passage = "".join(s.text for s in MESSAGE.passage)
        for what in (
            MESSAGE.headline,
            "high",
            passage,
            "North Korea",
            "Russia",
            MESSAGE.source,
            MESSAGE.rules[0].title,
        ):
            assert shows(seen.text, what), what
        assert "14:05" in seen.text
        assert MESSAGE.url in seen.links
        assert "\U0001f1f0\U0001f1f5" in seen.text, "the flag"
        if seen.strong is not None:
            assert any("arms deal" in s for s in seen.strong)
        assert not seen.live

    async def test_every_severity_is_told(self, harness: Harness, channel: Channel) -> None:
        for severity in Severity:
            await channel.post(replace(MESSAGE, key=f"k-{severity}", severity=severity))
            assert shows((await self.last(harness)).text, severity.word)

    async def test_receipt_names_channel_and_key(self, channel: Channel) -> None:
        receipt = await channel.post(MESSAGE)
        assert (receipt.channel, receipt.key) == (channel.name, MESSAGE.key)
        assert receipt.sent_at.utcoffset() is not None
        assert receipt.ref

    async def test_digest_lists_its_alerts_and_says_why(self, harness: Harness, channel: Channel) -> None:
        receipt = await channel.post_digest(digest(5))
        assert receipt.key == "k-digest-1"
        seen = await self.last(harness)
        for i in range(1, 6):
            assert shows(seen.text, f"Story number {i} of the night")
            assert f"https://news.example/{i}" in seen.links
        assert shows(seen.text, "Catch-up")
        assert shows(seen.text, "20 alerts waited while the channel was down")

    async def test_digest_is_grouped_and_says_what_was_not_read(self, harness: Harness, channel: Channel) -> None:
        groups = ("Arms deals", "Arms deals", "Coups")
        lines = tuple(replace(line, group=group) for line, group in zip(digest(3).lines, groups, strict=True))
        await channel.post_digest(replace(digest(3), lines=lines, coverage="BBC World failing for 2 h 10 min"))
        seen = (await self.last(harness)).text
        for words in ("Arms deals", "Coups", "BBC World failing for 2 h 10 min"):
            assert shows(seen, words)

    async def test_digest_says_what_is_new_in_a_story_that_was_told(self, harness: Harness, channel: Channel) -> None:
        new = ("New number: 400 killed (told before: 12)", "New number: 90 injured")
        lines = (replace(digest(1).lines[0], adds=new), digest(2).lines[1])
        await channel.post_digest(replace(digest(2), lines=lines))
        seen = (await self.last(harness)).text
        assert shows(seen, "400 killed (told before: 12)")
        assert shows(seen, "90 injured")

    async def test_digest_too_long_to_list_still_counts_everything(self, harness: Harness, channel: Channel) -> None:
        await channel.post_digest(digest(100, total=1234))
        seen = (await self.last(harness)).text
        assert "1234" in seen.replace(",", "")
        assert shows(seen, "Story number 1 of the night")

    async def test_empty_digest_is_posted(self, harness: Harness, channel: Channel) -> None:
        await channel.post_digest(digest(0))
        assert shows((await self.last(harness)).text, "Catch-up")

    async def test_notice_is_posted(self, harness: Harness, channel: Channel) -> None:
        receipt = await channel.post_notice(NOTICE)
        assert receipt.key == NOTICE.key
        seen = await self.last(harness)
        assert shows(seen.text, NOTICE.title)
        assert shows(seen.text, NOTICE.text)

    async def test_summary_tells_its_stories_and_cites(self, harness: Harness, channel: Channel) -> None:
        receipt = await channel.post_summary(summary_post())
        assert receipt.key == "k-summary-1"
        seen = await self.last(harness)
        for n in (1, 2):
            assert shows(seen.text, f"Headline number {n} of the day")
        assert "7" in seen.text
        assert shows(seen.text, "All 3 sources were read throughout")
        assert not seen.live

    async def test_long_summary_is_cut_and_never_lost(self, harness: Harness, channel: Channel) -> None:
        await channel.post_summary(summary_post(words("head", 700), stories=20))
        assert shows((await self.last(harness)).text, "head1x")

    async def test_bare_alert_is_posted(self, harness: Harness, channel: Channel) -> None:
        """No link, source, passage, countries, rules or image: platforms refuse empty fields, we must not send them."""
        bare = replace(MESSAGE, url="", source="", passage=(), countries=(), rules=(), image="", tags=(), dated=False)
        await channel.post(bare)
        seen = await self.last(harness)
        assert shows(seen.text, MESSAGE.headline)
        assert not seen.links

    async def test_alert_without_a_headline_is_posted(self, harness: Harness, channel: Channel) -> None:
        await channel.post(replace(MESSAGE, headline="", fallback=""))
        seen = await self.last(harness)
        assert shows(seen.text, "North Korea")
        assert MESSAGE.url in seen.links

    # -- hostile text -----------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_hostile_text_is_shown_as_text(self, harness: Harness, channel: Channel, text: str) -> None:
        hostile = replace(
            MESSAGE,
            headline=f"{text} end",
            source=text,
            passage=(Segment(f"{text} "), Segment(text, strong=True)),
            countries=(CountryTag("XX", text, "🏳"),),
            rules=(FiredRule("r", text, Severity.LOW, (text,)),),
            fallback=text,
        )
        await channel.post(hostile)
        seen = await self.last(harness)
        assert not seen.live
        assert set(seen.links) <= {MESSAGE.url}
        assert shows(seen.text, f"{text} end")
        assert squash(seen.text).count(squash(text)) >= 4, "headline, passage twice, source or rule"

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_hostile_digest_and_notice_are_shown_as_text(
        self, harness: Harness, channel: Channel, text: str
    ) -> None:
        told = digest(2, headline=text).lines
        lines = tuple(replace(line, group=text, retracted=text, adds=(text,)) for line in told)
        await channel.post_digest(replace(digest(2), lines=lines, title=text, reason=text, coverage=text))
        seen = await self.last(harness)
        assert not seen.live
        assert squash(seen.text).count(squash(text)) >= 3
        await channel.post_notice(replace(NOTICE, title=text, text=text))
        seen = await self.last(harness)
        assert not seen.live
        assert not seen.links
        assert squash(seen.text).count(squash(text)) >= 2
        await channel.post_summary(summary_post(text))
        seen = await self.last(harness)
        assert not seen.live
        assert all(link.startswith(("https://news.example/", "https://cited.example/")) for link in seen.links)
        assert squash(seen.text).count(squash(text)) >= 2

    async def test_invisible_tricks_do_not_reach_the_screen(self, harness: Harness, channel: Channel) -> None:
        trick = "safe \u202egnp.exe\u202c \x1b[31mred\x1b[0m \x00nul \x9b2J \ud800 \U000e0041\U000e0042 \u2066x\u2069"
        await channel.post(
            replace(
                MESSAGE,
                headline=trick,
                source=trick,
                passage=(Segment(trick), Segment(trick, strong=True)),
                rules=(FiredRule("r", trick, Severity.LOW, (trick,)),),
                fallback=trick,
            )
        )
        await channel.post_digest(replace(digest(1, headline=trick), title=trick, reason=trick))
        await channel.post_notice(replace(NOTICE, title=trick, text=trick))
        await channel.post_summary(summary_post(trick))
        posts = await harness.seen()
        assert len(posts) == 4
        for seen in posts:
            for text in (seen.text, seen.fallback):
                assert not ALIVE.search(text.replace("\n", " ").replace("\t", " ")), ascii(text)

    @pytest.mark.parametrize(
        "url",
        ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//news.example/x", "https://", "not a link",
         "https://ok.example/a b", "https://ok.example/<x>|y", 'https://ok.example/"onclick="x', "https://ok.example/)x",
         "https://ok.example/\u202egpj", "https://news.example@evil.example\\@x/", "https://ok.example/\ud800"],
    )  # fmt: skip
    async def test_only_clean_http_links_are_links(self, harness: Harness, channel: Channel, url: str) -> None:
        await channel.post(replace(MESSAGE, url=url, image=url))
        line = replace(digest(1).lines[0], url=url)
        await channel.post_digest(replace(digest(1), lines=(line,)))
        posts = await harness.seen()
        assert len(posts) == 2
        for seen in posts:
            assert not seen.live
            for link in seen.links:
                assert re.fullmatch(r"https?://[^\s<>\"|\\\x00-\x1f\u0080-\U0010ffff]+", link), link

    # -- length -----------------------------------------------------------------------------------------------------

    async def test_overlong_alert_is_cut_at_words_and_never_lost(self, harness: Harness, channel: Channel) -> None:
        await channel.post(
            replace(
                MESSAGE,
                headline=words("head"),
                url="https://news.example/" + "p" * 10_000,
                source=words("source"),
                passage=(Segment(words("passage") + " "), Segment(words("strong"), strong=True)),
                countries=tuple(CountryTag("KP", words(f"land{i}n"), "🇰🇵") for i in range(60)),
                rules=tuple(
                    FiredRule(f"rule-{i}", words(f"rule{i}n"), Severity.HIGH, tuple(words("word").split()))
                    for i in range(30)
                ),
                fallback=words("fall"),
                tags=tuple(words("tag").split()),
            )
        )
        seen = await self.last(harness)
        assert shows(seen.text, "head1x head2x head3x")
        assert shows(seen.text, "passage1x passage2x")
        assert shows(seen.text, "source1x")
        assert shows(seen.text, "rule0n1x")
        assert not seen.live
        self.assert_cut_at_words(seen.text, words("head"))
        self.assert_cut_at_words(seen.fallback, "")

    async def test_overlong_digest_and_notice_are_cut_at_words(self, harness: Harness, channel: Channel) -> None:
        await channel.post_digest(
            replace(digest(60, headline=words("head")), title=words("title"), reason=words("reason"))
        )
        seen = await self.last(harness)
        assert shows(seen.text, "title1x title2x")
        assert shows(seen.text, "head1x head2x")
        self.assert_cut_at_words(seen.text, words("title"))
        await channel.post_notice(replace(NOTICE, title=words("title"), text=words("text")))
        seen = await self.last(harness)
        assert shows(seen.text, "title1x title2x")
        assert shows(seen.text, "text1x text2x")
        self.assert_cut_at_words(seen.text, words("text"))

    def assert_cut_at_words(self, text: str, whole: str) -> None:
        """Either all of ``whole`` is there or an ellipsis says that it is not; no word lost its end."""
        assert "…" in text or shows(text, whole)
        assert not re.findall(rf"\b(?:{'|'.join(NUMBERED)})\d+(?!\d*x)", text), "a word lost its end"
        torn = {name[:length] for name in NUMBERED for length in range(2, len(name))}
        assert not torn & set(re.findall(r"\w+", text)), "a word lost its end"

    @pytest.mark.parametrize(
        "unit", ["a", "漢", "🇰🇵", "👩‍👩‍👧‍👦", "e\u0301\u0323", "क्षि", "&", "<", "*", "\U0001f600", "\\"]
    )
    async def test_one_endless_word_is_cut_between_characters(
        self, harness: Harness, channel: Channel, unit: str
    ) -> None:
        """Escaping that lengthens, surrogate pairs, sequences: the limit is met and no character is torn."""
        text = unit * 10_000
        endless = replace(
            MESSAGE, headline=text, source=text, passage=(Segment(text), Segment(text, True)), fallback=text
        )
        await channel.post(endless)
        seen = await self.last(harness)
        assert not seen.live
        assert shows(seen.text, unit * 3)
        for torn in (r"(?<![\U0001f1e6-\U0001f1ff])([\U0001f1e6-\U0001f1ff]{2})*[\U0001f1e6-\U0001f1ff]…", "\u200d…"):
            assert not re.search(torn, squash(seen.text))

    # -- failure ----------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("fault", [*TRANSIENT, *PERMANENT], ids=lambda f: f.name.lower())
    async def test_fault_gets_its_verdict_and_recovery_works(
        self, harness: Harness, channel: Channel, fault: Fault
    ) -> None:
        """The retry table. Every kind of post obeys it, no error holds a secret, and the channel survives it."""
        if fault not in harness.faults:
            pytest.skip(f"this channel cannot see: {fault}")
        expected = TransientDeliveryError if fault in TRANSIENT else PermanentDeliveryError
        harness.fail(fault)
        sends: tuple[Callable[[], Awaitable[Receipt]], ...] = (
            lambda: channel.post(MESSAGE),
            lambda: channel.post_digest(digest(3)),
            lambda: channel.post_notice(NOTICE),
            lambda: channel.post_summary(summary_post()),
        )
        for send in sends:
            with pytest.raises(DeliveryError) as caught:
                await send()
            error = caught.value
            assert isinstance(error, expected), f"{fault}: {error!r}"
            assert error.channel == channel.name
            assert channel.name in str(error)
            assert "\n" not in str(error)
            if isinstance(error, PermanentDeliveryError):
                assert error.remedy, "a person has to be told what to do"
            if fault is Fault.RATE_LIMITED:
                assert isinstance(error, TransientDeliveryError)
                assert error.retry_after_s == pytest.approx(RETRY_AFTER_S, abs=1)
            self.assert_no_secret(harness, error)
        harness.heal()
        receipt = await channel.post(MESSAGE)
        assert receipt.key == MESSAGE.key
        assert shows((await self.last(harness)).text, MESSAGE.headline)

    def assert_no_secret(self, harness: Harness, error: BaseException) -> None:
        link: BaseException | None = error
        while link is not None:  # the cause is logged too
            for secret in harness.secrets:
                assert secret not in str(link)
                assert secret not in repr(link)
            link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)

    async def test_no_secret_in_any_text_form_of_the_channel(self, harness: Harness, channel: Channel) -> None:
        for secret in harness.secrets:
            assert secret not in repr(channel)
            assert secret not in str(channel)
            assert secret not in f"{await channel.check()}"

    async def test_no_secret_in_a_post(self, harness: Harness, channel: Channel) -> None:
        receipt = await channel.post(MESSAGE)
        seen = await self.last(harness)
        for secret in harness.secrets:
            assert secret not in f"{seen!r} {receipt!r}"

    async def test_check_finds_a_working_place_fine_and_posts_nothing(self, harness: Harness, channel: Channel) -> None:
        assert await channel.check() is None
        assert await harness.seen() == []

    # -- what a channel says it can do ------------------------------------------------------------------------------

    async def test_find_is_honest(self, harness: Harness, channel: Channel) -> None:
        """A readable channel finds each kind of post by its key, even after a restart; others find nothing."""
        receipts = [
            await channel.post(MESSAGE),
            await channel.post_digest(digest(3)),
            await channel.post_notice(NOTICE),
            await channel.post_summary(summary_post()),
        ]
        again = harness.make()
        await again.start()
        try:
            for receipt in receipts:
                found = await again.find(receipt.key)
                if channel.capabilities.readable:
                    assert found is not None, receipt.key
                    assert (found.channel, found.key, found.ref) == (channel.name, receipt.key, receipt.ref)
                else:
                    assert found is None
            assert await again.find("k-never-posted") is None
        finally:
            await again.stop()

    async def test_edit_is_honest(self, harness: Harness, channel: Channel) -> None:
        receipt = await channel.post(MESSAGE)
        changed = replace(MESSAGE, headline="Moscow denies the purchase of shells")
        after = await channel.edit(receipt, changed)
        assert isinstance(after, Receipt)
        seen = await harness.seen()
        assert len(seen) == 1
        if channel.capabilities.edits:
            assert shows(seen[0].text, changed.headline)
            assert not shows(seen[0].text, MESSAGE.headline)
        else:
            assert after == receipt
            assert shows(seen[0].text, MESSAGE.headline)

    async def test_reply_is_posted(self, harness: Harness, channel: Channel) -> None:
        receipt = await channel.post(MESSAGE)
        reply = replace(MESSAGE, key="k-arms-2", headline="Moscow denies the purchase of shells")
        answered = await channel.reply(receipt, reply)
        assert answered.key == "k-arms-2"
        assert answered.ref != receipt.ref or not channel.capabilities.readable
        assert shows((await self.last(harness)).text, reply.headline)

    async def test_start_and_stop_may_be_called_twice(self, harness: Harness) -> None:
        never_started = harness.make()
        await never_started.stop()
        channel = harness.make()
        await channel.start()
        await channel.start()
        await channel.post(MESSAGE)
        await channel.stop()
        await channel.stop()
        assert len(await harness.seen()) == 1
