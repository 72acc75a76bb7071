"""The sources that are followed: where they are listed, how each is doing, and how people add, see and drop them."""
