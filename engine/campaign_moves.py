"""A campaign as the shop's own people see it from their phones, and what they do to it."""

from __future__ import annotations

import msgspec


class CampaignSeen(msgspec.Struct, frozen=True):
    """``status``: a campaigns.CampaignStatus value."""

    id: str
    name: str
    status: str


class CampaignMove(msgspec.Struct, frozen=True):
    """Move a campaign in a turn's commit, as CampaignBook.move_campaign does: where it stands elsewhere than at ``frm``
    by then, nothing happens, for it has gone on by itself. ``why``: a plain sentence."""

    id: str
    frm: str
    to: str
    why: str
