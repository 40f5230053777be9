// Who this phone is: kept in the address's hash, so that each tab is a phone of its own and a reload is the same one.

const NAMES = ["Asha", "Juma", "Priya", "Wanjiku", "Omar", "Meera", "Baraka", "Zawadi", "Arjun", "Fatuma"];
const KNOWN = "sokoni.phones";
const KEPT = 6; // phones remembered for the switcher

export const PHONE = /^[1-9][0-9]{6,14}$/;

export function digits(text) {
  return text.replace(/[^0-9]/gu, "");
}

export function stranger() {
  const random = Math.floor(Math.random() * 1e6);
  return person(`254700${String(random).padStart(6, "0")}`, NAMES[random % NAMES.length], false);
}

// A hidden phone is a customer whom shops know by a user id alone, which the provider makes up.
export function person(phone, name, hidden) {
  return { phone, name: name.trim() || `+${phone}`, hidden: Boolean(hidden) };
}

export function readHash() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const phone = digits(hash.get("phone") ?? "");
  return {
    shop: hash.get("shop"),
    person: PHONE.test(phone) ? person(phone, hash.get("name") ?? "", hash.get("hidden") === "1") : null,
  };
}

export function hashOf(someone, shop) {
  const hash = new URLSearchParams({ phone: someone.phone, name: someone.name });
  if (someone.hidden) hash.set("hidden", "1");
  if (shop) hash.set("shop", shop);
  return `#${hash}`;
}

export function writeHash(someone, shop) {
  const hash = hashOf(someone, shop);
  if (hash !== location.hash) history.replaceState(null, "", hash);
}

// Phones used in this browser before; a browser that forbids storage simply remembers none.
export function remembered() {
  try {
    const list = JSON.parse(localStorage.getItem(KNOWN) ?? "[]");
    return list.filter((one) => PHONE.test(one.phone)).map((one) => person(one.phone, one.name, one.hidden));
  } catch {
    return [];
  }
}

export function remember(someone) {
  const others = remembered().filter((one) => one.phone !== someone.phone);
  try {
    localStorage.setItem(KNOWN, JSON.stringify([someone, ...others].slice(0, KEPT)));
  } catch {
    // Nothing depends on it.
  }
}

export function initials(name) {
  const words = name.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  return words.slice(0, 2).map((word) => [...word.replace(/[^\p{L}\p{N}]/gu, "")][0]).join("").toUpperCase() || "•";
}

export function tone(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return `tone-${sum % 6}`;
}
