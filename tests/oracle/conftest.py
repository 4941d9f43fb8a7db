# SPDX-License-Identifier: MIT
"""Prints, after the tests, how many digits of each reference merit matches."""

import pytest

LINES = []


@pytest.fixture(scope="session")
def digits_table():
    """A list of lines to print at the end."""
    return LINES


def pytest_terminal_summary(terminalreporter):
    if LINES:
        terminalreporter.write_sep("-", "matching digits, fewest of each kind")
    for line in sorted(LINES):
        terminalreporter.write_line(line)
