"""Tests of grader.store."""
