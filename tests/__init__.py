"""Metronome's tests; the folders below mirror the packages they test."""
