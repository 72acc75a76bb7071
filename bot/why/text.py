"""A report as plain text: for terminals without colour, pipes, and code blocks in chat."""

from __future__ import annotations

import json
from dataclasses import asdict

from bot.why.report import Mark, RuleVerdict, WhyReport

SIGNS = {Mark.PASSED: "✔", Mark.STOPPED: "✘", Mark.WAITS: "…", Mark.NOTE: "·"}
NAME_WIDTH = 10  # of the longest name of a stage
INDENT = " " * (NAME_WIDTH + 3)


def to_text(report: WhyReport, *, all_rules: bool = False) -> str:
    """Headline, answer, then a paragraph for each stage. ``all_rules`` adds every rule with its reason."""
    lines = []
    if report.found:
        lines += [report.headline, f"{report.source}  {report.url}".strip(), ""]
    lines += [f"{report.answer}.", ""]
    for stage in report.stages:
        lines.append(f"{SIGNS[stage.mark]} {stage.name:<{NAME_WIDTH}} {stage.verdict}")
        lines += [f"{INDENT}{line}" for line in stage.details]
        if stage.link:
            lines.append(f"{INDENT}{stage.link}")
    if all_rules and report.rules:
        lines += ["", *(rule_line(r) for r in report.rules)]
    return "\n".join(lines)


def rule_line(rule: RuleVerdict) -> str:
    """``✘ arms-deal (high): missing ...``."""
    sign = "✔" if rule.outcome == "fired" else "✘"
    remedy = f"; {rule.remedy}" if rule.remedy else ""
    return f"{sign} {rule.rule_id} ({rule.severity}): {rule.reason}{remedy}"


def to_json(report: WhyReport) -> str:
    """The report with all rules, its keys those of :class:`~bot.why.report.WhyReport`."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2)
