"""The grader of the backpropagation exercise kit; never given to students."""
