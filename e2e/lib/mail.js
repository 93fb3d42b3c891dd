// Mails that Lineside wrote to its spool folder.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The mails to `address`, oldest first, each as text with its transfer encoding taken off. */
export async function mailsTo(spool, address) {
  const names = (await readdir(spool).catch(() => [])).filter((name) => name.endsWith(".eml")).sort();
  const mails = await Promise.all(names.map((name) => readFile(join(spool, name), "utf8")));
  const to = (mail) => mail.match(/^To:(.*(?:\r?\n[ \t].*)*)/im)?.[1] ?? "";
  return mails.filter((mail) => to(mail).includes(address)).map(decoded);
}

/** The WAV file that is attached to a mail, as bytes. */
export function attachedSound(mail) {
  const part = mail.split(/^--.*$/m).find((part) => /^Content-Type: audio\/(x-)?wav/im.test(part));
  return part && Buffer.from(part.slice(part.search(/\r?\n\r?\n/)), "base64");
}

/** Quoted-printable undone (RFC 2045 section 6.7) wherever it stands; good enough for ASCII such as links. */
function decoded(mail) {
  const joined = mail.replace(/=\r?\n/g, "");
  return joined.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
