"""Tests of the exercises: their data, their hidden tests and their reference files."""
