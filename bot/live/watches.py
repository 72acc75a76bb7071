"""Terms that people watch from chat, as rules: merged into the rulebook, and written as YAML for editors."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from bot import people
from bot.entities.facts import country_name
from bot.live.rulebook import Rulebook, make_engine
from bot.model import Severity
from bot.people import Watch
from bot.rules import common, terms
from bot.rules.adhoc import watch_rule
from bot.rules.compile import build
from bot.rules.model import Rule, Term
from bot.text import phrase

TAG = "watch"
COMMON_MAX = 0.02  # of all articles: a term in more of them fills a channel all day
OWN_MAX = 50  # watches of one channel


def rule_of(watch: Watch) -> Rule:
    """The rule of a watch. Raises ``TermError`` for a term that no rule could have."""
    return watch_rule(
        watch.rule_id,
        watch.term,
        watch.country or None,
        severity=Severity.MEDIUM,
        channels=(watch.channel,),
        tags=(TAG,),
        title=title_of(watch.term, watch.country),
        origin="chat",
    )


def title_of(term: str, country: str) -> str:
    """``Watch: drone strike, Sudan``."""
    return f"Watch: {term}" + (f", {country_name(country)}" if country else "")


def complaint(term: str, country: str) -> str:
    """What speaks against watching a term, or ``""``."""
    try:
        rule = watch_rule("watch-0", term, country or None)
    except terms.TermError as error:
        return f"{str(error).partition('; ')[0]}; a watch is one term, and what needs more is a rule"
    if len(phrase(term)) == 1 and not country:
        return f"{term!r} is a single letter, which is in the news all day; add a country or another word"
    found = rule.when if isinstance(rule.when, Term) else None
    if found is not None and common.share(found, (phrase(found.text),)) > COMMON_MAX:
        return f"{term!r} is in the news all day; add a country or another word"
    return ""


def rules_of(watches: Iterable[Watch]) -> tuple[Rule, ...]:
    """Their rules. A watch whose term became unusable with a later version is left out."""
    made: list[Rule] = []
    for watch in watches:
        try:
            made.append(rule_of(watch))
        except terms.TermError:
            continue
    return tuple(made)


def merged(book: Rulebook, watches: Iterable[Watch], model: str | None = None) -> Rulebook:
    """``book`` with exactly these watches beside the rules of the files, which are not read again; the same object
    where nothing changes."""
    own = tuple(r for r in book.ruleset.rules if not people.is_watch(r.id))
    rules = (*own, *rules_of(watches))
    if rules == book.ruleset.rules:
        return book
    ruleset = replace(book.ruleset, rules=rules)
    program, _ = build(ruleset, book.kept.gazetteer, book.kept.inflector, book.kept)
    return replace(book, ruleset=ruleset, engine=make_engine(program, model))


def rule_yaml(watches: Collection[Watch], channels: Collection[str]) -> str:
    """The watches as a rule file, to be edited. Their ids say what they look for; ``channels`` are the names of the
    config: a watch that went elsewhere (direct messages) goes where the routes say."""
    import yaml

    taken: set[str] = set()
    rules = [_as_mapping(watch, channels, taken) for watch in watches]
    return yaml.safe_dump({"rules": rules}, sort_keys=False, allow_unicode=True, width=120)


def _as_mapping(watch: Watch, channels: Collection[str], taken: set[str]) -> dict[str, object]:
    near = {"near": {"of": [watch.term, {"country": watch.country}], "within": "sentence"}}
    found: dict[str, object] = {
        "id": _id(watch, taken),
        "title": title_of(watch.term, watch.country).removeprefix("Watch: "),
        "severity": Severity.MEDIUM.word,
        "note": f"watched by {watch.owner} since {watch.created_at:%Y-%m-%d}",
    }
    if watch.channel in channels:
        found["channels"] = [watch.channel]
    return {**found, "when": near if watch.country else {"any": [watch.term]}}


def _id(watch: Watch, taken: set[str]) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", phrase(f"{watch.term} {watch.country}").lower()).strip("-")[:60]
    wanted = words or f"watched-{watch.id}"
    if people.is_watch(wanted):
        wanted = f"rule-{wanted}"
    while wanted in taken:
        wanted = f"{wanted}-{watch.id}"
    taken.add(wanted)
    return wanted
