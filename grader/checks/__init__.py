"""Checks: pure functions from evidence to findings, one module a family.  None of them imports torch."""
