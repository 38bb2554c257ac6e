"""A class at once: what an instructor downloaded in, reports and a gradebook out, resumable at any moment."""
