// What only a browser can do: its zone and theme, rows that wait while they are pointed
// at, keys, and saying that the connection is gone.
(() => {
  "use strict";
  const root = document.documentElement;
  const at = (id) => document.getElementById(id);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);

  // ---- Time: the viewer's zone; the title keeps UTC.
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const onClock = (iso) => clock.format(new Date(iso));
  const local = (iso) => `${day.format(new Date(iso))}, ${onClock(iso)}`;
  const utc = (iso) => `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const localise = () => {
    for (const time of document.querySelectorAll("time[datetime]:not([data-local])")) {
      time.dataset.local = "";
      const show = "clock" in time.dataset ? onClock : local;
      time.firstChild.nodeValue = show(time.dateTime);
    }
  };

  // ---- Theme
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("smartbank-theme") || "system";
  const showTheme = () => {
    const theme = chosen() === "system" ? (system.matches ? "dark" : "light") : chosen();
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.ariaPressed = String(button.dataset.themeChoice === chosen());
    }
    for (const drawn of document.querySelectorAll(`[data-${theme}]`)) draw(drawn);
  };
  const chooseTheme = (theme) => {
    if (theme === "system") localStorage.removeItem("smartbank-theme");
    else localStorage.setItem("smartbank-theme", theme);
    showTheme();
  };
  system.addEventListener("change", showTheme);

  // ---- Verdicts
  const giveVerdict = async (button) => {
    const fraud = button.dataset.verdict === "true";
    const body = { transaction_id: button.dataset.transaction, fraud,
      kind: fraud ? "verdict" : "all-clear" };
    const choices = button.parentElement.querySelectorAll("button");
    for (const one of choices) one.disabled = true;
    let told = "The server does not answer; try again.";
    try {
      const answer = await fetch("/v1/labels", { method: "POST",
        headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      told = answer.ok
        ? `Marked as ${fraud ? "fraud" : "fine"}. Features count it from a week after the payment.`
        : `Not marked: ${(await answer.json()).detail}.`;
    } catch { /* told already */ }
    for (const one of choices) one.disabled = false;
    at("verdict-told").textContent = told;
  };

  // ---- Going somewhere without loading everything again
  // The part of the page that the address names stays in view while others are filled,
  // unless somebody scrolls.
  let part = location.hash.slice(1);
  const showPart = () => {
    if (!part || !at(part)) return;
    at(part).parentElement.scrollIntoView();
    if (!document.querySelector("#page .skeleton")) part = "";
  };
  for (const moved of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    document.addEventListener(moved, () => { part = ""; }, { passive: true });
  }
  const go = (href) => {
    const url = new URL(href, location.href);
    setProps("url", { pathname: url.pathname });
    scrollTo(0, 0);
  };
  const pageShown = () => {
    const heading = document.querySelector("#page h1");
    if (heading) document.title = `${heading.textContent} · smartbank`;
    for (const link of document.querySelectorAll("header nav a")) {
      const path = link.dataset.page;
      const here = path === "/ui/" ? /^\/ui\/?$/.test(location.pathname)
        : location.pathname.startsWith(path);
      if (here) link.ariaCurrent = "page";
      else link.removeAttribute("aria-current");
    }
  };

  // ---- Connection: the server says every second that it is there.
  // The page is loaded again once a server answers, but not at once again: one that is
  // too busy to say anything would be kept busy with pages.
  const SILENT = 5000, PROBE = 2000, AGAIN = 30000;
  let heard = Date.now(), probed = 0, answering = 0;
  const lost = () => Date.now() - heard > SILENT;
  const watch = async () => {
    const bar = at("connection");
    if (!bar) return;
    const gone = lost();
    root.classList.toggle("stale", gone);
    if (gone) delete root.dataset.connected;
    if (!gone) {
      bar.textContent = "";
      answering = 0;
      return;
    }
    const age = Math.round((Date.now() - heard) / 1000);
    bar.textContent = `Not connected: what you see is ${age} s old. Reconnecting…`;
    if (Date.now() - probed < PROBE) return;
    probed = Date.now();
    try {
      answering = (await fetch("/healthz", { cache: "no-store" })) ? answering + 1 : 0;
    } catch {
      answering = 0;
    }
    const loaded = Number(sessionStorage.getItem("smartbank-loaded-again"));
    if (answering >= 3 && lost() && Date.now() - loaded > AGAIN) {
      sessionStorage.setItem("smartbank-loaded-again", Date.now());
      location.reload();
    }
  };
  setInterval(watch, 500);
  const beat = () => {
    heard = Date.now();
    root.dataset.connected = "";
    watch();
  };

  // ---- Decisions as they come
  const MOST = 100, MOST_APPROVED = 40;
  let list = null;
  const cell = (row, name, content) => {
    const td = row.insertCell();
    td.className = name;
    td.append(content);
    return td;
  };
  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  };
  const makeRow = (one) => {
    const row = document.createElement("tr");
    row.dataset.id = one.id;
    row.className = one.outcome;
    const time = element("time", "", onClock(one.at));
    time.dateTime = one.at;
    time.dataset.local = "";
    time.title = `${utc(one.at)}; happened ${utc(one.happened)}`;
    cell(row, "at", time);
    cell(row, "result", element("span", `outcome ${one.outcome}`, one.word));
    cell(row, "score number", one.score);
    cell(row, "amount number", one.amount);
    cell(row, "customer", one.customer);
    const why = cell(row, "why", one.why);
    why.title = one.why;
    if (one.more > 0) why.append(element("span", "more", ` +${one.more}`));
    const link = element("a", "", one.short);
    link.href = `/ui/transactions/${encodeURIComponent(one.id)}`;
    link.title = one.id;
    cell(row, "tx", link);
    return row;
  };
  const trim = () => {
    let approved = 0, kept = 0;
    for (const row of [...list.body.rows]) {
      const plain = row.classList.contains("approve");
      approved += plain;
      kept += 1;
      if (kept > MOST || (plain && approved > MOST_APPROVED)) {
        row.remove();
        list.ids.delete(row.dataset.id);
        kept -= 1;
      }
    }
  };
  const held = () => list.body.matches(":hover") || list.body.contains(document.activeElement)
    || at("decisions-scroll").scrollTop > 0;
  const flush = () => {
    if (!list || !list.waiting.length) return;
    const rows = document.createDocumentFragment();
    for (const one of list.waiting) {
      const row = makeRow(one);
      if (list.drawn) row.classList.add("arrived");
      rows.append(row);
    }
    list.waiting = [];
    list.drawn = true;
    list.body.prepend(rows);
    trim();
    showWaiting();
  };
  const showWaiting = () => {
    const button = at("waiting");
    button.hidden = !list.waiting.length;
    button.textContent = `${list.waiting.length} new`;
  };
  const showNew = () => {
    if (!list) return;
    if (list.body.contains(document.activeElement)) document.activeElement.blur();
    at("decisions-scroll").scrollTop = 0;
    flush();
  };
  const release = () => requestAnimationFrame(() => {
    if (list && list.body.isConnected && !held()) flush();
  });
  const arrive = (rows) => {
    const body = at("decisions");
    if (!body) return;
    if (!list || list.body !== body) {
      list = { body, ids: new Set(), waiting: [], drawn: false };
      body.addEventListener("pointerleave", release);
      body.addEventListener("focusout", release);
      at("decisions-scroll").addEventListener("scroll", release);
      showFilter(localStorage.getItem("smartbank-filter") || "all");
    }
    const fresh = (rows || []).filter((one) => !list.ids.has(one.id));
    for (const one of fresh) list.ids.add(one.id);
    list.waiting = [...fresh, ...list.waiting].slice(0, MOST);
    if (fresh.length) at("nothing-yet").hidden = true;
    if (list.drawn && held()) showWaiting();
    else flush();
  };
  const showFilter = (name) => {
    localStorage.setItem("smartbank-filter", name);
    at("decisions").classList.toggle("only-flagged", name === "flagged");
    for (const button of document.querySelectorAll("[data-filter]")) {
      button.ariaPressed = String(button.dataset.filter === name);
    }
  };
  const step = (by) => {
    const links = [...document.querySelectorAll("#page tbody a, #page .links a")]
      .filter((link) => link.offsetParent);
    const now = links.indexOf(document.activeElement);
    links[now < 0 ? 0 : now + by]?.focus();
  };

  // ---- Maps: the borders of countries under what they show, fetched once.
  let fetched;
  const borders = async () => {
    fetched ??= fetch("/ui/assets/borders.json").then((answer) => answer.json());
    const color = getComputedStyle(root).getPropertyValue("--edge");
    const line = { color, width: 1 };
    return { ...(await fetched), type: "scatter", mode: "lines", hoverinfo: "skip", line };
  };

  // ---- Charts: of the two themes the one that is on, times in the viewer's zone.
  const shift = (x) => x === null ? x : x - new Date(x).getTimezoneOffset() * 60000;
  const draw = async (drawn) => {
    const figure = JSON.parse(drawn.dataset[root.dataset.theme]);
    if ("map" in drawn.dataset) {
      figure.data.unshift(await borders());
    } else if (!("plain" in drawn.dataset)) {
      for (const trace of figure.data) trace.x = trace.x.map(shift);
      for (const note of figure.layout.annotations || []) note.x = shift(note.x);
      figure.layout.xaxis.range = figure.layout.xaxis.range.map(shift);
    }
    setProps(drawn.id.replace("drawn", "chart"), { figure });
  };

  // ---- Pointer and keys
  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  };
  document.addEventListener("click", (event) => {
    const menu = at("user");
    if (menu && menu.open && !menu.contains(event.target)) menu.open = false;
    const button = event.target.closest("button");
    if (button?.dataset.copy) copy(button);
    else if (button?.dataset.themeChoice) chooseTheme(button.dataset.themeChoice);
    else if (button?.dataset.filter) showFilter(button.dataset.filter);
    else if (button?.dataset.verdict) giveVerdict(button);
    else if (button?.id === "waiting") showNew();
    else if (button?.id === "show-help") {
      menu.open = false;
      at("help").showModal();
    }
    const link = event.target.closest("a[href^='/ui/']");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
    if (link && plain && !link.target && !link.hash) {
      event.preventDefault();
      if (link.classList.contains("again")) location.reload();
      else go(link.href);
    }
  });
  const find = async (wanted) => {
    const id = encodeURIComponent(wanted);
    let page = "transactions";
    try {
      const answer = await fetch(`/v1/find/${id}`);
      if (answer.ok) page = (await answer.json()).pages[0] || page;
    } catch { /* the page itself says what does not answer */ }
    go(`/ui/${page}/${id}`);
  };
  const register = async (form) => {
    const told = form.nextElementSibling;
    const fields = { kind: form.dataset.kind };
    for (const { name, value } of form.querySelectorAll("input")) {
      if (value.trim()) fields[name] = value.trim();
    }
    told.textContent = "";
    let said = "The server does not answer; try again.";
    try {
      const answer = await fetch("/v1/devices", { method: "POST",
        headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });
      const body = await answer.json();
      said = answer.ok ? form.dataset.said : `Not registered: ${body.detail}.`;
      told.textContent = said;
      if (answer.ok) told.append(element("code", "", `${location.origin}${body.path}`));
    } catch {
      told.textContent = said;
    }
  };
  document.addEventListener("submit", (event) => {
    if (event.target.className === "register-form") {
      event.preventDefault();
      register(event.target);
    }
    if (event.target.id !== "search-form") return;
    event.preventDefault();
    const input = at("search");
    const wanted = input.value.trim();
    if (!wanted) return;
    input.blur();
    find(wanted);
  });
  const keys = {
    "/": () => { at("search")?.focus(); at("search")?.select(); },
    "?": () => at("help")?.showModal(),
    j: () => step(1),
    k: () => step(-1),
    n: showNew,
    t: () => chooseTheme(root.dataset.theme === "dark" ? "light" : "dark"),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog[open]");
    if (event.key === "Escape") {
      if (event.target.id === "search") event.target.blur();
      if (at("user")?.open) at("user").open = false;
    } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // ---- What Dash puts there, made the viewer's; what the server pushes, shown
  const pushed = {
    "data-at": beat,
    "data-changes": (node) => {
      for (const [id, props] of Object.entries(JSON.parse(node.dataset.changes))) {
        if (at(id)) setProps(id, props);
      }
    },
    "data-rows": (node) => arrive(JSON.parse(node.dataset.rows)),
    "data-light": (node) => root.dataset.theme === "light" && draw(node),
    "data-dark": (node) => root.dataset.theme === "dark" && draw(node),
  };
  let queued = false, begun = false;
  new MutationObserver((records) => {
    for (const { type, target, attributeName, addedNodes } of records) {
      if (type === "attributes") pushed[attributeName](target);
      for (const added of addedNodes) {
        if (!added.querySelectorAll) continue;
        for (const node of added.querySelectorAll("[data-rows], [data-light]")) {
          const show = "rows" in node.dataset ? pushed["data-rows"] : draw;
          queueMicrotask(() => show(node));
        }
      }
    }
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => {
      queued = false;
      if (!begun && at("shell")) {
        begun = true;
        heard = Date.now();
        showTheme();
      }
      localise();
      pageShown();
      showPart();
      // Dash gives the field behind its upload button no name.
      for (const file of document.querySelectorAll("input[type=file]:not([aria-label])")) {
        file.ariaLabel = "File";
      }
    });
  }).observe(document.body, {
    childList: true, subtree: true, attributes: true, attributeFilter: Object.keys(pushed),
  });
})();
