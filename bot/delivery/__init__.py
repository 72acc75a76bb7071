"""The last stage: each channel's queue, from the outbox to the receipt."""
