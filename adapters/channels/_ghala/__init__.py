"""The parts of channel ``ghala``; the channel itself is ../ghala.py. Ghala relays WhatsApp, so what is WhatsApp's own
(people, kinds of messages, limits, error numbers) is read and written by ../_whatsapp.

names     what the two dialects call things
envelope  a body → its items: messages and statuses, however they are wrapped
reading   one item → an Inbound, or a Status
render    one Outgoing → the body that a dialect wants
codes     Ghala's error codes as one table
answers   Ghala's answer to a send → Outcome
"""
