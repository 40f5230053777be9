// The phone: which chat is open, what its log shows, and what the hands on it do.

import { bubble, clockOf, dayOf, preview, textOf } from "./bubble.js";
import { Chat } from "./chat.js";
import { askContact, askPerson, askPhoto, askPin, askPlace, listSheet, menu } from "./dialogs.js";
import { el, icon } from "./dom.js";
import { initials, readHash, remember, stranger, tone, writeHash } from "./people.js";

const LONGEST = 4096; // code points in one message, as the provider has it
const WARN = 200; // code points left from which the counter shows
const NEAR = 90; // px from the end that still count as being at the end
const SHOPS_AGAIN = 2000; // ms until the shop list is asked for again when it did not come

const $ = (id) => document.getElementById(id);
const log = $("log");
const text = $("text");

const phone = { person: null, shops: [], chats: new Map(), chat: null, missed: 0, editing: null };
const rows = new WeakMap(); // entry → its element

// -- starting ------------------------------------------------------------------------------------------------------

for (const [id, name] of Object.entries({ back: "back", switch: "phone", attach: "attach", send: "send" })) $(id).append(icon(name));

async function shopsOf() {
  for (;;) {
    try {
      const answer = await fetch("/shops.json");
      if (answer.ok) return (await answer.json()).shops;
    } catch {
      // The provider is not up yet; the presence line says so.
    }
    $("presence").textContent = "waiting for the provider…";
    await new Promise((done) => setTimeout(done, SHOPS_AGAIN));
  }
}

// The phones of the shops' owners, who run them from there.
function owners() {
  return [...new Set(phone.shops.map((shop) => shop.owner).filter(Boolean))];
}

function become(person, shop) {
  for (const chat of phone.chats.values()) chat.close();
  phone.chats.clear();
  phone.person = person;
  remember(person);
  $("me-name").textContent = person.name;
  $("me-number").textContent = `+${person.phone}${person.hidden ? " (hidden)" : ""}`;
  if (phone.shops.length) openShop(phone.shops.find((one) => one.number === shop) ?? phone.shops[0]);
  else noShops();
}

async function start() {
  phone.shops = await shopsOf();
  const hash = readHash();
  become(hash.person ?? stranger(), hash.shop);
}

addEventListener("hashchange", () => {
  const { person, shop } = readHash();
  if (person && JSON.stringify(person) !== JSON.stringify(phone.person)) become(person, shop);
  else if (shop && shop !== phone.chat?.shop.number) openShop(phone.shops.find((one) => one.number === shop) ?? phone.chat.shop);
});

// -- shops ---------------------------------------------------------------------------------------------------------

function openShop(shop) {
  phone.chat?.look(false);
  stopEditing();
  let chat = phone.chats.get(shop.number);
  if (!chat) {
    chat = new Chat(phone.person, shop);
    phone.chats.set(shop.number, chat);
    listen(chat);
  }
  phone.chat = chat;
  writeHash(phone.person, shop.number);
  $("app").dataset.pane = "chat";
  drawAll();
  drawState();
  look();
}

function listen(chat) {
  const here = (act) => (event) => {
    if (chat === phone.chat) act(event.detail);
    drawShops();
  };
  chat.addEventListener("all", here(drawAll));
  chat.addEventListener("added", here(drawAdded));
  chat.addEventListener("changed", here(drawChanged));
  chat.addEventListener("state", here(drawState));
  chat.addEventListener("typing", here(drawTyping));
  chat.addEventListener("trouble", here(trouble));
  // M-Pesa asks the phone, not the chat: whichever line brought it, it is shown once.
  chat.addEventListener("prompt", (event) => askPin(event.detail, (answer) => chat.line.post({ type: "prompt", id: event.detail.id, answer })));
  chat.addEventListener("prompted", here((told) => told.taken || trouble("M-Pesa does not ask any more.")));
}

function noShops() {
  log.replaceChildren(el("div.empty", {}, el("h3", {}, "No shops yet"), el("p", {}, "The provider knows no shop. Start one, then load this page again.")));
  $("presence").textContent = "no shops";
}

