"""All that imports nbgrader: the gradebook, graded notebooks, feedback pages, and the plug-ins of its commands."""
