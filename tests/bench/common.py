# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks have in common: a free port, medians, and bars that decide the exit code."""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib

os.environ["GOGC"] = "100"  # peers that are programs of Go run as they come, other than in tests

MIB = 1024 * 1024
_missed = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def measure(command, **options):
    """CPU seconds, wall seconds and peak MiB of a command that must succeed. Debian's package "time" tells the peak:
    that of a child counts the program that starts it, which is larger here than what is measured."""
    timer = shutil.which("time") or sys.exit("install the package time")
    with tempfile.NamedTemporaryFile("r") as peak:
        begin = time.monotonic()
        process = subprocess.Popen([timer, "--quiet", "-f", "%M", "-o", peak.name, *command],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
        talk = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{command} ended with {process.returncode}:\n{talk.decode()}")
        return usage.ru_utime + usage.ru_stime, wall_s, int(peak.read()) / 1024


def cpu_of(process):
    """CPU seconds of a process that runs, so far."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_layer(path, size):
    """A gzip tar of one file of random bytes: nothing on the way can make it smaller."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    with open(path, "wb") as out:
        info = tarfile.TarInfo("data")
        info.size = size
        out.write(packer.compress(info.tobuf()))
        for _ in range(size // MIB):
            out.write(packer.compress(os.urandom(MIB)))
        out.write(packer.compress(bytes(-size % 512 + 1024)))
        out.write(packer.flush())


def median(rows):
    """The median of each column."""
    return [statistics.median(column) for column in zip(*rows)]


def _judge(name, value, unit, bound, is_met):
    if not is_met:
        _missed.append(name)
    print(f"bar: {name}: {value:.2f} {unit} ({bound} {unit}): {'ok' if is_met else 'MISSED'}", flush=True)


def at_most(name, value, limit, unit):
    _judge(name, value, unit, f"at most {limit}", value <= limit)


def at_least(name, value, limit, unit):
    _judge(name, value, unit, f"at least {limit}", value >= limit)


def end():
    """Ends the program: with 1 if a bar was missed."""
    if _missed:
        sys.exit(f"{len(_missed)} bars missed: " + "; ".join(_missed))
