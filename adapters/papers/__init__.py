"""Papers: tickets, receipts and invoices as files, and the signed names under which they are served."""
