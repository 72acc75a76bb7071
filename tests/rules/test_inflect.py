"""Word forms: the shipped table, and the dictionary behind it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bot.config import shipped_rules
from bot.entities.facts import is_country
from bot.entities.gazetteer import load_gazetteer
from bot.rules.compile import build
from bot.rules.inflect import Inflector, _shipped, work_out
from bot.rules.load import load_rules


def test_the_shipped_forms_are_those_of_the_dictionary() -> None:
    table = _shipped()
    assert len(table) > 1_000
    assert {word: sorted(forms) for word, forms in table.items()} == {word: sorted(work_out(word)) for word in table}


def test_no_word_of_a_shipped_rule_needs_the_dictionary(tmp_path: Path) -> None:
    """Else the first ``check`` loads it, which costs a second. After adding rules: ``scripts/forms.py``."""
    inflector = Inflector(tmp_path)
    rules = load_rules([shipped_rules()], is_country=is_country).ruleset
    build(rules, load_gazetteer(langs=(), cities_min_population=5_000_000), inflector)
    assert sorted(inflector._known) == []


def test_the_dictionary_comes_without_spacy() -> None:
    code = (
        "import sys; from bot.rules.inflect import Inflector\n"
        "print(Inflector(None).forms('zigzag'), 'lemminflect' in sys.modules, 'spacy' in sys.modules)\n"
        "import spacy"  # and is there for whoever wants it afterwards
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split(")")[0].startswith("('zigzag', 'zigzags'")
    assert ran.stdout.strip().endswith("True False")


def test_words_that_have_no_forms_stand_for_themselves() -> None:
    forms = Inflector(None).forms
    assert [forms(word) for word in ("Paris", "arm", "café", "covid-19")] == [
        ("Paris",),
        ("arm",),
        ("café",),
        ("covid-19",),
    ]
