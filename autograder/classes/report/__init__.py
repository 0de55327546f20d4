"""What an instructor sees of a graded class: tables in the terminal, and one page."""
