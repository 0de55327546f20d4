"""The course's files into values: notebooks, gaps, twins, the secret they are drawn from, and the plan made of them."""
