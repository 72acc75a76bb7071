"""The answer to "Why?" on Discord: pure, within the limits of :mod:`bot.channels.discord_embed`."""

from __future__ import annotations

from bot.channels.discord_embed import EMOJI, REASON_MAX, RULE_TITLE_MAX, WORDS_SHOWN, joined, web_address
from bot.channels.discord_limits import CONTENT_MAX
from bot.channels.discord_markdown import fit
from bot.message import Digest, Message


def why_text(message: Message) -> str:
    """Everything the rules found, with the ids under which they are edited."""
    parts = ["**Why this alert came**"]
    for rule in message.rules[:50]:
        parts.append(f"{EMOJI[rule.severity]} {fit(rule.title, RULE_TITLE_MAX)} (rule {fit(rule.id, 100)})")
        parts += [f"- {fit(word, 100)}" for word in rule.words[:50]]
    if message.tags:
        parts.append(f"-# Tags: {fit(', '.join(message.tags[:WORDS_SHOWN]), 200)}")
    if message.lists:
        parts.append(f"-# Lists: {fit(', '.join(message.lists[:WORDS_SHOWN]), 300)}")
    if message.read:
        parts.append(f"-# Read: {fit(message.read, 60)}")
    return joined([p for p in parts if p], CONTENT_MAX, "…")


def why_digest(digest: Digest) -> str:
    """Which rules stand behind a digest, the busiest first."""
    counts: dict[str, int] = {}
    for line in digest.lines:
        for title in line.rules:
            counts[title] = counts.get(title, 0) + 1
    parts = [f"**Why one post for many alerts:** {fit(digest.reason, REASON_MAX)}"]
    parts += [f"- {n} × {fit(t, RULE_TITLE_MAX)}" for t, n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))]
    return joined(parts, CONTENT_MAX, "…")


def why_of_old(rules_field: str, url: str) -> str:
    """The same for a post of which only its embed is known. ``rules_field`` is markdown that we wrote."""
    parts = ["**Why this alert came**", rules_field or "The rules are listed above."]
    if address := web_address(url, 600):
        parts.append(f"-# Every condition with its evidence: `wirewatch why {address}`")
    return joined(parts, CONTENT_MAX, "…")
