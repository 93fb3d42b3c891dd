// Improves pages that work without it: search while typing, lamps that follow, rows picked like files, names suggested,
// buttons that know they were pressed. Each part looks for its own `data-…` attribute and leaves everything else alone.

/** Search while typing: a GET form marked `data-live` fetches its own page and swaps the region that it names. */
function liveSearch(form) {
  const target = () => document.querySelector(form.dataset.live);
  let timer = 0;
  let latest = 0;
  async function refresh() {
    const address = new URL(form.action || location.href, location.href);
    address.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== "")).toString();
    const mine = ++latest;
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" } });
      if (mine !== latest || !answer.ok || answer.redirected) {
        if (answer.redirected) location.assign(address);
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(form.dataset.live);
      if (fresh) {
        target().replaceWith(fresh);
        history.replaceState(null, "", address);
        improve(fresh);
        watchLamps();
      }
    } finally {
      if (mine === latest) form.removeAttribute("aria-busy");
    }
  }
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(refresh, event.target.matches("input[type=text], input[type=search]") ? 200 : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    refresh();
  });
}

/** Rows picked like files: click, Ctrl or Cmd click, Shift click; Space on a row, arrows with Shift, Ctrl+A for the page, Escape
    for none. Of a list that is picked as a whole, the boxes say who of this page is left out. */
function selection(table) {
  const form = table.closest("form");
  const boxes = () => [...table.querySelectorAll("tbody input[type=checkbox]")];
  const all = table.querySelector("thead input[type=checkbox]");
  const elsewhere = Number(table.dataset.elsewhere ?? 0);
  let last = null; // where a range begins
  function show() {
    const picked = boxes().filter((box) => box.checked);
    for (const box of boxes()) box.closest("tr").setAttribute("aria-selected", String(box.checked));
    if (all) {
      all.checked = picked.length > 0 && picked.length === boxes().length;
      all.indeterminate = picked.length > 0 && picked.length < boxes().length;
    }
    const total = elsewhere + picked.length;
    const count = form?.querySelector("[data-selected]");
    if (count) count.textContent = total === 0 ? "None selected" : `${total} selected`;
    for (const button of form?.querySelectorAll("[data-needs-selection]") ?? []) button.disabled = total === 0;
  }
  function range(from, to, checked) {
    const list = boxes();
    const [first, second] = [list.indexOf(from), list.indexOf(to)].sort((a, b) => a - b);
    for (const box of list.slice(Math.max(first, 0), second + 1)) box.checked = checked;
  }
  function setAll(checked) {
    for (const box of boxes()) box.checked = checked;
    show();
  }
  if (all) all.closest("th").querySelectorAll("[hidden]").forEach((part) => (part.hidden = false));
  all?.addEventListener("change", () => setAll(all.checked));
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row || event.target.closest("a, button, select, label")) return;
    const box = row.querySelector("input[type=checkbox]");
    if (!box) return;
    const onBox = event.target === box;
    if (event.shiftKey && last) {
      range(last, box, true);
    } else if (!onBox && (event.ctrlKey || event.metaKey)) {
      box.checked = !box.checked;
    } else if (!onBox) {
      if (getSelection()?.toString()) return;
      const alone = box.checked && boxes().filter((other) => other.checked).length === 1;
      for (const other of boxes()) other.checked = false;
      box.checked = !alone;
    }
    last = box;
    show();
  });
  table.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest("tbody")) event.preventDefault();
  });
  /** To the next row; with Shift the range from where it began follows, and shrinks again on the way back. */
  function go(list, at, step, extend) {
    const next = list[at + step];
    if (!next) return;
    next.focus();
    if (!extend) {
      last = next;
      return;
    }
    last = last ?? list[at];
    const start = list.indexOf(last);
    const back = Math.abs(at + step - start) < Math.abs(at - start);
    if (back) list[at].checked = false;
    range(last, next, true);
    show();
  }
  table.addEventListener("keydown", (event) => {
    const list = boxes();
    const at = list.indexOf(event.target);
    if (at >= 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      go(list, at, event.key === "ArrowDown" ? 1 : -1, event.shiftKey);
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a" && (at >= 0 || event.target === all)) {
      event.preventDefault();
      setAll(true);
    }
    if (event.key === " " && at >= 0) last = event.target;
    if (event.key === "Escape") setAll(false);
  });
  table.addEventListener("change", show);
  show();
}

