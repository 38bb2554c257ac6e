"""The examiner: draws each challenge's data and measures weights on the hidden part; never runs student code."""
