// What a locked phone shows of a ringing message: the first line, and a little of the second.
import { beep } from "./looks.js";
import { byId, say } from "./dom.js";

const STAYS = 9000;
const SAME_WITHIN = 10000;
const LOCKED = 140;

export class Banner {
  /** `open` is called with the chat whose banner is tapped. */
  constructor(open) {
    this.node = byId("banner");
    this.last = { text: "", at: -SAME_WITHIN };
    byId("banner-close").onclick = () => this.hide();
    byId("banner-open").onclick = () => {
      open(this.place);
      this.hide();
      byId("say").focus();
    };
  }

  /** Shows, reads out and sounds a message; what came in another chat a moment ago is not told again. */
  ring(message, title, here) {
    const now = performance.now();
    const told = this.last.text === message.text && now - this.last.at < SAME_WITHIN;
    if (!told || here) {
      this.place = message.place;
      byId("banner-from").textContent = title;
    }
    if (told) return;
    this.last = { text: message.text, at: now };
    byId("banner-text").textContent = onLockScreen(message.text || "Picture");
    this.node.hidden = false;
    document.querySelector(".views [data-view=chat]").classList.add("waiting");
    clearTimeout(this.ends);
    this.ends = setTimeout(() => this.hideUnlessLookedAt(), STAYS);
    say(`${title} rings: ${message.text}`, true);
    beep();
  }

  /** Goes by itself, but not while somebody is on it. */
  hideUnlessLookedAt() {
    if (this.node.matches(":hover, :focus-within")) this.ends = setTimeout(() => this.hideUnlessLookedAt(), STAYS);
    else this.hide();
  }

  hide() {
    const focused = this.node.contains(document.activeElement);
    this.node.hidden = true;
    if (focused) byId("say").focus();
  }
}

function onLockScreen(text) {
  return text.length > LOCKED ? `${text.slice(0, LOCKED).trimEnd()}…` : text;
}
