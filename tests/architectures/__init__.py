"""Scripts whose architecture is the file's own: an exercise beside ours, right files, bugs, cases, forgeries."""
