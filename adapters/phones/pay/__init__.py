"""Parts of the fake payment provider: requests to pay, what goes wrong, webhooks, pages."""
