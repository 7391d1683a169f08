# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks have in common: a free port, medians, and bars that decide the exit code."""

import socket
import statistics
import sys

MIB = 1024 * 1024
_missed = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
