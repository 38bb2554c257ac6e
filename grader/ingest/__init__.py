"""What was handed in, as a Submission: one file a kind of hand-in."""
