"""The reference files as tests: right loops keep full marks, wrong ones are found, on both launchers."""
