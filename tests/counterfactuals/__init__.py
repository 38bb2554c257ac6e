"""Numeric bugs spelled a second time, by exercise, and tests that each is recognised by its numbers."""
