"""Tests of the command in a process of its own, end to end."""
