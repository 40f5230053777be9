"""What Ghala's channel and Ghala's payments have in common (protocols.md 3.1, flows.md §4).

names     what the two dialects call things, and how an operator says otherwise
signing   how the two dialects sign their webhooks
"""
