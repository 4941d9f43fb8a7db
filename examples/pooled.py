#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An estimator of a simulation study: least squares that knows no schools, with the usual standard
errors. merit simulate keeps it running and asks it in lines of text (README, "Simulation studies")."""

import sys

import numpy as np

for asked in sys.stdin:
    word, cell, repetition, seed, rows = asked.split()
    names = sys.stdin.readline().strip().split(",")
    values = np.array([sys.stdin.readline().split(",") for _ in range(int(rows))], dtype=float)
    data = dict(zip(names, values.T))
    X = np.column_stack([np.ones(int(rows)), data["x"], data["treated"]])
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ data["y"]
    residual = data["y"] - X @ beta
    sigma = np.sqrt(residual @ residual / (len(residual) - X.shape[1]))
    print("term,estimate,std.error")
    for term, estimate, variance in zip(("(Intercept)", "x", "treated"), beta, np.diag(inverse)):
        print(f"{term},{estimate!r},{sigma * np.sqrt(variance)!r}")
    print(f"sd__Observation,{sigma!r},")
    print("end", flush=True)
