"""Forgeries: submissions that the spies believe, and that a replay must not."""
