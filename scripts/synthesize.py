#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a synthetic study of detainees: survey, registry and partner survey, 2017 to 2022.

    scripts/synthesize.py --output study --seed 1
    scripts/synthesize.py --output weak --seed 1 --set icc=0.02 --set contact_share.care=0.25
    scripts/synthesize.py --output large --seed 1 --detainees 100000

No person in it exists. It imitates the structure of the Dutch Prison Visitation Study, whose
microdata are confidential: what is published holds in expectation, all else is an assumption
and a parameter (scripts/study_parameters.py; written to OUTPUT/parameters.json).
"""

import json
import os

from command_line import ArgumentParser, Replacement, UsageError, check_output, run

README = """# Synthetic data

**No person or institution in these files exists.** They were drawn by `synthesize.py` (seed
{seed}) and imitate the structure of the Dutch Prison Visitation Study (part of the Life in Custody
study), whose microdata are confidential. Published figures hold in expectation; every other
number is an assumption. `parameters.json` lists all of them, each labelled, and what was solved
from them.

| file | one row per | rows |
|---|---|---|
| {survey} | detainee who answered, and wave | {num_survey} |
| {registry} | detainee asked, and wave | {num_registry} |
| partners.csv | partner and institution, and wave | {num_partners} |

Made to be met in real data, too: items left out, survey rows without a registry row, registry
rows of those who did not answer, persons in several waves, institutions that close, merge and
open, ratings that still name a merged institution, unequal clusters.
"""


def main(arguments):
    parser = ArgumentParser(description=__doc__.split("\n\n")[0], prog="synthesize.py")
    parser.add_argument("--output", required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--detainees", type=int, metavar="N",
                        help="survey rows over the three waves (default: as published)")
    parser.add_argument("--format", choices=("csv", "dta", "sav"), default="csv",
                        help="of survey and registry (default csv)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="change a parameter; a part of one: NAME.PART=VALUE")
    parser.add_argument("--overwrite", action="store_true", help="replace what exists")
    options = parser.parse_args(arguments)
    if options.seed < 0:
        raise UsageError(f"--seed {options.seed}: must be at least 0")

    from study_parameters import Parameters
    parameters = Parameters()
    for assignment in options.set:
        parameters.set(assignment)
    if options.detainees is not None:
        if not 300 <= options.detainees <= 100_000_000:
            raise UsageError(f"--detainees {options.detainees}: must be from 300 to 10^8")
        scale = options.detainees / sum(parameters.respondents.values())
        for wave in parameters.respondents:
            parameters.respondents[wave] = round(parameters.respondents[wave] * scale)
    parameters.check()
    if options.format == "sav":
        from write_tables import check_sav
        check_sav()

    names = [f"survey.{options.format}", f"registry.{options.format}", "partners.csv",
             "parameters.json", "README.md"]
    paths = [os.path.join(options.output, name) for name in names]
    try:
        os.makedirs(options.output, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output {options.output}: {error.strerror}") from None
    for path in paths:
        check_output(path, options.overwrite)
    make(parameters, options.seed, paths)


def make(parameters, seed, paths):
    """Draws the study and writes its five files."""
    import numpy as np
    from study_codebook import WAVES
    from study_detainees import FIRST_PERSON, Wave, draw_persons
    from study_institutions import draw_institutions, draw_ratings
    from write_tables import CsvWriter, write_labelled

    purposes = ("institutions", "partners", "persons", "detainees")

    def stream(purpose, *place):
        key = (purposes.index(purpose), *place)
        return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))

    survey_path, registry_path, partners_path, parameters_path, readme_path = paths
    institutions = draw_institutions(parameters, stream)
    ratings = draw_ratings(parameters, institutions, stream)
    rows = {"survey": 0, "registry": 0, "partners": len(ratings["partner"].values)}
    solved, persons, before, next_number = {}, None, None, FIRST_PERSON

    def blocks():
        nonlocal persons, before, next_number
        for wave in WAVES:
            persons = draw_persons(parameters, wave, parameters.respondents[str(wave)], persons,
                                   wave - before if before else 0, next_number,
                                   stream("persons", wave))
            before, next_number = wave, next_number + len(persons.number)
            model = Wave(parameters, wave, institutions[wave], persons)
            solved[wave] = {
                "institutions": len(model.institutions.names), "asked": len(persons.number),
                "release_scale": model.scale, "contact_loading": model.contact.loading,
                "contact_institution_sd": model.contact.institution_sd,
                "contact_intercept": dict(zip(parameters.contact_share,
                                              model.contact.intercept.tolist())),
                "preparedness_tau": model.tau, "preparedness_sigma": model.sigma}
            for survey, registry in model.blocks(stream):
                rows["survey"] += len(survey["person"].values)
                rows["registry"] += len(registry["person"].values)
                yield survey, registry

    if survey_path.endswith(".csv"):
        with Replacement(survey_path) as survey_file, Replacement(registry_path) as registry_file:
            writers = CsvWriter(survey_file), CsvWriter(registry_file)
            for both in blocks():
                for writer, columns in zip(writers, both):
                    writer.add(columns)
    else:
        from tables import concatenate
        surveys, registries = zip(*blocks())
        write_labelled(survey_path, concatenate(surveys))
        write_labelled(registry_path, concatenate(registries))
    with Replacement(partners_path) as path:
        CsvWriter(path).add(ratings)
    record = {"synthetic": True, "note": "No person or institution in these data exists.",
              "seed": seed, "numpy": np.__version__, "rows": rows, "solved": solved,
              "parameters": parameters.describe()}
    with Replacement(parameters_path) as path, open(path, "w", encoding="utf-8") as file:
        json.dump(record, file, indent=1, ensure_ascii=False)
        file.write("\n")
    with Replacement(readme_path) as path, open(path, "w", encoding="utf-8") as file:
        file.write(README.format(seed=seed, survey=os.path.basename(survey_path),
                                 registry=os.path.basename(registry_path),
                                 **{f"num_{name}": count for name, count in rows.items()}))
    for path, name in zip(paths, rows):
        print(f"{path}: {rows[name]} rows")


if __name__ == "__main__":
    run(main)
