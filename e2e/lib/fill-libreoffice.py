"""Fills an XLSX template as somebody at LibreOffice does: `fill-libreoffice.py TEMPLATE RESULT… < rows.json`.

The rows are objects by heading. Each cell is typed into, so that LibreOffice makes of it what it makes of what people
type, and the workbook is saved as what each result's name ends with: .xlsx, .ods or .xls.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

FILTERS = {".xlsx": "Calc MS Excel 2007 XML", ".ods": "calc8", ".xls": "MS Excel 97"}


def main():
    template, *results = map(pathlib.Path, sys.argv[1:])
    rows = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="lineside-libreoffice-") as home:
        pipe = pathlib.Path(home).name
        office = subprocess.Popen(
            [
                "soffice",
                "--headless",
                "--norestore",
                "--nologo",
                f"-env:UserInstallation={(pathlib.Path(home) / 'profile').as_uri()}",
                f"--accept=pipe,name={pipe};urp;",
            ],
            start_new_session=True,
        )
        try:
            fill(connect(pipe, office), template, rows, results)
            office.wait(timeout=20)
        finally:
            if office.poll() is None:
                os.killpg(office.pid, signal.SIGKILL)


def connect(pipe, office):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    while True:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            try:
                raise SystemExit(f"soffice ended by itself with {office.wait(timeout=0.2)}")
            except subprocess.TimeoutExpired:
                pass


def fill(context, template, rows, results):
    services = context.ServiceManager
    desktop = services.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    dispatcher = services.createInstanceWithContext("com.sun.star.frame.DispatchHelper", context)
    workbook = desktop.loadComponentFromURL(template.resolve().as_uri(), "_blank", 0, properties(Hidden=True))
    frame = workbook.CurrentController.Frame
    sheet = workbook.Sheets.getByIndex(0)
    workbook.CurrentController.setActiveSheet(sheet)
    headings = {}
    while text := sheet.getCellByPosition(len(headings), 0).String:
        headings[text] = len(headings)

    for at, row in enumerate(rows, start=1):
        for heading, text in row.items():
            workbook.CurrentController.select(sheet.getCellByPosition(headings[heading], at))
            dispatcher.executeDispatch(frame, ".uno:EnterString", "", 0, properties(StringName=text))
    for result in results:
        workbook.storeToURL(result.resolve().as_uri(), properties(FilterName=FILTERS[result.suffix]))
    workbook.close(True)
    try:
        desktop.terminate()
    except uno.getClass("com.sun.star.lang.DisposedException"):
        pass  # it ended before it could answer


def properties(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


main()
