// Puts the page together: the socket, and what each event does.
import { connect } from "./socket.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Panel } from "./panel.js";
import { setUpLooks } from "./looks.js";
import { byId, say } from "./dom.js";

const socket = connect(receive, (open) => { byId("lost").hidden = open; });
const chat = new Chat(socket.wish, (place) => composer.enter(place));
const composer = new Composer(socket.wish, () => chat.place);
const panel = new Panel(socket.wish);

const EVENTS = {
  everything(event) {
    chat.begin(event.places, event.messages);
    panel.begin(event.happened);
    EVENTS.world(event);
  },
  world({ world }) {
    panel.show(world);
    chat.showTime(world);
    composer.menus = world.menus;
  },
  message({ message }) { chat.receive(message); },
  notice({ text }) { chat.notice(text); },
  happened({ line }) {
    panel.happens(line);
    if (line.sort === "story") say(line.text);
  },
  refused({ text }) { panel.refuse(text); },
};

function receive(event) {
  EVENTS[event.kind]?.(event);
}

setUpLooks();
