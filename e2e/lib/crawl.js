// Every page that links lead to, one of each kind: a page that is added later is looked at without being named here.

/**
 * Calls `look()` with the browser on each of `pages`, follows their links, and calls it on one page of each other kind.
 * Pages that differ only in the record or in their query are of one kind. Returns the kinds.
 */
export async function crawl(page, pages, look) {
  const kinds = new Set();
  const waiting = [];
  const visit = async (path) => {
    kinds.add(kindOf(path));
    await page.goto(path);
    waiting.push(...(await links(page))); // before looking: that may change the page
    await look();
  };
  for (const path of pages) await visit(path);
  for (let path; (path = waiting.shift()); ) if (!kinds.has(kindOf(path))) await visit(path);
  return [...kinds];
}

function kindOf(path) {
  const { pathname } = new URL(path, "http://lineside");
  return pathname
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}")
    .replace(/^\/licensing\/[^/]+\//, "/licensing/{type}/")
    .replace(/^\/home$/, "/");
}

async function links(page) {
  const found = await page.locator("a[href]").evaluateAll((all) => all.map((a) => a.href));
  const own = found.map((href) => new URL(href)).filter((address) => address.origin === new URL(page.url()).origin);
  const pages = own.filter((address) => !/\.(json|csv|xlsx|wav)$|\/(template|download|audio)$/.test(address.pathname));
  return pages.map((address) => address.pathname + address.search);
}
