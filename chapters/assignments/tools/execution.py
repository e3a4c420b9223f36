"""Running a submission so that what goes wrong in one cell costs that cell alone.

A cell may loop for ever, end its kernel, or print without end. It then gets an error as its output; the kernel is
started anew, what went well before is run again, and the rest goes on.
"""

import contextlib
import os
import resource
import shutil
import signal
import tempfile
import time
from pathlib import Path
from queue import Empty

from assignments.tools.editions import grading, question
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbformat.v4 import new_output, output_from_msg
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float

MOST_OUTPUT = 100_000  # characters kept of one cell's output
MOST_FILE = 200_000_000  # bytes of one file that a submission may write
MOST_MEMORY = 8_000_000_000  # bytes of address space
START = 60  # seconds for a kernel to start

# Checks and what they import are read anew before each graded cell, so that a module that was patched has no effect.
FRESH = """\
import sys as _sys
for _name in [n for n in _sys.modules if n.partition(".")[0] in ("checks", "exercises")]:
    del _sys.modules[_name]
del _sys, _name"""


class Lost(Exception):
    """The kernel is of no use any more, for this reason."""


class Died(Lost):
    """It ended, in this cell or through something that an earlier one has left behind."""


class Kernel:
    """A kernel in a folder of its own, with limits."""

    def __init__(self, folder: Path) -> None:
        quiet = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "OMP_NUM_THREADS": "1"}
        environment = {**os.environ, **quiet, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.manager = KernelManager(kernel_name="python3")
        with open(os.devnull, "w") as nowhere:
            self.manager.start_kernel(cwd=str(folder), env=environment, stdout=nowhere, stderr=nowhere)
        if hasattr(resource, "prlimit"):  # Linux
            for limit, most in ((resource.RLIMIT_FSIZE, MOST_FILE), (resource.RLIMIT_AS, MOST_MEMORY)):
                resource.prlimit(self.manager.provisioner.pid, limit, (most, most))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=START)
        except RuntimeError as error:
            self.end()
            raise Lost("the kernel did not start") from error

    def end(self) -> None:
        self.client.stop_channels()
        with contextlib.suppress(ProcessLookupError, PermissionError, AttributeError):
            os.killpg(self.manager.provisioner.pid, signal.SIGKILL)  # and the processes that it has started
        self.manager.shutdown_kernel(now=True)

    def run(self, source: str, seconds: float) -> list[NotebookNode]:
        """Its outputs. Raises Lost where the kernel did not survive."""
        outputs: list[NotebookNode] = []
        kept, interrupted = 0, False
        message = self.client.execute(source, allow_stdin=False, stop_on_error=False)
        deadline = time.monotonic() + seconds
        while True:
            try:
                got = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                if not self.manager.is_alive():
                    raise Died("the kernel died in this cell") from None
                got = None
            if got and got["parent_header"].get("msg_id") == message:
                kind, content = got["msg_type"], got["content"]
                if kind == "status" and content["execution_state"] == "idle":
                    break
                if kind in ("stream", "display_data", "execute_result", "error"):
                    size = len(str(content.get("text", content.get("data", content.get("traceback")))))
                    if kind == "error" or kept < MOST_OUTPUT:
                        _append(outputs, _shortened(output_from_msg(got), MOST_OUTPUT - kept))
                    kept += size
            if time.monotonic() > deadline:
                if interrupted:
                    raise Lost(f"the cell was stopped after {seconds:.0f} s")
                self.manager.interrupt_kernel()
                interrupted, deadline = True, time.monotonic() + 2
        if interrupted:
            raise Stopped(f"the cell was stopped after {seconds:.0f} s")
        return outputs


class Stopped(Exception):
    """The cell had to be interrupted; its kernel lives."""


def _append(outputs: list[NotebookNode], output: NotebookNode) -> None:
    last = outputs[-1] if outputs else None
    if last and last.output_type == output.output_type == "stream" and last.name == output.name:
        last.text += output.text
    else:
        outputs.append(output)


def _shortened(output: NotebookNode, most: int) -> NotebookNode:
    if output.output_type == "stream" and len(output.text) > most:
        output.text = output.text[: max(most, 0)] + "\n... the rest of the output was left out\n"
    elif output.output_type in ("display_data", "execute_result") and len(str(output.data)) > 20 * MOST_OUTPUT:
        output.data = NotebookNode({"text/plain": "... an output too large to keep"})
    elif output.output_type == "error":
        output.traceback = [line[:2000] for line in output.traceback[-20:]]
        output.evalue = output.evalue[:2000]
    return output


class RunCells(NbGraderPreprocessor):
    """In place of nbgrader's Execute."""

    cell_seconds = Float(60).tag(config=True)
    seconds = Float(900).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        self.deadline = time.monotonic() + self.seconds
        with tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True) as scratch:
            # A copy, so that no file that the code writes or changes meets another submission.
            self.folder = Path(scratch) / "work"
            shutil.copytree(resources["metadata"]["path"], self.folder)
            self.kernel: Kernel | None = None
            self.done: list[tuple[str, str]] = []  # question and source, to run again in a new kernel
            self.question = ""
            try:
                for cell in nb.cells:
                    if cell.cell_type == "code":
                        self.question = question(grading(cell).get("grade_id", "")) or self.question
                        self.run(cell)
            finally:
                self.drop_kernel()
        return nb, resources

    def drop_kernel(self) -> None:
        if self.kernel is not None:
            self.kernel.end()
            self.kernel = None

    def left(self) -> float:
        """Seconds that a cell may take. Raises Lost where the submission's time is used up."""
        rest = self.deadline - time.monotonic()
        if rest <= 0:
            raise Lost(f"not run: the submission had used up its {self.seconds:.0f} s")
        return min(self.cell_seconds, rest)

    def run(self, cell: NotebookNode) -> None:
        graded = grading(cell).get("grade") and not grading(cell).get("solution")
        cell.outputs, cell.execution_count = [], None
        failed = None
        try:
            cell.outputs = self.tried_twice(cell.source, graded)
            if not graded:
                self.done.append((self.question, cell.source))
        except Stopped as stopped:
            failed = str(stopped)
        except Lost as lost:
            failed = str(lost)
            self.drop_kernel()
        if graded:  # nbgrader takes anything on stderr for a failure
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
        if failed is not None:
            cell.outputs.append(new_output("error", ename="Stopped", evalue=failed, traceback=[f"Stopped: {failed}"]))

    def tried_twice(self, source: str, graded: bool) -> list[NotebookNode]:
        """The cell's outputs. Where the kernel dies, the other questions' cells are suspected, and left out once."""
        done = self.done
        try:
            return self.tried(source, graded)
        except Died:
            self.drop_kernel()
            self.done = [(asked, code) for asked, code in done if asked in ("", self.question)]
            try:
                return self.tried(source, graded)
            except Died:
                self.done = done  # they were not to blame
                raise

    def tried(self, source: str, graded: bool) -> list[NotebookNode]:
        kernel = self.ready()
        if graded:
            kernel.run(FRESH, self.left())
        return kernel.run(source, self.left())

    def ready(self) -> Kernel:
        """A kernel in which everything that went well has been run."""
        while self.kernel is None:
            self.left()
            self.kernel = Kernel(self.folder)
            for number, (_, source) in enumerate(self.done):
                try:
                    self.kernel.run(source, self.left())
                except (Stopped, Lost):  # it went well only once
                    self.done = self.done[:number] + self.done[number + 1 :]
                    self.drop_kernel()
                    break
        return self.kernel
