// The world beside the phone: its accounts, Telegram, time, the story, and what happened.
import { byId, make, setText } from "./dom.js";

const REFUSAL_STAYS = 8000;
const MOST_LINES = 100;

export class Panel {
  constructor(wish) {
    this.wish = wish;
    this.rows = new Map();
    byId("amount").onsubmit = (event) => {
      event.preventDefault();
      this.act("spend");
    };
    document.querySelectorAll("[data-do]").forEach((button) => {
      if (button.type !== "submit") button.onclick = () => this.act(button.dataset.do);
    });
    byId("story").onclick = () => this.wish("story", { playing: !this.playing });
  }

  /** Shows what has happened so far. */
  begin(lines) {
    byId("happened").replaceChildren();
    lines.forEach((line) => this.happens(line));
  }

  /** Does something to the world: with the chosen account, and with credits, where it needs them. */
  act(name) {
    const words = [];
    if (!["away", "back"].includes(name)) words.push(this.chosen());
    if (["spend", "buy"].includes(name)) words.push(byId("credits").value.trim());
    byId("refused").hidden = true;
    this.wish("do", { name, words });
  }

  chosen() {
    return document.querySelector("input[name=account]:checked")?.value ?? "";
  }

  /** Shows how the world is. */
  show(world) {
    this.world = world;
    this.playing = world.playing;
    if (!this.rows.size) this.build(world);
    world.accounts.forEach((account) => this.showAccount(account));
    document.querySelector(`input[name=speed][value="${world.speed}"]`).checked = true;
    setText(byId("telegram-is"), world.away ? "Telegram is away." : "Telegram answers.");
    setText(byId("telegram"), world.away ? "Bring Telegram back" : "Take Telegram away");
    byId("telegram").dataset.do = world.away ? "back" : "away";
    byId("telegram").classList.toggle("primary", world.away);
    setText(byId("story-is"), world.playing ? "Things happen by themselves." : "The story waits; you act.");
    setText(byId("story"), world.playing ? "Pause the story" : "Go on with it");
    this.showDeeds();
  }

  /** The deeds that fit the chosen account. */
  showDeeds() {
    const account = this.world.accounts.find((one) => one.name === this.chosen());
    byId("plan").hidden = account.cancelled === null;
    byId("plan").dataset.do = account.cancelled ? "renew" : "cancel";
    setText(byId("plan"), account.cancelled ? "Renew plan" : "Cancel plan");
    byId("session").dataset.do = account.broken ? "mend" : "break";
    setText(byId("session"), account.broken ? "Mend session" : "Break session");
    byId("deeds").setAttribute("aria-label", `What happens to ${account.name}`);
  }

  build(world) {
    for (const account of world.accounts) byId("accounts").append(this.row(account));
    byId("accounts").querySelector("input").checked = true;
    for (const minutes of world.speeds) byId("speeds").append(this.speed(minutes));
  }

  row({ name, service }) {
    const radio = make("input", { type: "radio", name: "account", value: name, onchange: () => this.showDeeds() });
    const parts = {
      count: make("span", { className: "count" }),
      meter: make("progress", { max: 1 }),
      plan: make("span", { className: "plan" }),
    };
    parts.meter.setAttribute("aria-hidden", "true");
    this.rows.set(name, parts);
    const title = make("span", {}, make("b", {}, name), make("span", { className: "service" }, service));
    return make("label", { className: "account" }, radio, title, parts.count, parts.meter, parts.plan);
  }

  showAccount(account) {
    const { count, meter, plan } = this.rows.get(account.name);
    const share = account.credits / account.allowance;
    setText(count, account.credits.toLocaleString("en"));
    meter.value = Math.min(share, 1);
    meter.className = share <= 0.05 ? "critical" : share <= 0.2 ? "low" : "";
    setText(plan, (account.broken ? "Session broken · " : "") + account.plan);
    plan.classList.toggle("broken", account.broken);
  }

  speed(minutes) {
    const radio = make("input", { type: "radio", name: "speed", value: minutes });
    radio.onchange = () => this.wish("speed", { minutes });
    const words = minutes ? `${minutes} min` : "1 s";
    return make("label", {}, radio, make("span", {}, words));
  }

  /** One more line of what happened, the newest first. */
  happens(line) {
    const list = byId("happened");
    const item = make("li", { className: line.sort }, make("time", {}, line.at), make("span", {}, line.text));
    list.prepend(item);
    while (list.children.length > MOST_LINES) list.lastElementChild.remove();
  }

  /** Says why a wish was not fulfilled. */
  refuse(text) {
    const node = byId("refused");
    node.textContent = text;
    node.hidden = false;
    clearTimeout(this.refusalEnds);
    this.refusalEnds = setTimeout(() => { node.hidden = true; }, REFUSAL_STAYS);
  }
}
