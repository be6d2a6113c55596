"""Make a finished guest environment small and ready to be read-only: python slim.py ENV [PATH WHERE IT WILL STAND].

Taken out: what only compiles C++ against torch, the test suites of large packages, scripts.  Compiled in: byte code
that is never checked against its source again, because a box cannot write it.
"""

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

#: Suites of 10 MB and more that nothing imports; numpy's stay, numpy.testing reads one of their modules.
WITHOUT_TESTS = ("pandas", "scipy", "sklearn", "sympy", "matplotlib", "mpl_toolkits", "networkx")


def main(env: Path, final: Path) -> None:
    (packages,) = env.glob("lib/python3*/site-packages")
    for folder in [
        packages / "torch/include",
        packages / "torch/share",
        env / "include",
        env / "share",
        *tests(packages),
    ]:
        shutil.rmtree(folder, ignore_errors=True)
    for library in packages.rglob("*.a"):
        library.unlink()
    for script in (env / "bin").iterdir():
        if not script.name.startswith("python"):
            script.unlink()
    # A few packages ship files that are no Python 3 on purpose: what does not compile is left as it is.
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(packages, quiet=2, workers=0, stripdir=env, prependdir=final, invalidation_mode=mode)


def tests(packages: Path) -> list[Path]:
    return [folder for name in WITHOUT_TESTS for folder in (packages / name).rglob("tests") if folder.is_dir()]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[-1]))
