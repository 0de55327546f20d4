"""The course for nbgrader's commands and formgrader: the kit's settings, and below them what is the course's own."""

from autograder.author.config import configure

c = get_config()
configure(c, __file__)
