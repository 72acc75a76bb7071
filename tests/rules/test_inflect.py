"""Word forms: the shipped table, and the dictionary behind it."""

from __future__ import annotations

import subprocess
import sys

from bot.rules.inflect import Inflector, _shipped, work_out


def test_the_shipped_forms_are_those_of_the_dictionary() -> None:
    table = _shipped()
    assert len(table) > 1_000
    assert {word: sorted(forms) for word, forms in table.items()} == {word: sorted(work_out(word)) for word in table}


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
