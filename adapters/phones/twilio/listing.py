"""The fake's lists, page by page: of messages (GET Messages.json), what its phones still remember, newest first; and
of content templates with WhatsApp's approval (GET ContentAndApprovals), which are the rules' templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

import msgspec

from adapters.phones.meta.account import Account
from adapters.phones.meta.payloads import Json
from adapters.phones.meta.phones import Phone, Record
from adapters.phones.meta.rules import TemplateRule
from adapters.phones.twilio.names import CHANNEL, account_sid, content_sid, sid_of
from adapters.phones.twilio.wire import MEDIA, VERSION
from engine.address import Millis

PAGE, PAGE_MOST = 50, 1_000
Query = Mapping[str, Sequence[str]]


def listed(account: Account, query: Query, path: str) -> bytes:
    """One page of the messages that a query asks for."""
    to, since = _one(query, "To"), _one(query, "DateSent>")
    size, page = int(_one(query, "PageSize") or PAGE), int(_one(query, "Page") or 0)
    found = sorted(_found(account, to, since), key=lambda one: one[1].at, reverse=True)
    here = [_shown(account, phone, record) for phone, record in found[page * size : (page + 1) * size]]
    following = None
    if len(found) > (page + 1) * size:
        wanted = "&".join(f"{name}={values[0]}" for name, values in query.items() if name != "Page")
        following = f"{path}?{wanted.replace('>', '%3E').replace('+', '%2B')}&Page={page + 1}"
    return msgspec.json.encode({"messages": here, "page": page, "page_size": size, "next_page_uri": following})


def _one(query: Query, name: str) -> str:
    return query.get(name, [""])[0]


def _found(account: Account, to: str, since: str) -> Iterator[tuple[Phone, Record]]:
    ours = f"{CHANNEL}+{account.number.digits}"
    for phone in account.phones:
        theirs = (f"{CHANNEL}+{phone.digits}", CHANNEL + phone.user_id)
        for record in phone.records.values():
            right = to in ("", ours) if record.mine else to == "" or to in theirs
            if right and (not since or _day(record.at) >= since):
                yield phone, record


def _shown(account: Account, phone: Phone, record: Record) -> Json:
    ours, theirs = f"{CHANNEL}+{account.number.digits}", f"{CHANNEL}+{phone.digits}"
    if phone.hidden:
        theirs = CHANNEL + phone.user_id
    body = record.text if record.mine else _words(record)
    return {
        "sid": sid_of(record.id),
        "account_sid": account_sid(account.number),
        "direction": "inbound" if record.mine else "outbound-api",
        "status": "received" if record.mine else record.state,
        "from": theirs if record.mine else ours,
        "to": ours if record.mine else theirs,
        "body": body,
        "num_media": "1" if record.kind in MEDIA else "0",
        "error_code": None,
        "date_sent": _date(record.at),
        "date_created": _date(record.at),
        "uri": f"/{VERSION}/Accounts/{account_sid(account.number)}/Messages/{sid_of(record.id)}.json",
    }


def _words(record: Record) -> str:
    body = msgspec.json.decode(record.raw)
    part = body.get(body["type"], {})
    return str(part.get("body") or part.get("caption") or "")


def contents(rules: Sequence[TemplateRule], query: Query, url: str) -> bytes:
    """One page of the content templates; ``url`` is the address that was asked."""
    size, page = min(int(_one(query, "PageSize") or PAGE), PAGE_MOST), int(_one(query, "Page") or 0)
    more = len(rules) > (page + 1) * size
    token = f"PT{page + 1:032x}"
    following = f"{url}?PageSize={size}&Page={page + 1}&PageToken={token}" if more else None
    meta = {"page": page, "page_size": size, "url": url, "next_page_url": following, "key": "contents"}
    here = [_content(one) for one in rules[page * size : (page + 1) * size]]
    return msgspec.json.encode({"contents": here, "meta": meta})


def _content(rule: TemplateRule) -> Json:
    body = " ".join(f"{{{{{place + 1}}}}}" for place in range(rule.parameters))
    return {
        "sid": content_sid(rule.name),
        "friendly_name": rule.name,
        "language": rule.language,
        "types": {"twilio/text": {"body": f"{rule.name} {body}"}},
        "approval_requests": {
            "name": rule.name,
            "category": rule.category.upper(),
            "content_type": "twilio/text",
            "status": rule.status.lower(),
            "rejection_reason": "" if rule.reason == "NONE" else rule.reason,
        },
    }


def message_of(account: Account, said: Mapping[str, str], sid: str, now: Millis) -> Json:
    """The answer to a send."""
    return {
        "sid": sid,
        "status": "queued",
        "account_sid": account_sid(account.number),
        "api_version": VERSION,
        "body": said.get("Body", ""),
        "from": said.get("From") or f"{CHANNEL}+{account.number.digits}",
        "to": said["To"],
        "direction": "outbound-api",
        "num_media": "1" if "MediaUrl" in said else "0",
        "num_segments": "1",
        "messaging_service_sid": said.get("MessagingServiceSid"),
        "date_created": _date(now),
        "date_updated": _date(now),
        "date_sent": None,
        "price": None,
        "price_unit": None,
        "error_code": None,
        "error_message": None,
        "uri": f"/{VERSION}/Accounts/{account_sid(account.number)}/Messages/{sid}.json",
    }


def _date(at: Millis) -> str:
    return format_datetime(datetime.fromtimestamp(at // 1_000, UTC))


def _day(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1_000, UTC).date().isoformat()
