// The line to one shop: a WebSocket that comes back by itself, and what waits while it is away.

const FIRST_WAIT = 500; // ms before the first new attempt; doubled each time
const LONGEST_WAIT = 8000;
const REFUSED = 4404; // the provider's close code for "trying again will not help"

const MINE = Math.random().toString(36).slice(2, 8);
let counted = 0;

// Events: "state" (connecting | open | lost) and "frame" (one of the provider's).
export class Line extends EventTarget {
  constructor(person, shop) {
    super();
    this.person = person;
    this.shop = shop;
    this.state = "connecting";
    this.refusal = ""; // why the provider hung up for good
    this.timer = null;
    this.waiting = []; // frames with a ref that nobody has acknowledged yet, in order
    this.wait = FIRST_WAIT;
    this.closed = false;
    this.comesBack = () => this.hurry();
    addEventListener("online", this.comesBack);
    this.connect();
  }

  get address() {
    const query = new URLSearchParams({ number: this.shop, name: this.person.name });
    if (this.person.hidden) query.set("hide_phone", "1");
    return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/phone/${this.person.phone}?${query}`;
  }

  connect() {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.onmessage = (event) => socket === this.socket && this.receive(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.lost(event);
  }

  receive(frame) {
    if (frame.type === "hello") {
      this.wait = FIRST_WAIT;
      this.change("open");
    }
    if (frame.type === "accepted" || frame.type === "error" || frame.type === "prompted") this.settle(frame.ref);
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    if (frame.type === "hello") this.flush();
  }

  lost(event) {
    if (this.closed) return;
    this.refusal = event.code === REFUSED ? event.reason || "The provider does not know this shop." : "";
    this.change("lost");
    if (this.refusal) return;
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  // Don't wait out the pause when there is reason to hope: the network is back, or somebody pressed the button.
  hurry() {
    if (this.closed || this.state !== "lost" || this.socket.readyState === WebSocket.CONNECTING) return;
    clearTimeout(this.timer);
    this.connect();
  }

  // Sends now or when the line is back; returns the ref that `accepted` or `error` will name.
  post(frame) {
    const ref = `${MINE}-${++counted}`;
    const parcel = { frame: { ...frame, ref }, tried: false };
    this.waiting.push(parcel);
    if (this.state === "open") this.write(parcel);
    return ref;
  }

  // For what is worth nothing later, like "I have read this".
  mention(frame) {
    if (this.state === "open") this.socket.send(JSON.stringify(frame));
  }

  write(parcel) {
    parcel.tried = true;
    this.socket.send(JSON.stringify(parcel.frame));
  }

  // True when it was written to a line that broke: it may or may not have arrived.
  doubtful(ref) {
    return this.waiting.some((parcel) => parcel.frame.ref === ref && parcel.tried);
  }

  settle(ref) {
    this.waiting = this.waiting.filter((parcel) => parcel.frame.ref !== ref);
  }

  flush() {
    for (const parcel of this.waiting) this.write(parcel);
  }

  change(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state"));
  }

  close() {
    this.closed = true;
    removeEventListener("online", this.comesBack);
    clearTimeout(this.timer);
    this.socket.close();
  }
}
