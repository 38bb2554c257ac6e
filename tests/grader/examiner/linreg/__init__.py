"""Tests of the judge of loops that fit a line by hand."""
