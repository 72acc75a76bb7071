"""The keys of ``wirewatch.yaml``, and what the surroundings give to them. :mod:`bot.config` reads them."""
