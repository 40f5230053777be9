// One entry of a chat as an element. Whoever draws passes `hands`: what to do when something in it is touched.

import { choicesOf, footerOf, headerOf, kindName, wordsOf } from "./body.js";
import { el, icon, safeUrl, ticks } from "./dom.js";
import { format, onlyEmoji, plainly } from "./format.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export function textOf(entry) {
  return entry.from === "shop" ? wordsOf(entry.body) : entry.text;
}

// One line for the shop list and for quotes.
export function preview(entry) {
  if (entry.deleted) return "Deleted message";
  return plainly(textOf(entry)).slice(0, 120) || kindName(entry.kind);
}

export function dayOf(at) {
  const date = new Date(at);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return day.format(date);
}

export function clockOf(at) {
  return clock.format(new Date(at));
}

// hands: {tap, openList, sendPlace, menu, again, find, loaded}
export function bubble(entry, hands) {
  const mine = entry.from === "me";
  const choices = mine || entry.deleted ? {} : choicesOf(entry.body);
  const box = el(
    "div.bubble",
    {},
    el("span.sr", {}, mine ? "You: " : "Shop: "),
    entry.deleted ? el("p.words.deleted", {}, "You deleted this message") : contents(entry, hands),
    el(
      "span.meta",
      {},
      entry.edited ? "edited " : null,
      el("time", { datetime: new Date(entry.at).toISOString() }, clockOf(entry.at)),
      mine ? ticks(entry.state) : null,
    ),
    more(entry, hands),
  );
  const reactions = [entry.reaction, entry.shopReaction].filter(Boolean);
  const row = el(
    `div.row.${mine ? "mine" : "theirs"}`,
    { "data-id": entry.id ?? "", "data-kind": entry.kind },
    box,
    entry.state === "failed" ? failed(entry, hands) : null,
    options(entry, choices, hands),
    reactions.length ? el("span.reactions", { role: "img", "aria-label": `Reaction ${reactions.join(" ")}` }, reactions.join(" ")) : null,
  );
  held(row.querySelector(".bubble"), (at) => hands.menu(entry, at));
  return row;
}

function contents(entry, hands) {
  return [quote(entry, hands), entry.from === "me" ? attachment(entry) : shown(entry, hands), words(entry)];
}

function words(entry) {
  const text = textOf(entry);
  if (!text) return null;
  const header = entry.from === "shop" ? headerOf(entry.body) : "";
  const footer = entry.from === "shop" ? footerOf(entry.body) : "";
  return [
    header ? el("p.title", { dir: "auto" }, header) : null,
    el(onlyEmoji(text) ? "p.words.large" : "p.words", { dir: "auto" }, format(text)),
    footer ? el("p.footer", { dir: "auto" }, footer) : null,
  ];
}

function quote(entry, hands) {
  const quoted = entry.quoted ? hands.find(entry.quoted) : null;
  if (!quoted) return null;
  return el("p.quote", { dir: "auto" }, preview(quoted));
}

function card(name, title, note = "") {
  const lines = [el("strong", { dir: "auto" }, title), note ? el("small", { dir: "auto" }, note) : null];
  return el("div.card", {}, icon(name), el("span", {}, lines));
}

// What a customer's own message carries beside words.
function attachment(entry) {
  if (entry.kind === "location") return card("place", "Location", entry.place ?? "");
  if (entry.kind === "contact") return card("person", "Contact", entry.card ?? "");
  if (entry.kind === "media" || entry.kind === "image") return el("div.snapshot", { role: "img", "aria-label": "Simulated photo" }, icon("picture"));
  if (["document", "audio", "video", "sticker"].includes(entry.kind)) return card("file", kindName(entry.kind));
  return null;
}

