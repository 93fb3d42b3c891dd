// Spreadsheets filled in as people do, by programs that are not ours: LibreOffice where it is installed, openpyxl elsewhere.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Python's bindings to LibreOffice are made for the system's own Python. */
const DEBIANS_PYTHON = "/usr/bin/python3";

export const libreOffice =
  spawnSync("soffice", ["--version"]).status === 0 && spawnSync(DEBIANS_PYTHON, ["-c", "import uno"]).status === 0;

/**
 * Writes `rows`, objects by heading, below the headings of an XLSX file and saves it as each of the `results`. What
 * LibreOffice saves is of the kind that a result's name ends with.
 */
export async function fill(template, rows, ...results) {
  const [program, script] = libreOffice ? [DEBIANS_PYTHON, "fill-libreoffice.py"] : ["python3", "fill-xlsx.py"];
  const path = fileURLToPath(new URL(script, import.meta.url));
  const python = spawn(program, [path, template, ...results], { stdio: ["pipe", "inherit", "inherit"] });
  python.stdin.end(JSON.stringify(rows));
  assert.deepEqual(await once(python, "close"), [0, null]);
}
