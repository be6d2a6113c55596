"""What student code runs in, from the command line: python scripts/box.py environment|image|built|remove STATE."""

import sys
from pathlib import Path

from autograder.errors import AutograderError
from autograder.sandbox import image


def main(what: str, state: Path) -> int:
    try:
        if what == "environment":
            print(image.build_environment(state, progress))
        elif what == "image":
            print(image.build_image(state, progress))
        elif what == "built":
            return 0 if image.image(state) else 1
        elif what == "remove":
            image.remove_image(state)
        else:
            raise SystemExit(f"{__doc__}")
    except AutograderError as e:
        print(f"{e}", file=sys.stderr)
        return 1
    return 0


def progress(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
