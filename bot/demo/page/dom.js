// The little that every part needs. Text only ever becomes a text node, so nothing in it can become markup.

export const byId = (id) => document.getElementById(id);

/** An element with a class, some properties, and what stands in it: texts and nodes. */
export function make(name, properties = {}, ...content) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...content);
  return node;
}

/** One of the drawings at the end of index.html. */
export function drawing(id) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#${id}`);
  svg.append(use);
  return svg;
}

/** Exchanges the drawing within a button. */
export function redraw(button, id) {
  button.querySelector("use").setAttribute("href", `#${id}`);
}

/** Changes a text only where it is another, so that nothing is drawn or read out for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Reads something out to those who listen to the page: at once if it is urgent, else in turn. */
export function say(text, urgent = false) {
  const line = make("p", {}, text);
  byId(urgent ? "urgent" : "polite").append(line);
  setTimeout(() => line.remove(), 5000);
}
