# SPDX-License-Identifier: MIT
"""The words in the pictures of results: what each estimate is, in whose units, from which job."""

from result_reader import SIGMA, TAU

NBSP = "\N{NO-BREAK SPACE}"
LONG = 20  # characters; longer ones are called "response" and "the term"


def shortened(text, length):
    """`text`, or its beginning and an ellipsis: at most `length` characters."""
    return text if len(text) <= length else text[:length - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def response_of(formula):
    """The left side, if it is short enough to stand under a panel."""
    name = formula.partition("~")[0].strip()
    return name if len(name) <= LONG else "response"


def covariates(formula):
    """What stands between +, * and : on the right side, not inside parentheses."""
    found, depth, word = [], 0, ""
    for char in formula.partition("~")[2] + "+":
        depth += (char == "(") - (char == ")")
        if depth == 0 and char in "+*:-":
            found.append(word.replace(" ", ""))
            word = ""
        else:
            word += char
    return [name for name in found if name and "|" not in name]


def unit_of(column, formula):
    """The line under a panel: what one unit of the x axis is."""
    response = response_of(formula)
    if column == TAU:
        return f"{response}, SD between groups"
    if column == SIGMA:
        return f"{response}, SD within groups"
    if column == "(Intercept)":
        return f"{response} where all covariates are 0"
    names = covariates(formula)
    compact = column.replace(" ", "")
    if compact in names and len(column) <= LONG:
        return f"{response} per unit of {column}"
    of_level = [name for name in names if compact.startswith(name)]
    if of_level and compact not in names and ":" not in column:
        level = compact[len(max(of_level, key=len)):]
        return f"{response}, {level} against reference"
    return f"{response} per unit of the term"


def kind_of(job):
    """"parametric bootstrap", "cases bootstrap of groups"."""
    kind = f"{job['type']} bootstrap"
    of = {"both": "groups and rows"}.get(job.get("resample"), job.get("resample"))
    return f"{kind} of {of}" if job["type"] == "cases" else kind


def describe_job(result):
    """One sentence: kind, replicates, seed, what failed."""
    replicates, job = result.replicates, result.job
    boundary = f"\N{GREEK SMALL LETTER TAU}{NBSP}={NBSP}0"
    notes = []
    if replicates.num_done < replicates.num_planned:
        notes.append(f"{replicates.num_done:,} done so far")
    notes += [f"{count:,} failed: {reason.replace('_', ' ')}"
              for reason, count in replicates.failed.items()]
    if replicates.num_boundary:
        notes.append(f"{replicates.num_boundary:,} on the boundary, {boundary}")
    return (f"{kind_of(job).capitalize()}: {replicates.num_planned:,} replicates, "
            f"seed{NBSP}{job['seed']}" + (f" ({'; '.join(notes)})" if notes else "") + ".")


def describe_data(result):
    """One sentence: n, J, the rows chosen, the criterion, the program."""
    fit, job = result.fit, result.job
    where = f", rows with {job['where']}" if job.get("where") else ""
    size = f"n = {fit.nobs:,} in J = {len(fit.level):,} groups".replace(" ", NBSP)
    return (f"{size} of {fit.group}{where}. Fitted by {str(job['method']).upper()} with "
            f"merit{NBSP}{result.provenance['version']}.")
