"""Measurements that hold a figure in docs/performance.md: each prints a table and fails when its bar is broken."""
