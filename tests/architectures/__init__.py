"""Scripts whose architecture is the file's own: an exercise of an instructor's, right files, bugs, cases, forgeries."""
