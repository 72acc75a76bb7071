"""HTTP as the bot uses it: polite, bounded requests that never reach inside the network."""
