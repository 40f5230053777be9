"""Parts of the channel ``twilio``: signatures, what comes in, what goes out, and what codes mean."""
