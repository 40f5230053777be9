// *bold* _italic_ ~strike~ `mono` ```block``` and links, as WhatsApp shows them; everything becomes text nodes.

import { el, safeUrl } from "./dom.js";

const TAGS = { "*": "strong", "_": "em", "~": "s" };
const LINK = /\bhttps?:\/\/[^\s<>"\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu; // marks of direction are no part of one
const WORD = /[\p{L}\p{N}]/u;
const BLANK = /\s/u;

// A list of nodes for a message's text.
export function format(text) {
  const nodes = [];
  text.split("```").forEach((part, i, parts) => {
    const closed = i % 2 === 1 && i < parts.length - 1;
    if (closed && part.trim()) nodes.push(el("pre", {}, el("code", {}, part.replace(/^\n|\n$/gu, ""))));
    else nodes.push(...inline(i % 2 === 1 ? (closed ? "```" + part + "```" : "```" + part) : part, ""));
  });
  return nodes;
}

// Markers open at the edge of a word and close at one, on the same line; `open` are those we are inside of already.
function inline(text, open) {
  const nodes = [];
  let plain = 0;
  const flush = (to) => {
    if (to > plain) nodes.push(...links(text.slice(plain, to)));
  };
  for (let i = 0; i < text.length; i++) {
    const mark = text[i];
    if (!(mark in TAGS || mark === "`") || open.includes(mark) || !opens(text, i)) continue;
    const end = closing(text, i, mark);
    if (end < 0) continue;
    flush(i);
    const inner = text.slice(i + 1, end);
    nodes.push(mark === "`" ? el("code", {}, inner) : el(TAGS[mark], {}, inline(inner, open + mark)));
    plain = end + 1;
    i = end;
  }
  flush(text.length);
  return nodes;
}

function opens(text, i) {
  const before = text[i - 1] ?? " ";
  const after = text[i + 1] ?? " ";
  return !WORD.test(before) && !BLANK.test(after) && after !== text[i];
}

function closing(text, start, mark) {
  const newline = text.indexOf("\n", start);
  const limit = newline < 0 ? text.length : newline;
  for (let end = text.indexOf(mark, start + 2); end >= 0 && end < limit; end = text.indexOf(mark, end + 1)) {
    if (!BLANK.test(text[end - 1]) && !WORD.test(text[end + 1] ?? " ")) return end;
  }
  return -1;
}

function links(text) {
  const nodes = [];
  let plain = 0;
  for (const found of text.matchAll(LINK)) {
    const address = trimmed(found[0]);
    const href = safeUrl(address);
    if (!href) continue;
    if (found.index > plain) nodes.push(text.slice(plain, found.index));
    nodes.push(el("a", { href, target: "_blank", rel: "noopener noreferrer" }, address));
    plain = found.index + address.length;
  }
  if (plain < text.length) nodes.push(text.slice(plain));
  return nodes;
}

// The full stop after an address is the sentence's; a closing bracket is, unless the address has its opening one.
function trimmed(address) {
  let end = address.length;
  for (; end > 0; end--) {
    const last = address[end - 1];
    const ownBracket = last === ")" && address.slice(0, end).split("(").length >= address.slice(0, end).split(")").length;
    if (!".,;:!?)]*_~'".includes(last) || ownBracket) break;
  }
  return address.slice(0, end);
}

// The same without marks, for one-line previews.
export function plainly(text) {
  return format(text)
    .map((node) => (typeof node === "string" ? node : node.textContent))
    .join("")
    .replace(/\s+/gu, " ")
    .trim();
}

// One to three emoji and nothing else are shown large. (Built in a try: older browsers don't know the `v` flag.)
const FEW_EMOJI = (() => {
  try {
    return new RegExp("^(?:\\p{RGI_Emoji}\\s*){1,3}$", "v");
  } catch {
    return /^(?!)/;
  }
})();

export function onlyEmoji(text) {
  return FEW_EMOJI.test(text.trim());
}
