"""What becomes of a story that somebody was told: later reports, corrections, retractions.

:mod:`.thread` is what the store knows of a story, :mod:`.origin` counts its independent sources, :mod:`.novelty` tells
what a report adds (:mod:`.numbers` reads its numbers), :mod:`.wire` knows the conventions of news agencies,
:mod:`.edits` compares the versions of an article, and :mod:`.decide` puts all of it together. Pure.
"""
