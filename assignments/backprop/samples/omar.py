# Handed the release in as he had downloaded it.
# expect: nothing
