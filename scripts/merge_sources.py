#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
r"""Merges detainee survey, registry and partner survey into one snapshot that merit reads.

    scripts/merge_sources.py --survey study/survey.csv --registry study/registry.csv \
        --partners study/partners.csv --output study.h5
    scripts/merge_sources.py --survey study/survey.csv --registry study/registry.csv \
        --output persons.h5 --factor regime=prison,HvB,EZV,ISD,BBI,PPC
    scripts/merge_sources.py --survey study/survey.csv --registry study/registry.csv \
        --partners study/partners.csv --output scales.h5 \
        --scale contact=communication,information --scale place=reception,facilities

Survey rows are kept, in their order. The registry is joined by person and wave (by person, where it
has no wave); partners' ratings are aggregated to institution × wave and joined by both: each scale
gives its mean NAME, NAME_n, NAME_sd and the reliability of the mean, NAME_rel. What does not match
is counted here and listed in the report (OUTPUT without .h5, .unmatched.csv). Files are .csv, .tsv,
.dta or .sav.
"""

import os

from command_line import (ArgumentParser, DataError, Replacement, UsageError, check_output, nearest,
                          run, some)
from make_snapshot import add_reading_options, add_writing_options, factors, reading

SCALES = ("facilitation=reception,communication,information,facilities",
          "accessibility=accessibility")


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="merge_sources.py")
    parser.add_argument("--survey", required=True, metavar="FILE")
    parser.add_argument("--registry", required=True, metavar="FILE")
    parser.add_argument("--partners", metavar="FILE")
    parser.add_argument("--output", required=True, metavar="OUT.h5")
    parser.add_argument("--report", metavar="FILE.csv", help="list of what does not match")
    parser.add_argument("--person", default="person", metavar="COL")
    parser.add_argument("--wave", default="wave", metavar="COL")
    parser.add_argument("--institution", default="institution", metavar="COL")
    parser.add_argument("--scale", action="append", default=[], metavar="NAME=COL,...",
                        help=f"partners' rating: mean of these columns (default: "
                             f"{' and '.join(SCALES)})")
    add_reading_options(parser)
    add_writing_options(parser)
    options = parser.parse_args(arguments)
    report = options.report or os.path.splitext(options.output)[0] + ".unmatched.csv"
    if os.path.abspath(report) == os.path.abspath(options.output):
        raise UsageError(f"--report {report}: is the output; give another file")
    paths = [path for path in (options.survey, options.registry, options.partners) if path]
    for path in (options.output, report):
        check_output(path, options.overwrite, paths)

    from merge_checks import check_labels
    from read_tables import check_names, read_table
    from snapshot_io import write_snapshot

    tables = [read_table(path, **reading(options)) for path in paths]
    check_labels(tables)
    for name in options.numeric:
        holders(tables, name)
    apply_levels(tables, factors(options))
    columns, unmatched = merge(*tables, options=options)
    check_names(options.output, list(columns))
    with Replacement(report) as path:
        num_unmatched = write_report(path, unmatched)
        write_snapshot(options.output, columns, tables, options.title, options.table)

    num_rows = len(next(iter(columns.values())).values)
    print(f"{options.output}: {num_rows} rows, {len(columns)} columns")
    for problem, rows in unmatched.items():
        print(f"  {len(rows['wave'])} {problem}")
    print(f"{report}: {num_unmatched} rows that do not match")


def apply_levels(tables, given):
    """--factor and --ordered, then the codebook's levels for text that has no value labels.

    @throws DataError for a column that no file has, or a value that is not among the levels
    """
    from study_codebook import LEVELS
    from tables import as_factor
    for name, levels, ordered in given:
        for table in holders(tables, name):
            as_factor(table, name, levels, ordered)
    for name in sorted(LEVELS.keys() - {name for name, _, _ in given}):
        for table in tables:
            column = table.columns.get(name)
            if column is not None and column.levels is not None and not column.labels:
                try:
                    as_factor(table, name, LEVELS[name])
                except DataError as error:
                    raise DataError(f"{error} in the study's codebook; --factor {name} takes "
                                    "the levels as they are") from None


def holders(tables, name):
    """The tables with a column `name`. @throws DataError if there is none"""
    found = [table for table in tables if name in table.columns]
    if not found:
        known = [column for table in tables for column in table.columns]
        raise DataError(f"no source has a column '{name}'{nearest(name, known)}")
    return found


