"""Campaigns: one message to many. What the owner plans, looks at beforehand, starts, pauses, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.answers import Done, Page, Refusal
from adapters.api.campaign_plans import PlanSet, PlanShown, plan_of, plan_shown
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import NewId, Phone, shown
from adapters.api.paging import Paged, page_of
from engine.address import MINUTE, Millis
from engine.campaign_texts import faults
from engine.campaigns import BUSY, Campaign, CampaignStatus, Counts, Plan, RecipientState
from engine.codes import spelled
from engine.gathering import Preview
from engine.messages import AnyMessage, Buttons, Template, Text
from engine.template_states import stopped

campaigns = Noun("campaigns", "One message to many: planned, looked at, started, paused, and what came of it.")

ID_LETTERS = 8
S = CampaignStatus

CampaignId = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="a campaign's id, as listed", examples=["mangoes"]),
]
NOT_THERE = {404: "There is no such campaign."}


# -- how a campaign is written and shown -----------------------------------------------------------------------------
class NewCampaign(PlanSet, frozen=True, kw_only=True, rename="camel"):
    """A new campaign, a draft at first; without an id it gets one."""

    id: NewId = ""


class ChangedPlan(PlanSet, frozen=True, kw_only=True, rename="camel"):
    """All of the plan anew; ``version`` is the one that was changed, so that nobody's change is lost."""

    version: Annotated[int, Meta(ge=1, le=2**31, description="the version that was read", examples=[1])]


class CampaignLine(msgspec.Struct, frozen=True, rename="camel"):
    """``status``: draft, scheduled, starting (its audience is being frozen), running, paused, completed or cancelled.
    ``why``: a sentence about its last move."""

    id: str
    name: str
    status: CampaignStatus
    why: str
    created_at: datetime
    moved_at: datetime


class CampaignShown(msgspec.Struct, frozen=True, rename="camel"):
    """``counts``: how many recipients stand how (queued, sending, sent, delivered, read, failed, skipped, held,
    unknown); together they are all there are. ``excluded``: whom the conditions fit and who get nothing, by reason.
    ``waits``: why a running one sends nothing just now, "" while it does."""

    id: str
    plan: PlanShown
    status: CampaignStatus
    version: int
    why: str
    waits: str
    created_at: datetime
    moved_at: datetime
    started_at: datetime | None
    counts: dict[str, int]
    excluded: dict[str, int]


class CampaignQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which campaigns; the latest first. ``status``: only those that stand so."""

    status: Annotated[CampaignStatus | None, Meta(description="where a campaign stands")] = None


class MessageShown(msgspec.Struct, frozen=True, rename="camel"):
    """A message as it is read: its ``text`` and ``button``, or a ``template`` with its ``parameters``."""

    text: str
    button: str
    template: str
    language: str
    parameters: list[str]


class SampleShown(msgspec.Struct, frozen=True, rename="camel"):
    """What one customer would get; ``fallback``: the template that goes where only that may."""

    customer_id: str
    variant: str
    message: MessageShown
    fallback: MessageShown | None


class PreviewShown(msgspec.Struct, frozen=True, rename="camel"):
    """What would come of it now. ``variants``: how many get which. ``excluded``: who get nothing though the conditions
    fit them: opted_out, capped, unreachable, inactive, incomplete (a field of theirs is missing), too_long.
    ``missing``: field → of how many nothing is known. ``templates``: how many get a template, for which providers
    charge. ``closed``: how many would be left out because they have not written within a day and their variant names
    no template."""

    recipients: int
    variants: dict[str, int]
    excluded: dict[str, int]
    missing: dict[str, int]
    templates: int
    closed: int
    samples: list[SampleShown]


class TestTo(msgspec.Struct, frozen=True):
    """The number that every variant is sent to."""

    phone: Phone


class TestSent(msgspec.Struct, frozen=True, rename="camel"):
    """``missing``: fields of which nothing is known of this number; their places say so."""

    to: str
    messages: int
    missing: list[str]


class Start(msgspec.Struct, frozen=True, rename="camel"):
    """``skipIncomplete``: start though nothing is known for a field of some, who then get nothing."""

    skip_incomplete: bool = False


def campaign_line(one: Campaign, timezone: str) -> CampaignLine:
    moments = (shown(one.created_at, timezone), shown(one.moved_at, timezone))
    return CampaignLine(one.id, one.plan.name, one.status, one.why, *moments)


async def campaign_shown(call: Call, one: Campaign) -> CampaignShown:
    zone = call.shop.timezone
    counts = await call.store.campaign_counts(one.shop, one.id)
    return CampaignShown(
        id=one.id,
        plan=plan_shown(one, call.shop),
        status=one.status,
        version=one.version,
        why=one.why,
        waits=_waits(call, one, counts),
        created_at=shown(one.created_at, zone),
        moved_at=shown(one.moved_at, zone),
        started_at=shown(one.started_at, zone) if one.started_at else None,
        counts={state.value: count for state, count in counts.items()},
        excluded=dict(one.excluded),
    )


def _waits(call: Call, one: Campaign, counts: Counts) -> str:
    if one.status is not S.RUNNING or not counts.get(RecipientState.QUEUED):
        return ""
    now, shop = _now(call), call.shop
    quiet_until = shop.terms.quiet.over(now, shop.timezone)
    if quiet_until > now:
        return f"It is quiet in the shop now; it goes on at {shown(quiet_until, shop.timezone):%H:%M}."
    if counts.get(RecipientState.SENDING):
        return ""
    return (
        f"Nobody is due just now. Who has written within {BUSY // MINUTE} minutes, or talks to a person, gets it later."
    )


def message_shown(message: AnyMessage) -> MessageShown:
    match message:
        case Text(body):
            return MessageShown(body, "", "", "", [])
        case Buttons(body, choices):
            return MessageShown(body, choices[0].title, "", "", [])
        case Template(name, language, parameters):
            return MessageShown("", "", name, language, list(parameters))
        case _:
            raise AssertionError(f"no campaign says {type(message).__name__}")


def preview_shown(found: Preview) -> PreviewShown:
    samples = [
        SampleShown(
            one.customer,
            one.made.variant,
            message_shown(one.made.message),
            message_shown(one.made.fallback) if one.made.fallback is not None else None,
        )
        for one in found.samples
    ]
    return PreviewShown(
        recipients=found.recipients,
        variants=dict(found.variants),
        excluded=dict(found.excluded),
        missing=dict(found.missing),
        templates=found.templates,
        closed=found.closed,
        samples=samples,
    )


# -- plans -----------------------------------------------------------------------------------------------------------
@campaigns.get("/api/admin/campaigns", "Campaigns, the latest first", home=HOME)
async def listed(call: Call, query: CampaignQuery) -> Page[CampaignLine]:
    statuses = (query.status,) if query.status is not None else ()

    async def rows(limit: int, offset: int) -> list[Campaign]:
        return await call.store.campaigns(call.shop.name, limit, offset, statuses)

    return await page_of(query, rows, lambda one: campaign_line(one, call.shop.timezone))


@campaigns.post(
    "/api/admin/campaigns",
    "Plan a campaign",
    home=HOME,
    status=201,
    refuses={409: "There is a campaign with this id."},
)
async def plan(call: Call, body: NewCampaign) -> Done[CampaignShown]:
    """It is a draft, and nobody gets anything, until it is started or scheduled."""
    name, made = body.id or spelled(int(call.request, 16), ID_LETTERS), await _plan(call, body)
    if not await call.store.create_campaign(call.shop.name, name, made, _now(call)):
        known = await campaign_of(call, name)
        if known.plan != made or not call.key:
            raise Refusal(409, f"There is a campaign {name} already.", {"id": "it is taken"})
    return Done(f'The campaign "{made.name}" is planned.', await campaign_shown(call, await campaign_of(call, name)))


@campaigns.get("/api/admin/campaigns/<campaign>", "One campaign, and how its recipients stand", home=HOME)
async def one(call: Call, campaign: CampaignId) -> CampaignShown:
    return await campaign_shown(call, await campaign_of(call, campaign))


@campaigns.put(
    "/api/admin/campaigns/<campaign>",
    "Change a draft",
    home=HOME,
    refuses={409: "It is no draft any more, or somebody else has changed it."},
)
async def change(call: Call, campaign: CampaignId, body: ChangedPlan) -> Done[CampaignShown]:
    """All of the plan is replaced."""
    before, made = await campaign_of(call, campaign), await _plan(call, body)
    if not await call.store.edit_campaign(call.shop.name, campaign, body.version, made):
        why = (
            f"somebody else has changed it; it is version {before.version} now"
            if before.status is S.DRAFT
            else f"it is {before.status.value}, and only a draft can be changed"
        )
        raise Refusal(409, f"The campaign was not changed: {why}.")
    return Done("The campaign is changed.", await campaign_shown(call, await campaign_of(call, campaign)))


# -- before it starts ------------------------------------------------------------------------------------------------
@campaigns.get("/api/admin/campaigns/<campaign>/preview", "What would come of it now", home=HOME)
async def preview(call: Call, campaign: CampaignId) -> PreviewShown:
    """Everybody of the audience is looked at, and each one's message is made, as at the start."""
    return preview_shown(await call.running.gatherer.preview(await campaign_of(call, campaign)))


