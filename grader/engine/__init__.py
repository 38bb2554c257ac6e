"""Who runs the jobs that the store keeps: today threads of this process."""
