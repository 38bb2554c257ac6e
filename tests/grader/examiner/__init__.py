"""Tests of grader.examiner."""
