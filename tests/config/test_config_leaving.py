"""A program that is to run on leaves out rules with a mistake, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_alerting.config.load import examine
from otel_alerting.errors import ConfigurationError

GOOD = "- {alert: Good, metric: m, above: 1}\n"
HEAD = "version: 1\nrules:\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("alerting.yaml").write_text("version: 1\nrule_files: ['r*.yaml']\n")
    return tmp_path


def usable(text: str = "alerting.yaml") -> tuple[list[str], list[str]]:
    found = examine(text, {})
    return [rule.alert for rule in found.usable().rules], [str(one) for one in found.faults]


@pytest.mark.parametrize(
    "wrong",
    [
        "- {alert: Bad, metric: q, abvoe: 5}\n",
        "- {alert: Bad, metric: q, above: much}\n",
        "- {alert: Bad, above: 5}\n",
        "- {alert: Bad, metric: q, above: 5, window: 7s}\n",
        "- {metric: q, above: 5}\n",
    ],
)
def test_a_wrong_rule_is_left_out_and_the_others_hold(wrong: str) -> None:
    """Before and after it, whatever is wrong with it."""
    Path("r.yaml").write_text(HEAD + "- {alert: First, metric: m, above: 1}\n" + wrong + GOOD)
    rules, told = usable()
    assert rules == ["First", "Good"]
    assert told
    assert all(one.startswith("r.yaml:4") for one in told)


def test_a_file_that_is_no_yaml_costs_its_own_rules() -> None:
    """Other files hold."""
    Path("r1.yaml").write_text("version: 1\nrules: [\n")
    Path("r2.yaml").write_text(HEAD + GOOD)
    rules, told = usable()
    assert rules == ["Good"]
    assert told[0].startswith("r1.yaml:")


def test_of_two_rules_of_one_name_the_second_is_left_out() -> None:
    """Its alerts would be the first one's."""
    Path("r1.yaml").write_text(HEAD + GOOD)
    Path("r2.yaml").write_text(HEAD + "- {alert: Good, metric: other, above: 1}\n")
    found = examine("alerting.yaml", {})
    assert [rule.metric for rule in found.usable().rules] == ["m"]
    assert len(found.faults) == 1


def test_a_pattern_without_files_costs_nothing() -> None:
    """It is told all the same."""
    rules, told = usable()
    assert rules == []
    assert "which matches no file" in told[0]


def test_a_mistake_elsewhere_is_refused_with_all_others() -> None:
    """Without a receiver there is nobody to tell."""
    Path("alerting.yaml").write_text(
        "version: 1\nroute: {receiver: nobody}\nrules: [{alert: A, metric: m, abvoe: 1}]\n"
    )
    with pytest.raises(ConfigurationError) as error:
        usable()
    assert len(error.value.problems) == 2
