"""The hidden checks and their data: never given to students."""
