"""The grader; never given to students."""
