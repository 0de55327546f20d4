"""What was handed in: which file of a folder is which notebook, and a file into the cells of its notebook."""
