"""Hostile submissions: files that try to get what they have not earned."""
