"""Parts of the fake Zoho: its tokens, its books, its refusals, its faults and controls."""
