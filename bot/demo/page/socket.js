// The socket to the demo: events in, wishes out. It comes again by itself.

const PAUSE = 1000;

/** Calls `receive` with each event, and `opened` with whether the demo can be reached; returns how to wish. */
export function connect(receive, opened) {
  let socket = null;
  function open() {
    socket = new WebSocket(`ws://${location.host}/events`);
    socket.onopen = () => opened(true);
    socket.onmessage = (message) => receive(JSON.parse(message.data));
    socket.onclose = () => {
      opened(false);
      setTimeout(open, PAUSE);
    };
  }
  open();
  return {
    wish(kind, content) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ kind, ...content }));
    },
  };
}
