"""Boxes for student code: one contract (box), three boxes (docker, bubblewrap, process), the proxy (student)."""
