"""The tables, defined once. Migrations create them; a test holds the two together. What their columns hold is said in
:mod:`bot.store.columns`; structured values are JSON text (:mod:`bot.store.codec`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.columns import Micros, RowId, Words

REVISION = "r0018"
"""The revision that this code reads and writes: the newest in ``migrations/versions``."""

VERSION_TABLE = "wirewatch_version"
"""Where alembic notes the revision; not its default name, so that a database shared with others stays clear."""

SEARCH_TABLE = "article_search"
"""The full-text index: a virtual table of FTS5 with its shadow tables, or a table with tsvector. It differs by
database, and triggers keep it, so that only its migration defines it and only :mod:`bot.store.queries.search` reads it.
"""

PAIRS_TABLE = f"{SEARCH_TABLE}_pairs"
"""The index of pairs of characters, on SQLite only (:mod:`bot.store.queries.pairs`)."""

FOLDED = "folded"
"""The state of a delivery whose alert went into a digest. It is never shown as a delivery; the row stays so that its
key stays known, and so that its receipt is the digest's."""

metadata = MetaData()

PENDING = text("state IN ('waiting', 'sending')")
"""Spelled once, since SQLite uses a partial index only for a condition with the same words."""

SPACELESS = {  # UTF-8 takes three bytes for a character of such scripts; two for Cyrillic or Arabic, which come along
    "sqlite": text("length(CAST(title || text AS BLOB)) > 1.5 * length(title || text)"),
    "postgresql": text("octet_length(title || text) > 1.5 * char_length(title || text)"),
}

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", Words, primary_key=True),
    Column("url", Words, nullable=False),
    Column("definition", Text, nullable=False),  # JSON of Source, as last synchronised
    Column("enabled", Boolean, nullable=False),
    Column("http_state", Text),  # JSON of HttpState: header values stay byte for byte
    Column("next_poll_at", Micros, nullable=False),
    Column("lease_until", Micros),
    Column("failures", Integer, nullable=False),  # in a row
    Column("last_poll_at", Micros),
    Column("last_success_at", Micros),
    Column("last_outcome", Text, nullable=False),
    Column("last_error", Words, nullable=False),
    Column("last_elapsed_s", Float, nullable=False),
    Column("items_total", BigInteger, nullable=False),  # new items over all polls
    Column("host", Words, nullable=False, server_default=""),  # of the address in use, in lower case
    Column("state", Text, nullable=False, server_default="new"),  # a SourceState; OFF is told by enabled
    Column("state_reason", Words, nullable=False, server_default=""),
    Column("state_since", Micros),
    Column("interval_s", Float),  # chosen at the last poll
    Column("interval_reason", Words, nullable=False, server_default=""),
    Column("url_in_use", Words, nullable=False, server_default=""),
    Column("memory", Text),  # JSON of Memory
    Column("seen", LargeBinary),  # what the last answer held (bot.sources.delta.Seen)
)
Index("ix_sources_due", sources.c.enabled, sources.c.next_poll_at)
Index("ix_sources_host", sources.c.host)

# One row for each time in which a source was in one state other than new and ok.
source_states = Table(
    "source_states",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", Words, ForeignKey("sources.id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("began_at", Micros, nullable=False),
    Column("ended_at", Micros),
)
Index("ix_source_states_source", source_states.c.source_id, source_states.c.ended_at)
Index("ix_source_states_ended_at", source_states.c.ended_at)

