"""`schema` prints the JSON Schema of what users write, for editors and CI."""

from __future__ import annotations

import argparse
import json

NAME = "schema"
HELP = "Print the JSON Schema of alerting.yaml, of rule files, or of tests of rules."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--rules", action="store_true", help="of rule files instead")
    instead.add_argument("--tests", action="store_true", help="of the files that `rules test` reads instead")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from otel_alerting.config.json_schema import json_schema
    from otel_alerting.config.schema import Config
    from otel_alerting.rules.rule import RuleFile
    from otel_alerting.testing.rules.file import RuleTests

    if args.tests:
        made = json_schema(RuleTests, "Tests of the rules of otel-alerting")
    elif args.rules:
        made = json_schema(RuleFile, "A rule file of otel-alerting")
    else:
        made = json_schema(Config, "The configuration of otel-alerting, alerting.yaml")
    print(json.dumps(made, indent=2, ensure_ascii=False))
    return 0
