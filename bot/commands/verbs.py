"""The verbs: what each takes, what it does, and an example. The one list behind the parser of Slack's text, Discord's
options, ``help`` and the docs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an argument is; decides how it is recognised, checked and completed."""

    TEXT = "text"
    RULE = "rule"
    SOURCE = "source"
    COUNTRY = "country"
    SEVERITY = "severity"
    PERIOD = "period"  # a time back: 24h, 7d, today, yesterday
    DURATION = "duration"  # a time ahead: 1h, 24h, 7d
    COUNT = "count"
    ADDRESS = "address"
    NUMBER = "number"  # of a mute or a watch
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a verb. ``rest``: in the text form it takes all that follows, as typed."""

    name: str
    kind: Kind
    help: str
    required: bool = False
    rest: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verb:
    """``changes``: limited to whoever ``permissions:`` allows. ``private``: never shared. ``slow``: may take longer
    than a moment, so the answer is announced."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    example: str = ""
    changes: bool = False
    private: bool = False
    slow: bool = False

    @property
    def usage(self) -> str:
        """``/wire mute rule|source|... [for]``."""
        shown = " ".join(_shown(p) for p in self.parameters if p.name not in FILTER_NAMES)
        filters = "|".join(p.name for p in self.parameters if p.name in FILTER_NAMES)
        more = f" [{filters}]" if filters else ""
        return f"/wire {self.name}{' ' + shown if shown else ''}{more}"

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)


def _shown(parameter: Parameter) -> str:
    word = "|".join(parameter.choices) or parameter.name
    return f"<{word}>" if parameter.required else f"[{word}]"


FILTERS = (
    Parameter("rule", Kind.RULE, "Only this rule, by id"),
    Parameter("country", Kind.COUNTRY, "Only this country, by name or code"),
    Parameter("source", Kind.SOURCE, "Only this source, by id"),
    Parameter("severity", Kind.SEVERITY, "This severity or higher"),
)
FILTER_NAMES = frozenset(p.name for p in FILTERS)
MUTE_KINDS = ("rule", "source", "country", "story", "term")
DURATIONS = ("1h", "24h", "7d")

VERBS: tuple[Verb, ...] = (
    Verb(
        "summary",
        "The stories of a period, ranked, with the numbers beside the period before",
        (Parameter("period", Kind.PERIOD, "How far back, such as 24h or 7d; 24h if not said"), *FILTERS),
        "/wire summary 7d Iran",
        slow=True,
    ),
    Verb(
        "latest",
        "The newest alerts",
        (Parameter("count", Kind.COUNT, "How many, up to 20; 8 if not said"), *FILTERS),
        "/wire latest 5 severity:high",
    ),
    Verb(
        "search",
        "Search everything that was read",
        (Parameter("query", Kind.TEXT, "Words; quotes keep them together", required=True, rest=True),),
        '/wire search "arms deal" Sudan',
    ),
    Verb(
        "why",
        "Why an article alerted, or did not",
        (
            Parameter("url", Kind.ADDRESS, "The article's address", required=True),
            Parameter("rule", Kind.RULE, "What this rule found in it, and what it missed"),
        ),
        "/wire why https://example.org/story",
    ),
    Verb(
        "explain",
        "Which rules would fire on a text or page; only you see the answer",
        (Parameter("text", Kind.TEXT, "The text, or the address of a page", required=True, rest=True),),
        "/wire explain Pyongyang agreed to supply ammunition to Russia.",
        private=True,
        slow=True,
    ),
    Verb(
        "rules",
        "The rules and how often they fired, or one rule",
        (Parameter("id", Kind.RULE, "A rule's id"),),
        "/wire rules arms-deal-sanctioned-state",
    ),
    Verb(
        "mute",
        "Hear no more of a rule, source, country, story or term for a while",
        (
            Parameter("kind", Kind.CHOICE, "What to mute", required=True, choices=MUTE_KINDS),
            Parameter("what", Kind.TEXT, "Its id, country, words, or a story's address", required=True),
            Parameter("duration", Kind.DURATION, "How long, such as 1h, 24h or 7d; 24h if not said"),
            Parameter("where", Kind.CHOICE, "This channel, or everywhere", choices=("here", "everywhere")),
            Parameter("comment", Kind.TEXT, "Why, for the others", rest=True),
        ),
        "/wire mute rule cyber-attack 24h conference week",
        changes=True,
    ),
    Verb(
        "unmute",
        "End a mute",
        (Parameter("number", Kind.NUMBER, "Its number, as in /wire mutes", required=True),),
        "/wire unmute 12",
        changes=True,
    ),
    Verb("mutes", "What is muted, by whom, until when", (), "/wire mutes"),
    Verb(
        "sources",
        "How the sources are doing, or one source",
        (Parameter("id", Kind.SOURCE, "A source's id"),),
        "/wire sources bbc-world",
    ),
    Verb(
        "add",
        "Add a source: a feed, or a page whose feed is found",
        (Parameter("url", Kind.ADDRESS, "The feed's or the page's address", required=True, rest=True),),
        "/wire add https://example.org/news",
        changes=True,
        slow=True,
    ),
    Verb(
        "watch",
        "Hear of a term without writing a rule: by direct message, or in this channel",
        (
            Parameter("term", Kind.TEXT, "Words, as in a rule; quotes keep them together", required=True),
            Parameter("country", Kind.COUNTRY, "Only together with this country"),
            Parameter("where", Kind.CHOICE, "For you, or for this channel", choices=("me", "channel")),
        ),
        '/wire watch "drone strike" Sudan',
        changes=True,
        private=True,
    ),
    Verb(
        "unwatch",
        "End a watch; without a number, list them",
        (Parameter("number", Kind.NUMBER, "Its number, as in /wire unwatch"),),
        "/wire unwatch 3",
        changes=True,
        private=True,
    ),
    Verb("status", "Whether all is well: sources, queues, mutes", (), "/wire status"),
    Verb(
        "help",
        "All commands, or one",
        (Parameter("command", Kind.TEXT, "A command"),),
        "/wire help mute",
    ),
)

BY_NAME = {verb.name: verb for verb in VERBS}
CHANGING = tuple(verb.name for verb in VERBS if verb.changes)
SHARE = "share"
"""The last word of the text form, and an option on Discord: the answer is for the channel."""
