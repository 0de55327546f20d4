"""What a student imports: check a gap, ask for a hint, show results."""
