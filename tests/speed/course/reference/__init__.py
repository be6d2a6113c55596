"""The right answers of the bench's course."""
