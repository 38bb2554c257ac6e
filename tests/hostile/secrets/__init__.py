"""What must not be in a sandbox is looked for in it: from outside as root, from inside as a student's file."""
