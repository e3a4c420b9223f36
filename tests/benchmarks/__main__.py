"""Every benchmark of this folder, one after the other: ``make benchmarks``, or ``python tests/benchmarks NAME...``."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("[a-z]*.py") if "\ndef main():" in path.read_text(encoding="utf-8"))


def run(names):
    """Each in a process of its own: one benchmark's memory and threads are not the next one's."""
    if unknown := set(names) - set(NAMES):
        raise SystemExit(f"there is no benchmark {sorted(unknown)[0]!r}; there are {', '.join(NAMES)}")
    for name in names or NAMES:
        print(f"== {name} ==", flush=True)
        subprocess.run([sys.executable, str(HERE / f"{name}.py")], check=True)
        print(flush=True)


if __name__ == "__main__":
    run(sys.argv[1:])
