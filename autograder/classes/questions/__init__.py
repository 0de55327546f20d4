"""Three questions about each student's own right code, with keys that come of running it again."""
