"""Authorities, homes and their owners, and what Ofsted, homes and finance write of them."""
