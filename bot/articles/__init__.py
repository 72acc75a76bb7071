"""From what a source brings to an article: clean text, a date, an identity of its own."""
