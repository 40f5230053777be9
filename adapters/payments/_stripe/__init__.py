"""Parts of the payment provider ``stripe``: signatures, units of money, forms, events, and what answers mean."""
