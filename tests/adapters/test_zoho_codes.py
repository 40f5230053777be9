"""Every code of protocols.md 4.1 to 4.3 has a class and a sentence with a next step; the rest is read by its status."""

from __future__ import annotations

import pytest

from adapters.crm._zoho import codes
from adapters.crm._zoho.calls import _read
from adapters.crm._zoho.reading import figure, salesorder, same_phone
from engine.messages import Outcome, OutcomeClass
from engine.ports import Answer

R, N, O, T = OutcomeClass.RETRY, OutcomeClass.NEVER, OutcomeClass.OPERATOR, OutcomeClass.THROTTLE_NUMBER  # noqa: E741

INVENTORY = {57: O, 1002: N, 2: N, 1000: R, 5: R, 44: T, 45: T, 1070: T}
CRM = {
    "INVALID_TOKEN": O,
    "AUTHENTICATION_FAILURE": O,
    "OAUTH_SCOPE_MISMATCH": O,
    "NO_PERMISSION": O,
    "AUTHORIZATION_FAILED": O,
    "INVALID_MODULE": N,
    "INVALID_DATA": N,
    "MANDATORY_NOT_FOUND": N,
    "DEPENDENT_FIELD_MISSING": N,
    "DEPENDENT_MISMATCH": N,
    "INVALID_REQUEST_METHOD": N,
    "LIMIT_EXCEEDED": N,
    "MULTIPLE_OR_MULTI_ERRORS": N,
    "DUPLICATE_DATA": R,
    "RECORD_LOCKED": R,
    "DEPENDENT_SERVICE_ERROR": R,
    "INVALID_URL_PATTERN": N,
    "TOO_MANY_REQUESTS": T,
    "INTERNAL_ERROR": R,
}


def test_the_tables_are_complete_and_classed_as_documented() -> None:
    assert {code: one.kind for code, one in codes.CODES.items()} == INVENTORY
    assert {code: one.kind for code, one in codes.WORDS.items()} == CRM


@pytest.mark.parametrize("one", [*codes.CODES.values(), *codes.WORDS.values(), *codes.REFRESH.values()])
def test_every_code_has_a_sentence_and_a_next_step(one: Outcome) -> None:
    happened, *steps = one.reason.rstrip(".").split(". ")
    assert happened
    assert steps, one.reason
    assert one.code


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"code":0,"items":[]}', None),
        (201, b'{"code":0}', None),
        (200, b'{"code":1002,"message":"x"}', N),
        (200, b"[]", OutcomeClass.UNKNOWN),
        (200, b'{"code":0,"items":[{"item_id":"46', OutcomeClass.UNKNOWN),
        (429, b"", T),
        (429, b'{"code":1070}', T),
        (500, b"<html>", R),
        (502, b'{"code":0}', R),
        (403, b'{"code":9999}', O),
        (401, b"{}", O),
        (400, b'{"code":36004,"message":"secret of a customer"}', N),
        (400, b'{"code":"INVALID_DATA"}', N),
        (302, b"", R),
        (400, b"\xff", N),
    ],
)
def test_an_answer_is_read_by_its_code_then_by_its_status(status: int, body: bytes, kind: OutcomeClass | None) -> None:
    _, outcome = _read(Answer(status, {}, body), changes=True)
    assert (outcome.kind if outcome else None) == kind
    assert outcome is None or "secret" not in outcome.reason


def test_a_wait_that_zoho_asks_for_is_kept() -> None:
    _, outcome = _read(Answer(429, {"retry-after": "120"}, b'{"code":44}'), changes=False)
    assert outcome is not None
    assert outcome.wait == 120_000
    _, forever = _read(Answer(429, {"retry-after": "9" * 40}, b'{"code":44}'), changes=False)
    assert forever is not None
    assert forever.wait == 3_600_000


@pytest.mark.parametrize(
    ("value", "count"),
    [(12, 12), (12.9, 12), (-0.5, -1), ("7", 7), ("-3.00", -3), ("1,200.5", 1200), ("", None), (None, None), (0, 0)],
)
def test_stock_values(value: object, count: int | None) -> None:
    assert figure(value) == count


@pytest.mark.parametrize("value", [True, "many", [], "inf", float("nan"), 10**12, "1e400", "--3"])
def test_what_is_no_stock_value(value: object) -> None:
    with pytest.raises(ValueError, match="no number"):
        figure(value)


def test_phones_are_one_however_they_are_spelled() -> None:
    assert same_phone("919800000001", "+91 98000-00001")
    assert same_phone("919800000001", "098000 00001")
    assert not same_phone("919800000001", "919800000002")
    assert not same_phone("919800000001", "0001")


def test_a_sales_order_is_found_under_either_name() -> None:
    one = {"salesorder_id": "46", "status": "draft"}
    assert salesorder({"salesorder": one}) == salesorder({"sales_order": one})
    assert salesorder({"code": 0}) is None
