"""Whole classes through the command."""