# Words on sources that the operators are still to hear; kept apart from the sources, which may go meanwhile.
source_notices = Table(
    "source_notices",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", Words, nullable=False),
    Column("news", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("at", Micros, nullable=False),
)

# What people added by a command; `sources` knows them, too, once they are polled.
chat_sources = Table(
    "chat_sources",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("definition", Text, nullable=False),  # JSON of Source
    Column("added_at", Micros, nullable=False),
    Column("added_by", Words, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Words, nullable=False, unique=True),
    Column("source_id", Words, ForeignKey("sources.id"), nullable=False),
    Column("guid", Words, nullable=False),
    Column("url", Words, nullable=False),
    Column("canonical_url", Words, nullable=False),
    Column("content_hash", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("published", Micros, nullable=False),
    Column("fetched_at", Micros, nullable=False),
    Column("dated", Boolean, nullable=False),
    Column("author", Words, nullable=False),
    Column("lang", Words),
    Column("image", Words, nullable=False),
    Column("source_name", Words, nullable=False),
    Column("source_tags", Text, nullable=False),  # JSON array
    Column("text_from", Text, nullable=False, server_default="feed"),  # a TextFrom
    Column("text_note", Words, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
Index("ix_articles_content_hash", articles.c.source_id, articles.c.content_hash)
Index("ix_articles_guid", articles.c.source_id, articles.c.guid)
Index("ix_articles_url", articles.c.url)
Index("ix_articles_canonical_url", articles.c.canonical_url)
Index("ix_articles_published", articles.c.published)
Index("ix_articles_fetched_at", articles.c.fetched_at)
# Few rows in most archives. On Postgres a search for words of a script without spaces looks into these texts; on SQLite
# these are the articles with pairs of characters to forget.
Index(
    "ix_articles_spaceless", articles.c.id, sqlite_where=SPACELESS["sqlite"], postgresql_where=SPACELESS["postgresql"]
)

# The versions of articles that were edited, the current one included. An article that never was has none.
revisions = Table(
    "revisions",
    metadata,
    Column("article_id", RowId, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True),
    Column("at", Micros, nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("content_hash", Words, nullable=False),
)

# Which story an article belongs to, and why. Apart from the article, since stories may be joined later.
story_articles = Table(
    "story_articles",
    metadata,
    Column("article_id", RowId, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("story_id", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("credit", Text),  # the agency that it is by
    Column("copied", Boolean),  # the text or headline of an earlier article
    Column("countries", Text),  # codes of those that the article is about, parted by spaces
    Column("facts", Words),  # bot.follow.novelty.Facts, where somebody was told of the story
)
Index("ix_story_articles_story", story_articles.c.story_id)

# At most one alert for each article: two polls that bring the same article at the same moment must not both alert.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Words, primary_key=True),
    Column("article_id", RowId, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("story_id", Words, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("countries", Text, nullable=False),  # JSON array of codes
    Column("created_at", Micros, nullable=False),
)
Index("ix_alerts_created_at", alerts.c.created_at)
Index("ix_alerts_story", alerts.c.story_id)

# Alerts whose page was looked at again: how often, and what it says.
page_looks = Table(
    "page_looks",
    metadata,
    Column("alert_id", Words, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("looks", Integer, nullable=False),  # turns that are behind it
    Column("looked_at", Micros, nullable=False),
    Column("missing_since", Micros),
    Column("gone", Words),  # why the report is gone, once it is
)

matches = Table(
    "matches",
    metadata,
    Column("alert_id", Words, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("rule_id", Words, primary_key=True),
    Column("title", Words, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("tags", Text, nullable=False),  # JSON array
    Column("channels", Text, nullable=False),  # JSON array
    Column("evidence", Text, nullable=False),  # JSON array of Evidence
    Column("created_at", Micros, nullable=False),
)
Index("ix_matches_rule", matches.c.rule_id, matches.c.created_at)

Index("ix_matches_created_at", matches.c.created_at)

# What rules in shadow mode found: counted and kept as samples, never posted.
shadow_matches = Table(
    "shadow_matches",
    metadata,
    Column("article_id", RowId, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("rule_id", Words, primary_key=True),
    Column("evidence", Text, nullable=False),  # JSON array of Evidence
    Column("created_at", Micros, nullable=False),
)
Index("ix_shadow_matches_rule", shadow_matches.c.rule_id, shadow_matches.c.created_at)
Index("ix_shadow_matches_created_at", shadow_matches.c.created_at)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Words, nullable=False, unique=True),
    Column("channel", Words, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),  # JSON of bot.store.codec.PAYLOADS[kind]
    Column("state", Text, nullable=False),  # a DeliveryState, or FOLDED
    Column("attempts", Integer, nullable=False),
    Column("not_before", Micros),
    Column("created_at", Micros, nullable=False),
    Column("attempted_at", Micros),
    Column("last_error", Words, nullable=False),
    Column("folded_into", RowId, ForeignKey("deliveries.id", ondelete="SET NULL")),
    Column("receipt_ref", Words),
    Column("receipt_url", Words),
    Column("sent_at", Micros),
    Column("follows", Words),  # key of the delivery that this one changes or answers
    sqlite_autoincrement=True,  # an id is never given twice: the order of the outbox hangs on it
)
Index("ix_deliveries_pending", deliveries.c.channel, deliveries.c.id, sqlite_where=PENDING, postgresql_where=PENDING)
Index("ix_deliveries_state", deliveries.c.state, deliveries.c.id)
Index("ix_deliveries_created_at", deliveries.c.created_at)
Index("ix_deliveries_folded_into", deliveries.c.folded_into)
Index(
    "ix_deliveries_follows",
    deliveries.c.follows,
    sqlite_where=deliveries.c.follows.is_not(None),
    postgresql_where=deliveries.c.follows.is_not(None),
)

delivery_alerts = Table(
    "delivery_alerts",
    metadata,
    Column(
        "delivery_id", RowId, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("alert_id", Words, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
)
Index("ix_delivery_alerts_alert", delivery_alerts.c.alert_id)

# For each channel the latest post that mentioned people. Apart from deliveries, which are purged by their age.
calls = Table(
    "calls",
    metadata,
    Column("channel", Words, primary_key=True),
    Column("key", Words, nullable=False),
    Column("at", Micros, nullable=False),
)

# What became of an article on a channel, and why. Without a foreign key to the alert: of two polls that bring the same
# article at the same moment, one alert is stored.
decisions = Table(
    "decisions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("article_id", RowId, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    Column("alert_id", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Micros, nullable=False),
    UniqueConstraint("article_id", "channel", "at"),  # so that a batch may be written twice
)
Index("ix_decisions_at", decisions.c.at)

mutes = Table(
    "mutes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", Text, nullable=False),  # a MuteKind
    Column("value", Words, nullable=False),
    Column("channel", Words),
    Column("created_at", Micros, nullable=False),
    Column("expires_at", Micros),
    Column("author", Words, nullable=False),
    Column("comment", Words, nullable=False),
    Column("removed_at", Micros),
    Column("removed_by", Words),
    sqlite_autoincrement=True,  # people name a mute by its number
)

# Alerts that did not go out at once. A row that was released stays until its article goes.
holds = Table(
    "holds",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("alert_id", Words, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Words, nullable=False),
    Column("reason", Text, nullable=False),  # a HoldReason
    Column("by", Words, nullable=False),
    Column("held_at", Micros, nullable=False),
    Column("release_at", Micros),
    Column("released", Boolean, nullable=False),
    Column("delivery_key", Words),  # what it came in; none where it was told otherwise
    Column("adds", Words),  # sentences as JSON: what it adds to a story that was told before; none where there are none
    UniqueConstraint("alert_id", "channel"),
    sqlite_autoincrement=True,
)
HOLDING = text("NOT released")
Index("ix_holds_holding", holds.c.channel, holds.c.id, sqlite_where=HOLDING, postgresql_where=HOLDING)

# What was purged and may still stand in a feed: a 64-bit hash each, so that an old item is not news again. About 12
# bytes in SQLite, so they are kept for good; at ten million of them a new item is mistaken for one of them with a
# chance of 1 in 10^12.
forgotten = Table(
    "forgotten",
    metadata,
    Column("mark", RowId, primary_key=True, autoincrement=False),
)

# One vote a person and alert. No foreign key: votes outlive the alerts, for the record of each rule.
feedback = Table(
    "feedback",
    metadata,
    Column("alert_id", Words, primary_key=True),
    Column("person_id", Words, primary_key=True),  # without the name, which people change
    Column("person", Words, nullable=False),
    Column("rule_ids", Text, nullable=False),  # JSON array
    Column("source_id", Words, nullable=False),
    Column("verdict", Text, nullable=False),  # an Opinion
    Column("at", Micros, nullable=False),
)
Index("ix_feedback_at", feedback.c.at)

# Every change that a person made. Never purged.
audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", Micros, nullable=False),
    Column("who", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("verb", Words, nullable=False),
    Column("what", Words, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_audit_at", audit.c.at, audit.c.id)

# Terms that people watch from chat; each is a rule while it stands here. A number is never given twice, since rule
# ids are made of it and matches keep those.
watches = Table(
    "watches",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("term", Words, nullable=False),
    Column("country", Words, nullable=False),
    Column("created_at", Micros, nullable=False),
    UniqueConstraint("channel", "term", "country"),
    sqlite_autoincrement=True,
)

# Subscriptions at the hubs of publishers (WebSub); those of a source that went are kept until they are ended there.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("token", Text, primary_key=True),
    Column("source_id", Words, nullable=False),
    Column("record", Text, nullable=False),  # JSON of Subscription, with its secret
)
