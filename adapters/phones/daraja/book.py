"""Prompts and payments of the fake Daraja: what a shop asks for, what becomes of it, and the bank's own book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from engine.address import MINUTE, Millis
from engine.ports import Clock

Json = dict[str, Any]

PROMPT: Millis = MINUTE
"""How long a question stays on a phone (protocols.md 3.2)."""
EAST_AFRICA = timedelta(hours=3)
APPROVE = "approve"
CODES: dict[str, tuple[int, str]] = {
    APPROVE: (0, "The service request is processed successfully."),
    "cancelled": (1032, "Request cancelled by user"),
    "no_funds": (1, "The balance is insufficient for the transaction."),
    "wrong_pin": (2001, "The initiator information is invalid."),
    "no_answer": (1037, "DS timeout user cannot be reached"),
    "expired": (1019, "Transaction has expired"),
}
"""What somebody does with a prompt → its result."""


class DarajaAccount(msgspec.Struct, eq=False):
    """A shop's app with its shortcode. ``confirmation_url`` and ``validation_url`` are registered by the shop itself.
    ``tells_prompts``: money of prompts is confirmed there too, as Daraja does for a paybill whose addresses are
    registered."""

    name: str
    title: str
    key: str
    secret: str
    passkey: str
    shortcode: str = "174379"
    till: str = ""
    confirmation_url: str = ""
    validation_url: str = ""
    response_type: str = "Completed"
    tells_prompts: bool = True


class Push(msgspec.Struct, dict=True):
    """One prompt. ``amount`` is in shillings; ``said`` what its customer did, "" while nobody did anything."""

    id: str
    merchant: str
    account: DarajaAccount
    amount: int
    phone: str
    reference: str
    callback_url: str
    created_at: Millis
    said: str = ""
    receipt: str = ""
    ignored: bool = False

    @property
    def open(self) -> bool:
        return not self.said

    @property
    def expires_at(self) -> Millis:
        return self.created_at + PROMPT

    def taken(self) -> Json:
        """The answer to the push."""
        return {
            "MerchantRequestID": self.merchant,
            "CheckoutRequestID": self.id,
            "ResponseCode": "0",
            "ResponseDescription": "Success. Request accepted for processing",
            "CustomerMessage": "Success. Request accepted for processing",
        }

    def known(self) -> Json:
        """The answer to a question, once it is decided: no receipt, and the code as text."""
        code, text = CODES[self.said]
        return {
            "ResponseCode": "0",
            "ResponseDescription": "The service request has been accepted successsfully",
            "MerchantRequestID": self.merchant,
            "CheckoutRequestID": self.id,
            "ResultCode": str(code),
            "ResultDesc": text,
        }

    def told(self, amount: int, at: Millis) -> Json:
        """The callback."""
        code, text = CODES[self.said]
        told: Json = {
            "MerchantRequestID": self.merchant,
            "CheckoutRequestID": self.id,
            "ResultCode": code,
            "ResultDesc": text,
        }
        if self.receipt:
            items = [
                {"Name": "Amount", "Value": float(amount)},
                {"Name": "MpesaReceiptNumber", "Value": self.receipt},
                {"Name": "Balance"},
                {"Name": "TransactionDate", "Value": int(stamp(at))},
                {"Name": "PhoneNumber", "Value": int(self.phone)},
            ]
            told["CallbackMetadata"] = {"Item": items}
        return {"Body": {"stkCallback": told}}


class Receipt(msgspec.Struct, frozen=True):
    """Money that moved, by prompt or by hand."""

    number: str
    account: DarajaAccount
    amount: int
    phone: str
    reference: str
    at: Millis

    def told(self, kind: str = "Pay Bill", balance: str = "1000.00") -> Json:
        """What C2B tells: amounts are texts, the phone is masked. Before the money moves there is no balance."""
        return {
            "TransactionType": kind,
            "TransID": self.number,
            "TransTime": stamp(self.at),
            "TransAmount": f"{self.amount}.00",
            "BusinessShortCode": self.account.till or self.account.shortcode,
            "BillRefNumber": self.reference,
            "InvoiceNumber": "",
            "OrgAccountBalance": balance,
            "ThirdPartyTransID": "",
            "MSISDN": f"{self.phone[:4]} ***** {self.phone[-3:]}",
            "FirstName": "ASHA",
            "MiddleName": "",
            "LastName": "",
        }


class Book:
    """All prompts and receipts, in their order."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.pushes: dict[str, Push] = {}
        self.receipts: dict[str, Receipt] = {}
        self._named = 0

    def open(self, account: DarajaAccount, amount: int, phone: str, reference: str, callback_url: str) -> Push:
        """A new prompt."""
        now = self.clock.now()
        self._named += 1
        name = f"ws_CO_{stamp(now)}{self._named:06d}"
        push = Push(name, f"mr-{self._named}", account, amount, phone, reference, callback_url, now)
        self.pushes[name] = push
        return push

    def prompts(self, phone: str = "") -> list[Push]:
        """What is asked now, oldest first: on one phone, or on all."""
        return [one for one in self.pushes.values() if one.open and not one.ignored and phone in ("", one.phone)]

    def end(self, push: Push, said: str) -> bool:
        """Decide a prompt; False when it was decided before."""
        if not push.open:
            return False
        push.said = said
        if said == APPROVE:
            push.receipt = self.pay(push.account, push.amount, push.phone, push.reference).number
        return True

    def pay(self, account: DarajaAccount, amount: int, phone: str, reference: str, number: str = "") -> Receipt:
        """Move money."""
        made = Receipt(number or self.number(), account, amount, phone, reference, self.clock.now())
        self.receipts[made.number] = made
        return made

    def number(self) -> str:
        """The next receipt's."""
        self._named += 1
        return f"TST{self._named:07d}"


def stamp(at: Millis) -> str:
    """A moment as Daraja writes it."""
    return (datetime.fromtimestamp(at / 1000, UTC) + EAST_AFRICA).strftime("%Y%m%d%H%M%S")
