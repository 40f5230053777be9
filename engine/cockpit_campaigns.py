"""Campaigns from the phone of the shop's owner: stopped at once when something is wrong with one, and let go on."""

from __future__ import annotations

from engine.campaign_moves import CampaignMove, CampaignSeen
from engine.campaigns import CampaignStatus
from engine.cockpit_changes import CHOICES_AT_MOST, noted
from engine.commands import Command, Verb, value_of
from engine.crew import Role, by
from engine.effects import AnyEffect, Ask, MoveCampaign, Option, Say
from engine.facts import CampaignsAt, Facts
from engine.folding import words
from engine.phrases import phrase, say
from engine.shop import Shop

FROM_TO = {
    Verb.PAUSE: (CampaignStatus.RUNNING, CampaignStatus.PAUSED),
    Verb.RESUME: (CampaignStatus.PAUSED, CampaignStatus.RUNNING),
}
NONE = {
    Verb.PAUSE: phrase("No campaign is running."),
    Verb.RESUME: phrase("No campaign is paused."),
}
DONE = {
    Verb.PAUSE: phrase("The campaign *{name}* is paused: no more of it is sent. Say *resume campaign* to go on."),
    Verb.RESUME: phrase("The campaign *{name}* goes on where it was paused."),
}
WHICH = {
    Verb.PAUSE: phrase("Which campaign shall be paused?"),
    Verb.RESUME: phrase("Which campaign shall go on?"),
}


def need(verb: Verb) -> CampaignsAt:
    """Those that the command can be about."""
    return CampaignsAt(FROM_TO[verb][0].value)


def change(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Move the one that is meant; a question where several could be."""
    wanted, speech = words(command.what), facts.language
    named = [one for one in facts.campaigns if wanted in (words(one.id), words(one.name))]
    found = named or [one for one in facts.campaigns if wanted in words(one.name)]
    if not found:
        return (Say(say(speech, NONE[command.verb])),)
    if len(found) > 1:
        options = [Option(value_of(Command(command.verb, one.id)), one.name) for one in found[:CHOICES_AT_MOST]]
        return (Ask(say(speech, WHICH[command.verb]), tuple(options)),)
    return _moved(found[0], command, role, shop, facts)


def _moved(one: CampaignSeen, command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    frm, to = FROM_TO[command.verb]
    why = f"{'Paused' if command.verb is Verb.PAUSE else 'Resumed'} by {by(facts.phone)} on WhatsApp."
    said = say(facts.language, DONE[command.verb], name=one.name)
    move = MoveCampaign(CampaignMove(one.id, frm.value, to.value, why))
    return (move, noted(command, one.id, role, shop, facts, one.name), Say(said))
