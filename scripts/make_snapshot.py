#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
r"""Turns one table into a snapshot that merit reads.

    scripts/make_snapshot.py tests/data/jsp728.csv jsp.h5 --factor school
    scripts/make_snapshot.py tests/data/contraception.csv use.h5 \
        --factor district --factor livch=0,1,2,3+
    scripts/make_snapshot.py tests/data/wine.csv wine.h5 --factor judge --ordered rating=1,2,3,4,5

CSV (.csv; .tsv and .tab: tabs), Stata (.dta) and SPSS (.sav). Numbers are kept exactly: integers
as int64, all others, and integers with gaps, as float64. Text becomes categorical with its levels
in byte order; the first level is the reference. Value labels become levels in the order of
their codes. Empty fields, NA, NaN and a lone full stop are missing. Booleans stay booleans.
"""

import csv

from command_line import ArgumentParser, UsageError, check_output, run


def add_reading_options(parser):
    """Options of every script that reads tables."""
    parser.add_argument("--factor", action="append", default=[], metavar="COL[=L1,L2,...]",
                        help="make COL categorical, with these levels (default: byte order); "
                             "a level with a comma is quoted: '=\"a,b\",c'")
    parser.add_argument("--ordered", action="append", default=[], metavar="COL=L1,L2,...",
                        help="the same, and the levels have an order")
    parser.add_argument("--numeric", action="append", default=[], metavar="COL",
                        help="ignore COL's value labels (Stata, SPSS)")
    parser.add_argument("--missing", action="append", default=[], metavar="VALUE",
                        help="a further text that means a missing value (CSV)")
    parser.add_argument("--separator", metavar="CHAR", help="between fields (CSV)")
    parser.add_argument("--decimal", default=".", metavar="CHAR", help="decimal point (CSV)")


def add_writing_options(parser):
    """Options of every script that writes a snapshot."""
    parser.add_argument("--table", default="/data", metavar="PATH",
                        help="group of the table in the snapshot (default /data)")
    parser.add_argument("--title", default="", help="free text, kept in the snapshot")
    parser.add_argument("--overwrite", action="store_true", help="replace what exists")


def factors(options):
    """[(column, levels or None, ordered)] from --factor and --ordered. @throws UsageError"""
    found = []
    for option, specs in (("--factor", options.factor), ("--ordered", options.ordered)):
        for spec in specs:
            name, equals, text = spec.partition("=")
            levels = next(csv.reader([text]), []) if equals else None
            if equals and (not levels or len(set(levels)) < len(levels)):
                raise UsageError(f"{option} {spec}: the levels must be given once each, "
                                 "e.g. COL=low,middle,high")
            if not equals and option == "--ordered":
                raise UsageError(f"--ordered {spec}: needs its levels, {spec}=L1,L2,...")
            if name in [other for other, _, _ in found]:
                raise UsageError(f"{option} {spec}: '{name}' is given twice")
            found.append((name, levels, option == "--ordered"))
    return found


def reading(options):
    """Keyword arguments of read_table()."""
    for name in ("separator", "decimal"):
        value = getattr(options, name)
        if value is not None and len(value) != 1:
            raise UsageError(f"--{name} '{value}': must be one character")
    return {"text": [name for name, _, _ in factors(options)], "numeric": options.numeric,
            "missing": options.missing, "separator": options.separator,
            "decimal": options.decimal}


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="make_snapshot.py")
    parser.add_argument("input", metavar="IN", help=".csv, .tsv, .dta or .sav")
    parser.add_argument("output", metavar="OUT.h5")
    add_reading_options(parser)
    add_writing_options(parser)
    options = parser.parse_args(arguments)

    from read_tables import read_table
    from snapshot_io import write_snapshot
    from tables import as_factor

    check_output(options.output, options.overwrite, [options.input])
    table = read_table(options.input, **reading(options))
    for name in options.numeric:
        table.column(name)
    for name, levels, ordered in factors(options):
        as_factor(table, name, levels, ordered)
    write_snapshot(options.output, table.columns, [table], options.title, options.table)
    categorical = sum(column.levels is not None for column in table.columns.values())
    print(f"{options.output}: {table.num_rows} rows, {len(table.columns)} columns "
          f"({categorical} categorical)")


if __name__ == "__main__":
    run(main)
