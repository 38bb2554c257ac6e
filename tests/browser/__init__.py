"""Tests of our pages in a real browser."""
