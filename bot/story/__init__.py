"""Which articles tell the same story, so that a story is alerted once.

An article joins the story of an earlier one that has the same canonical URL, the same text, nearly the same text (wire
copy under another dateline, byline or footer), or the same headline; failing that, the story whose articles within the
window use most of the same weighty words and names. Everything else founds a story of its own. :mod:`.thresholds` holds
every number with its reason; :mod:`.features` reads an article, :mod:`.weights` knows which words are rare,
:mod:`.index` remembers articles compactly, :mod:`.likeness` compares, :mod:`.stories` decides.
"""

from bot.story.features import Reading, read
from bot.story.stories import Stories
from bot.story.thresholds import WINDOW

__all__ = ["WINDOW", "Reading", "Stories", "read"]
