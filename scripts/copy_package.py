"""Copies the package into the environment of the interpreter that runs this: pure Python needs no build."""

import pathlib
import shutil
import sys
import sysconfig

action = pathlib.Path(sys.argv[1])
target = pathlib.Path(sysconfig.get_paths()["purelib"]) / "smp_check"
not_wanted = shutil.ignore_patterns("__pycache__")
shutil.copytree(action / "smp_check", target, ignore=not_wanted)
shutil.copytree(action / "templates", target / "templates", ignore=not_wanted)
