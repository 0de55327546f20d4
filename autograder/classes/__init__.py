"""Many notebooks: found, graded on several cores, kept as records, and reported."""
