"""What hostile files leave behind in a shared container, and that the next submission sees none of it."""
