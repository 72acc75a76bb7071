"""A full-text index over title and text of the articles, kept in step by triggers: FTS5, or tsvector with GIN.

Triggers rather than statements beside each write, so that an article that is added, edited or deleted on whatever way
is in the index as it is in the table, in the same transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"

# Accents go, marks inside words become spaces ("cease-fire", "U.S.", addresses), so that words are parted as FTS5 does.
_DOCUMENT = """
    setweight(to_tsvector('wirewatch', article_words({row}title)), 'A')
    || to_tsvector('wirewatch', article_words({row}text))
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _postgres()
    else:
        _sqlite()


def _sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE article_search USING fts5(title, text, content='articles', content_rowid='id', "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )
    # Bigger pages and later merges: a sixth more articles a second, and no slower to search.
    op.execute("INSERT INTO article_search (article_search, rank) VALUES ('pgsz', 8192)")
    op.execute("INSERT INTO article_search (article_search, rank) VALUES ('automerge', 8)")
    add = "INSERT INTO article_search (rowid, title, text) VALUES (new.id, new.title, new.text);"
    remove = (
        "INSERT INTO article_search (article_search, rowid, title, text) "
        "VALUES ('delete', old.id, old.title, old.text);"
    )
    op.execute(f"CREATE TRIGGER article_search_insert AFTER INSERT ON articles BEGIN {add} END")
    op.execute(f"CREATE TRIGGER article_search_delete AFTER DELETE ON articles BEGIN {remove} END")
    op.execute(f"CREATE TRIGGER article_search_update AFTER UPDATE OF title, text ON articles BEGIN {remove} {add} END")
    op.execute("INSERT INTO article_search (article_search) VALUES ('rebuild')")


def _postgres() -> None:
    op.execute(
        "CREATE TEXT SEARCH DICTIONARY wirewatch_stem (TEMPLATE = snowball, Language = english)"
    )  # no stop words
    op.execute("CREATE TEXT SEARCH CONFIGURATION wirewatch (COPY = simple)")
    op.execute("ALTER TEXT SEARCH CONFIGURATION wirewatch ALTER MAPPING FOR asciiword, word WITH wirewatch_stem")
    op.execute(
        r"""
        CREATE FUNCTION article_words(words text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS $$
            SELECT regexp_replace(
                regexp_replace(normalize(left(words, 200000), NFKD), U&'[\0300-\036F]+', '', 'g'),
                '[-_./\\:;@&=+~%#?!''`]+', ' ', 'g'
            )
        $$
        """
    )
    op.create_table(
        "article_search",
        sa.Column("article_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document", sa.dialects.postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.execute(f"INSERT INTO article_search SELECT id, {_DOCUMENT.format(row='')} FROM articles")
    op.execute("CREATE INDEX ix_article_search_document ON article_search USING gin (document)")
    op.execute(
        f"""
        CREATE FUNCTION article_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO article_search VALUES (new.id, {_DOCUMENT.format(row="new.")})
            ON CONFLICT (article_id) DO UPDATE SET document = excluded.document;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER article_search_keep AFTER INSERT OR UPDATE OF title, text ON articles "
        "FOR EACH ROW EXECUTE FUNCTION article_search_keep()"
    )
