"""Everything under the rules folders, read and made ready to run: rules, lists, sources, engine.

:func:`load` does all that can fail; what it returns replaces the old as a whole, or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.entities.facts import is_country
from bot.errors import ConfigError, Level, Problem
from bot.model import Mention, Source
from bot.roster.sources_file import load_sources
from bot.rules.compile import Program, build
from bot.rules.evaluate import LabelledSpan
from bot.rules.kept import Kept
from bot.rules.load import load_rules
from bot.rules.match import Engine, Labeller
from bot.rules.model import NameList, Rule, RuleSet
from bot.settings.named import Named
from bot.text import Text
from bot.watchlists.base import LIST_CHANGE

NOTHING = Named()
RULES_SHOWN_MAX = 12  # in one line


@dataclass(frozen=True)
class Rulebook:
    """A complete, checked set. ``warnings`` do not stand in the way."""

    ruleset: RuleSet
    engine: Engine
    sources: Mapping[str, Source]
    warnings: tuple[Problem, ...]
    kept: Kept = field(default_factory=Kept, compare=False, repr=False)  # for the next load


def shown(path: Path) -> Path:
    """A path as messages name it: from the current folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve())
    except (ValueError, OSError):
        return path


def load(
    folders: Sequence[Path],
    *,
    source_folders: Sequence[Path] | None = None,
    ruleless: Collection[Path] = (),
    channels: Collection[str] | None = None,
    model: str | None = None,
    named: Named = NOTHING,
    alias: Mapping[Path, Path] | None = None,
    watch_lists: Mapping[str, NameList] | None = None,
    extra_rules: Sequence[Rule] = (),
    more_sources: Sequence[Source] = (),
    added: Sequence[Source] = (),
    kept: Kept | None = None,
) -> Rulebook:
    """Read and compile. Raises ``ConfigError`` with every problem of every file.

    ``source_folders``: those whose sources count, all of ``folders`` if left out; of those in ``ruleless`` rules do
    not. ``channels``: the names that rules may send to, ``None`` where they are not known. ``model``: the configured
    statistical model. ``named``: the rules and tags that the configuration names; some that no rule has are problems.
    ``alias``: how messages name a file that is read from elsewhere. ``watch_lists``: the downloaded ones, by name.
    ``extra_rules`` stand in no file (:mod:`bot.rules.adhoc`); a rule of the folders with the same id goes before.
    ``more_sources`` stand in no file; those of the folders go before. ``added`` are sources that conditions may name
    although they are not of this book: commands added them, and whoever polls knows them.
    ``kept``: what the last load left, with which an edit of one file costs what that file costs.
    """

    def name(path: Path) -> Path:
        return shown((alias or {}).get(path, path))

    kept = kept or Kept()
    problems: list[Problem] = []
    sources: tuple[Source, ...] = ()
    try:
        sources = load_sources(folders if source_folders is None else source_folders)
    except ConfigError as error:
        problems.extend(replace(p, file=name(p.file)) for p in error.problems)
    own = {s.id for s in sources}
    sources = (*sources, *(s for s in more_sources if s.id not in own))
    known = (*sources, *added)
    known_sources = None if problems else [s.id for s in known]
    known_tags = None if problems else sorted({LIST_CHANGE, *(t for s in known for t in s.tags)})
    loaded = load_rules(
        folders,
        ruleless=ruleless,
        is_country=is_country,
        channels=channels,
        sources=known_sources,
        source_tags=known_tags,
        has_model=model is not None,
        watch_lists=watch_lists,
        shown=name,
        kept=kept,
    )
    problems.extend(loaded.problems)
    ids = [rule.id for rule in loaded.ruleset.rules]
    if loaded.ids is not None:
        problems.extend(named.unknown_rules(loaded.ids))
    if not loaded.errors:
        problems.extend(named.unknown_tags({tag for rule in loaded.ruleset.rules for tag in rule.tags}))
    extra = tuple(rule for rule in extra_rules if rule.id not in set(ids))
    ruleset = replace(loaded.ruleset, rules=(*loaded.ruleset.rules, *extra))
    program, term_problems = build(ruleset, kept.gazetteer, kept.inflector, kept)
    problems.extend(term_problems)
    errors = [p for p in problems if p.level is Level.ERROR]
    if errors:
        raise ConfigError(tuple(sorted(set(problems))))
    engine = make_engine(program, model)
    return Rulebook(ruleset, engine, {s.id: s for s in sources}, tuple(problems), kept)


def make_engine(program: Program, model: str | None = None) -> Engine:
    """The engine that runs a program, with the configured statistical model and the language detector at hand."""
    return Engine(program, labeller=_labeller(model), detect=_detect)


def _detect(text: str) -> str | None:
    from bot.articles.language import detect

    return detect(text)


def _labeller(model: str | None) -> Labeller | None:
    """Runs the configured statistical model on a text, for conditions that ask for labels."""
    if model is None:
        return None
    from bot.entities.annotate import Annotation, load_model, to_doc

    nlp = load_model(model)

    def label(text: Text, mentions: tuple[Mention, ...]) -> tuple[LabelledSpan, ...]:
        doc = to_doc(Annotation(text, mentions), nlp)
        return tuple(LabelledSpan(e.start_char, e.end_char, e.label_) for e in doc.ents)

    return label


def one_line(problems: Sequence[Problem]) -> str:
    """Problems for a log line or a notice: the first error, how many more, and the rules that hold them."""
    problems = [p for p in problems if p.level is Level.ERROR] or problems
    first = str(problems[0]).replace(os.linesep, " ")
    rules = sorted({p.rule for p in problems} - {""})
    beside = [f"and {len(problems) - 1} more"] if len(problems) > 1 else []
    if rules:
        shown = ", ".join(rules[:RULES_SHOWN_MAX])
        many = f" and {len(rules) - RULES_SHOWN_MAX} more" if len(rules) > RULES_SHOWN_MAX else ""
        beside.append(f"in the rule{'s' if len(rules) > 1 else ''} {shown}{many}")
    return f"{first} ({', '.join(beside)})" if beside else first
