"""Launching: starting a sandbox or an examiner somewhere, and driving it frame by frame."""
