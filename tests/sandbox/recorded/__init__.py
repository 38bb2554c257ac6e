"""Tests of the data that remember how they are used."""
