"""Data that remember how they are used: numbers, arrays, random draws and lines, for loops written by hand.

A pure-Python or NumPy loop has no hooks to watch it by.  Its data and its random generator are handed over
as subclasses that behave like the real thing and note which points went into gradients, in which order.
What they note is a claim, like a trace: the examiner replays it and believes only what fits the result.
"""
