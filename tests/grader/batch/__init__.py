"""Tests of grading a class at once; whole runs are in tests/batch."""