/** Pages that follow: one stream for all lamps on the page and for the account's counts, while somebody looks at it. A browser
    has few connections to one server, so a page in the background gives its own back, and catches up when it is shown. */
let stream = null;
let streamed = "";
function watchLamps() {
  const users = [...new Set([...document.querySelectorAll("[data-lamps]")].map((strip) => strip.dataset.lamps))].slice(0, 50);
  const account = document.querySelector("[data-live-account]") ? "&account=1" : "";
  const calls = document.querySelector("[data-live-calls]") ? "&calls=1" : "";
  const wanted = document.hidden || (users.length === 0 && !account && !calls) ? "" : `/live?users=${users.join(",")}${account}${calls}`;
  if (wanted === streamed) return;
  streamed = wanted;
  stream?.close();
  stream = null;
  if (!wanted) return;
  stream = new EventSource(wanted);
  stream.addEventListener("account", (event) => {
    const fresh = new DOMParser().parseFromString(event.data, "text/html");
    for (const count of fresh.querySelectorAll("[data-count]")) showCount(count.dataset.count, count.textContent);
    showEmergency(Boolean(fresh.querySelector('[data-count="/emergency-calls"]')?.textContent));
    if (document.querySelector("[data-live-page]")) refreshPage();
  });
  stream.addEventListener("calls", refreshPage);
  stream.addEventListener("lamps", (event) => {
    const fresh = new DOMParser().parseFromString(event.data, "text/html");
    for (const strip of fresh.querySelectorAll("[data-lamps]")) {
      for (const shown of document.querySelectorAll(`[data-lamps="${CSS.escape(strip.dataset.lamps)}"]`)) {
        if (shown.innerHTML !== strip.innerHTML) shown.innerHTML = strip.innerHTML;
      }
    }
    if (document.querySelector("[data-live-parts]")) refreshParts();
  });
}

/** Somebody called for help, or somebody else has seen it: the banner comes, or goes, on whatever page is open. */
async function showEmergency(isUnseen) {
  const shown = () => document.getElementById("emergency-banner");
  if (!isUnseen) shown()?.remove();
  if (!isUnseen || shown()) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const banner = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("emergency-banner");
  if (banner && !shown()) document.getElementById("main").prepend(banner);
}

/** A count beside a link of the rail; none when it is empty. */
function showCount(href, text) {
  for (const link of document.querySelectorAll(`[data-live-account] a[href="${CSS.escape(href)}"]`)) {
    let count = link.querySelector(".count");
    if (!text) {
      count?.remove();
      continue;
    }
    if (!count) {
      count = document.createElement("span");
      count.className = "count";
      link.append(" ", count);
    }
    if (count.textContent !== text) count.textContent = text;
  }
}

/** Regions that show the account's state (its schedule, Home) are drawn anew, at most twice a second, unless somebody is at
    work in them. */
let refreshing = 0;
let refreshAgain = false;
async function refreshPage() {
  if (refreshing) {
    refreshAgain = true;
    return;
  }
  refreshing = setTimeout(() => {
    refreshing = 0;
    if (refreshAgain) refreshPage();
  }, 500);
  refreshAgain = false;
  const address = location.href;
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected || address !== location.href) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live-page]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.innerHTML === part.innerHTML || (part !== document.activeElement && part.contains(document.activeElement))) continue;
    part.innerHTML = fresh.innerHTML;
    improve(part);
  }
}

/** Regions that show more than lamps (a checklist, devices) are fetched anew with their page, unless somebody types there. */
async function refreshParts() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live-parts]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.innerHTML === part.innerHTML || part.contains(document.activeElement)) continue;
    part.innerHTML = fresh.innerHTML;
    improve(part);
  }
}

/** A username from the names, until somebody writes one of their own. */
function suggestUsername(field) {
  const form = field.form;
  const names = ["first_name", "last_name"].map((name) => form.elements.namedItem(name));
  if (names.some((name) => !name)) return;
  let own = field.value !== "";
  let latest = 0;
  field.addEventListener("input", () => (own = field.value !== ""));
  for (const name of names) {
    name.addEventListener("change", async () => {
      if (own || names.some((other) => other.value.trim() === "")) return;
      const mine = ++latest;
      const query = new URLSearchParams(names.map((other) => [other.name, other.value]));
      const answer = await fetch(`/users/suggest-username?${query}`);
      if (answer.ok && !answer.redirected && mine === latest && !own) field.value = (await answer.text()).trim();
    });
  }
}

