"""Rules replayed over articles: hits by day, and what an edit gains and loses."""

from datetime import date, timedelta

from bot.live import backtest
from bot.live.backtest import Hit
from tests.samples import NOW, article, match


def hit(key: str, rule: str = "law", days: int = 0) -> Hit:
    return Hit(article(key, fetched_at=NOW - timedelta(days=days)), match(rule))


def test_every_day_of_the_period_has_its_count() -> None:
    hits = [hit("a", days=2), hit("b", days=2), hit("c")]
    assert backtest.by_day(hits, date(2026, 3, 1), date(2026, 3, 4)) == (
        (date(2026, 3, 1), 0),
        (date(2026, 3, 2), 2),
        (date(2026, 3, 3), 0),
        (date(2026, 3, 4), 1),
    )


def test_an_edit_is_shown_by_what_it_gains_and_loses() -> None:
    old = [hit("a"), hit("b"), hit("x", "other")]
    new = [hit("b"), hit("c"), hit("x", "other")]
    law, other = backtest.differences(old, new)
    assert ([h.article.key for h in law.gained], [h.article.key for h in law.lost], law.same) == (["c"], ["a"], 1)
    assert (other.gained, other.lost, other.same) == ((), (), 1)


def test_a_new_rule_only_gains() -> None:
    (one,) = backtest.differences([], [hit("a")])
    assert len(one.gained) == 1
    assert one.lost == ()


def test_examples_come_from_the_whole_period() -> None:
    hits = [hit(str(n)) for n in range(100)]
    chosen = [int(h.article.key) for h in backtest.spread_examples(hits, 10)]
    assert chosen == list(range(0, 100, 10))
    assert backtest.spread_examples(hits[:3], 10) == tuple(hits[:3])
