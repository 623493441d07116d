"""Replay: what was captured, shown again as it stood, without one request to the live web."""
