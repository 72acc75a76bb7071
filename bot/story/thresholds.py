"""Every number that decides whether two articles tell one story, with its reason.

"Measured" means by ``python -m bench.quality_stories`` on labelled public round-ups (headline and lead; full texts): a
value was taken from the middle of the range in which both kinds of text score well, not from the best point.
"""

from __future__ import annotations

from datetime import timedelta

WINDOW = timedelta(hours=72)  # a headline that comes again later is news again ("Quake hits Japan")

# -- exact signs ----------------------------------------------------------------------------------------------------
HEADLINE_WORDS_MIN = 5  # shorter headlines ("Live updates", "Morning briefing") say nothing about the story
TEXT_WORDS_MIN = 12  # shorter texts ("Read more") neither

# -- nearly the same text -------------------------------------------------------------------------------------------
SHINGLE_WORDS = 8  # in a row: that many are the same by copying, not by chance
LEAD_WORDS = 48  # an outlet that cuts wire copy keeps its beginning; two or three sentences
SKETCH_EACH = 3  # smallest shingles of the lead and of the whole text: six numbers stand for a text of any length
SKETCH_SHARED_MIN = 2  # one in common may be a quotation or a standing footer
# Besides, the weighty words must agree, as many a text ends on the standing words of another: of a day of 4,000 reports
# .2 to .3 make the same stories, .12 joined an air raid to a hacked port by such an ending. Of reports that name other
# countries, more: two coups in the words of one agency.
COPY_LIKENESS_MIN = 0.25
COPY_ELSEWHERE_MIN = 0.5

# -- words ----------------------------------------------------------------------------------------------------------
TEXT_MAX = 8_000  # characters that are read: news puts the event first, and a long tail only costs time
TITLE_WEIGHT = 2  # a word of the headline counts as often again: measured 1 to 3, flat from 2
NAME_WEIGHT = 1.25  # names and numbers: they tell one event from another of its kind; more lets a topic swallow events
STEM_LETTERS = 7  # "negotiations", "negotiators" -> "negotia"; measured 5 to 8, flat from 6
TERMS = 32  # heaviest words kept of an article: measured 25 to 50; more blur short texts, fewer lose long ones
PRIOR_ARTICLES = 50  # the weight of what is shipped against what is learnt; fades within the first hours
MEMORY_ARTICLES = 50_000  # of which word frequencies are learnt; older ones count half, then a quarter

# -- likeness -------------------------------------------------------------------------------------------------------
# Cosine from which two articles tell one story, by the different words of the shorter one; straight lines between.
# A feed's summary of a sentence shares a theme by chance; a long text has more words of its own, so that the same story
# looks less alike. Measured from a tenth below to a tenth above: F1 moves by less than .005.
LIKE = ((15, 0.27), (45, 0.205), (60, 0.205), (200, 0.12))
AGE_PER_DAY = 0.08  # of likeness lost: an event of the day before yesterday has successors of its own kind
CROWD = 0.6  # part of the mean over a story's articles, against its nearest: a chain must not make a topic of a story
SHARED_MIN = 3  # different weighty words in common: with two, "nuclear" and "test" make a story

# Half as much again where the headlines name other countries: two rounds of talks in one town share town and words.
# Measured 1.25 to 2 on the labelled headlines: up to 1.5 nothing changes there, as two sides of a war share more.
HEADLINE_ELSEWHERE = 1.5

# -- the same kind of event in the same country ------------------------------------------------------------------------
SETTING_CHARS = 420  # of the text that are read for towns and names: two or three sentences; background comes below
SETTING_KIND_CHARS = 250  # for the kind and its numbers: the first sentence
TITLE_CASE = 0.6  # of a headline's longer words with a capital: then capitals tell no names
# Reports of one kind of event that give different towns, or different names and different numbers, are of two events
# unless this alike, text or headline: two raids of one night share a template, seldom half of what weighs. .5 still
# joined twins of the simulated day by their headline, .75 tore its stories apart.
APART_LIKENESS_MIN = 0.6
# Of what it takes otherwise. The same town, country and kind (of a coup, the country): one event, in whatever words.
# The only one of its kind in its country: likely one event, yet the next may come. Measured .3 to 1 and .6 to 1 on
# days of four seeds.
SAME_TOWN = 0.5
ONLY_ONE = 0.8
SCENE_WINDOW = timedelta(hours=12)  # within which a report of that kind from that country may be the one
FLASH_WORDS = 16  # a headline, or a headline and a line: too few to be alike, enough to be told from others
FLASH_SHARED_MIN = 2  # words in common, of which one may be the country's
SCENE_ROWS = 4  # latest reports of each such story that are compared
# Of the likeness that it takes, what must rest on more than the names of places where the kinds are not the same: a
# coup and a quake of one day name the same country, capital and region. Measured .4 to .8: more tears stories apart.
BESIDES_PLACES = 0.6

# -- effort: what keeps the cost flat ---------------------------------------------------------------------------------
STEPS = 240  # entries read of the index for one article, rare words first; 400 and 1,000 find the same stories
STEPS_PER_WORD = 48  # of which for one word, latest first
NEAREST = 32  # articles that are compared in full
MEMBERS = 8  # latest articles of a story that are compared
