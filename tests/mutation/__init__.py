"""Mutation testing of our own detection: right loops are broken in every small way, and graded.

beats.py       finds the beats (zero_grad, forward, loss, backward, clip, step, …) in a loop's syntax tree
operators.py   enumerates every mutant of a file: a beat dropped, moved, swapped, doubled, re-indented, …
challenge.py   one challenge of an exercise as files: what original and mutant both run on
oracle.py      decides by running both whether a mutant is bad; shares no code with the grader's checks or spies
watch.py       the oracle's own few hooks: parameters after every step, modes, live graphs
cuts.py        runs that are cut and run again, where an exercise is about going on
bench.py       `python -m tests.mutation.bench`: all mutants against the grader, as a table

A mutant is *bad* when its run differs from the original's by more than rounding and by more than the exercise
leaves free.  The grader must flag (with an error or a warning) every bad one and none of the others.
"""
