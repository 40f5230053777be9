// Reading a shop's message (the body of the Graph API's POST /messages): its words, its choices, its picture.

// The words of a message, "" when it has none.
export function wordsOf(body) {
  const part = body[body.type] ?? {};
  switch (body.type) {
    case "text":
      return part.body ?? "";
    case "interactive":
      return part.body?.text ?? "";
    case "template":
      return templateWords(part);
    case "location":
      return [part.name, part.address].filter(Boolean).join("\n");
    case "contacts":
      return Array.isArray(part) ? part.map((one) => one.name?.formatted_name ?? "").join("\n") : "";
    default:
      return part.caption ?? "";
  }
}

function templateWords(template) {
  const values = (template.components ?? [])
    .flatMap((component) => component.parameters ?? [])
    .map((one) => one.text ?? one.payload ?? one.currency?.fallback_value ?? one.date_time?.fallback_value ?? "")
    .filter(Boolean);
  return [`Template ${template.name ?? "?"} (${template.language?.code ?? "?"})`, ...values].join("\n");
}

// What may be tapped: {buttons: [{id, title}], list: {button, sections}, link, place} – each only when it is there.
export function choicesOf(body) {
  const interactive = body.type === "interactive" ? (body.interactive ?? {}) : {};
  const action = interactive.action ?? {};
  switch (interactive.type) {
    case "button":
      return { buttons: (action.buttons ?? []).map((one) => one.reply ?? {}) };
    case "list":
      return { list: { button: action.button || "Choose", sections: action.sections ?? [] } };
    case "cta_url":
      return { link: { title: action.parameters?.display_text || "Open", url: action.parameters?.url ?? "" } };
    case "location_request_message":
      return { place: true };
    default:
      return {};
  }
}

export function headerOf(body) {
  return body.interactive?.header?.text ?? "";
}

export function footerOf(body) {
  return body.interactive?.footer?.text ?? "";
}

const NAMED = {
  image: "Picture", video: "Video", audio: "Voice message", document: "Document", sticker: "Sticker",
  location: "Location", contacts: "Contact", contact: "Contact", order: "Order", media: "Picture", template: "Template",
};

// A word for kinds that may come without words.
export function kindName(kind) {
  return NAMED[kind] ?? "Message";
}
