"""Tables as XLSX: a package is checked before it is opened, one sheet of it is read as text, and one is written.

    rows = reading.read(data)                        # what a CSV of that sheet would hold, with the sheet's row numbers
    data = writing.write(columns, rows, numbers)

openpyxl does the format. What it does not know is done here: what may be opened at all, and which text a cell stands
for. Nothing is computed: a formula counts as what the spreadsheet last showed, and links to other files stay closed.
"""
