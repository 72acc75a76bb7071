"""A report as words: the whole for a terminal, the gist for the ops channel, and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo

from bot.report import TUNE_BELOW, Advice, Line, Phrase, Report, Share
from bot.words import counted

ROWS_MAX = 20  # of a table
GIST_RULES_MAX = 5
NAME_MAX = 34  # characters


def to_text(report: Report, tz: tzinfo) -> str:
    """Paragraphs and tables in plain text."""
    parts = [_headline(report, tz), _summary(report)]
    if report.advice:
        parts.append("\n".join(["Rules to tune", *(line for a in report.advice for line in _advice(a))]))
    if report.phrases:
        parts.append("\n".join(["What the noise has in common, over all rules", *map(_phrase, report.phrases)]))
    if report.rises:
        parts.append("\n".join(["Louder than before", *map(_rise, report.rises)]))
    parts += [_table("rule", report.rules), _table("source", report.sources)]
    if not report.votes:
        parts.append("Nobody voted: the buttons Useful and Noise on alerts are what this report lives on.")
    return "\n\n".join(part for part in parts if part)


def to_gist(report: Report, tz: tzinfo) -> tuple[str, str]:
    """Title and text of the digest for the ops channel."""
    lines = [_summary(report)]
    lines += [line for a in report.advice[:GIST_RULES_MAX] for line in _advice(a)]
    if report.phrases and not report.advice:
        lines.append("Noise has in common: " + ", ".join(f"“{p.words}”" for p in report.phrases))
    lines += [_rise(r) for r in report.rises]
    lines.append("`wirewatch report` has every rule and source.")
    return _headline(report, tz), "\n".join(lines)


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
    lines = [f"  {one.rule_id}: {share_text(one.share)} useful, {what}"]
    if one.phrases:
        words = ", ".join(f"“{p.words}” ({p.noise} noise, {p.useful} other)" for p in one.phrases)
        lines.append(f"    its noise has in common: {words}; try `unless:`")
    return lines


def _phrase(one: Phrase) -> str:
    return f"  “{one.words}”: {one.noise} noise, {one.useful} useful"


def _rise(line: Line) -> str:
    return f"  {line.id}: {line.alerts} alerts, {line.before} in the period before"


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
