"""The demo: the whole pipeline on the sample news in ``feeds/``, with no tokens and no network."""
