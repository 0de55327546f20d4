"""For whoever writes the course: generate what students get, have the kit grade itself, show a class."""
