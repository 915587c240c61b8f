// The phone: its chats, the messages of the one that is open, and what comes in meanwhile.
import { Banner } from "./banner.js";
import { bubbleOf } from "./bubble.js";
import { byId, make, redraw, say, setText } from "./dom.js";

const NEAR = 80;
const NOTICE_STAYS = 5000;

export class Chat {
  /** `entered` is called with each chat that is opened. */
  constructor(wish, entered) {
    this.wish = wish;
    this.entered = entered;
    this.place = null;
    this.messages = new Map();
    this.list = byId("messages");
    this.banner = new Banner((place) => this.open(place));
    this.acts = {
      tap: (message, data) => this.wish("tap", { key: message.key, data, user: this.place.user }),
      show: (key) => this.show(key),
      command: (text) => this.wish("say", { place: this.place.key, text, user: this.place.user }),
    };
    byId("newer").onclick = () => this.toEnd();
    this.follows = true;
    this.list.onscroll = () => this.scrolled();
    new ResizeObserver(() => this.grown()).observe(this.list);
    this.list.addEventListener("load", () => this.grown(), true);
  }

  /** Shows everything there is, anew. */
  begin(places, messages) {
    const open = this.place?.key ?? places[0].key;
    this.places = places.map((place) => ({ ...place, unread: 0, user: place.people[0].id }));
    this.messages = new Map(messages.map((message) => [message.key, message]));
    this.open(open);
  }

  /** Goes to a chat. */
  open(key) {
    this.place = this.places.find((place) => place.key === key);
    this.place.unread = 0;
    this.day = null;
    this.list.replaceChildren();
    for (const message of this.messages.values()) if (message.place === key) this.append(message);
    byId("empty").hidden = this.list.children.length > 0;
    byId("newer").hidden = true;
    this.showPlaces();
    this.entered(this.place);
    this.toEnd();
  }

  /** Scrolls to a message of the open chat. */
  show(key) {
    const item = [...this.list.children].find((one) => one.dataset.key === key);
    if (!item) return;
    item.scrollIntoView({ block: "center" });
    item.classList.remove("changed");
    void item.offsetWidth;
    item.classList.add("changed");
  }

  /** Takes a message that is new or changed. */
  receive(message) {
    const known = this.messages.has(message.key);
    const asked = this.last(message.place)?.from !== "bot";
    this.messages.set(message.key, message);
    if (message.place !== this.place.key) this.elsewhere(message, known);
    else if (known) this.replace(message);
    else this.arrive(message);
    if (message.from !== "bot") return;
    if (known) say(`Edited: ${message.text ?? "deleted"}`);
    else this.announce(message, asked);
  }

  /** The last message of a chat. */
  last(place) {
    return [...this.messages.values()].findLast((message) => message.place === place);
  }

  /** A ringing message shows its banner and is read out at once; a silent one, or the answer to what was asked, in turn. */
  announce(message, asked) {
    const here = message.place === this.place.key;
    const title = this.places.find((place) => place.key === message.place).title;
    if (here && (message.silent || asked)) say(message.text);
    else if (!message.silent) this.banner.ring(message, title, here);
  }

  elsewhere(message, known) {
    const place = this.places.find((one) => one.key === message.place);
    if (!known && message.from === "bot") place.unread += 1;
    this.showPlaces();
  }

  arrive(message) {
    const follow = this.atEnd() || message.from !== "bot";
    this.append(message).classList.add("fresh");
    byId("empty").hidden = true;
    if (follow) this.toEnd();
    else byId("newer").hidden = false;
  }

  append(message) {
    if (message.day !== this.day) {
      this.day = message.day;
      this.list.append(make("li", { className: "day" }, make("span", {}, message.day)));
    }
    const item = bubbleOf(message, this.acts);
    this.list.append(item);
    return item;
  }

  /** Puts the changed message in its place, and keeps the focus on its buttons. */
  replace(message) {
    const old = [...this.list.children].find((item) => item.dataset.key === message.key);
    if (!old) return;
    const follow = this.atEnd();
    const keys = [...old.querySelectorAll(".key")];
    const focused = keys.indexOf(document.activeElement);
    const item = bubbleOf(message, this.acts);
    item.classList.add("changed");
    old.replaceWith(item);
    if (focused >= 0) ([...item.querySelectorAll(".key")][focused] ?? item.querySelector(".key") ?? byId("say")).focus();
    if (follow) this.toEnd();
  }

  /** The chats to choose from, with what is unread in each. */
  showPlaces() {
    const nav = byId("places");
    const focused = [...nav.children].indexOf(document.activeElement);
    nav.replaceChildren(...this.places.map((place) => this.placeButton(place)));
    if (focused >= 0) nav.children[focused].focus();
  }

  placeButton(place) {
    const button = make("button", { type: "button", title: place.about, onclick: () => this.open(place.key) });
    button.append(make("span", { className: "place-title" }, place.title));
    if (place.key === this.place.key) button.setAttribute("aria-current", "true");
    if (place.unread) button.append(make("span", { className: "unread" }, `${place.unread}`, make("span", { className: "hidden" }, " unread")));
    return button;
  }

  showTime({ time, day, away }) {
    setText(byId("time"), time);
    setText(byId("day"), day);
    const signal = byId("signal");
    signal.classList.toggle("away", away);
    setText(signal.lastElementChild, away ? "No Telegram" : "Telegram");
    redraw(signal, away ? "no-bars" : "bars");
  }

  /** The little text that Telegram shows after a tap. */
  notice(text) {
    const node = byId("notice");
    node.textContent = text;
    node.hidden = false;
    clearTimeout(this.noticeEnds);
    this.noticeEnds = setTimeout(() => { node.hidden = true; }, NOTICE_STAYS);
  }

  /** Whoever reads further up is left there; the others stay at the end, also when a picture or the window grows. */
  scrolled() {
    this.follows = this.atEnd();
    if (this.follows) byId("newer").hidden = true;
  }

  grown() {
    if (this.follows) this.toEnd();
  }

  atEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR;
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
    this.follows = true;
    byId("newer").hidden = true;
  }
}
