"""Votes, audit and watches, on every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Match, Severity
from bot.people import Feedback, NewAudit, NewWatch, Opinion, called, person, person_id
from bot.store.base import Batch
from bot.store.people_port import Filter
from bot.store.sql import SqlStore
from tests.store.conftest import MakeStore
from tests.store.samples import T0, alert, article, batch, minutes, poll, receipt, source

ADA = person("slack.default", "U1", "ada")
BOB = person("discord.default", "77", "bob")


def vote(who: str = ADA, alert: str = "alert-1", verdict: Opinion = Opinion.USEFUL, at: float = 0) -> Feedback:
    return Feedback(alert, ("arms-deal", "shipments"), "wire", who, verdict, minutes(at))


def watch(term: str = "drone", channel: str = "dm:slack.default:U1", country: str = "") -> NewWatch:
    return NewWatch(ADA, channel, term, country, T0)


def test_a_person_is_the_same_under_another_name() -> None:
    assert ADA == "slack.default:U1 (ada)"
    assert (called(ADA), called("slack.default:U2"), called("command line")) == (
        "ada",
        "slack.default:U2",
        "command line",
    )
    assert person_id(ADA) == person_id(person("slack.default", "U1", "Ada\n(away)")) == "slack.default:U1"
    assert person_id(person("slack.default", "U1", "")) == "slack.default:U1"


class TestVotes:
    def test_a_vote_comes_back_as_it_was_given_with_the_standing(self, store: SqlStore) -> None:
        assert store.vote(vote()) == (vote(),)
        assert store.vote(vote(BOB, verdict=Opinion.NOISE, at=1)) == (vote(), vote(BOB, verdict=Opinion.NOISE, at=1))
        assert store.votes("alert-1") == store.feedback(T0)
        assert store.votes("alert-2") == ()

    def test_a_person_has_one_vote_and_may_change_it(self, store: SqlStore) -> None:
        store.vote(vote())
        renamed = person("slack.default", "U1", "Ada L.")
        changed = vote(renamed, verdict=Opinion.NOISE, at=2)
        assert store.vote(changed) == (changed,)

    def test_the_same_user_id_on_another_account_is_somebody_else(self, store: SqlStore) -> None:
        store.vote(vote())
        assert len(store.vote(vote(person("slack.other", "U1", "ada"), at=1))) == 2

    def test_feedback_since_leaves_out_what_is_older(self, store: SqlStore) -> None:
        store.vote(vote())
        store.vote(vote(alert="alert-2", at=5))
        assert store.feedback(minutes(5)) == (vote(alert="alert-2", at=5),)

    def test_votes_outlive_the_alert(self, store: SqlStore) -> None:
        store.sync_sources([source()], T0, {})
        store.commit(batch("1"))
        (delivery,) = store.pending("desk", 9)
        store.vote(vote(alert="alert-key-1"))
        store.mark_sending(delivery.id, T0)
        store.mark_sent(delivery.id, receipt("post-1"))
        assert store.purge(minutes(1)) == 1
        assert store.feedback(T0) == (vote(alert="alert-key-1"),)


class TestAudit:
    def test_changes_are_listed_newest_first(self, store: SqlStore) -> None:
        first = store.note_change(NewAudit(T0, ADA, "#desk", "mute", "rule arms-deal for 1 h"))
        second = store.note_change(NewAudit(T0, BOB, "intel", "unmute", "rule arms-deal"))
        third = store.note_change(NewAudit(minutes(1), "command line", "", "unwatch", "watch-1 <&> \ud83d"))
        assert (first.who, first.where, first.verb, first.what) == (ADA, "#desk", "mute", "rule arms-deal for 1 h")
        assert first.id < second.id < third.id
        assert store.audit(T0, 9) == (replace(third, what="watch-1 <&> \ufffd"), second, first)
        assert [entry.id for entry in store.audit(T0, 2)] == [third.id, second.id]
        assert [entry.id for entry in store.audit(minutes(1), 9)] == [third.id]


class TestWatches:
    def test_a_watch_comes_back_with_a_number_that_names_its_rule(self, store: SqlStore) -> None:
        one = store.add_watch(watch(country="IR"))
        assert (one.owner, one.channel, one.term, one.country, one.created_at) == (
            ADA, "dm:slack.default:U1", "drone", "IR", T0,
        )  # fmt: skip
        assert one.rule_id == f"watch-{one.id}"
        assert store.watches() == (one,)

    def test_the_same_term_in_the_same_channel_is_one_watch(self, store: SqlStore) -> None:
        one = store.add_watch(watch())
        assert store.add_watch(replace(watch(), owner=BOB)) == one
        others = [store.add_watch(w) for w in (watch("drones"), watch(country="IR"), watch(channel="desk"))]
        assert store.watches() == (one, *others)

    def test_a_number_is_never_given_again(self, store: SqlStore) -> None:
        one = store.add_watch(watch())
        assert store.remove_watch(one.id)
        assert not store.remove_watch(one.id)
        assert store.watches() == ()
        assert store.add_watch(watch()).id > one.id


@pytest.mark.parametrize("words", ["‘drone’ <!channel> \U0001f1f0\U0001f1f5", "a\nb", "x" * 3000])
def test_what_people_type_is_kept_as_it_is(make_store: MakeStore, words: str) -> None:
    store = make_store()
    assert store.add_watch(watch(words)).term == words


class TestLatest:
    @pytest.fixture
    def alerted(self, store: SqlStore) -> SqlStore:
        store.sync_sources([source(), source("other")], T0, {})
        store.commit(batch("1", "2"))
        store.commit(batch("3", source_id="other"))
        return store

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Filter(), {"1", "2", "3"}),
            (Filter(rule="shipments"), {"1", "2", "3"}),
            (Filter(rule="shipment"), set()),
            (Filter(source="other"), {"3"}),
            (Filter(country="RU", source="wire"), {"1", "2"}),
            (Filter(country="R"), set()),
            (Filter(severity=Severity.HIGH), {"1", "2", "3"}),
            (Filter(severity=Severity.CRITICAL), set()),
            (Filter(audience=frozenset()), {"1", "2", "3"}),
        ],
    )
    def test_alerts_by_rule_country_source_and_severity(
        self, alerted: SqlStore, wanted: Filter, found: set[str]
    ) -> None:
        assert {a.id for a in alerted.latest_alerts(T0, 9, wanted)} == {f"alert-key-{n}" for n in found}

    def test_what_others_watch_gave_is_for_those_who_hear_of_it(self, alerted: SqlStore) -> None:
        heard = {"watch-7": "dm:slack.default:U1", "watch-2024-elections": "desk", "watch-8": "desk"}
        for n, (rule, channel) in enumerate(heard.items(), 5):
            one = replace(alert(article(str(n))), matches=(Match(rule, "", Severity.LOW, (), (), (channel,)),))
            alerted.commit(Batch(poll(), (one.article,), alerts=(replace(one, created_at=minutes(9)),)))
        for audience, found in (
            (None, {"5", "6", "7"}),
            (frozenset(), {"6"}),
            (frozenset({"desk"}), {"6", "7"}),
            (frozenset({"dm:slack.default:U1", "intel"}), {"5", "6"}),
            (frozenset({"dm:slack.default:U"}), {"6"}),
        ):
            wanted = alerted.latest_alerts(minutes(5), 9, Filter(audience=audience))
            assert {a.id for a in wanted} == {f"alert-key-{n}" for n in found}, audience

    def test_newest_first_within_limit_and_time(self, alerted: SqlStore) -> None:
        late = alert(article("4"))
        alerted.commit(Batch(poll(), (late.article,), alerts=(replace(late, created_at=minutes(9)),)))
        first, _ = alerted.latest_alerts(T0, 2)
        assert first.id == "alert-key-4"
        (only,) = alerted.latest_alerts(minutes(1), 9)
        assert (only.article, only.matches[0].evidence) == (late.article, late.matches[0].evidence)


def test_small_values_are_kept(store: SqlStore) -> None:
    assert store.remembered("discord.commands") == ""
    store.remember("discord.commands", "a")
    store.remember("discord.commands", "b")
    assert store.remembered("discord.commands") == "b"
