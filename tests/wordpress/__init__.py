"""Debian's WordPress on loopback, filled with Hindi posts: software that nobody here wrote."""
