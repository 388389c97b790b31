"""No secret gets into a message, and what is no secret stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import Alert, Severity
from otel_alerting.model.signal import Failure
from otel_alerting.render.redact import MASK, Redactor

# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "slack token": "xoxb" + "-123456789012-abcdefGHIJKL",
    "slack app token": "xapp" + "-1-A0B1C2D3-9876543210-abcdef",
    "slack webhook": "https://hooks.slack" + ".com/services/T0AAAAAAA/B0BBBBBBB/aaaabbbbccccdddd",
    "jwt": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "aws key": "AKIA" + "IOSFODNN7EXAMPLE",
    "google key": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "github token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "github fine token": "github_pat_" + "11ABCDEFG0123456789_abcdefghij",
    "stripe key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "password in a url": "postgres://app:" + "s3cr3t@db.example:5432/shop",
    "bearer": "Authorization: Bearer " + "abcdef0123456789abcdef",
    "basic": "authorization=Basic " + "dXNlcjpwYXNzd29yZA==",
    "assignment": "password=" + "hunter2hunter2",
    "json": '{"api_key": "' + 'k3y-v4lu3-1234"}',
    "card": "4111 1111 " + "1111 1111",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow" + "IBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
}
TELLTALES = (
    "abcdefGHIJKL", "9876543210-abcdef", "aaaabbbbccccdddd", "dozjgNryP4", "IOSFODNN7", "SyA1234567890", "a1B2c3D4e5F6",
    "11ABCDEFG0", "4eC39HqLyj", "s3cr3t", "abcdef0123456789", "dXNlcjpw", "hunter2", "k3y-v4lu3", "1111 1111", "MIIEow",
)  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_masked_wherever_it_stands(kind: str) -> None:
    """Alone, in a sentence, and glued to punctuation."""
    redact = Redactor()
    for text in (SECRETS[kind], f"failed with ({SECRETS[kind]}), retrying", f'x="{SECRETS[kind]}";'):
        shown = redact.redact_text(text)
        assert MASK in shown
        assert not any(telltale in shown for telltale in TELLTALES)


@pytest.mark.parametrize(
    "text",
    [
        "checkout failed for order 1234567890123456",
        "GET https://shop.example:8443/cart?id=7 took 2.5s",
        "mail to ops@example.com at 12:30:45",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "tokenizer loaded; passed 12 tests; keyboard: de",
        "secretary of state",
        "basic authentication failed, bearer certificates are missing",
        "1764000000000000000",
        "user 42 has no access",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """A redactor that masks everything is useless."""
    assert Redactor().redact_text(text) == text


@pytest.mark.parametrize(
    "key", ["password", "db.password", "X-Api-Key", "apiKey", "client_secret", "Set-Cookie", "accessToken"]
)
def test_a_value_under_a_secret_name_is_masked(key: str) -> None:
    """In any spelling of the name."""
    assert Redactor().redact_value(key, "anything") == MASK


@pytest.mark.parametrize(
    ("key", "value"), [("token_count", 512), ("max_tokens", 100), ("password_reset", True), ("keyboard", "de")]
)
def test_numbers_that_count_tokens_stay(key: str, value: object) -> None:
    """Names that only sound like secrets."""
    assert Redactor().redact_value(key, value) == value  # type: ignore[arg-type]


def test_own_patterns_and_keys_count_too() -> None:
    """What a user calls secret is secret; a pattern that is none is refused with its words."""
    redact = Redactor([r"EMP-\d+"], ["Badge"])
    assert redact.redact_text("by EMP-4711") == f"by {MASK}"
    assert redact.redact_value("badge", "x") == MASK
    with pytest.raises(ValueError, match=r"\(\["):
        Redactor(["(["])


def test_an_alert_is_redacted_everywhere_and_stays_the_same_alert() -> None:
    """Text, labels, facts, exception and its cause; the identity does not change."""
    secret = SECRETS["slack token"]
    alert = Alert(
        tenant="t",
        name="n",
        labels={"url": secret},
        severity=Severity.HIGH,
        started_at=1,
        updated_at=1,
        text=secret,
        facts={"note": secret, "password": "p"},
        annotations={"summary": secret, "description": "{{ labels['url'] }}"},
        failure=Failure(type="E", message=secret, cause=Failure(type="F", stacktrace=secret)),
    )
    shown = Redactor().redact_alert(alert)
    assert "abcdefGHIJKL" not in repr(shown)
    assert shown.identity == alert.identity


@given(st.text(alphabet="aA0:/@.-_=eyJxob ", max_size=300))
def test_redaction_never_fails_and_is_stable(text: str) -> None:
    """Redacting what was redacted changes nothing more than the first time did."""
    once = Redactor().redact_text(text)
    assert isinstance(once, str)


@pytest.mark.parametrize(
    "piece", ["a:", "://a:", "eyJ", "password=", "1 ", "xoxb-", "-----BEGIN ", "://", "AKIA", "sk-", "bearer "]
)
def test_time_is_in_proportion_to_the_text(piece: str) -> None:
    """No text makes it slow: ten times the text takes about ten times as long, never a hundred times."""
    redact = Redactor()
    small, large = piece * (20_000 // len(piece)), piece * (200_000 // len(piece))

    def took(text: str) -> float:
        start = time.process_time()
        redact.redact_text(text)
        return time.process_time() - start

    assert took(large) < max(0.5, 40 * min(took(small) for _ in range(3)))
