"""The hidden tests of the bench's course are material for the bench, not tests of ours."""

collect_ignore_glob = ["assignments/*"]
