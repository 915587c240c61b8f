// The line one types in, with the bot's command menu.
import { byId, make } from "./dom.js";

export class Composer {
  constructor(wish, here) {
    this.wish = wish;
    this.here = here;
    this.menus = {};
    this.input = byId("say");
    this.menu = byId("menu");
    this.button = byId("menu-open");
    this.chosen = -1;
    this.listen();
  }

  listen() {
    byId("composer").onsubmit = (event) => {
      event.preventDefault();
      this.send(this.input.value);
    };
    this.input.oninput = () => this.suggest();
    this.input.onkeydown = (event) => this.key(event);
    this.input.onblur = () => setTimeout(() => { if (document.activeElement !== this.button) this.close(); }, 150);
    this.button.onclick = () => this.toggle();
    byId("person").onchange = (event) => { this.here().user = Number(event.target.value); };
  }

  /** A chat is opened: who writes there? */
  enter(place) {
    this.close();
    const people = place.people.map((one) => make("option", { value: one.id, selected: one.id === place.user }, one.name));
    byId("person").replaceChildren(...people);
    byId("person-label").hidden = people.length < 2;
  }

  send(text) {
    const place = this.here();
    if (!text.trim() || !place) return;
    this.wish("say", { place: place.key, text, user: place.user });
    this.input.value = "";
    this.close();
  }

  /** The commands that what is typed may become. */
  matching() {
    const [typed] = this.input.value.split(" ");
    if (!this.input.value.startsWith("/") || this.input.value.includes(" ")) return [];
    return (this.menus[this.here().key] ?? []).filter((one) => `/${one.command}`.startsWith(typed.toLowerCase()));
  }

  suggest() {
    this.show(this.matching());
  }

  toggle() {
    const open = this.menu.hidden;
    this.input.focus();
    if (open) this.show(this.menus[this.here().key] ?? []);
    else this.close();
  }

  show(commands) {
    this.shown = commands;
    this.menu.replaceChildren(...commands.map((one, index) => this.option(one, index)));
    this.menu.hidden = commands.length === 0;
    this.choose(commands.length ? 0 : -1);
  }

  option(one, index) {
    const item = make("li", { id: `command-${index}` }, make("b", {}, `/${one.command}`), make("span", {}, one.description));
    item.setAttribute("role", "option");
    item.onpointerdown = (event) => {
      event.preventDefault();
      this.send(`/${one.command}`);
    };
    return item;
  }

  choose(index) {
    this.chosen = index;
    [...this.menu.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    this.menu.children[index]?.scrollIntoView({ block: "nearest" });
    const open = String(!this.menu.hidden);
    this.input.setAttribute("aria-expanded", open);
    this.button.setAttribute("aria-expanded", open);
    if (index >= 0) this.input.setAttribute("aria-activedescendant", `command-${index}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.menu.hidden = true;
    this.choose(-1);
  }

  /** Arrows choose, Enter sends, Tab completes, Escape closes. */
  key(event) {
    if (this.menu.hidden || event.isComposing) return;
    const count = this.menu.children.length;
    const acts = {
      ArrowDown: () => this.choose((this.chosen + 1) % count),
      ArrowUp: () => this.choose((this.chosen + count - 1) % count),
      Enter: () => this.send(`/${this.shown[this.chosen].command}`),
      Tab: () => {
        this.input.value = `/${this.shown[this.chosen].command} `;
        this.close();
      },
      Escape: () => this.close(),
    };
    if (acts[event.key] && !event.shiftKey) {
      event.preventDefault();
      acts[event.key]();
    }
  }
}
