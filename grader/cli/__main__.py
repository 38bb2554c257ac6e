"""`python -m grader.cli`: the command `grade` where it is not installed on the path."""

from grader.cli import main

main(prog_name="grade")
