"""Parts of the fake Stripe: its book of sessions and refunds, forms, keys, refusals, events, faults, pages."""
