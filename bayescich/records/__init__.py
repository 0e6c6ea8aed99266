"""Records: returns and registers as published, read into typed tables with an account.

``tabular`` turns a CSV file or a workbook into raw tables of text, whatever title
rows, encodings or line breaks it carries; each reader beside it makes one kind of
record from such tables. Nothing here knows of a model.
"""