// What a shop's message carries beside words.
function shown(entry, hands) {
  const part = entry.body[entry.body.type] ?? {};
  switch (entry.body.type) {
    case "image":
    case "sticker":
      return picture(part, hands);
    case "document":
    case "video":
      return download(entry.body.type, part);
    case "audio":
      return card("sound", kindName("audio"));
    case "location":
      return card("place", "Location", `${part.latitude ?? "?"}, ${part.longitude ?? "?"}`);
    case "contacts":
      return card("person", "Contact");
    case "text":
    case "interactive":
    case "template":
      return null;
    default:
      return card("file", `${kindName(entry.kind)} of a kind this phone can't show`, entry.body.type ?? "");
  }
}

// Loaded, loading or failed; a failed one can be tried again.
function picture(part, hands) {
  const address = mediaAddress(part);
  const frame = el("div.picture.loading", {});
  const load = () => {
    const image = el("img", { alt: part.caption || "Picture from the shop", decoding: "async" });
    image.onload = () => {
      frame.className = "picture";
      hands.loaded();
    };
    image.onerror = () => {
      frame.className = "picture failed";
      const retry = el("button", { type: "button", onclick: load }, "Try again");
      frame.replaceChildren(icon("picture"), el("span", {}, "The picture could not be loaded."), retry);
    };
    frame.className = "picture loading";
    frame.replaceChildren(image);
    image.src = address;
  };
  if (address) load();
  else {
    frame.className = "picture failed";
    frame.replaceChildren(icon("picture"), el("span", {}, "The picture has no address."));
  }
  return frame;
}

// A picture or file that the shop uploaded has an id only; the provider shows it under /phone-media/.
function mediaAddress(part) {
  if (part.link) return safeUrl(part.link);
  return part.id ? `/phone-media/${encodeURIComponent(part.id)}` : null;
}

function download(kind, part) {
  const title = part.filename || kindName(kind);
  const href = mediaAddress(part);
  const note = (title.match(/\.(\w{1,8})$/u)?.[1] ?? kind).toUpperCase();
  const inside = card("file", title, note);
  return href ? el("a.download", { href, target: "_blank", rel: "noopener noreferrer" }, inside) : inside;
}

function options(entry, choices, hands) {
  const found = [];
  for (const one of choices.buttons ?? []) found.push(choice("reply", one.title, () => hands.tap(entry, one)));
  if (choices.list) found.push(choice("list", choices.list.button, () => hands.openList(entry, choices.list), true));
  if (choices.place) found.push(choice("place", "Send location", () => hands.sendPlace(), true));
  if (choices.link) found.push(linkChoice(choices.link));
  return found.length ? el("div.choices", { role: "group", "aria-label": "Answers" }, found) : null;
}

function choice(name, title, onclick, opens = false) {
  const props = { type: "button", onclick, "aria-haspopup": opens ? "dialog" : null };
  return el("button.choice", props, icon(name), el("span", { dir: "auto" }, title ?? ""));
}

function linkChoice(link) {
  const href = safeUrl(link.url);
  if (!href) return null;
  const props = { href, target: "_blank", rel: "noopener noreferrer" };
  return el("a.choice", props, icon("link"), el("span", { dir: "auto" }, link.title));
}

function failed(entry, hands) {
  return el(
    "p.error",
    { role: "alert" },
    el("span", { dir: "auto" }, entry.error || "Not sent."),
    " ",
    el("button", { type: "button", onclick: () => hands.again(entry) }, "Try again"),
  );
}

function more(entry, hands) {
  if (entry.deleted) return null;
  const open = (event) => hands.menu(entry, { x: event.clientX, y: event.clientY, from: event.currentTarget });
  const props = { type: "button", "aria-label": "Message menu", "aria-haspopup": "menu", onclick: open };
  return el("button.more", props, icon("down"));
}

const HOLD = 450; // ms until a press is a long one

// A long press or the right button opens the menu; a scroll or a selection does not.
function held(node, open) {
  let timer = null;
  const stop = () => clearTimeout(timer);
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a")) return;
    event.preventDefault();
    stop();
    open({ x: event.clientX, y: event.clientY });
  });
  node.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    const at = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => open(at), HOLD);
  });
  for (const name of ["pointerup", "pointermove", "pointercancel"]) node.addEventListener(name, stop);
}
