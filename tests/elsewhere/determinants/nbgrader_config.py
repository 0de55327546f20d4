"""A course with a rule of its own for what comes late, in the file beside this one."""

from autograder.author.config import configure

c = get_config()
configure(c, __file__)
c.AssignLatePenalties.plugin_class = "late_policy.OnePoint"
