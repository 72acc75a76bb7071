"""Write bot/rules/data/forms.tsv: the word forms of the terms of the shipped rules.

    .venv/bin/python scripts/forms.py

Run it after adding rules to rules/; without it the first start looks the new words up, which costs half a second.
"""

from __future__ import annotations

from pathlib import Path

from bot.config import shipped_rules
from bot.entities.facts import is_country
from bot.entities.gazetteer import load_gazetteer
from bot.rules.compile import build
from bot.rules.inflect import Inflector, work_out
from bot.rules.load import load_rules

TARGET = Path(__file__).resolve().parent.parent / "bot" / "rules" / "data" / "forms.tsv"


class Asked(Inflector):
    """Remembers the words that it was asked for and that have forms at all."""

    def __init__(self) -> None:
        super().__init__(None)
        self.words: set[str] = set()

    def forms(self, word: str) -> tuple[str, ...]:
        if self.inflects(word):
            self.words.add(word)
        return (word,)


def main() -> None:
    """Ask the dictionary for each."""
    asked = Asked()
    build(load_rules([shipped_rules()], is_country=is_country).ruleset, load_gazetteer(), asked)
    lines = [f"{word}\t{' '.join(work_out(word))}" for word in sorted(asked.words)]
    head = "# Word, its other forms (lemminflect's dictionary). Written by scripts/forms.py."
    TARGET.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    print(f"{len(lines)} words in {TARGET}")


if __name__ == "__main__":
    main()