@campaigns.post("/api/admin/campaigns/<campaign>/test", "Send every variant to one number", home=HOME)
async def test(call: Call, campaign: CampaignId, body: TestTo) -> Done[TestSent]:
    """It goes at once, counts nowhere, and reads as it would for this number's customer."""
    known, digits = await campaign_of(call, campaign), body.phone.removeprefix("+")
    trials = await call.running.gatherer.trials(known, digits)
    rows = await call.store.try_campaign(known.shop, known.id, trials.recipients, _now(call))
    call.running.outbox.offer(rows)
    said = "One message is on its way." if len(rows) == 1 else f"{len(rows)} messages are on their way."
    return Done(said, TestSent(f"+{digits}", len(rows), list(trials.missing)))


# -- moves -----------------------------------------------------------------------------------------------------------
async def _check(call: Call, known: Campaign, *, skip_incomplete: bool) -> None:
    """Whether it may start: its plan as things are today, its templates, and everybody's message."""
    wrong = {field: why for field, why in faults(known.plan, call.shop, _now(call)).items() if field != "startsAt"}
    if wrong:
        raise Refusal(409, "The campaign can't start as it is: " + "; ".join(wrong.values()) + ".", wrong)
    states = await call.store.template_states(call.shop.name)
    for state in states:
        used = any(state.name == one.template and one.language in ("", state.language) for one in known.plan.variants)
        if used and (why := stopped(state)):
            raise Refusal(409, f"The campaign can't start. {why}")
    seen = await call.running.gatherer.preview(known)
    if seen.missing and not skip_incomplete:
        lacking = " and ".join(f"{{{field}}} of {count}" for field, count in seen.missing.items())
        how = "Write what stands there then, as in {name:friend}, or start with skipIncomplete to leave them out."
        raise Refusal(409, f"The campaign was not started: nothing is known for {lacking} customers. {how}")
    if not seen.recipients:
        raise Refusal(409, "The campaign was not started: nobody would get it. Its preview says why.")


async def _move(
    call: Call, campaign: str, frm: tuple[CampaignStatus, ...], to: CampaignStatus, said: str
) -> Done[CampaignShown]:
    """Compare and set. Who asks for where it stands already, asks again for what was done."""
    known = await campaign_of(call, campaign)
    moved = known.status in frm and await call.store.move_campaign(
        known.shop, known.id, known.status, to, _now(call), f"{said} by {call.by}."
    )
    known = await campaign_of(call, campaign)
    if not moved and known.status is not to:
        places = " or ".join(status.value for status in frm)
        raise Refusal(409, f"The campaign is {known.status.value}; it must be {places} for that.")
    call.running.campaigning.look()
    return Done(f"The campaign is {known.status.value}.", await campaign_shown(call, known))


