"""Parts of the fake Ghala: the send API of both dialects in front of the simulated phones, and its webhooks."""
