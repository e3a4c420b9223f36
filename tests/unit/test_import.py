"""`import optlib` costs what `import scipy.optimize` does: it loads nothing besides, but its own modules."""

import subprocess
import sys


def loaded(statement):
    program = f"import sys; {statement}; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_optlib_loads_what_scipy_optimize_does_and_itself():
    extra = loaded("import optlib") - loaded("import scipy.optimize")
    assert {name.partition(".")[0] for name in extra} == {"optlib"}
    assert not {name for name in extra if name.startswith("optlib.plots")}
