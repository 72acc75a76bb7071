"""What votes say about rules and sources, and how the operators hear of it."""