/** Free numbers for the location that is chosen and the digits that are typed; a number that was chosen stays while it can. */
function freeNumbers(part) {
  const form = part.closest("form");
  let timer = 0;
  let latest = 0;
  async function refresh() {
    const mine = ++latest;
    const query = new URLSearchParams();
    for (const name of ["location_id", "number_search", "number_id", "mobile_number_id"]) {
      query.set(name, form.elements.namedItem(name)?.value ?? "");
    }
    const answer = await fetch(`${part.dataset.freeNumbers}?${query}`);
    if (!answer.ok || answer.redirected || mine !== latest) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const select of fresh.querySelectorAll("select")) {
      // As markup: moving options one by one would make the list that loses them choose another, and that one win here.
      const shown = document.getElementById(select.id);
      if (shown) shown.innerHTML = select.innerHTML;
    }
  }
  form.elements.namedItem("location_id")?.addEventListener("change", refresh);
  form.elements.namedItem("number_search")?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 200);
  });
}

/** A select whose change asks for the page anew, in place of its button. */
function resubmit(field) {
  const button = field.form.querySelector(`[data-resubmits="${field.name}"]`);
  if (!button) return;
  button.hidden = true;
  field.addEventListener("change", () => field.form.requestSubmit(button));
}

/** Shows what belongs to a choice only while it is chosen. */
function dependent(part) {
  const form = part.closest("form");
  const [name, ...values] = part.dataset.when.split(/[=|]/);
  const show = () => {
    const data = new FormData(form);
    const value = String(data.get(name) ?? "");
    part.hidden = !values.includes(value);
  };
  form.addEventListener("change", show);
  show();
}

/** A button that was pressed says so, and is not pressed twice. */
function busy(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.method === "dialog") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  button?.setAttribute("aria-busy", "true");
}

/** Choose users over searches and pages: what is typed looks anew, and what was ticked travels along. */
function pick(form) {
  const region = () => document.querySelector(form.dataset.pick);
  const search = form.elements.namedItem("search");
  let timer = 0;
  let latest = 0;
  async function refresh() {
    const mine = ++latest;
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action || location.href, { method: "post", body: new URLSearchParams([...new FormData(form)]) });
      if (mine !== latest || !answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(form.dataset.pick);
      if (!fresh) return;
      region().replaceWith(fresh);
      improve(fresh);
    } finally {
      if (mine === latest) form.removeAttribute("aria-busy");
    }
  }
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 200);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (event.submitter?.name) return;
    event.preventDefault();
    refresh();
  });
}

function improve(root) {
  const each = (selector, part) => {
    if (root.matches?.(selector)) part(root);
    root.querySelectorAll(selector).forEach(part);
  };
  each("form[data-live]", liveSearch);
  each("form[data-pick]", pick);
  each("table[data-selection]", selection);
  each("input[data-suggest-username]", suggestUsername);
  each("[data-free-numbers]", freeNumbers);
  each("select[data-resubmit]", resubmit);
  each("[data-when]", dependent);
  each("[data-player]", player);
  each("[data-copy]", (button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.textContent = "Copied";
    });
  });
}

// A click on the drawing goes to that moment; keyboards use the player below it.
function player(box) {
  const drawing = box.querySelector("svg");
  const audio = box.querySelector("audio");
  const bars = [...drawing.querySelectorAll("rect")];
  drawing.addEventListener("click", (event) => {
    const { left, width } = drawing.getBoundingClientRect();
    if (Number.isFinite(audio.duration)) audio.currentTime = (audio.duration * (event.clientX - left)) / width;
  });
  audio.addEventListener("timeupdate", () => {
    const played = (bars.length * audio.currentTime) / audio.duration;
    bars.forEach((bar, at) => bar.classList.toggle("played", at < played));
  });
}

document.documentElement.classList.add("scripts");
document.addEventListener("submit", busy);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-busy]").forEach((part) => part.removeAttribute("aria-busy"));
});
improve(document);
watchLamps();
document.addEventListener("visibilitychange", watchLamps);
const summary = document.querySelector(".summary");
if (summary) summary.focus();