REFUSED = {409: "It stands elsewhere, or can't start as it is."}


@campaigns.post("/api/admin/campaigns/<campaign>/start", "Start it now", home=HOME, refuses=REFUSED)
async def start(call: Call, campaign: CampaignId, body: Start) -> Done[CampaignShown]:
    """First everybody's message is checked; then the audience is frozen, and then it goes out. Started twice, it goes
    out once."""
    known = await campaign_of(call, campaign)
    if known.status in (S.DRAFT, S.SCHEDULED):
        await _check(call, known, skip_incomplete=body.skip_incomplete)
    return await _move(call, campaign, (S.DRAFT, S.SCHEDULED), S.STARTING, "Started")


@campaigns.post("/api/admin/campaigns/<campaign>/schedule", "Start it at its time", home=HOME, refuses=REFUSED)
async def schedule(call: Call, campaign: CampaignId, body: Start) -> Done[CampaignShown]:
    """At the plan's ``startsAt``; checked now, so that a slip is found by day. Who lacks a field by then gets
    nothing."""
    known = await campaign_of(call, campaign)
    if known.status is S.DRAFT:
        if not known.plan.starts_at:
            raise Refusal(409, "The campaign's plan does not say when it starts; give it a startsAt.")
        if known.plan.starts_at <= _now(call):
            raise Refusal(409, "The campaign's startsAt is over; give it a later one, or start it now.")
        await _check(call, known, skip_incomplete=body.skip_incomplete)
    return await _move(call, campaign, (S.DRAFT,), S.SCHEDULED, "Scheduled")


@campaigns.post("/api/admin/campaigns/<campaign>/unschedule", "Make it a draft again", home=HOME, refuses=REFUSED)
async def unschedule(call: Call, campaign: CampaignId) -> Done[CampaignShown]:
    return await _move(call, campaign, (S.SCHEDULED,), S.DRAFT, "Made a draft again")


@campaigns.post("/api/admin/campaigns/<campaign>/pause", "Pause it", home=HOME, refuses=REFUSED)
async def pause(call: Call, campaign: CampaignId) -> Done[CampaignShown]:
    """Nothing of it is begun after this; what a provider has by then arrives."""
    return await _move(call, campaign, (S.RUNNING,), S.PAUSED, "Paused")


@campaigns.post("/api/admin/campaigns/<campaign>/resume", "Go on with it", home=HOME, refuses=REFUSED)
async def resume(call: Call, campaign: CampaignId) -> Done[CampaignShown]:
    """With those who have not got it yet, and nobody twice."""
    return await _move(call, campaign, (S.PAUSED,), S.RUNNING, "Resumed")


@campaigns.post("/api/admin/campaigns/<campaign>/cancel", "End it for good", home=HOME, refuses=REFUSED)
async def cancel(call: Call, campaign: CampaignId) -> Done[CampaignShown]:
    """Who has not got it gets nothing. It can't be undone."""
    open_ones = (S.DRAFT, S.SCHEDULED, S.STARTING, S.RUNNING, S.PAUSED)
    return await _move(call, campaign, open_ones, S.CANCELLED, "Cancelled")


# -- what is asked everywhere ----------------------------------------------------------------------------------------
def _now(call: Call) -> Millis:
    return call.running.around.clock.now()


async def _plan(call: Call, body: PlanSet) -> Plan:
    skus = {product.sku for product in await call.store.products(call.shop.name)}
    return plan_of(body, call.shop, skus, _now(call))


async def campaign_of(call: Call, campaign: str) -> Campaign:
    """The campaign of this id. Refuses where there is none."""
    known = await call.store.campaign(call.shop.name, campaign)
    if known is None:
        raise Refusal(404, f"There is no campaign {campaign}.")
    return known
