// Everything that opens over the chat. The browser's own <dialog> keeps the focus inside and closes on Escape.

import { el, icon } from "./dom.js";
import { PHONE, digits, hashOf, person, remembered, stranger } from "./people.js";

export const PLACES = [
  { name: "Kenyatta Market", address: "Mbagathi Way, Nairobi", latitude: -1.3097, longitude: 36.7967 },
  { name: "Bandra Bandstand", address: "Bandra West, Mumbai", latitude: 19.0437, longitude: 72.8189 },
  { name: "Lekki Market", address: "Lekki Phase 1, Lagos", latitude: 6.4433, longitude: 3.4736 },
];

const REACTIONS = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

// Shows `contents` in a dialog that removes itself; returns the function that closes it.
function open(kind, title, contents, at = null) {
  const shut = el("button.round", { type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
  const head = title ? el("header", {}, el("h3", { dir: "auto" }, title), shut) : null;
  const dialog = el(`dialog.${kind}`, { "aria-label": title || "Menu" }, head, contents);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  if (at) place(dialog, at);
  return () => dialog.close();
}

// Near the finger, but inside the window; opened by the keyboard, near the button.
function place(dialog, { x, y, from }) {
  const box = dialog.getBoundingClientRect();
  const anchor = x || y || !from ? { x, y } : { x: from.getBoundingClientRect().left, y: from.getBoundingClientRect().bottom };
  dialog.style.left = `${Math.max(8, Math.min(anchor.x, innerWidth - box.width - 8))}px`;
  dialog.style.top = `${Math.max(8, Math.min(anchor.y, innerHeight - box.height - 8))}px`;
}

// The rows of a list message, as a sheet from below.
export function listSheet(list, choose) {
  const row = (one) =>
    el(
      "button.list-row",
      { type: "button", onclick: () => { close(); choose(one); } },
      el("strong", { dir: "auto" }, one.title ?? ""),
      one.description ? el("small", { dir: "auto" }, one.description) : null,
    );
  const section = (one) => el("section", {}, one.title ? el("h4", { dir: "auto" }, one.title) : null, (one.rows ?? []).map(row));
  const close = open("sheet", list.button, el("div.rows", {}, list.sections.map(section)));
}

// items: [{title, icon, act}]; reactions only where `react` is given.
export function menu(items, at, react = null, chosen = null) {
  const emoji = (one) =>
    el("button", {
      type: "button", role: "menuitemradio", "aria-checked": String(one === chosen), "aria-label": `React ${one}`,
      onclick: () => { close(); react(one); },
    }, one);
  const item = (one) =>
    el("button", { type: "button", role: "menuitem", onclick: () => { close(); one.act(); } }, one.icon ? icon(one.icon) : null, one.title);
  const parts = [react ? el("div.emoji", {}, REACTIONS.map(emoji)) : null, items.map(item)];
  const list = el("div.items", { role: "menu" }, parts);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...list.querySelectorAll("button")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  const close = open("menu", "", list, at);
}

function field(label, props) {
  const input = el("input", { type: "text", dir: "auto", ...props });
  return { input, row: el("label.field", {}, el("span", {}, label), input) };
}

// A form with one main button. `read` returns {error} or the value that `done` gets.
function ask(title, rows, button, read, done) {
  const error = el("p.error", { role: "alert" });
  const form = el("form", { novalidate: true }, rows, error, el("button.main", { type: "submit" }, button));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = read();
    error.textContent = value.error ?? "";
    if (value.error) return;
    close();
    done(value);
  });
  const close = open("ask", title, form);
}

export function askPlace(done) {
  const name = field("Name", { maxlength: 100 });
  const address = field("Address", { maxlength: 300 });
  const latitude = field("Latitude", { inputmode: "text", value: PLACES[0].latitude });
  const longitude = field("Longitude", { inputmode: "text", value: PLACES[0].longitude });
  const fill = (one) => {
    for (const [key, part] of Object.entries({ name, address, latitude, longitude })) part.input.value = one[key];
  };
  fill(PLACES[0]);
  const samples = el("div.samples", { role: "group", "aria-label": "Sample places" },
    PLACES.map((one) => el("button", { type: "button", onclick: () => fill(one) }, one.name)));
  const pair = el("div.pair", {}, latitude.row, longitude.row);
  ask("Send a location", [samples, name.row, address.row, pair], "Send location", () => {
    const [north, east] = [latitude, longitude].map((part) => Number(part.input.value.trim() || NaN));
    if (!(Math.abs(north) <= 90)) return { error: "The latitude is a number from −90 to 90, like -1.31." };
    if (!(Math.abs(east) <= 180)) return { error: "The longitude is a number from −180 to 180, like 36.80." };
    return { latitude: north, longitude: east, name: name.input.value.trim(), address: address.input.value.trim() };
  }, done);
}

