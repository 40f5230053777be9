"""Parts of the fake Twilio: its API in front of the simulated phones, and its webhooks."""
