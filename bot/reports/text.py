"""A report as words: the whole for a terminal, the gist for the ops channel, and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo

from bot.reports.report import TUNE_BELOW, Advice, Line, Phrase, Report, Share
from bot.words import counted

ROWS_MAX = 20  # of a table
GIST_RULES_MAX = 5
GIST_ROWS_MAX = 5  # rules and sources with their precision
NAME_MAX = 34  # characters
NO_VOTES = "Nobody voted: the buttons Useful and Noise on alerts are what this report lives on."


def to_text(report: Report, tz: tzinfo) -> str:
    """Paragraphs and tables in plain text."""
    parts = [_headline(report, tz), _summary(report)]
    parts += [
        _block("Rules to tune", ["\n    ".join(_advice(one)) for one in report.advice]),
        _block("What the noise has in common, over all rules", [_phrase(p) for p in report.phrases]),
        _block("Louder than before", [_rise(line) for line in report.rises]),
    ]
    parts += [_table("rule", report.rules), _table("source", report.sources)]
    if not report.votes:
        parts.append(NO_VOTES)
    return "\n\n".join(part for part in parts if part)


def _block(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def to_gist(report: Report, tz: tzinfo) -> tuple[str, str]:
    """Title and text of the digest for the ops channel: the rules to tune with the phrases of their noise, then the
    precision of the worst rules and sources. Channels keep line breaks, but no indentation."""
    advice = report.advice[:GIST_RULES_MAX]
    named = {p.words for one in advice for p in one.phrases}
    lines = [_summary(report)]
    lines += _list("Rules to tune", ["; ".join(_advice(one)) for one in advice], len(report.advice))
    lines += _list("The noise of all rules has in common", [_phrase(p) for p in report.phrases if p.words not in named])
    lines += _list("Louder than before", [_rise(line) for line in report.rises])
    for what, rows in (("rule", report.rules), ("source", report.sources)):
        voted = [line for line in rows if line.share.precision is not None]
        shown = [f"{line.id}: {share_text(line.share)}" for line in voted[:GIST_ROWS_MAX]]
        lines += _list(f"Precision by {what}, worst first", shown, len(voted))
    lines.append("`wirewatch report` has all of them." if report.votes else NO_VOTES)
    return _headline(report, tz), "\n".join(lines)


def _list(title: str, items: Sequence[str], total: int = 0) -> list[str]:
    """A titled list; nothing where there are no items."""
    more = [f"• and {total - len(items)} more"] if total > len(items) else []
    return [f"{title}:", *(f"• {item}" for item in items), *more] if items else []


def to_json(report: Report) -> str:
    """All of it; times in ISO 8601, shares from 0 to 1."""

    def plain(value: object) -> str:
        assert isinstance(value, datetime)
        return value.isoformat()

    return json.dumps(asdict(report), default=plain, ensure_ascii=False, indent=2)


def _headline(report: Report, tz: tzinfo) -> str:
    begin, end = report.since.astimezone(tz), report.until.astimezone(tz)
    return f"Alerts and votes, {begin:%d %b} to {end:%d %b %Y}"


def _summary(report: Report) -> str:
    change = f" ({report.before:,} in the period before)" if report.before else ""
    alerts = f"{counted(report.alerts, 'alert')}{change}"
    if not report.votes:
        return f"{alerts}; no votes."
    votes = f"{counted(report.votes, 'vote')} by {counted(report.voters, 'person', 'people')}"
    unvoted = f"{counted(report.unvoted, 'alert')} without a vote"
    return f"{alerts}; {votes}; {unvoted}. Precision {share_text(report.share)}."


def share_text(share: Share) -> str:
    """``62% (41 to 79; 13 of 21)``: the share, its interval, and what it was counted from."""
    if share.precision is None or share.low is None or share.high is None:
        return "unknown" + (f" ({share.disputed} disputed)" if share.disputed else "")
    disputed = f"; {share.disputed} disputed" if share.disputed else ""
    of = share.useful + share.noise
    return f"{share.precision:.0%} ({share.low * 100:.0f} to {share.high * 100:.0f}; {share.useful} of {of}{disputed})"


def _advice(one: Advice) -> list[str]:
    what = f"surely below {TUNE_BELOW:.0%}" if one.certain else "likely low; more votes would tell"
    lines = [f"{one.rule_id}: {share_text(one.share)} useful, {what}"]
    if one.phrases:
        words = ", ".join(f"“{p.words}” ({p.noise} noise, {p.useful} other)" for p in one.phrases)
        lines.append(f"its noise has in common: {words}; try `unless:`")
    return lines


def _phrase(one: Phrase) -> str:
    return f"“{one.words}” ({one.noise} noise, {one.useful} useful)"


def _rise(line: Line) -> str:
    return f"{line.id}: {line.alerts} alerts, {line.before} in the period before"


def _table(what: str, lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    width = min(NAME_MAX, max(len(line.id) for line in lines[:ROWS_MAX]))
    rows = [f"{what:<{width}}  alerts  before  voted  useful  noise  precision"]
    for line in lines[:ROWS_MAX]:
        share = line.share
        precision = share_text(share) if share.voted else "-"
        rows.append(
            f"{line.id[:width]:<{width}}  {line.alerts:6}  {line.before:6}  {share.voted:5}  {share.useful:6}  "
            f"{share.noise:5}  {precision}"
        )
    if len(lines) > ROWS_MAX:
        rows.append(f"and {len(lines) - ROWS_MAX} more; --format json has all")
    return "\n".join(rows)
