"""Who grades: processes of this machine (local), each with a warm box and a warm test session."""
