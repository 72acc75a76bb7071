"""When each source is read, and what a poll makes of it."""
