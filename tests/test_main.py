"""The entry point."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_help_needs_no_tensorflow():
    code = "import sys, training.__main__; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


INTERRUPTED = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from training.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["training.cli.app", "typer", "numpy", "training.cli.titles"])
def test_ctrl_c_during_the_imports_ends_in_one_line(module):
    command = [sys.executable, "-c", INTERRUPTED, module]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "stopped; finished stages are kept\n"


def test_a_python_without_our_packages_names_the_remedy():
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r});"]
    command[-1] += SCRIPT
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not installed for" in done.stderr
    assert "`make setup`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_module_is_the_console_script():
    for command in ([sys.executable, "-m", "training"], [sys.executable, "-c", SCRIPT]):
        done = subprocess.run(
            [*command, "--version"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stdout.startswith("harperdb-recommender ")


SCRIPT = "from training.__main__ import main; main()"
"""What pip makes of the entry in pyproject.toml."""
