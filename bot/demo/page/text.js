// A text with Telegram's entities as nodes. Offsets count UTF-16 units, as JavaScript does.
import { make } from "./dom.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};
const COMMAND = /(?<![\w/<])\/[a-z]\w*/g;
const SAFE = /^https?:\/\//;

/** The nodes of a text; `command` is called with a command that is tapped. */
export function nodesOf(text, entities, command) {
  const cuts = new Set([0, text.length]);
  for (const one of entities) cuts.add(one.offset).add(one.offset + one.length);
  const places = [...cuts].filter((place) => place <= text.length).sort((a, b) => a - b);
  const nodes = document.createDocumentFragment();
  for (let i = 0; i + 1 < places.length; i += 1) {
    const [start, end] = [places[i], places[i + 1]];
    const around = entities.filter((one) => one.offset <= start && one.offset + one.length >= end);
    nodes.append(dressed(text.slice(start, end), around, command));
  }
  return nodes;
}

/** A stretch of text with the looks of the entities around it. */
function dressed(text, entities, command) {
  const plain = !entities.some((one) => ["code", "pre", "text_link", "url"].includes(one.type));
  let node = plain ? withCommands(text, command) : document.createTextNode(text);
  for (const entity of entities) {
    const outer = wrapper(entity, text);
    if (outer) {
      outer.append(node);
      node = outer;
    }
  }
  return node;
}

/** The element that an entity is. */
function wrapper(entity, text) {
  const link = entity.type === "text_link" ? entity.url : entity.type === "url" ? text : null;
  if (link && SAFE.test(link)) {
    return make("a", { href: link, target: "_blank", rel: "noopener noreferrer" });
  }
  const tag = TAGS[entity.type];
  return tag ? make(tag, { className: entity.type }) : null;
}

/** Commands can be tapped, as at Telegram. */
function withCommands(text, command) {
  const nodes = document.createDocumentFragment();
  let done = 0;
  for (const found of text.matchAll(COMMAND)) {
    nodes.append(text.slice(done, found.index));
    nodes.append(make("button", { type: "button", className: "command", onclick: () => command(found[0]) }, found[0]));
    done = found.index + found[0].length;
  }
  nodes.append(text.slice(done));
  return nodes;
}
