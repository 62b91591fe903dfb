"""Write the models of a pair for a web page that decodes with them: ONNX graphs and a manifest.

The published book carries what this makes; no server and no kernel take part in its decodes.
"""

import argparse
from pathlib import Path

HELP = "export a pair's models for a web page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the export."""
    parser.add_argument("target", type=Path, metavar="FOLDER", help="folder for the files")
    parser.add_argument("--pair", default="mini", help="pair to export (%(default)s)")
    parser.add_argument(
        "--runtime",
        type=Path,
        metavar="NODE_MODULES",
        help="folder of npm packages: also write what the page loads, into FOLDER/live",
    )


def run(arguments: argparse.Namespace) -> int:
    """Export, and return the exit status."""
    from apd.web.export import export_pair

    manifest = export_pair(arguments.pair, arguments.target)
    if arguments.runtime is not None:
        from apd.web.scripts import write_scripts

        manifest = write_scripts(arguments.target, arguments.runtime, arguments.target / "live")
    print(manifest)
    return 0