def merge(survey, registry, partners=None, *, options):
    """Joins the tables.

    Returns the merged columns, {name: Column}, and what does not match:
    {problem: {"person", "wave", "institution": lists of text}}.
    @throws DataError for duplicate keys, unknown institutions, columns in two sources
    """
    import numpy as np
    import pandas as pd
    from merge_checks import check_shared_columns, check_unique, combine, common_codes

    person, wave, institution = options.person, options.wave, options.institution
    keys = [key for key in (person, wave) if key == person or key in registry.columns]
    check_shared_columns(survey, registry, keys)
    for name in (person, wave, institution):
        survey.column(name)
    if registry.column(person).missing.any():
        row = int(np.argmax(registry.columns[person].missing)) + 1
        raise DataError(f"{registry.name}: row {row} has no '{person}'")

    codes, values = zip(*(common_codes(key, survey, registry) for key in keys))
    in_survey, in_registry = zip(*codes)
    check_unique(registry, keys, in_registry, values)
    # A person answers once per wave, also where the registry knows no waves.
    if wave not in keys:
        (of_wave,), waves = common_codes(wave, survey)
        check_unique(survey, [person, wave], [in_survey[0], of_wave], [values[0], waves])
    else:
        check_unique(survey, keys, in_survey, values)
    key = combine(in_survey, values)
    rows = pd.Index(combine(in_registry, values)).get_indexer(key)
    rows[key < 0] = -1

    columns = dict(survey.columns)
    for name, column in registry.columns.items():
        if name not in keys:
            columns[name] = column.take(rows)
    without_survey = np.ones(registry.num_rows, dtype=bool)
    without_survey[rows[rows >= 0]] = False
    unmatched = {
        "survey rows without a registry row":
            _listed(survey, np.flatnonzero(rows < 0), person, wave, institution),
        "registry rows without a survey row":
            _listed(registry, np.flatnonzero(without_survey), person, wave, institution)}
    if partners is not None:
        join_ratings(columns, unmatched, survey, partners, options)
    return columns, unmatched


def join_ratings(columns, unmatched, survey, partners, options):
    """Adds the partners' scales, by institution × wave, to `columns`."""
    import numpy as np
    from merge_checks import as_text, combine, common_codes
    from partner_ratings import aggregate, scale_score

    person, wave, institution = options.person, options.wave, options.institution
    (survey_where, rated), places = common_codes(institution, survey, partners)
    (survey_when, rated_when), waves = common_codes(wave, survey, partners)
    unknown = sorted(set(np.unique(rated[rated >= 0])) - set(np.unique(survey_where)))
    if unknown:
        raise DataError(f"{partners.name}: column '{institution}' names institutions that "
                        f"{survey.name} does not know: {some(as_text(places[code]) for code in unknown)}")
    of_survey = combine([survey_where, survey_when], [places, waves])
    of_rating = combine([rated, rated_when], [places, waves])
    cells = np.unique(of_survey[of_survey >= 0])

    def position(key):
        at = np.searchsorted(cells, key)
        found = (key >= 0) & (at < len(cells))
        found[found] = cells[at[found]] == key[found]
        return np.where(found, at, -1)

    cell_of_rating = position(of_rating)
    for spec in options.scale or SCALES:
        name, equals, items = spec.partition("=")
        if not equals or not name or not items:
            raise UsageError(f"--scale {spec}: write NAME=COL,COL,...")
        score = scale_score(partners, name, items.split(","))
        results = aggregate(score, cell_of_rating, cells % len(waves))
        for suffix, statistic in results.items():
            if name + suffix in columns:
                raise DataError(f"{survey.name} or the registry has a column '{name}{suffix}', "
                                f"which the partners' scale '{name}' would make; --scale "
                                "OTHER=... gives it another name")
            columns[name + suffix] = statistic.take(position(of_survey))

    unmatched["partner ratings of an institution without survey rows in that wave"] = _listed(
        partners, np.flatnonzero(cell_of_rating < 0), person, wave, institution)
    unrated = np.setdiff1d(cells, of_rating)
    unmatched["institutions without partner ratings in a wave"] = {
        "person": [""] * len(unrated),
        "wave": [as_text(waves[cell % len(waves)]) for cell in unrated],
        "institution": [as_text(places[cell // len(waves)]) for cell in unrated]}


def _listed(table, rows, *names):
    """The key columns of `rows` as text, empty where the table has no such column."""
    from tables import number_as_text
    listed = {}
    for name, key in zip(names, ("person", "wave", "institution")):
        column = table.columns.get(name)
        if column is None:
            listed[key] = [""] * len(rows)
            continue
        text = column.levels.__getitem__ if column.levels is not None else number_as_text
        listed[key] = ["" if gone else text(value) for value, gone in
                       zip(column.values[rows].tolist(), column.missing[rows])]
    return listed


def write_report(path, unmatched):
    """CSV: problem, person, wave, institution. Returns its number of rows."""
    import csv
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["problem", "person", "wave", "institution"])
        for problem, listed in unmatched.items():
            writer.writerows(zip([problem] * len(listed["wave"]), listed["person"],
                                 listed["wave"], listed["institution"]))
    return sum(len(listed["wave"]) for listed in unmatched.values())


if __name__ == "__main__":
    run(main)
