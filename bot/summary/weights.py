"""Every number that decides what a summary says, with its reason.

"Measured" means by ``python -m bench.summary_quality`` on labelled public round-ups (472 stories of three documents): a
value was taken from the middle of the range in which both kinds of text score well, not from the best point.
"""

from __future__ import annotations

# -- which stories come first: the sum of these, each times a number between 0 and 1 ---------------------------------
SEVERITY = 2.0  # the editors' own word: one step of it outweighs three more outlets, or all recency
SOURCES = 0.6  # independent outlets; what several tell is less likely to be noise
RECENCY = 0.3  # a tie-breaker: a reader can see the time, and an old critical story must not sink
NOVELTY = 0.3  # likewise: the first report of a kind beats the fortieth

SOURCES_ENOUGH = 8  # independent outlets that count in full; the logarithm in between (1 -> 0, 3 -> 0.53)
RECENCY_HALF = 0.25  # of the period: after that part of it a story's recency is a half

# -- which sentences of a story --------------------------------------------------------------------------------------
SENTENCES_MAX = 2
DOCUMENTS_MAX = 12  # read of a story, the first of each outlet first: later ones repeat them
SENTENCES_READ = 8  # of a document: news puts the event first
HEADLINES = 3.0  # what the outlets' headlines say against all their words together; measured 1 to 10, flat from 2
SIZE_MIN, SIZE_MAX = 40, 320  # characters: shorter ones lack the event, longer ones lose the reader
LENGTH_POWER = 0.3  # of a sentence's size that its words are divided by; 0 takes the longest, 1 the densest
RARITY_TEXT = 1_000  # characters of an article in which words are counted

TITLE_WEIGHT = 2.0  # a headline's word in what the story is about, against one of the text; measured 1 to 4
LEAD_DECAY = 0.12  # of worth, for each place behind the first; measured 0.05 to 0.2
NAME_WEIGHT = 1.1  # names and numbers: who, where, how many
OPENING_COST = 0.25  # "He said", "But it": what the words stand for is in another sentence
QUESTION_COST = 0.3
QUOTE_COST = 0.2  # somebody's words about the event are not the event

# -- against saying things twice -------------------------------------------------------------------------------------
STORY_OVERLAP = 0.6  # cost of the share of a sentence that the story's sentences (and its headline) have said already
SUMMARY_OVERLAP = 0.4  # the same against any one sentence of the stories above
OVERLAP_MAX = 0.6  # a sentence that repeats more than this part of itself is worth nothing
SECOND_MIN = 0.06  # of the first one's worth; else one sentence is enough