function drawShops() {
  const items = phone.shops.map((shop) => {
    const chat = phone.chats.get(shop.number);
    const last = chat?.entries.at(-1);
    const unread = chat?.unread ?? 0;
    const current = chat === phone.chat && Boolean(chat);
    return el(
      "li",
      {},
      el(
        "button.shop",
        { type: "button", "aria-current": current ? "true" : null, onclick: () => openShop(shop) },
        el(`span.avatar.${tone(shop.title)}`, { "aria-hidden": "true" }, initials(shop.title)),
        el("span.shop-name", { dir: "auto" }, chat?.title ?? shop.title),
        last ? el("time.shop-time", {}, clockOf(last.at)) : null,
        el("span.shop-last", { dir: "auto" }, last ? preview(last) : shop.about || shop.display_number),
        unread ? el("span.badge", { "aria-label": `${unread} unread` }, String(unread)) : null,
      ),
    );
  });
  $("shops").replaceChildren(...items);
  const total = [...phone.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
  document.title = `${total ? `(${total}) ` : ""}${phone.chat?.title ?? "Sokoni"} – ${phone.person.name}`;
}

// -- the log -------------------------------------------------------------------------------------------------------

const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;

function toEnd() {
  log.scrollTop = log.scrollHeight;
  seenAll();
}

function seenAll() {
  phone.missed = 0;
  $("pill").hidden = true;
}

const hands = {
  tap: (entry, option) => phone.chat.tap(entry, option),
  openList: (entry, list) => listSheet(list, (option) => phone.chat.tap(entry, option)),
  sendPlace: () => askPlace(sendPlace),
  menu: openMenu,
  again: (entry) => phone.chat.again(entry),
  find: (id) => phone.chat.find(id),
  loaded: () => phone.pinned && toEnd(),
};

function rowOf(entry) {
  const row = bubble(entry, hands);
  rows.set(entry, row);
  return row;
}

function dayRow(entry) {
  return el("p.day", {}, el("span", {}, dayOf(entry.at)));
}

function drawAll() {
  const chat = phone.chat;
  const nodes = [];
  let last = null;
  for (const entry of chat.entries) {
    if (!last || dayOf(last.at) !== dayOf(entry.at)) nodes.push(dayRow(entry));
    nodes.push(rowOf(entry));
    last = entry;
  }
  // Said anew as a whole it would be read out as a whole: the live region is quiet meanwhile.
  log.setAttribute("aria-live", "off");
  log.replaceChildren(...(nodes.length ? nodes : [empty(chat)]), typingRow);
  setTimeout(() => log.setAttribute("aria-live", "polite"));
  drawTyping();
  toEnd();
  drawShops();
}

function empty(chat) {
  const tryIt = (words) => el("button", { type: "button", onclick: () => chat.say(words) }, words);
  return el(
    "div.empty",
    {},
    el(`span.avatar.${tone(chat.title)}`, { "aria-hidden": "true" }, initials(chat.title)),
    el("h3", { dir: "auto" }, chat.title),
    el("p", {}, "Say hi to begin. You are writing as ", el("bdi", {}, phone.person.name), "."),
    el("div.samples", { role: "group", "aria-label": "Suggestions" }, (chat.shop.suggestions ?? []).map(tryIt)),
  );
}

function drawAdded(entry) {
  const follow = entry.from === "me" || atEnd();
  const before = phone.chat.entries.at(-2);
  log.querySelector(".empty")?.remove();
  if (!before || dayOf(before.at) !== dayOf(entry.at)) typingRow.before(dayRow(entry));
  typingRow.before(rowOf(entry));
  drawState();
  if (follow) {
    toEnd();
    return;
  }
  phone.missed += 1;
  const pill = $("pill");
  pill.hidden = false;
  pill.replaceChildren(icon("down"), `${phone.missed} new ${phone.missed === 1 ? "message" : "messages"}`);
}

// A tick replaces the tick only, so that nothing flickers and nothing is read out twice.
function drawChanged(entry) {
  const old = rows.get(entry);
  if (!old?.isConnected) return;
  drawState();
  const fresh = rowOf(entry);
  const ticksOnly = entry.state !== "failed" && !entry.edited && !entry.deleted && entry.from === "me" && !entry.reaction && !entry.shopReaction;
  if (ticksOnly && !old.querySelector(".reactions")) {
    old.dataset.id = entry.id ?? "";
    old.querySelector(".ticks").replaceWith(fresh.querySelector(".ticks"));
    rows.set(entry, old);
  } else {
    const follow = atEnd();
    old.replaceWith(fresh);
    if (follow) toEnd();
  }
}

const typingRow = el("div.row.theirs.typing", { "aria-hidden": "true", hidden: true }, el("div.bubble", {}, el("i"), el("i"), el("i")));

function drawTyping() {
  const follow = atEnd();
  typingRow.hidden = !phone.chat.typing;
  if (follow) toEnd();
  drawState();
}

function drawState() {
  const chat = phone.chat;
  const state = chat.line.state;
  const waits = chat.line.waiting.length;
  $("title").textContent = chat.title;
  const avatar = $("avatar");
  avatar.className = `avatar ${tone(chat.title)}`;
  avatar.textContent = initials(chat.title);
  const mood = { connecting: "connecting…", lost: "no connection" }[state] ?? (chat.typing ? "typing…" : "online");
  $("presence").textContent = chat.display && state === "open" && !chat.typing ? `${chat.display} · ${mood}` : mood;
  $("presence").className = chat.typing && state === "open" ? "is-typing" : "";
  const banner = $("banner");
  if (state === "lost") {
    const queued = waits ? ` ${waits} ${waits === 1 ? "message waits" : "messages wait"}.` : "";
    const now = el("button", { type: "button", onclick: () => chat.line.hurry() }, "Try now");
    const words = chat.line.refusal || "Connection lost. Trying again…";
    banner.replaceChildren(el("span", { dir: "auto" }, words + queued), now);
  }
  banner.hidden = state !== "lost";
}

function trouble(sentence) {
  $("banner").replaceChildren(el("span", { dir: "auto" }, sentence));
  $("banner").hidden = false;
}

function look() {
  const open = $("app").dataset.pane === "chat" || matchMedia("(min-width: 860px)").matches;
  phone.chat?.look(document.visibilityState === "visible" && open);
}

// -- hands ---------------------------------------------------------------------------------------------------------

function openMenu(entry, at) {
  const items = [];
  const words = entry.deleted ? "" : textOf(entry);
  if (words) items.push({ title: "Copy text", icon: "file", act: () => navigator.clipboard?.writeText(words).catch(() => {}) });
  if (entry.from === "me" && entry.id && !entry.deleted) {
    if (entry.kind === "text") items.push({ title: "Edit", icon: "reply", act: () => startEditing(entry) });
    items.push({ title: "Delete", icon: "close", act: () => phone.chat.remove(entry) });
  }
  const react = entry.id && !entry.deleted ? (emoji) => phone.chat.react(entry, emoji) : null;
  if (items.length || react) menu(items, at, react, entry.reaction);
}

function sendPlace(place) {
  const shown = [place.name, place.address].filter(Boolean).join(", ") || `${place.latitude}, ${place.longitude}`;
  phone.chat.send({ type: "location", ...place }, { kind: "location", text: "", place: shown });
}

function sendPhoto({ caption }) {
  phone.chat.send({ type: "media", kind: "image", caption }, { kind: "image", text: caption });
}

function sendContact({ name, phone: number }) {
  const card = { name: { formatted_name: name, first_name: name }, phones: [{ phone: `+${number}`, wa_id: number, type: "CELL" }] };
  phone.chat.send({ type: "raw", message: { type: "contacts", contacts: [card] } }, { kind: "contact", text: "", card: `${name}, +${number}` });
}

function startEditing(entry) {
  phone.editing = entry;
  $("editing").hidden = false;
  text.value = entry.text;
  typed();
  text.focus();
}

function stopEditing() {
  if (!phone.editing) return;
  phone.editing = null;
  $("editing").hidden = true;
  text.value = "";
  typed();
}

function typed() {
  const left = LONGEST - [...text.value].length;
  $("send").disabled = !text.value.trim() || left < 0;
  $("too-long").hidden = left > WARN;
  $("too-long").textContent = left < 0 ? `${-left} characters too many for one message` : `${left} characters left`;
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 132)}px`;
}

function submit() {
  const words = text.value.trim();
  if (!phone.chat || $("send").disabled) return;
  const editing = phone.editing;
  stopEditing();
  if (editing) phone.chat.edit(editing, words);
  else phone.chat.say(words);
  text.value = "";
  typed();
  text.focus();
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
text.addEventListener("input", typed);
text.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stopEditing();
  // While an input method is composing, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
$("stop-editing").addEventListener("click", stopEditing);
$("attach").addEventListener("click", (event) => {
  const box = event.currentTarget.getBoundingClientRect();
  menu(
    [
      { title: "Location", icon: "place", act: () => askPlace(sendPlace) },
      { title: "Photo", icon: "picture", act: () => askPhoto(sendPhoto) },
      { title: "Contact", icon: "person", act: () => askContact(sendContact) },
    ],
    { x: box.left, y: box.top - 150 },
  );
});
$("back").addEventListener("click", () => {
  $("app").dataset.pane = "shops";
  look();
});
for (const id of ["me", "switch"]) {
  $(id).addEventListener("click", () => askPerson(phone.person, phone.chat?.shop.number, owners(), (person) => become(person, phone.chat?.shop.number)));
}
$("pill").addEventListener("click", toEnd);
log.addEventListener("scroll", () => {
  phone.pinned = atEnd();
  if (phone.pinned) seenAll();
});
document.addEventListener("visibilitychange", look);
addEventListener("resize", look);

start();
