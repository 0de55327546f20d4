"""The commands that stand in modules of their own; `cli` puts them together."""
