"""Effects: one file each, one Protocol (:class:`bayescich.model.base.Effect`)."""
