// One message as it stands in the chat.
import { drawing, make } from "./dom.js";
import { nodesOf } from "./text.js";

/** The list item of a message. `acts.tap(message, data)`, `acts.command(text)`, `acts.show(key)`. */
export function bubbleOf(message, acts) {
  const mine = message.from !== "bot";
  const item = make("li", { className: `message ${mine ? "mine" : "bots"}` });
  item.dataset.key = message.key;
  item.dataset.sound = mine ? "" : message.silent ? "silent" : "rings";
  const bubble = make("article", { className: "bubble" });
  bubble.append(make("span", { className: mine ? "hidden" : "hidden sender" }, `${mine ? message.name : "Credit bot"}: `));
  if (message.deleted) bubble.append(make("em", { className: "gone" }, "This message was deleted."));
  else {
    if (message.answers) bubble.append(quoteOf(message.answers, acts));
    fill(bubble, message, acts);
  }
  bubble.append(footOf(message, mine));
  item.append(bubble);
  if (message.buttons?.length && !message.deleted) item.append(keysOf(message, acts));
  return item;
}

/** The message that it replies to; a tap shows it. */
function quoteOf(answers, acts) {
  const quote = make("button", { type: "button", className: "quote", title: "Show that message", onclick: () => acts.show(answers.key) });
  quote.append(make("span", { className: "hidden" }, "Replies to: "), answers.text);
  return quote;
}

function fill(bubble, message, acts) {
  if (message.picture) {
    const picture = make("img", { className: "picture", src: message.picture });
    picture.alt = message.text ? "Picture, described by its caption" : "Picture without a caption";
    bubble.append(make("a", { href: message.picture, target: "_blank", title: "Open the picture" }, picture));
    bubble.classList.add("pictured");
  }
  if (message.text) bubble.append(make("div", { className: "text" }, nodesOf(message.text, message.entities ?? [], acts.command)));
}

/** When, and whether it was edited, pinned, silent or ringing: in a sign and in words. */
function footOf(message, mine) {
  const foot = make("footer", { className: "foot" });
  if (mine && message.name !== "Kim") foot.append(make("span", {}, message.name));
  if (message.pinned) foot.append(make("span", {}, "pinned"));
  if (message.edits) foot.append(make("span", {}, "edited"));
  if (!mine && !message.deleted) foot.append(soundOf(message));
  foot.append(make("time", {}, message.at));
  return foot;
}

function soundOf(message) {
  const words = message.silent ? "came silently" : "rings";
  const sign = make("span", { className: message.silent ? "silent" : "rings", title: words });
  sign.append(drawing(message.silent ? "bell-off" : "bell"), make("span", { className: "hidden" }, words));
  return sign;
}

/** The buttons below a message. */
function keysOf(message, acts) {
  const keys = make("div", { className: "keys" });
  keys.setAttribute("role", "group");
  keys.setAttribute("aria-label", "Buttons of this message");
  for (const row of message.buttons) {
    keys.append(make("div", { className: "row" }, ...row.map(([label, data]) => keyOf(message, label, data, acts))));
  }
  return keys;
}

function keyOf(message, label, data, acts) {
  if (/^https?:\/\//.test(data)) {
    return make("a", { className: "key", href: data, target: "_blank", rel: "noopener noreferrer" }, `${label} ↗`);
  }
  return make("button", { type: "button", className: "key", onclick: () => acts.tap(message, data) }, label);
}
