// Writing a rule: names that complete as one types, go in at a press, or put a typing
// error right.
(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const editor = () => at("rule-expression");
  const MOST = 8;
  const WORDS = ["AND", "OR", "NOT", "IN", "BETWEEN", "IS NULL", "IS NOT NULL", "COALESCE(",
    "GREATEST(", "LEAST(", "ABS(", "ROUND(", "CASE WHEN"];

  // Put in as if typed by hand: Dash hears of it, the caret stays, Ctrl-Z takes it back.
  const put = (text, from, to) => {
    const area = editor();
    area.focus();
    area.setSelectionRange(from, to);
    document.execCommand("insertText", false, text);
    close();
  };
  const insert = (name) => {
    const area = editor();
    if (area.disabled) return;
    const from = area.selectionStart, to = area.selectionEnd;
    const gap = from && !/[\s(]$/.test(area.value.slice(0, from)) ? " " : "";
    put(gap + name, from, to);
  };
  const fix = ({ fix: name, line, column }) => {
    const lines = editor().value.split("\n");
    const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
      + Number(column) - 1;
    const [wrong] = editor().value.slice(from).match(/^\w+/) || [""];
    put(name, from, from + wrong.length);
  };

  // ---- Completion: a list under the editor; arrows choose, Enter or Tab takes.
  let open = null;
  const close = () => {
    open?.list.remove();
    open = null;
    editor()?.removeAttribute("aria-activedescendant");
  };
  const typedWord = () => {
    const area = editor();
    const before = area.value.slice(0, area.selectionStart);
    const [word] = before.match(/\w+$/) || [""];
    return { word, from: before.length - word.length, to: before.length };
  };
  const choose = (place) => {
    open.place = (place + open.names.length) % open.names.length;
    [...open.list.children].forEach((item, number) => {
      item.setAttribute("aria-selected", String(number === open.place));
      if (number === open.place) item.scrollIntoView({ block: "nearest" });
    });
    editor().setAttribute("aria-activedescendant", `completion-${open.place}`);
  };
  const take = (name) => {
    const { from, to } = open;
    close();
    put(name, from, to);
  };
  const complete = () => {
    close();
    const { word, from, to } = typedWord();
    if (word.length < 2) return;
    const wanted = word.toLowerCase();
    const known = [...document.querySelectorAll("[data-insert]")].map((button) => ({
      name: button.dataset.insert, told: button.nextElementSibling.textContent }));
    const all = [...known, ...WORDS.map((name) => ({ name, told: "" }))];
    const rank = ({ name }) => name.toLowerCase().indexOf(wanted);
    const found = all.filter((one) => rank(one) >= 0 && one.name !== word)
      .sort((one, other) => rank(one) - rank(other)).slice(0, MOST);
    if (!found.length || all.some((one) => one.name === word && found.length === 0)) return;
    const list = document.createElement("ul");
    list.id = "completions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Completions");
    found.forEach(({ name, told }, number) => {
      const item = document.createElement("li");
      item.id = `completion-${number}`;
      item.setAttribute("role", "option");
      const code = document.createElement("code");
      code.textContent = name;
      const meaning = document.createElement("span");
      meaning.textContent = told;
      item.append(code, meaning);
      item.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        take(name);
      });
      list.append(item);
    });
    const area = editor();
    area.parentElement.append(list);
    list.style.top = `${area.offsetHeight + 4}px`;
    open = { list, names: found.map((one) => one.name), from, to, place: -1 };
  };
  document.addEventListener("input", (event) => {
    if (event.target.id === "rule-expression") complete();
    if (event.target.id === "catalogue-filter") filter(event.target.value);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.id === "rule-expression") close();
  });
  document.addEventListener("keydown", (event) => {
    if (!open || event.target.id !== "rule-expression") return;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) choose(open.place < 0 && moves[event.key] < 0 ? -1 : open.place + moves[event.key]);
    else if (event.key === "Tab" && open.place < 0 && !event.shiftKey) take(open.names[0]);
    else if ((event.key === "Enter" || event.key === "Tab") && open.place >= 0) take(open.names[open.place]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // ---- One of a few choices
  const choosing = (button) => {
    for (const one of document.querySelectorAll(`[data-of="${button.dataset.of}"]`)) {
      one.ariaPressed = String(one === button);
    }
    window.dash_clientside.set_props(button.dataset.of, { value: button.dataset.choice });
  };

  // ---- A question about one of many, whose row may be drawn again at any moment
  const ask = ({ ask: data, of }) => window.dash_clientside.set_props(of, { data });

  // ---- The catalogue beside the editor
  const filter = (typed) => {
    const wanted = typed.trim().toLowerCase();
    for (const item of document.querySelectorAll("#catalogue li")) {
      item.hidden = !item.textContent.toLowerCase().includes(wanted);
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.choice !== undefined) choosing(button);
    else if (button?.dataset.ask) ask(button.dataset);
    else if (button?.dataset.insert) insert(button.dataset.insert);
    else if (button?.dataset.fix) fix(button.dataset);
  });
})();
