"""Tests of the spies."""
