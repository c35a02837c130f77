"""The pytest11 entry."""
