"""Services that many teams watch, one module each: the kind ``json`` (Reddit: ``feed``) with the description filled in,
and the service's quota built in. See :mod:`bot.sources.preset`."""
