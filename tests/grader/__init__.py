"""Tests of the `grader` package."""
