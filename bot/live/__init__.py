"""The rules, lists and sources in force: read, put to use, changed while the bot runs, replayed over the archive."""
