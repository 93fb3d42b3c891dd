"""Fills an XLSX template as somebody at a spreadsheet does: `fill-xlsx.py TEMPLATE RESULT < rows.json`.

The rows are objects by heading. The library is not the one that the template was written with.
"""

import json
import sys

import openpyxl

template, result = sys.argv[1:]
workbook = openpyxl.load_workbook(template)
sheet = workbook.worksheets[0]
headings = {cell.value: cell.column for cell in sheet[1]}
for at, row in enumerate(json.load(sys.stdin), start=2):
    for heading, text in row.items():
        sheet.cell(row=at, column=headings[heading], value=text)
workbook.save(result)