const asked = new Set(); // prompts that this phone has shown: each line brings them

// M-Pesa's question: it stands over everything until it is answered or its time is over.
export function askPin(prompt, answer) {
  if (asked.has(prompt.id)) return;
  asked.add(prompt.id);
  const choose = (word) => () => {
    clearTimeout(timer);
    close();
    answer(word);
  };
  const button = (kind, title, word) => el(`button.${kind}`, { type: "button", onclick: choose(word) }, title);
  const contents = el(
    "div.pin",
    {},
    el("p.pin-amount", {}, "Pay ", el("bdi", {}, prompt.amount), " to ", el("bdi", {}, prompt.title), "?"),
    el("p.pin-account", {}, "Account ", el("bdi", {}, prompt.reference)),
    button("main", "Enter PIN and pay", "approve"),
    button("plain", "Cancel", "cancelled"),
    el("p.pin-note", {}, "Or let it go wrong:"),
    el("div.samples", {}, button("sample", "Not enough money", "no_funds"), button("sample", "Wrong PIN", "wrong_pin"), button("sample", "No answer", "no_answer")),
  );
  const close = open("ask", "M-Pesa", contents);
  const timer = setTimeout(close, Math.max(0, prompt.expires_at - Date.now()));
}

export function askPhoto(done) {
  const caption = field("Caption (may be empty)", { maxlength: 1024 });
  const picture = el("div.snapshot", { role: "img", "aria-label": "Simulated photo" }, icon("picture"));
  ask("Send a photo", [picture, caption.row], "Send photo", () => ({ caption: caption.input.value.trim() }), done);
}

export function askContact(done) {
  const name = field("Name", { value: "Baraka Otieno", maxlength: 100 });
  const phone = field("Phone number", { value: "+254 700 000 002", inputmode: "tel", dir: "ltr" });
  ask("Send a contact", [name.row, phone.row], "Send contact", () => {
    if (!name.input.value.trim()) return { error: "A contact needs a name." };
    if (!PHONE.test(digits(phone.input.value))) return { error: "A phone number has 7 to 15 digits and its country code." };
    return { name: name.input.value.trim(), phone: digits(phone.input.value) };
  }, done);
}

// Which simulated phone this tab is.
export function askPerson(now, shop, owners, done) {
  const phone = field("Phone number", { value: `+${now.phone}`, inputmode: "tel", dir: "ltr" });
  const name = field("Name", { value: now.name, maxlength: 80 });
  const hidden = el("input", { type: "checkbox" });
  hidden.checked = now.hidden;
  const fill = (one) => {
    phone.input.value = `+${one.phone}`;
    name.input.value = one.name;
    hidden.checked = one.hidden;
  };
  const known = remembered().filter((one) => one.phone !== now.phone);
  const theirs = owners.filter((one) => one !== now.phone).map((one) => person(one, "The owner", false));
  const others = [
    ...theirs.map((one) => el("button", { type: "button", onclick: () => fill(one) }, "The shops' owner")),
    ...known.filter((one) => !owners.includes(one.phone)).map((one) => el("button", { type: "button", onclick: () => fill(one) }, el("bdi", {}, one.name), ` +${one.phone}`)),
    el("button", { type: "button", onclick: () => fill(stranger()) }, "Somebody new"),
  ];
  const tab = el("a", { href: hashOf(stranger(), shop), target: "_blank", rel: "noopener" }, "Open another phone in a new tab");
  const rows = [
    el("div.samples", { role: "group", "aria-label": "Other phones" }, others),
    phone.row,
    name.row,
    el("label.check", {}, hidden, el("span", {}, "Hide the number: shops see a user id only")),
    el("p", {}, tab),
  ];
  ask("Who has this phone?", rows, "Use this phone", () => {
    const number = digits(phone.input.value);
    if (!PHONE.test(number)) return { error: "A phone number has 7 to 15 digits and its country code, like +254 700 000 001." };
    return person(number, name.input.value, hidden.checked);
  }, done);
}
