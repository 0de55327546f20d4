"""One notebook: graded by replay, checked, scored; its mistakes named, and what its student reads."""
