"""Tests of who runs the jobs."""
