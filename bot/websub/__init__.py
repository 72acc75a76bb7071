"""WebSub (W3C Recommendation of 23 January 2018): publishers whose hub tells us of new items.

``offer`` reads what a feed offers, ``subscription`` is the life of one subscription (pure), ``signing`` checks what
hubs send, ``desk`` does what is due at the hubs, ``receiver`` takes their requests; ``probe`` asks whether they get
through.
"""
