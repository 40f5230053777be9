// What one phone and one shop have said to each other, as far as this phone knows.

import { Line } from "./line.js";

const RANK = { waiting: 0, failed: 0, sent: 1, delivered: 2, read: 3 };

// These kinds change the message that they quote instead of being one.
const CHANGES = {
  reaction: (entry, text) => (entry.reaction = text || null),
  edit: (entry, text) => Object.assign(entry, { text, edited: true }),
  delete: (entry) => (entry.deleted = true),
};

// Events: "all" (draw everything anew), "added" and "changed" (detail: the entry), "state", "typing".
//
// An entry is {from: "me"|"shop", id, ref, at, kind, text, body, quoted, state, error, reaction, edited, deleted}.
export class Chat extends EventTarget {
  constructor(person, shop) {
    super();
    this.shop = shop;
    this.title = shop.title;
    this.display = shop.display_number;
    this.entries = [];
    this.unread = 0;
    this.seen = false; // whether the owner of the phone is looking at this chat now
    this.typing = false;
    this.greeted = false; // the first hello has come
    this.line = new Line(person, shop.number);
    this.line.addEventListener("frame", (event) => this.receive(event.detail));
    this.line.addEventListener("state", () => this.tell("state"));
  }

  tell(what, detail = null) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }

  find(id) {
    return id ? this.entries.find((entry) => entry.id === id) : undefined;
  }

  receive(frame) {
    const handlers = {
      hello: this.hello, accepted: this.accepted, mine: this.mine, message: this.message,
      ticks: this.ticked, typing: this.types, error: this.refused,
      prompt: (asked) => this.tell("prompt", asked), prompted: (told) => this.tell("prompted", told),
    };
    handlers[frame.type]?.call(this, frame);
  }

  // -- what the provider says ------------------------------------------------------------------------------------

  // History is the provider's order; what only we know comes before it (old) or after it (not sent yet).
  hello(frame) {
    this.title = frame.title || this.title;
    this.display = frame.number || this.display;
    const news = [];
    const told = [];
    for (const old of frame.history ?? []) {
      if (this.changes(old, told)) continue;
      const known = this.find(old.message_id) ?? (old.type === "mine" ? this.adopt(old) : undefined);
      const entry = known ?? this.entryOf(old);
      if (!entry) continue;
      if (!known && entry.from === "shop") news.push(entry);
      told.push(entry);
    }
    const mine = new Set(told);
    const waits = (entry) => entry.state === "waiting" || entry.state === "failed";
    const ours = this.entries.filter((entry) => !mine.has(entry));
    this.entries = [...ours.filter((entry) => !waits(entry)), ...told, ...ours.filter(waits)];
    this.notice(this.greeted ? news : news.slice(-1));
    this.greeted = true;
    this.tell("all");
  }

  // A message whose acknowledgement was lost with the line is in the history: it must not be sent again.
  adopt(old) {
    const alike = (entry) => entry.kind === old.kind && entry.text === old.text;
    const same = (entry) => (old.ref ? entry.ref === old.ref : alike(entry));
    const entry = this.entries.find((one) => one.state === "waiting" && this.line.doubtful(one.ref) && same(one));
    if (entry) {
      this.line.settle(entry.ref);
      Object.assign(entry, { id: old.message_id, at: old.at, state: old.state ?? "sent" });
    }
    return entry;
  }

  entryOf(frame) {
    if (frame.type === "message") return shopEntry(frame);
    if (frame.type !== "mine") return null;
    return {
      from: "me", id: frame.message_id, at: frame.at, kind: frame.kind, text: frame.text ?? "",
      quoted: frame.quoted ?? null, state: frame.state ?? "sent",
    };
  }

  // True when the frame was one that changes another message; `entries` are where that one is looked for.
  changes(frame, entries) {
    const change = frame.type === "mine" ? CHANGES[frame.kind] : undefined;
    if (!change) return false;
    this.line.settle(frame.ref);
    const entry = entries.find((one) => one.id === frame.quoted);
    if (entry) {
      change(entry, frame.text ?? "");
      this.tell("changed", entry);
    }
    return true;
  }

  accepted(frame) {
    const entry = this.entries.find((one) => one.ref === frame.ref);
    if (!entry) return;
    Object.assign(entry, { id: frame.message_id, at: frame.at ?? entry.at });
    if (RANK[entry.state] < RANK.sent) entry.state = "sent";
    this.tell("changed", entry);
  }

  mine(frame) {
    if (this.changes(frame, this.entries)) return;
    const entry = this.find(frame.message_id) ? null : this.entryOf(frame);
    if (entry) this.add(entry);
  }

  message(frame) {
    this.stopTyping();
    if (this.find(frame.message_id)) return;
    const entry = shopEntry(frame);
    if (entry.kind === "reaction") {
      this.shopReacts(entry.body.reaction ?? {});
      return;
    }
    this.notice([entry]);
    this.add(entry);
  }

  shopReacts(reaction) {
    const entry = this.find(reaction.message_id);
    if (!entry) return;
    entry.shopReaction = reaction.emoji || null;
    this.tell("changed", entry);
  }

  ticked(frame) {
    const entry = this.find(frame.message_id);
    if (!entry || RANK[frame.state] === undefined || RANK[entry.state] >= RANK[frame.state]) return;
    entry.state = frame.state;
    this.tell("changed", entry);
  }

  types(frame) {
    clearTimeout(this.typingTimer);
    this.typing = true;
    this.typingTimer = setTimeout(() => this.stopTyping(), 1000 * (frame.seconds ?? 25));
    this.tell("typing");
  }

  stopTyping() {
    clearTimeout(this.typingTimer);
    if (!this.typing) return;
    this.typing = false;
    this.tell("typing");
  }

  refused(frame) {
    const entry = this.entries.find((one) => one.ref === frame.ref);
    if (entry) {
      Object.assign(entry, { state: "failed", error: frame.text });
      this.tell("changed", entry);
    } else {
      this.tell("trouble", frame.text);
    }
  }

  // -- what the phone's owner does -------------------------------------------------------------------------------

  add(entry) {
    this.entries.push(entry);
    this.tell("added", entry);
  }

  // `frame` is the provider's, without its ref; `shown` says how the bubble looks.
  send(frame, shown) {
    const entry = { from: "me", id: null, at: Date.now(), state: "waiting", quoted: null, frame, ...shown };
    entry.ref = this.line.post(frame);
    this.add(entry);
    return entry;
  }

  say(text) {
    return this.send({ type: "say", text }, { kind: "text", text });
  }

  tap(entry, option) {
    const shown = { kind: "tap", text: option.title, quoted: entry.id };
    return this.send({ type: "tap", message_id: entry.id, option: option.id }, shown);
  }

  again(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
    this.tell("all");
    const { kind, text, quoted, place, media, card } = entry;
    return this.send(entry.frame, { kind, text, quoted, place, media, card });
  }

  react(entry, emoji) {
    entry.reaction = entry.reaction === emoji ? null : emoji;
    this.line.post({ type: "reaction", message_id: entry.id, emoji: entry.reaction ?? "" });
    this.tell("changed", entry);
  }

  edit(entry, text) {
    Object.assign(entry, { text, edited: true });
    this.line.post({ type: "edit", message_id: entry.id, text });
    this.tell("changed", entry);
  }

  remove(entry) {
    entry.deleted = true;
    this.line.post({ type: "delete", message_id: entry.id });
    this.tell("changed", entry);
  }

  // Messages that arrived while nobody looks are counted, and reported as read once somebody does.
  notice(entries) {
    if (this.seen) for (const entry of entries) this.line.mention({ type: "read", message_id: entry.id });
    else {
      this.unseen = [...(this.unseen ?? []), ...entries];
      this.unread = this.unseen.length;
    }
  }

  look(seen) {
    this.seen = seen;
    if (!seen || !this.unseen?.length) return;
    const unseen = this.unseen;
    this.unseen = [];
    this.unread = 0;
    this.notice(unseen);
    this.tell("state");
  }

  close() {
    clearTimeout(this.typingTimer);
    this.line.close();
  }
}

function shopEntry(frame) {
  const body = frame.body ?? {};
  return {
    from: "shop", id: frame.message_id, at: frame.at, kind: body.type ?? "unknown", body,
    quoted: body.context?.message_id ?? null,
  };
}
