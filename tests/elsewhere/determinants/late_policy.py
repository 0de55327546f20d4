"""What comes late costs one point."""

from nbgrader.plugins import BasePlugin


class OnePoint(BasePlugin):
    """Named in `nbgrader_config.py`."""

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """One point, whatever the score."""
        return 1.0
