#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C++ file is as clang-format writes it."""

import pathlib
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
files = [str(p) for top in ("include", "src", "tests") for p in sorted((root / top).rglob("*.[ch]pp"))]
sys.exit(subprocess.run(["clang-format", "--dry-run", "-Werror", *files], check=False).returncode or not files)
