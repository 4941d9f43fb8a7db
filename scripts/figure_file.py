# SPDX-License-Identifier: MIT
"""What the scripts that draw share: the options of a figure's file, and writing it."""

import os

from command_line import Replacement, UsageError

FORMATS = ("png", "pdf", "svg")


def add_figure_options(parser, default):
    """@param default  the file's name in the help, "STUDY.png" for instance"""
    parser.add_argument("--output", metavar="FIGURE",
                        help=f"a .png, .pdf or .svg file (default: {default})")
    parser.add_argument("--dpi", type=int, default=150, help="of a .png (default 150)")
    parser.add_argument("--overwrite", action="store_true", help="replace what exists")


def figure_name(options, source):
    """Where the figure of a file `source` goes. @throws UsageError"""
    output = options.output or os.path.splitext(source)[0] + ".png"
    if kind_of(output) not in FORMATS:
        raise UsageError(f"--output {output}: must end in .png, .pdf or .svg")
    if not 30 <= options.dpi <= 1200:
        raise UsageError(f"--dpi {options.dpi}: must be from 30 to 1200")
    return output


def kind_of(output):
    return os.path.splitext(output)[1].lstrip(".").lower()


def use_plain_style():
    """The same picture whatever a matplotlibrc says; $ in names is no formula."""
    import matplotlib
    matplotlib.rcdefaults()
    matplotlib.rcParams.update({"text.parse_math": False, "svg.hashsalt": "merit"})


def save(figure, output, dpi):
    """Without times: the same results give the same bytes. @throws IoError"""
    kind = kind_of(output)
    metadata = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    with Replacement(output) as temporary:
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata)
