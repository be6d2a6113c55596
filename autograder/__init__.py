"""Automated grading and exercises for a deep-learning course."""
