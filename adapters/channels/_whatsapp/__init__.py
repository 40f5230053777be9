"""The parts of the whatsapp_cloud channel (Meta WhatsApp Cloud API); the channel itself is ../whatsapp_cloud.py.

reading   JSON from outside as plain objects, whatever is in it
parse     the envelope: entries, changes, and which shop each item is for
people    who wrote
said      one inbound message → one Event
statuses  what became of our messages
codes     Meta's error codes as one table
render    one Outgoing → the body that Meta wants
media     files of ours that are uploaded before they are sent
answers   Meta's answer to a send → Outcome
"""
