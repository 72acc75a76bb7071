"""Summaries in a language model's words: optional, bounded, and never instead of a summary that can be given."""
