"""Stands before the module of this name in the processes that these tests start.

jsonschema, which nbgrader imports, compiles 39 grammars if it finds it: half of the time that such a process takes.
"""

raise ImportError("not needed")
