"""Tests of ``archive.links``."""
