"""Judging loops that fit a line by hand: what they computed, replayed on the order that their data noted."""
