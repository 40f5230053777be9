"""Parts of the CRM ``zoho``: its tokens, how it is called, what its codes mean, and how its answers are read."""
